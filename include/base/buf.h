/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * buf: a bounded byte queue over memory that somebody else owns.
 *
 * Two cursors: base <= head <= tail <= size. Bytes between head and tail are waiting. Readers look
 * at buf_data() and then buf_consume(); writers buf_append(). A buf may also be laid over read-only
 * bytes (buf_view) as the input of an engine: such a buf is only ever consumed.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
	uint8_t *base;
	uint32_t size, head, tail;
	uint32_t high; /* no byte at or behind it was written since buf_init() or buf_forget() */
};

void buf_init(struct buf *b, uint8_t *base, uint32_t size);

/* A full buf over `bytes`, to be consumed only. */
struct buf buf_view(struct str bytes);

static inline struct str buf_data(const struct buf *b)
{
	return str_of(b->base + b->head, b->tail - b->head);
}

static inline uint32_t buf_len(const struct buf *b)
{
	return b->tail - b->head;
}

/* Bytes that buf_append would take now (compacting counts). */
static inline uint32_t buf_room(const struct buf *b)
{
	return b->size - buf_len(b);
}

/* Drop n bytes from the front; n is at most buf_len(). */
void buf_consume(struct buf *b, size_t n);

/* Append as much of s as fits, moving waiting bytes down when needed. Returns bytes taken. */
NODISCARD size_t buf_append(struct buf *b, struct str s);

/* The same in two steps, for who writes in place: room for n bytes (at most buf_room()), of which
 * buf_commit() takes the first. */
uint8_t *buf_reserve(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);

/* Forget all bytes. buf_wipe also overwrites them. */
void buf_clear(struct buf *b);
void buf_wipe(struct buf *b);

/* Overwrite what was there and no longer waits; waiting bytes stay. Costs what was written. */
void buf_forget(struct buf *b);

/* memset(0) that the compiler may not remove. */
void buf_wipe_memory(void *p, size_t n);

#endif
