/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference: decoders by the letter of their RFCs: bit by bit, digit by digit.
 */
#include "tests/lib/reference.h"

#include <string.h>

static int index_in(const char *digits, uint8_t c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

int reference_base64(struct str s, uint8_t *to, size_t *n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t bits = 0;

	memset(to, 0, s.n);
	for (size_t i = 0; i < s.n && s.p[i] != '='; i++) {
		int six = index_in(digits, s.p[i]);

		if (six < 0)
			return -1;
		for (int bit = 5; bit >= 0; bit--, bits++)
			if (six >> bit & 1)
				to[bits / 8] |= (uint8_t)(1 << (7 - bits % 8));
	}
	*n = bits / 8;
	return bits % 8 == 6 ? -1 : 0;
}

static int hex(struct str two)
{
	static const char digits[] = "0123456789ABCDEF";
	int high, low;

	if (two.n < 2)
		return -1;
	high = index_in(digits, two.p[0]);
	low = index_in(digits, two.p[1]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

int reference_unescape(struct str s, struct str mark, uint8_t *to, size_t *n)
{
	for (*n = 0; s.n; (*n)++) {
		int c = s.p[0];
		size_t used = 1;

		if (str_starts(s, mark)) {
			c = hex(str_from(s, mark.n));
			used = mark.n + 2;
		}
		if (c < 0)
			return -1;
		to[*n] = (uint8_t)c;
		s = str_from(s, used);
	}
	return 0;
}
