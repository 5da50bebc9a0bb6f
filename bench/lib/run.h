/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run: one workload against one target, once: load sent, CPU and memory read before and after.
 * Never compares; that is the grid's.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "bench/lib/sample.h"
#include "bench/lib/target.h"
#include "bench/lib/workload.h"

struct run {
	const struct stage *stage;
	const struct workload *workload;
	struct target *target;
	bool warm_up; /* a quarter of the messages, result not used */
};

/* Does the workload say anything about such a target? (Idle memory only about mail proxies.) */
bool run_applies(const struct workload *, const struct target *);

void run_once(const struct run *, struct sample *);

#endif
