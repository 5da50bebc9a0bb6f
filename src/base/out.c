/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out: a bounded writer with sticky overflow over borrowed memory.
 */
#include "base/out.h"

#include "base/must.h"

#include <string.h>

void out_init(struct out *o, void *base, size_t size)
{
	*o = (struct out){.base = base, .size = size};
}

void out_reset(struct out *o)
{
	o->n = 0;
	o->overflow = false;
}

void out_str(struct out *o, struct str s)
{
	if (o->overflow || s.n > o->size - o->n) {
		o->overflow = true;
		return;
	}
	if (s.n)
		memcpy(o->base + o->n, s.p, s.n);
	o->n += s.n;
}

void out_byte(struct out *o, uint8_t c)
{
	out_str(o, str_of(&c, 1));
}

void out_u64_pad(struct out *o, uint64_t v, unsigned width)
{
	uint8_t digits[20];
	size_t at = sizeof(digits);

	must(width <= sizeof(digits));
	do {
		digits[--at] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v);
	while (sizeof(digits) - at < width)
		digits[--at] = '0';
	out_str(o, str_of(digits + at, sizeof(digits) - at));
}

void out_u64(struct out *o, uint64_t v)
{
	out_u64_pad(o, v, 1);
}

void out_i64(struct out *o, int64_t v)
{
	if (v < 0)
		out_byte(o, '-');
	out_u64(o, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void out_hex(struct out *o, uint8_t c)
{
	static const uint8_t digits[] = "0123456789ABCDEF";
	uint8_t pair[2] = {digits[c >> 4], digits[c & 15]};

	out_str(o, str_of(pair, 2));
}

void out_escaped(struct out *o, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c < 0x20 || c >= 0x7f || c == '\\' || c == '"') {
			out_lit(o, "\\x");
			out_hex(o, c);
		} else {
			out_byte(o, c);
		}
	}
}

void out_rollback(struct out *o, size_t mark)
{
	must(mark <= o->n);
	o->n = mark;
	o->overflow = false;
}
