/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chance: splitmix64, which takes any seed and needs no warming up. Its state is all there is.
 */
#include "tests/sim/chance.h"

static uint64_t state;

void chance_seed(uint64_t seed)
{
	state = seed;
}

uint64_t chance_u64(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

uint32_t chance_below(uint32_t n)
{
	return (uint32_t)((chance_u64() >> 32) * n >> 32);
}

bool chance_of(uint32_t per_ten_thousand)
{
	/* What never happens must not change what else does. */
	return per_ten_thousand && chance_below(10000) < per_ten_thousand;
}

uint64_t chance_between(uint64_t min, uint64_t max)
{
	return max > min ? min + chance_u64() % (max - min + 1) : min;
}
