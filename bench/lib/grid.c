/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grid: storage of the samples and the medians over rounds. Knows no workload and no target by
 * name; the judgement is in goal.c, the presentation in report.c, save.c and chart.c.
 */
#include "bench/lib/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int grid_open(struct grid *g)
{
	size_t n = (size_t)GRID_SIDE_MAX * GRID_SIDE_MAX * GRID_ROUNDS_MAX;

	*g = (struct grid){.samples = calloc(n, sizeof(*g->samples))};
	return g->samples ? 0 : -1;
}

void grid_close(struct grid *g)
{
	free(g->samples);
	g->samples = NULL;
}

struct sample *grid_at(const struct grid *g, struct cell c, int round)
{
	return &g->samples[(c.workload * GRID_SIDE_MAX + c.target) * GRID_ROUNDS_MAX + round];
}

static double value_at(const struct grid *g, struct cell c, int round, enum metric m)
{
	const struct sample *s = grid_at(g, c, round);

	return s->done && !s->failed ? s->value[m] : NAN;
}

struct spread grid_spread(const struct grid *g, struct cell c, enum metric m)
{
	double values[GRID_ROUNDS_MAX];
	int n = 0;

	for (int r = 0; r < GRID_ROUNDS_MAX; r++) {
		double v = value_at(g, c, r, m);

		if (!isnan(v))
			values[n++] = v;
	}
	return stat_spread(values, n);
}

struct spread grid_ratio(const struct grid *g, struct cell c, int base, enum metric m)
{
	struct cell b = {c.workload, base};
	double values[GRID_ROUNDS_MAX];
	int n = 0;

	for (int r = 0; base >= 0 && r < GRID_ROUNDS_MAX; r++) {
		double ratio = value_at(g, c, r, m) / value_at(g, b, r, m);

		if (isfinite(ratio))
			values[n++] = ratio;
	}
	return stat_spread(values, n);
}

int grid_runs(const struct grid *g, struct cell c)
{
	int n = 0;

	for (int r = 0; r < GRID_ROUNDS_MAX; r++)
		n += grid_at(g, c, r)->done;
	return n;
}

int grid_failures(const struct grid *g, struct cell c, const char **why)
{
	int n = 0;

	*why = NULL;
	for (int r = 0; r < GRID_ROUNDS_MAX; r++) {
		const struct sample *s = grid_at(g, c, r);

		if (s->done && s->failed && !n++)
			*why = s->why;
	}
	return n;
}

int grid_workload(const struct grid *g, const char *name)
{
	for (int i = 0; i < g->n_workloads; i++)
		if (!strcmp(g->workloads[i]->name, name))
			return i;
	return -1;
}

int grid_target(const struct grid *g, const char *name)
{
	for (int i = 0; i < g->n_targets; i++)
		if (!strcmp(g->targets[i]->name, name))
			return i;
	return -1;
}
