/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alarm: the kernel's side of time. Only ring_turn() lets it pass.
 */
#ifndef SIM_ALARM_H
#define SIM_ALARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed memory for the simulated kernel, past the allocations that may be made to fail. */
void *alarm_memory(size_t bytes);

void alarm_clear(void);
void alarm_pass(uint64_t us);
uint64_t alarm_next_us(void); /* UINT64_MAX: none */

/* Ring one that is due; false: none is. */
bool alarm_ring(void);

#endif
