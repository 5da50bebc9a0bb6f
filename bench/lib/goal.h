/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * goal: the speed that ringpost is meant to have, and whether a bench shows it.
 * A table and one judge; presentation is elsewhere.
 */
#ifndef BENCH_GOAL_H
#define BENCH_GOAL_H

#include "bench/lib/grid.h"

struct goal {
	const char *workload;
	enum metric metric;
	const char *base; /* ratio to this target; NULL: the value itself counts */
	double limit;
	bool at_least; /* else: at most */
	const char *text;
};

enum goal_state {
	GOAL_MET,
	GOAL_NOT_MET,
	GOAL_FAILED,  /* some of ringpost's runs failed: not met whatever the others gave */
	GOAL_UNKNOWN, /* not measured */
};

int goal_count(void);
const struct goal *goal_at(int i);

/* *result: what the state rests on. */
enum goal_state goal_judge(const struct goal *, const struct grid *, struct spread *result);

const char *goal_state_name(enum goal_state);

#endif
