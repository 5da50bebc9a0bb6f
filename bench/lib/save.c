/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * save: builds the JSON document and writes it. Rounds are in the order of time, the same index
 * for all targets, so that anyone can form other ratios than ours.
 */
#include "bench/lib/save.h"
#include "bench/lib/goal.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

static json_t *number(double v)
{
	return isfinite(v) ? json_real(round(v * 1000) / 1000) : json_null();
}

static json_t *spread_json(struct spread s)
{
	return s.n ? json_pack("{s:o,s:o,s:o,s:i}", "median", number(s.median), "min",
			       number(s.min), "max", number(s.max), "rounds", s.n)
		   : json_null();
}

static json_t *rounds_json(const struct grid *g, struct cell c)
{
	json_t *rounds = json_array();

	for (int r = 0; r < GRID_ROUNDS_MAX; r++) {
		const struct sample *s = grid_at(g, c, r);
		json_t *one;

		if (!s->done)
			continue;
		one = json_pack("{s:i}", "round", r + 1);
		if (s->failed)
			json_object_set_new(one, "failed", json_string(s->why));
		for (int m = 0; m < METRIC_N; m++)
			if (!isnan(s->value[m]))
				json_object_set_new(one, sample_metric_name((enum metric)m),
						    number(s->value[m]));
		json_array_append_new(rounds, one);
	}
	return rounds;
}

static json_t *ratios_json(const struct grid *g, struct cell c, enum metric m)
{
	static const char *const bases[] = {"nginx", "nginx64k", "haproxy"};
	json_t *ratios = json_object();

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		struct spread s = grid_ratio(g, c, grid_target(g, bases[i]), m);

		if (s.n)
			json_object_set_new(ratios, bases[i], spread_json(s));
	}
	return ratios;
}

static json_t *cell_json(const struct grid *g, struct cell c)
{
	const char *why;
	json_t *o = json_pack("{s:s,s:i,s:i}", "target", g->targets[c.target]->name, "runs",
			      grid_runs(g, c), "failed_runs", grid_failures(g, c, &why));

	for (int m = 0; m < METRIC_N; m++) {
		struct spread s = grid_spread(g, c, (enum metric)m);
		json_t *one;

		if (!s.n)
			continue;
		one = spread_json(s);
		json_object_set_new(one, "ratio_to", ratios_json(g, c, (enum metric)m));
		json_object_set_new(o, sample_metric_name((enum metric)m), one);
	}
	json_object_set_new(o, "samples", rounds_json(g, c));
	return o;
}

static json_t *workload_json(const struct grid *g, int w, const struct options *o)
{
	const struct workload *load = g->workloads[w];
	json_t *targets = json_array();

	for (int t = 0; t < g->n_targets; t++)
		if (grid_runs(g, (struct cell){w, t}))
			json_array_append_new(targets, cell_json(g, (struct cell){w, t}));
	return json_pack("{s:s,s:s,s:i,s:i,s:i,s:o}", "name", load->name, "text", load->text,
			 "parallel", load->parallel, "messages_per_run",
			 o->quick ? load->quick : load->full, "bytes", (int)load->bytes, "targets",
			 targets);
}

static json_t *goals_json(const struct grid *g)
{
	json_t *goals = json_array();

	for (int i = 0; i < goal_count(); i++) {
		const struct goal *goal = goal_at(i);
		struct spread s;
		enum goal_state state = goal_judge(goal, g, &s);

		json_array_append_new(
			goals, json_pack("{s:s,s:s,s:f,s:o,s:s}", "text", goal->text, "must_be",
					 goal->at_least ? ">=" : "<=", "limit", goal->limit, "got",
					 spread_json(s), "verdict", goal_state_name(state)));
	}
	return goals;
}

int save_json(const struct grid *g, const struct host *h, const struct options *o, const char *path)
{
	char date[32];
	time_t now = time(NULL);
	struct tm tm;
	json_t *workloads = json_array(), *root;
	int result;

	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	for (int w = 0; w < g->n_workloads; w++)
		json_array_append_new(workloads, workload_json(g, w, o));
	root = json_pack("{s:s,s:s,s:i,s:s,s:o,s:o,s:o}", "date", date, "mode",
			 o->quick ? "quick" : "full", "rounds", o->rounds, "sink",
			 o->sink_postfix ? "smtp-sink" : "own", "host", host_json(h), "workloads",
			 workloads, "goals", goals_json(g));
	result = json_dump_file(root, path, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
	if (result)
		fprintf(stderr, "bench: cannot write %s\n", path);
	json_decref(root);
	return result;
}
