/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runner: runs worlds in child processes, so that one that crashes or hangs costs only itself, and
 * reports those that fail: seed, commit, check, and the trace of the guest concerned.
 */
#ifndef SIM_RUNNER_H
#define SIM_RUNNER_H

#include "tests/sim/world.h"

/* One thing to run: a world, a world twice, or a sweep. */
struct item {
	enum { ITEM_WORLD, ITEM_TWICE, ITEM_SWEEP } kind;
	uint64_t seed;
	unsigned scenario;     /* of a sweep */
	enum fault_kind fault; /* of a sweep */
};

struct runner {
	const struct item *items;
	uint32_t n_items;
	unsigned jobs;
	const char *wanted; /* a planted bug: the check that must fail; NULL: none may */
	uint32_t failures_max;
	/* results */
	uint32_t passed, failed;
	bool caught;
};

void runner_run(struct runner *r);

/* One world with its trace. True: all is well. */
bool runner_trace(const struct world_start *start);

#endif
