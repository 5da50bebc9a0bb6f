/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard: memory that ends at a PROT_NONE page, so that one byte too many is a crash under any
 * compiler. Mapped once and reused, so that fuzz targets are not slowed down by mmap. A struct
 * guard is one piece, all zero before its first use, and never given back.
 */
#ifndef TESTS_LIB_GUARD_H
#define TESTS_LIB_GUARD_H

#include "base/str.h"

struct guard {
	uint8_t *end;
	size_t size;
};

/* n bytes that end at the page. Their contents are whatever the last use left. */
uint8_t *guard_room(struct guard *g, size_t n);

/* A copy of s that ends at the page. */
struct str guard_copy(struct guard *g, struct str s);

#endif
