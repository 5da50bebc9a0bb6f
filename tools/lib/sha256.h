/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sha256: SHA-256 (FIPS 180-4), with which the sender marks its messages and the sink proves that
 * they arrived as they were sent.
 */
#ifndef TOOLS_LIB_SHA256_H
#define TOOLS_LIB_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t state[8];
	uint64_t n; /* bytes taken so far */
	uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *p, size_t n);
void sha256_done(struct sha256 *s, uint8_t digest[32]);

/* 64 lower-case hex digits and a NUL. */
void sha256_hex(const uint8_t digest[32], char hex[65]);

#endif
