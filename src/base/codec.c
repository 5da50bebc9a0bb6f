/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * codec: base64, xtext and percent escaping. Pure functions over borrowed bytes.
 */
#include "base/codec.h"

static const uint8_t alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void codec_base64(struct out *o, struct str s)
{
	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t v = (uint32_t)s.p[i] << 16;
		uint8_t four[4];

		if (left > 1)
			v |= (uint32_t)s.p[i + 1] << 8;
		if (left > 2)
			v |= s.p[i + 2];
		four[0] = alphabet[v >> 18];
		four[1] = alphabet[v >> 12 & 63];
		four[2] = left > 1 ? alphabet[v >> 6 & 63] : (uint8_t)'=';
		four[3] = left > 2 ? alphabet[v & 63] : (uint8_t)'=';
		out_str(o, str_of(four, 4));
	}
}

static int sextet(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

int codec_base64_decode(struct str s, uint8_t *to, size_t *n)
{
	size_t digits = str_find(s, '='), at = 0;
	uint32_t v = 0;

	if (digits % 4 == 1)
		return -1;
	for (size_t i = 0; i < digits; i++) {
		int six = sextet(s.p[i]);

		if (six < 0)
			return -1;
		v = v << 6 | (uint32_t)six;
		if (i % 4 == 3) {
			to[at++] = (uint8_t)(v >> 16);
			to[at++] = (uint8_t)(v >> 8);
			to[at++] = (uint8_t)v;
		}
	}
	if (digits % 4 >= 2)
		to[at++] = (uint8_t)(digits % 4 == 2 ? v >> 4 : v >> 10);
	if (digits % 4 == 3)
		to[at++] = (uint8_t)(v >> 2);
	*n = at;
	return 0;
}

void codec_xtext(struct out *o, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c <= 0x20 || c >= 0x7f || c == '+' || c == '=') {
			out_byte(o, '+');
			out_hex(o, c);
		} else {
			out_byte(o, c);
		}
	}
}

void codec_percent(struct out *o, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c <= 0x20 || c == '%') {
			out_byte(o, '%');
			out_hex(o, c);
		} else {
			out_byte(o, c);
		}
	}
}
