/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * buf: a bounded byte queue over borrowed memory. Never allocates, never grows.
 */
#include "base/buf.h"

#include "base/must.h"

#include <string.h>

void buf_init(struct buf *b, uint8_t *base, uint32_t size)
{
	*b = (struct buf){.base = base, .size = size};
}

struct buf buf_view(struct str bytes)
{
	union {
		const uint8_t *given;
		uint8_t *kept;
	} u = {.given = bytes.p ? bytes.p : (const uint8_t *)""}; /* NULL + 0 is undefined */

	must(bytes.n <= UINT32_MAX);
	return (struct buf){.base = u.kept, .size = (uint32_t)bytes.n, .tail = (uint32_t)bytes.n};
}

void buf_consume(struct buf *b, size_t n)
{
	must(n <= buf_len(b));
	b->head += (uint32_t)n;
	if (b->head == b->tail)
		b->head = b->tail = 0;
}

uint8_t *buf_reserve(struct buf *b, size_t n)
{
	must(n <= buf_room(b));
	if (n > b->size - b->tail) {
		memmove(b->base, b->base + b->head, buf_len(b));
		b->tail -= b->head;
		b->head = 0;
	}
	return b->base + b->tail;
}

void buf_commit(struct buf *b, size_t n)
{
	must(n <= b->size - b->tail);
	b->tail += (uint32_t)n;
	if (b->tail > b->high)
		b->high = b->tail;
}

size_t buf_append(struct buf *b, struct str s)
{
	size_t n = s.n < buf_room(b) ? s.n : buf_room(b);

	if (n == 0)
		return 0;
	memcpy(buf_reserve(b, n), s.p, n);
	buf_commit(b, n);
	return n;
}

void buf_clear(struct buf *b)
{
	b->head = b->tail = 0;
}

void buf_wipe(struct buf *b)
{
	if (b->base)
		buf_wipe_memory(b->base, b->size);
	buf_clear(b);
}

void buf_forget(struct buf *b)
{
	must(b->high >= b->tail);
	buf_wipe_memory(b->base, b->head);
	buf_wipe_memory(b->base + b->tail, b->high - b->tail);
	b->high = b->tail;
}

void buf_wipe_memory(void *p, size_t n)
{
	memset(p, 0, n);
	/* The compiler must assume that somebody reads the zeroes. */
	__asm__ volatile("" : : "r"(p) : "memory");
}
