/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * payload: sixteen letters from each hash of (guest, way, offset / 16), a line end each 80 bytes.
 */
#include "tests/sim/payload.h"

enum { LINE = 80, GROUP = 16 };

static uint64_t hash_of(uint64_t v)
{
	v ^= v >> 31;
	v *= 0x9e3779b97f4a7c15U;
	v ^= v >> 29;
	v *= 0xbf58476d1ce4e5b9U;
	return v ^ v >> 32;
}

void payload_fill(struct payload p, uint8_t *to, size_t n)
{
	uint64_t key = (uint64_t)p.guest << 40 | (uint64_t)p.way << 39;
	uint64_t hash = hash_of(key | p.at / GROUP);

	for (size_t i = 0; i < n; i++, p.at++) {
		if (p.at % GROUP == 0)
			hash = hash_of(key | p.at / GROUP);
		to[i] = (uint8_t)('a' + (hash >> p.at % GROUP * 4 & 15));
		if (p.at % LINE == LINE - 2)
			to[i] = '\r';
		else if (p.at % LINE == LINE - 1)
			to[i] = '\n';
	}
}

size_t payload_match(struct payload p, struct str bytes)
{
	uint8_t want[512];

	for (size_t done = 0; done < bytes.n;) {
		size_t n = bytes.n - done < sizeof(want) ? bytes.n - done : sizeof(want);

		payload_fill(p, want, n);
		for (size_t i = 0; i < n; i++)
			if (want[i] != bytes.p[done + i])
				return done + i;
		done += n;
		p.at += n;
	}
	return bytes.n;
}
