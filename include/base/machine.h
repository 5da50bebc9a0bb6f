/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine: what the state machines of the house have in common: named states, for each the states
 * it may be entered from, and one way to move.
 *
 * The table is a promise: a move that it does not have aborts, as must() does. Built for coverage
 * (RINGPOST_COVER), every machine is listed in a section of the program and every move is reported,
 * so that `make cover` can tell which allowed moves no test has taken.
 */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

#include <stdint.h>

struct machine_state {
	const char *name;
	uint32_t may_follow; /* a bit, 1U << state, for each state it may be entered from */
};

struct machine {
	const char *name;
	const struct machine_state *states; /* indexed by state; at most 32 */
	uint32_t n;
};

/* struct machine `variable` over the array `table`; in the .c that owns the states. */
#define MACHINE(variable, label, table)                                                            \
	static const struct machine variable = {label, table, sizeof(table) / sizeof((table)[0])}; \
	MACHINE_LISTED(variable)

#ifdef RINGPOST_COVER
#define MACHINE_LISTED(variable)                                                                   \
	__attribute__((section("machines"),                                                        \
		       used)) static const struct machine *const variable##_listed = &variable
/* Written for coverage only, outside the floors: tools/cover/moves.c. */
void machine_moved(const struct machine *m, uint32_t from, uint32_t to);
#else
#define MACHINE_LISTED(variable) _Static_assert(sizeof(variable) > 0, "a machine")
#endif

/* The one writer of *state, which is a state of `m`. */
void machine_enter(const struct machine *m, uint8_t *state, uint32_t to);

#endif
