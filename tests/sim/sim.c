/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim: the program of the suite. Without options: the suite as `make test` runs it, worlds from
 * fixed seeds and from the date's, some of them twice, and all sweeps.
 */
#include "base/must.h"
#include "tests/sim/runner.h"
#include "tests/sim/selftest.h"
#include "tests/sim/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FIXED = 300, DATED = 250, TWICE = 5, FAILURES_MAX = 10 };

struct list_of_items {
	struct item *items;
	uint32_t n;
};

static void add(struct list_of_items *l, struct item item)
{
	if (l->n % 1024 == 0)
		l->items = realloc(l->items, (l->n + 1024) * sizeof(*l->items));
	must(l->items != NULL);
	l->items[l->n++] = item;
}

static void add_worlds(struct list_of_items *l, uint64_t seed, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		add(l, (struct item){.kind = ITEM_WORLD, .seed = seed + i});
}

static void add_sweeps(struct list_of_items *l)
{
	for (unsigned s = 0; sweep_plan(s); s++)
		for (int f = 0; f < (sweep_is_single(s) ? 1 : FAULT_KINDS); f++)
			add(l, (struct item){.kind = ITEM_SWEEP,
					     .seed = SWEEP_SEED + s,
					     .scenario = s,
					     .fault = (enum fault_kind)f});
}

/* 20250131 becomes 20250131000 and so on. */
static uint64_t seed_of_today(void)
{
	time_t now = time(NULL);
	struct tm day;

	gmtime_r(&now, &day);
	return ((uint64_t)(day.tm_year + 1900) * 10000 + (uint64_t)(day.tm_mon + 1) * 100 +
		(uint64_t)day.tm_mday) *
	       1000;
}

static void add_suite(struct list_of_items *l)
{
	uint64_t today = seed_of_today();

	printf("worlds 1 to %d and, from the date, %llu to %llu\n", FIXED,
	       (unsigned long long)today, (unsigned long long)today + DATED - 1);
	for (uint32_t i = 0; i < TWICE; i++)
		add(l, (struct item){.kind = ITEM_TWICE, .seed = today + DATED + i});
	add_worlds(l, 1, FIXED);
	add_worlds(l, today, DATED);
	add_sweeps(l);
}

static int usage(void)
{
	fputs("sim-tests [-n WORLDS] [-s SEED] [-j JOBS] [-cw] [-p CHECK] [-m FAILURES]\n"
	      "sim-tests -t SEED | -x SCENARIO:FAULT:N\n"
	      "  -n, -s  so many worlds from this seed on; without them: the whole suite\n"
	      "  -c      the cases that the kernel's other implementation passes as well\n"
	      "  -w      the sweeps\n"
	      "  -p      a planted bug: succeed when this check fails\n"
	      "  -t, -x  one world, or one run of a sweep, with its trace\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct list_of_items l = {0};
	struct runner r = {.jobs = 2, .failures_max = FAILURES_MAX};
	struct world_start start = {.plan = plan_world};
	uint64_t seed = 1;
	uint32_t worlds = 0;
	bool cases = false, sweeps = false;
	int option;

	while ((option = getopt(argc, argv, "n:s:j:t:x:p:m:cw")) != -1) {
		switch (option) {
		case 'n':
			worlds = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 10);
			worlds = worlds ? worlds : 1;
			break;
		case 'j':
			r.jobs = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'm':
			r.failures_max = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'p':
			r.wanted = optarg;
			break;
		case 't':
			start.seed = strtoull(optarg, NULL, 10);
			return !runner_trace(&start);
		case 'x':
			return sweep_find(optarg, &start) < 0 ? usage() : !runner_trace(&start);
		case 'c':
			cases = true;
			break;
		case 'w':
			sweeps = true;
			break;
		default:
			return usage();
		}
	}
	if (optind < argc || !r.jobs)
		return usage();
	add_worlds(&l, seed, worlds);
	if (sweeps)
		add_sweeps(&l);
	if (!l.n && !cases) {
		cases = true;
		add_suite(&l);
	}
	if (cases)
		r.failed += selftest_run(&r.passed);
	r.items = l.items;
	r.n_items = l.n;
	runner_run(&r);
	free(l.items);
	if (r.wanted)
		return !r.caught;
	printf("%u passed, %u failed\n", r.passed, r.failed);
	return r.failed > 0;
}
