/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check: is a message what it was when it was sent?
 *
 * Two kinds of proof. CHECK_SHA256: the message says in a header line X-Ringpost-SHA256 what its
 * body (all after the first empty line) must hash to, and in X-Ringpost-Number which message of its
 * run it is. CHECK_SOURCE: the body is what Postfix's smtp-source -l N sends, byte for byte, and
 * the header is its four lines with the envelope's addresses.
 */
#ifndef TOOLS_LIB_CHECK_H
#define TOOLS_LIB_CHECK_H

#include "tools/lib/sha256.h"

#include <stdbool.h>
#include <stdint.h>

enum check_kind { CHECK_NONE, CHECK_SHA256, CHECK_SOURCE };

enum check_verdict {
	CHECK_INTACT,
	CHECK_DAMAGED, /* check->why says how */
	CHECK_WITHOUT, /* no header line to check it by */
};

#define CHECK_HEADER_MAX   8192
#define CHECK_ADDRESS_SIZE 256

struct check {
	enum check_kind kind;
	bool in_body;
	bool bad;
	uint64_t body_n; /* bytes of body so far */
	size_t header_n;
	const char *why;
	struct sha256 hash;
	char from[CHECK_ADDRESS_SIZE]; /* "<a@b>" of the envelope, for CHECK_SOURCE */
	char to[CHECK_ADDRESS_SIZE];
	char header[CHECK_HEADER_MAX + 1];
};

/* The length that smtp-source was given with -l; once, before the first CHECK_SOURCE. */
void check_source_size(size_t n);

void check_start(struct check *c, enum check_kind kind);
void check_add(struct check *c, const uint8_t *p, size_t n);

/* *number is the message's place in its run, or 0 when it does not say. */
enum check_verdict check_done(struct check *c, uint64_t *number);

#endif
