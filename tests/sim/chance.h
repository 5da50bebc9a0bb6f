/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chance: everything random in a world comes from here, and from its seed alone.
 *
 * One generator for the whole world: who asks, and in which order, is part of the world.
 */
#ifndef SIM_CHANCE_H
#define SIM_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

void chance_seed(uint64_t seed);
uint64_t chance_u64(void);
uint32_t chance_below(uint32_t n); /* 0 .. n-1; n > 0 */
bool chance_of(uint32_t per_ten_thousand);
uint64_t chance_between(uint64_t min, uint64_t max); /* both included */

#endif
