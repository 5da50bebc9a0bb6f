/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena: a bump allocator over borrowed memory, for the strings of one login.
 *
 * Copies never move and live until arena_reset_to() takes the arena back before them. Everything
 * taken back is wiped at once, so a password ends when its login does. A copy that does not fit
 * returns -1 and leaves the arena as it was.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena {
	uint8_t *base;
	size_t size, n;
};

void arena_init(struct arena *a, void *base, size_t size);

/* n bytes for the caller to fill, or NULL when there is no room. */
uint8_t *arena_take(struct arena *a, size_t n);

NODISCARD int arena_copy(struct arena *a, struct str s, struct str *copy);

static inline size_t arena_mark(const struct arena *a)
{
	return a->n;
}

/* Back to an earlier mark (0: all of it); what was taken since is overwritten. */
void arena_reset_to(struct arena *a, size_t mark);

#endif
