/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed: a peer's byte stream for tests, handed to an engine in heap blocks of exactly the bytes
 * that wait, so that a sanitizer sees one byte read too many.
 */
#ifndef TESTS_LIB_FEED_H
#define TESTS_LIB_FEED_H

#include "base/buf.h"

struct feed {
	uint8_t *bytes; /* what waits, exactly; NULL before the first feed_open */
	struct buf in;
};

/* What waited before and `more` behind it, in a new block; the old one is freed. */
struct buf *feed_open(struct feed *f, struct str more);

void feed_done(struct feed *f);

#endif
