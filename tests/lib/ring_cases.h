/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_cases: what a ring and the calls of io/net.h must do, as cases that run unchanged on the
 * kernel and on the simulated one: so the simulated kernel is proved to be one.
 */
#ifndef TESTS_LIB_RING_CASES_H
#define TESTS_LIB_RING_CASES_H

#include <stddef.h>

struct ring_case {
	const char *name;
	void (*run)(void);
};

/* Tables that end with a case of no name. */
extern const struct ring_case ring_cases_recv[], ring_cases_send[], ring_cases_net[];

/* All of them, or those of one table; `why` is NULL, or where and what was not so. */
typedef void ring_case_report(const char *name, const char *why);
void ring_cases_run(ring_case_report *report);
void ring_cases_run_table(const struct ring_case *table, ring_case_report *report);

#endif
