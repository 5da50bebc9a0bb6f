/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slab: a fixed number of equal slots over borrowed memory, free ones reused last in, first out.
 *
 * Memory is touched only when a slot is first taken, so a large slab over fresh pages costs what
 * its busiest moment needed. A free slot's first bytes hold the link to the next one; the caller
 * wipes what is secret before giving a slot back. slab_get() returns NULL when all are taken: an
 * ordinary event, to be refused and counted.
 */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H

#include "base/str.h"

struct slab {
	uint8_t *base;
	size_t slot_size;
	uint32_t count;   /* slots in all                    */
	uint32_t touched; /* slots that were ever taken      */
	uint32_t used;    /* slots taken now                 */
	uint32_t free;    /* index + 1 of the first free one */
};

/* Bytes that `count` slots of `slot_size` need; slot sizes are rounded up to 64. */
size_t slab_bytes(uint32_t count, size_t slot_size);

/* `base` is aligned to 64 and slab_bytes() long, and outlives the slab. */
void slab_init(struct slab *s, void *base, uint32_t count, size_t slot_size);

NODISCARD void *slab_get(struct slab *s);
void slab_put(struct slab *s, void *slot);

static inline void *slab_at(const struct slab *s, uint32_t index)
{
	return s->base + (size_t)index * s->slot_size;
}
uint32_t slab_index(const struct slab *s, const void *slot);

#endif
