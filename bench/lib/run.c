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
#include "bench/lib/secure.h"
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

static struct secure secure_of(const struct run *r)
{
	const struct workload *w = r->workload;

	return (struct secure){.port = r->target->tls_port[w->rsa],
			       .sessions = messages_of(r),
			       .parallel = w->parallel,
			       .resume = w->resume,
			       .hold = w->kind == WORKLOAD_IDLE,
			       .bytes = w->bytes};
}

static uint64_t secure(const struct run *r, struct sample *s)
{
	struct secure l = secure_of(r);
	struct secure_result result;

	secure_done(secure_run(&l, &result));
	if (result.good < l.sessions) {
		fail(s, "");
		snprintf(s->why, sizeof(s->why), "%d of %d sessions failed: %.80s",
			 l.sessions - result.good, l.sessions, result.why);
	} else if (result.resumed != (l.resume ? l.sessions - 1 : 0)) {
		fail(s, "");
		snprintf(s->why, sizeof(s->why), "%d of %d sessions were resumed", result.resumed,
			 l.sessions);
	}
	return result.wall_ns;
}

static uint64_t send_load(const struct run *r, struct sample *s)
{
	switch (r->workload->kind) {
	case WORKLOAD_FLOOD:
		return flood(r, s);
	case WORKLOAD_TLS:
		return secure(r, s);
	case WORKLOAD_OPEN:
	case WORKLOAD_CLOSED:
	case WORKLOAD_IDLE:
		break;
	}
	return load(r, s);
}

/* Did every message arrive? Sinks that tell no counts are believed. */
static void check_arrival(const struct run *r, struct sample *s, int64_t before)
{
	int64_t got = counts_messages(r->stage->control_port) - before;

	if (s->failed || before < 0 || got == messages_of(r) || !r->workload->bytes)
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
	wall_ns = send_load(r, s);
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

/* Clients that stay, without TLS or with it. */
struct held {
	struct idle idle;
	struct secure secure;
	struct secure_crowd *crowd;
};

/* How many there are. */
static int hold(const struct run *r, struct held *h)
{
	struct secure_result result;

	*h = (struct held){.secure = secure_of(r)};
	if (!r->workload->tls)
		return idle_open(&h->idle, r->target->port, messages_of(r));
	h->crowd = secure_run(&h->secure, &result);
	return result.good;
}

static void let_go(struct held *h)
{
	secure_done(h->crowd);
	idle_close(&h->idle);
}

/* On a fresh process, so that memory kept from earlier runs does not hide the cost. */
static void measure_idle(const struct run *r, struct sample *s)
{
	int wanted = messages_of(r), there;
	int64_t before, after;
	struct held held;
	struct tree tree;

	target_stop(r->target);
	if (target_start(r->target, r->stage)) {
		fail(s, "did not start again");
		return;
	}
	clock_pause_ms(SETTLE_IDLE_MS);
	tree_read(r->target->pid, &tree);
	before = tree_private_bytes(&tree);
	there = hold(r, &held);
	clock_pause_ms(SETTLE_IDLE_MS);
	after = tree_private_bytes(&tree);
	if (there < wanted)
		snprintf(s->why, sizeof(s->why), "only %d of %d clients got in", there, wanted);
	else if (before < 0 || after < 0)
		snprintf(s->why, sizeof(s->why), "its memory may not be read by this user");
	s->failed = s->why[0] != '\0';
	s->value[METRIC_IDLE] = (double)(after - before) / wanted;
	s->value[METRIC_IDLE_WHOLE] = (double)after / wanted;
	let_go(&held);
	clock_pause_ms(SETTLE_IDLE_MS);
}

bool run_applies(const struct workload *w, const struct target *t)
{
	return (w->kind != WORKLOAD_IDLE && !w->tls) || t->kind == TARGET_NGINX ||
	       t->kind == TARGET_RINGPOST;
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
