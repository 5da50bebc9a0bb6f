/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report: prints one table per workload and one line per goal. Every median has its range beside
 * it; a target with failed runs says so in its row.
 */
#include "bench/lib/report.h"
#include "bench/lib/goal.h"

#include <stdio.h>

enum { TEXT_MAX = 40 };

static const char *const bases[] = {"nginx", "nginx64k", "haproxy"};

/* "412 (398..455)", with as many decimals as asked for; "-" when there is nothing. */
static const char *spread_text(char *text, struct spread s, double unit, int decimals)
{
	if (!s.n)
		snprintf(text, TEXT_MAX, "-");
	else
		snprintf(text, TEXT_MAX, "%.*f (%.*f..%.*f)", decimals, s.median / unit, decimals,
			 s.min / unit, decimals, s.max / unit);
	return text;
}

static void print_failures(const struct grid *g, struct cell c)
{
	const char *why;
	int n = grid_failures(g, c, &why);

	if (n)
		printf("    ^ %d of %d runs FAILED: %s\n", n, grid_runs(g, c), why);
}

/* Two builds are compared directly, not by their ratios to others. */
static void print_second(const struct grid *g, struct cell c)
{
	struct spread s = grid_ratio(g, c, grid_target(g, "ringpost"), METRIC_CPU);
	char text[TEXT_MAX];

	if (g->targets[c.target]->second && s.n)
		printf("    ^ CPU x ringpost: %s\n", spread_text(text, s, 1, 3));
}

static void print_ratios(const struct grid *g, struct cell c, enum metric m)
{
	char text[TEXT_MAX];

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		printf(" %-17s",
		       spread_text(text, grid_ratio(g, c, grid_target(g, bases[i]), m), 1, 2));
}

static void print_idle(const struct grid *g, int w)
{
	char added[TEXT_MAX], whole[TEXT_MAX];

	printf("  %-28s %-22s %-22s %-17s\n", "target", "bytes added/client",
	       "whole process/client", "x nginx (added)");
	for (int t = 0; t < g->n_targets; t++) {
		struct cell c = {w, t};
		char ratio[TEXT_MAX];

		if (!grid_runs(g, c))
			continue;
		printf("  %-28s %-22s %-22s %-17s\n", g->targets[t]->label,
		       spread_text(added, grid_spread(g, c, METRIC_IDLE), 1, 0),
		       spread_text(whole, grid_spread(g, c, METRIC_IDLE_WHOLE), 1, 0),
		       spread_text(ratio, grid_ratio(g, c, grid_target(g, "nginx"), METRIC_IDLE), 1,
				   2));
		print_failures(g, c);
	}
}

static void print_mail(const struct grid *g, int w)
{
	enum workload_kind kind = g->workloads[w]->kind;
	bool timed = kind == WORKLOAD_OPEN || kind == WORKLOAD_CLOSED;
	char text[TEXT_MAX];

	printf("  %-28s %-22s %-17s %-17s %-17s %-20s%s\n", "target", "CPU us/message", "x nginx",
	       "x nginx 64k", "x HAProxy", "messages/s", timed ? " p50 ms / p99 ms" : "");
	for (int t = 0; t < g->n_targets; t++) {
		struct cell c = {w, t};

		if (!grid_runs(g, c))
			continue;
		printf("  %-28s %-22s", g->targets[t]->label,
		       spread_text(text, grid_spread(g, c, METRIC_CPU), 1, 0));
		print_ratios(g, c, METRIC_CPU);
		printf(" %-20s", spread_text(text, grid_spread(g, c, METRIC_RATE), 1, 0));
		if (timed) {
			printf(" %s", spread_text(text, grid_spread(g, c, METRIC_P50), 1000, 2));
			printf(" / %s", spread_text(text, grid_spread(g, c, METRIC_P99), 1000, 1));
		}
		printf("\n");
		print_second(g, c);
		print_failures(g, c);
	}
}

static void print_goals(const struct grid *g)
{
	char text[TEXT_MAX];

	printf("\ngoals (median of the ratios within rounds, their range; %s)\n",
	       "\"NOT MET\" also when any run of ringpost failed");
	for (int i = 0; i < goal_count(); i++) {
		const struct goal *goal = goal_at(i);
		struct spread s;
		enum goal_state state = goal_judge(goal, g, &s);

		if (grid_workload(g, goal->workload) < 0)
			continue;
		printf("  %-56s %-24s %s %-6g %s\n", goal->text,
		       spread_text(text, s, 1, goal->base ? 2 : 0),
		       goal->at_least ? ">=" : "<=", goal->limit, goal_state_name(state));
	}
}

void report_print(const struct grid *g)
{
	for (int w = 0; w < g->n_workloads; w++) {
		printf("\n%s: %s\n", g->workloads[w]->name, g->workloads[w]->text);
		if (g->workloads[w]->kind == WORKLOAD_IDLE)
			print_idle(g, w);
		else
			print_mail(g, w);
	}
	if (grid_target(g, "ringpost") >= 0)
		print_goals(g);
	fflush(stdout);
}
