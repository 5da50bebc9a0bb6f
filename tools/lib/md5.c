/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * md5: MD5 as RFC 1321 section 3 describes it, HMAC as RFC 2104 section 2. Only for CRAM-MD5, which
 * mail clients still use; nothing here is meant to be safe against forgery.
 */
#include "tools/lib/md5.h"

#include <string.h>

/* floor(2^32 * abs(sin(i + 1))), RFC 1321 section 3.4 */
static const uint32_t sines[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
	0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
	0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
	0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
	0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
	0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
	0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
	0xeb86d391,
};

static const uint8_t shifts[4][4] = {
	{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t rotate(uint32_t x, unsigned by)
{
	return x << by | x >> (32 - by);
}

static uint32_t mix(unsigned round, const uint32_t s[4])
{
	uint32_t b = s[1], c = s[2], d = s[3];

	if (round == 0)
		return (b & c) | (~b & d);
	if (round == 1)
		return (b & d) | (c & ~d);
	if (round == 2)
		return b ^ c ^ d;
	return c ^ (b | ~d);
}

static unsigned word_of(unsigned round, unsigned i)
{
	static const uint8_t step[4] = {1, 5, 3, 7}, first[4] = {0, 1, 5, 0};

	return (step[round] * i + first[round]) & 15;
}

static void take_block(struct md5 *m, const uint8_t *p)
{
	uint32_t x[16], s[4];

	memcpy(s, m->state, sizeof(s));
	for (unsigned i = 0; i < 16; i++, p += 4)
		x[i] = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
		       (uint32_t)p[3] << 24;
	for (unsigned i = 0; i < 64; i++) {
		unsigned round = i / 16;
		uint32_t t = s[0] + mix(round, s) + x[word_of(round, i)] + sines[i];

		s[0] = s[3];
		s[3] = s[2];
		s[2] = s[1];
		s[1] += rotate(t, shifts[round][i & 3]);
	}
	for (unsigned i = 0; i < 4; i++)
		m->state[i] += s[i];
}

void md5_init(struct md5 *m)
{
	static const uint32_t start[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

	memcpy(m->state, start, sizeof(start));
	m->n = 0;
}

void md5_add(struct md5 *m, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n) {
		size_t held = m->n % 64, take = 64 - held < n ? 64 - held : n;

		memcpy(m->block + held, p, take);
		m->n += take;
		p += take;
		n -= take;
		if (held + take == 64)
			take_block(m, m->block);
	}
}

void md5_done(struct md5 *m, uint8_t digest[16])
{
	static const uint8_t pad[64] = {0x80};
	uint64_t bits = m->n * 8;
	uint8_t size[8];

	for (unsigned i = 0; i < 8; i++)
		size[i] = (uint8_t)(bits >> (8 * i));
	md5_add(m, pad, 1 + (119 - m->n % 64) % 64);
	md5_add(m, size, sizeof(size));
	for (unsigned i = 0; i < 16; i++)
		digest[i] = (uint8_t)(m->state[i / 4] >> (8 * (i % 4)));
}

void md5_hmac(struct md5_bytes key, struct md5_bytes text, uint8_t digest[16])
{
	uint8_t inner[64] = {0}, outer[64];
	struct md5 m;

	md5_init(&m);
	if (key.n > sizeof(inner)) {
		md5_add(&m, key.p, key.n);
		md5_done(&m, inner);
	} else if (key.n) {
		memcpy(inner, key.p, key.n);
	}
	for (unsigned i = 0; i < 64; i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	md5_init(&m);
	md5_add(&m, inner, sizeof(inner));
	md5_add(&m, text.p, text.n);
	md5_done(&m, digest);
	md5_init(&m);
	md5_add(&m, outer, sizeof(outer));
	md5_add(&m, digest, 16);
	md5_done(&m, digest);
}
