/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grid: all samples of a bench, by workload, target and round, and what can be said about them.
 * A ratio is always formed between two samples of the same round, which ran within seconds of
 * each other; then the median of those ratios is taken. Failed samples count nowhere but in
 * grid_failures.
 */
#ifndef BENCH_GRID_H
#define BENCH_GRID_H

#include "bench/lib/run.h"
#include "bench/lib/stat.h"

enum { GRID_SIDE_MAX = 16, GRID_ROUNDS_MAX = 50 };

struct grid {
	const struct workload *workloads[GRID_SIDE_MAX];
	struct target *targets[GRID_SIDE_MAX];
	int n_workloads, n_targets;
	struct sample *samples;
};

struct cell {
	int workload, target;
};

/* 0, or -1 without memory. The grid begins without workloads and targets: fill them in. */
int grid_open(struct grid *);
void grid_close(struct grid *);

struct sample *grid_at(const struct grid *, struct cell, int round);

/* Over all rounds that did not fail. */
struct spread grid_spread(const struct grid *, struct cell, enum metric);
/* The cell's values divided by those of target `base` for the same workload and round. */
struct spread grid_ratio(const struct grid *, struct cell, int base, enum metric);

/* Runs made, and how many of them failed; *why is the first reason, NULL without a failure. */
int grid_runs(const struct grid *, struct cell);
int grid_failures(const struct grid *, struct cell, const char **why);

/* Index by name, or -1. */
int grid_workload(const struct grid *, const char *name);
int grid_target(const struct grid *, const char *name);

#endif
