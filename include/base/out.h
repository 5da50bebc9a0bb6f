/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out: a bounded writer. Every reply, request and log line is written through one.
 *
 * Nobody counts a length by hand: write, then look at out_overflow(). Once something did not fit,
 * the writer stays overflowed and takes nothing more until out_init/out_reset; what was complete
 * before stays. out_mark/out_rollback make a group of writes all-or-nothing.
 */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include "base/str.h"

struct out {
	uint8_t *base;
	size_t size, n;
	bool overflow;
};

void out_init(struct out *o, void *base, size_t size);
void out_reset(struct out *o);

static inline struct str out_data(const struct out *o)
{
	return str_of(o->base, o->n);
}

static inline size_t out_room(const struct out *o)
{
	return o->overflow ? 0 : o->size - o->n;
}

static inline bool out_overflow(const struct out *o)
{
	return o->overflow;
}

void out_str(struct out *o, struct str s);
void out_byte(struct out *o, uint8_t c);
void out_u64(struct out *o, uint64_t v);
/* At least `width` decimal digits, zero padded. */
void out_u64_pad(struct out *o, uint64_t v, unsigned width);
void out_i64(struct out *o, int64_t v);
void out_hex(struct out *o, uint8_t c);
#define out_lit(o, lit) out_str((o), STR(lit))

/* s with all but printable ASCII, and \ and ", shown as \xHH: for logs, never for peers. */
void out_escaped(struct out *o, struct str s);

/* Position to go back to; rollback also clears an overflow that came after the mark. */
static inline size_t out_mark(const struct out *o)
{
	return o->n;
}
void out_rollback(struct out *o, size_t mark);

#endif
