/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run: measures one run. CPU is read from the process clocks before and after, with a pause in
 * which the proxy finishes its last closes; a worker that died in between fails the run.
 */
#include "bench/lib/run.h"
#include "bench/lib/clock.h"
#include "bench/lib/counts.h"
#include "bench/lib/flood.h"
#include "bench/lib/idle.h"
#include "bench/lib/load.h"
#include "bench/lib/tree.h"

#include <math.h>
#include <stdio.h>

enum { SETTLE_MS = 60, SETTLE_IDLE_MS = 300 };

static void fail(struct sample *s, const char *why)
{
	s->failed = true;
	snprintf(s->why, sizeof(s->why), "%s", why);
}

static int messages_of(const struct run *r)
{
	bool quick = r->stage->options->quick;
	int n = quick ? r->workload->quick : r->workload->full;

	return r->warm_up ? (n + 3) / 4 : n;
}

static uint64_t flood(const struct run *r, struct sample *s)
{
	struct flood f = {.port = r->target->port,
			  .parallel = r->workload->parallel,
			  .messages = messages_of(r),
			  .bytes = r->workload->bytes,
			  .persistent = r->workload->persistent};
	struct flood_result result;

	flood_run(r->stage, &f, &result);
	if (result.failed)
		fail(s, result.why);
	return result.wall_ns;
}

static uint64_t load(const struct run *r, struct sample *s)
{
	struct load l = {.port = r->target->port,
			 .sessions = messages_of(r),
			 .parallel = r->workload->parallel,
			 .per_second = r->workload->per_second,
			 .bytes = r->workload->bytes};
	struct load_result result;

	load_run(&l, &result);
	s->value[METRIC_P50] = result.p50_us;
	s->value[METRIC_P99] = result.p99_us;
	if (result.failed) {
		fail(s, "");
		snprintf(s->why, sizeof(s->why), "%d of %d sessions failed: %.80s", result.failed,
			 l.sessions, result.why);
	}
	return result.wall_ns;
}

/* Did every message arrive? Sinks that tell no counts are believed. */
static void check_arrival(const struct run *r, struct sample *s, int64_t before)
{
	int64_t got = counts_messages(r->stage->control_port) - before;

	if (s->failed || before < 0 || got == messages_of(r))
		return;
	fail(s, "");
	snprintf(s->why, sizeof(s->why), "%lld of %d messages at the sink", (long long)got,
		 messages_of(r));
}

static void measure_mail(const struct run *r, struct sample *s)
{
	int64_t arrived = counts_messages(r->stage->control_port);
	double messages = messages_of(r);
	struct tree before, after;
	uint64_t cpu_ns, wall_ns;

	tree_read(r->target->pid, &before);
	cpu_ns = tree_cpu_ns(&before);
	wall_ns = r->workload->kind == WORKLOAD_FLOOD ? flood(r, s) : load(r, s);
	clock_pause_ms(SETTLE_MS);
	tree_read(r->target->pid, &after);
	cpu_ns = tree_cpu_ns(&after) - cpu_ns;
	check_arrival(r, s, arrived);
	s->value[METRIC_RATE] = messages * 1e9 / (double)wall_ns;
	if (r->target->kind == TARGET_DIRECT)
		return;
	s->value[METRIC_CPU] = (double)cpu_ns / 1000 / messages;
	if (!tree_same(&before, &after))
		fail(s, "a process of the target died during the run");
}

/* On a fresh process, so that memory kept from earlier runs does not hide the cost. */
static void measure_idle(const struct run *r, struct sample *s)
{
	int wanted = messages_of(r), held;
	int64_t before, after;
	struct idle idle;
	struct tree tree;

	target_stop(r->target);
	if (target_start(r->target, r->stage)) {
		fail(s, "did not start again");
		return;
	}
	clock_pause_ms(SETTLE_IDLE_MS);
	tree_read(r->target->pid, &tree);
	before = tree_private_bytes(&tree);
	held = idle_open(&idle, r->target->port, wanted);
	clock_pause_ms(SETTLE_IDLE_MS);
	after = tree_private_bytes(&tree);
	if (held < wanted)
		snprintf(s->why, sizeof(s->why), "only %d of %d clients got in", held, wanted);
	else if (before < 0 || after < 0)
		snprintf(s->why, sizeof(s->why), "its memory may not be read by this user");
	s->failed = s->why[0] != '\0';
	s->value[METRIC_IDLE] = (double)(after - before) / wanted;
	s->value[METRIC_IDLE_WHOLE] = (double)after / wanted;
	idle_close(&idle);
	clock_pause_ms(SETTLE_IDLE_MS);
}

bool run_applies(const struct workload *w, const struct target *t)
{
	return w->kind != WORKLOAD_IDLE || t->kind == TARGET_NGINX || t->kind == TARGET_RINGPOST;
}

void run_once(const struct run *r, struct sample *s)
{
	*s = (struct sample){.done = true};
	for (int m = 0; m < METRIC_N; m++)
		s->value[m] = NAN;
	if (r->workload->kind == WORKLOAD_IDLE)
		measure_idle(r, s);
	else
		measure_mail(r, s);
}
