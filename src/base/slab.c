/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slab: equal slots over borrowed memory with an index-linked free list.
 */
#include "base/slab.h"

#include "base/must.h"

#include <string.h>

static size_t slot_bytes(size_t slot_size)
{
	return (slot_size + 63) & ~(size_t)63;
}

size_t slab_bytes(uint32_t count, size_t slot_size)
{
	return (size_t)count * slot_bytes(slot_size);
}

void slab_init(struct slab *s, void *base, uint32_t count, size_t slot_size)
{
	*s = (struct slab){.base = base, .slot_size = slot_bytes(slot_size), .count = count};
}

void *slab_get(struct slab *s)
{
	void *slot;

	if (s->free) {
		slot = slab_at(s, s->free - 1);
		memcpy(&s->free, slot, sizeof(s->free));
	} else if (s->touched < s->count) {
		slot = slab_at(s, s->touched++);
	} else {
		return NULL;
	}
	s->used++;
	return slot;
}

void slab_put(struct slab *s, void *slot)
{
	uint32_t index = slab_index(s, slot);

	must(s->used > 0);
	memcpy(slot, &s->free, sizeof(s->free));
	s->free = index + 1;
	s->used--;
}

uint32_t slab_index(const struct slab *s, const void *slot)
{
	size_t at = (size_t)((const uint8_t *)slot - s->base);

	must(at % s->slot_size == 0 && at / s->slot_size < s->touched);
	return (uint32_t)(at / s->slot_size);
}
