/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * goal: the table of goals. Judged by the median; the range is there for the reader to see how
 * sure that is.
 */
#include "bench/lib/goal.h"

#define CPU(w, b, l, t)                                                                            \
	{                                                                                          \
		.workload = w, .metric = METRIC_CPU, .base = b, .limit = l, .text = t              \
	}

static const struct goal table[] = {
	CPU("one-50", "nginx", 0.70, "CPU, one message a session, 50 parallel / nginx"),
	CPU("one-200", "nginx", 0.70, "CPU, one message a session, 200 parallel / nginx"),
	CPU("one-800", "nginx", 0.70, "CPU, one message a session, 800 parallel / nginx"),
	CPU("one-50", "nginx64k", 0.75, "CPU, one message a session, 50 parallel / nginx 64k"),
	CPU("one-200", "nginx64k", 0.75, "CPU, one message a session, 200 parallel / nginx 64k"),
	CPU("one-800", "nginx64k", 0.75, "CPU, one message a session, 800 parallel / nginx 64k"),
	CPU("one-50", "haproxy", 1.0, "CPU, one message a session, 50 parallel / HAProxy"),
	CPU("one-200", "haproxy", 1.0, "CPU, one message a session, 200 parallel / HAProxy"),
	CPU("one-800", "haproxy", 1.0, "CPU, one message a session, 800 parallel / HAProxy"),
	CPU("many", "nginx", 0.80, "CPU, many messages a session / nginx"),
	CPU("many", "nginx64k", 0.90, "CPU, many messages a session / nginx 64k"),
	CPU("many", "haproxy", 0.90, "CPU, many messages a session / HAProxy"),
	CPU("size-10m", "nginx", 0.35, "CPU, 10 MB messages / nginx"),
	CPU("size-10m", "nginx64k", 0.70, "CPU, 10 MB messages / nginx 64k"),
	CPU("size-10m", "haproxy", 0.40, "CPU, 10 MB messages / HAProxy"),
	{.workload = "one-50",
	 .metric = METRIC_RATE,
	 .base = "nginx",
	 .limit = 2.5,
	 .at_least = true,
	 .text = "messages per second, 50 parallel / nginx"},
	{.workload = "open-300",
	 .metric = METRIC_P50,
	 .base = "nginx64k",
	 .limit = 1.0,
	 .text = "p50 session time, 300 sessions a second / nginx 64k"},
	CPU("tls-ecdsa", "nginx", 0.60, "CPU, TLS handshake, ECDSA / nginx"),
	CPU("tls-10m", "nginx", 0.80, "CPU, 10 MB messages over TLS / nginx"),
	{.workload = "tls-idle",
	 .metric = METRIC_IDLE,
	 .base = "nginx",
	 .limit = 0.5,
	 .text = "memory per idle TLS client after EHLO / nginx"},
	{.workload = "idle",
	 .metric = METRIC_IDLE,
	 .limit = 1024,
	 .text = "bytes of user memory per idle client after EHLO"},
};

int goal_count(void)
{
	return (int)(sizeof(table) / sizeof(table[0]));
}

const struct goal *goal_at(int i)
{
	return &table[i];
}

enum goal_state goal_judge(const struct goal *goal, const struct grid *g, struct spread *result)
{
	struct cell c = {grid_workload(g, goal->workload), grid_target(g, "ringpost")};
	const char *why;

	*result = (struct spread){0};
	if (c.workload < 0 || c.target < 0)
		return GOAL_UNKNOWN;
	*result = goal->base ? grid_ratio(g, c, grid_target(g, goal->base), goal->metric)
			     : grid_spread(g, c, goal->metric);
	if (grid_failures(g, c, &why))
		return GOAL_FAILED;
	if (!result->n)
		return GOAL_UNKNOWN;
	if (goal->at_least)
		return result->median >= goal->limit ? GOAL_MET : GOAL_NOT_MET;
	return result->median <= goal->limit ? GOAL_MET : GOAL_NOT_MET;
}

const char *goal_state_name(enum goal_state s)
{
	switch (s) {
	case GOAL_MET:
		return "met";
	case GOAL_NOT_MET:
		return "NOT MET";
	case GOAL_FAILED:
		return "NOT MET (runs failed)";
	case GOAL_UNKNOWN:
		return "not measured";
	}
	return "?";
}
