/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena: bump allocation over borrowed memory; wipes what it takes back.
 */
#include "base/arena.h"

#include "base/buf.h"
#include "base/must.h"

#include <string.h>

void arena_init(struct arena *a, void *base, size_t size)
{
	*a = (struct arena){.base = base, .size = size};
}

uint8_t *arena_take(struct arena *a, size_t n)
{
	uint8_t *p = a->base + a->n;

	if (n > a->size - a->n)
		return NULL;
	a->n += n;
	return p;
}

int arena_copy(struct arena *a, struct str s, struct str *copy)
{
	uint8_t *p = arena_take(a, s.n);

	if (!p)
		return -1;
	if (s.n)
		memcpy(p, s.p, s.n);
	*copy = str_of(p, s.n);
	return 0;
}

void arena_reset_to(struct arena *a, size_t mark)
{
	must(mark <= a->n);
	buf_wipe_memory(a->base + mark, a->n - mark);
	a->n = mark;
}
