/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of what the bench concludes from its samples: medians, ratios within rounds, failures
 * and verdicts. No measurement happens here.
 */
#include "bench/lib/goal.h"
#include "bench/lib/grid.h"
#include "bench/lib/options.h"
#include "bench/lib/pulse.h"
#include "bench/lib/stat.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { NGINX, RINGPOST };

static struct grid grid;

static const struct workload *workload_named(const char *name)
{
	for (int i = 0; i < workload_count(); i++)
		if (!strcmp(workload_at(i)->name, name))
			return workload_at(i);
	return NULL;
}

static struct target *target_named(const char *name)
{
	for (int i = 0; i < target_count(); i++)
		if (!strcmp(target_at(i)->name, name))
			return target_at(i);
	return NULL;
}

static void put(int target, int round, double cpu_us)
{
	struct sample *s = grid_at(&grid, (struct cell){0, target}, round);

	*s = (struct sample){.done = true};
	for (int m = 0; m < METRIC_N; m++)
		s->value[m] = NAN;
	s->value[METRIC_CPU] = cpu_us;
}

/* One workload, nginx and ringpost, three rounds: the machine was slow in the second. */
static void set_up(void)
{
	cr_assert(grid_open(&grid) == 0);
	grid.workloads[grid.n_workloads++] = workload_named("one-50");
	grid.targets[grid.n_targets++] = target_named("nginx");
	grid.targets[grid.n_targets++] = target_named("ringpost");
	put(NGINX, 0, 100);
	put(NGINX, 1, 400);
	put(NGINX, 2, 200);
	put(RINGPOST, 0, 50);
	put(RINGPOST, 1, 240);
	put(RINGPOST, 2, 140);
}

static void tear_down(void)
{
	grid_close(&grid);
}

static enum goal_state judge_first(void)
{
	struct spread s;

	return goal_judge(goal_at(0), &grid, &s);
}

Test(bench, median_and_range)
{
	double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2};
	struct spread s = stat_spread(odd, 3);

	cr_expect(s.median == 2 && s.min == 1 && s.max == 3 && s.n == 3);
	cr_expect(stat_spread(even, 4).median == 2.5);
	cr_expect(stat_spread(odd, 0).n == 0);
}

Test(bench, quantiles_are_values_that_occurred)
{
	double sorted[100];

	for (int i = 0; i < 100; i++)
		sorted[i] = i + 1;
	cr_expect(stat_quantile(sorted, 100, 0.5) == 50);
	cr_expect(stat_quantile(sorted, 100, 0.99) == 99);
	cr_expect(stat_quantile(sorted, 1, 0.99) == 1);
	cr_expect(stat_quantile(sorted, 100, 0) == 1);
}

Test(bench, ratios_are_formed_within_rounds, .init = set_up, .fini = tear_down)
{
	struct cell c = {0, RINGPOST};
	struct spread s = grid_ratio(&grid, c, NGINX, METRIC_CPU);

	cr_expect(s.n == 3 && s.min == 0.5 && s.max == 0.7);
	cr_expect_float_eq(s.median, 0.6, 1e-9);
	cr_expect(grid_ratio(&grid, c, -1, METRIC_CPU).n == 0);
	cr_expect(grid_ratio(&grid, c, NGINX, METRIC_P50).n == 0);
	cr_expect(judge_first() == GOAL_MET);
}

Test(bench, failed_runs_count_in_no_median_and_meet_no_goal, .init = set_up, .fini = tear_down)
{
	struct cell c = {0, RINGPOST};
	const char *why;

	cr_expect(grid_failures(&grid, c, &why) == 0 && !why);
	*grid_at(&grid, c, 1) = (struct sample){.done = true, .failed = true, .why = "broken"};
	cr_expect(grid_runs(&grid, c) == 3);
	cr_expect(grid_failures(&grid, c, &why) == 1);
	cr_expect_str_eq(why, "broken");
	cr_expect(grid_spread(&grid, c, METRIC_CPU).n == 2);
	cr_expect(grid_ratio(&grid, c, NGINX, METRIC_CPU).n == 2);
	cr_expect(judge_first() == GOAL_FAILED);
}

Test(bench, verdicts, .init = set_up, .fini = tear_down)
{
	for (int round = 0; round < 3; round++)
		put(RINGPOST, round, 1000);
	cr_expect(judge_first() == GOAL_NOT_MET);
	grid.n_targets = 1;
	cr_expect(judge_first() == GOAL_UNKNOWN);
}

Test(bench, every_goal_names_what_exists)
{
	for (int i = 0; i < goal_count(); i++) {
		cr_expect(workload_named(goal_at(i)->workload) != NULL, "%s", goal_at(i)->text);
		cr_expect(!goal_at(i)->base || target_named(goal_at(i)->base), "%s",
			  goal_at(i)->text);
	}
}

Test(bench, words_of_a_list)
{
	cr_expect(options_listed("nginx,haproxy", "haproxy"));
	cr_expect(options_listed("nginx64k,nginx", "nginx"));
	cr_expect(!options_listed("nginx64k", "nginx"));
	cr_expect(!options_listed("", "nginx"));
}

/* A soak's samples: private memory grows by `step_kb` from one to the next. */
static struct pulse_verdict judge_growth(double step_kb, const struct pulse rest_end[2])
{
	struct pulse samples[30];

	for (int i = 0; i < 30; i++)
		samples[i] = (struct pulse){.private_kb = 4000 + i * step_kb};
	return pulse_judge(samples, 30, rest_end);
}

Test(bench, a_soak_finds_growth_open_files_and_clients_left)
{
	const struct pulse calm[2] = {{.files = 20}, {.files = 20}};
	const struct pulse kept[2] = {{.files = 20, .kept = 2}, {.files = 25, .kept = 7}};
	const struct pulse left[2] = {{.files = 20}, {.files = 21, .clients = 1}};
	const struct pulse dead[2] = {{.files = 20}, {.files = 0}};
	struct pulse_verdict v = judge_growth(1, calm);

	cr_expect(v.memory_flat && v.files_flat && v.clients_gone);
	cr_expect_float_eq(v.last_kb - v.first_kb, 20, 0.5);
	cr_expect(judge_growth(0, kept).files_flat);
	v = judge_growth(16, left);
	cr_expect(!v.memory_flat && !v.files_flat && !v.clients_gone);
	cr_expect(!judge_growth(0, dead).files_flat);
	cr_expect(!pulse_judge(calm, 0, calm).memory_flat);
}

Test(bench, a_pulse_is_that_of_the_process)
{
	struct pulse p, none;

	pulse_read(&p, getpid(), (struct pulse_ports){1, 1});
	pulse_read(&none, 0, (struct pulse_ports){1, 1});
	cr_expect(p.rss_kb > 0 && p.private_kb > 0 && p.files >= 3);
	cr_expect(none.rss_kb + none.private_kb + none.files + none.clients == 0);
}
