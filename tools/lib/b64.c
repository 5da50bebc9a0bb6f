/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * b64: base64 (RFC 4648 section 4) by table, padding required as the RFC says.
 */
#include "tools/lib/b64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t b64_encode(const uint8_t *from, size_t n, char *to)
{
	char *at = to;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t three = (uint32_t)from[i] << 16;

		if (i + 1 < n)
			three |= (uint32_t)from[i + 1] << 8;
		if (i + 2 < n)
			three |= from[i + 2];
		*at++ = alphabet[three >> 18 & 63];
		*at++ = alphabet[three >> 12 & 63];
		*at++ = i + 1 < n ? alphabet[three >> 6 & 63] : '=';
		*at++ = i + 2 < n ? alphabet[three & 63] : '=';
	}
	return (size_t)(at - to);
}

static int value_of(char c)
{
	const char *hit = c ? strchr(alphabet, c) : NULL;

	return hit ? (int)(hit - alphabet) : -1;
}

long b64_decode(const char *from, size_t n, uint8_t *to)
{
	uint8_t *at = to;

	if (n % 4 != 0)
		return -1;
	for (size_t i = 0; i < n; i += 4) {
		size_t pad = 0;
		uint32_t four = 0;

		if (i + 4 == n)
			pad = from[i + 3] != '=' ? 0 : from[i + 2] != '=' ? 1 : 2;
		for (size_t j = 0; j < 4; j++) {
			int v = j < 4 - pad ? value_of(from[i + j]) : 0;

			if (v < 0)
				return -1;
			four = four << 6 | (uint32_t)v;
		}
		for (size_t j = 0; j < 3 - pad; j++)
			*at++ = (uint8_t)(four >> (16 - 8 * j));
	}
	return at - to;
}
