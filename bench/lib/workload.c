/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload: the table of what is sent. The counts are chosen so that a run takes about a second
 * (--quick) or two to five (full) through nginx, the slowest of the targets.
 */
#include "bench/lib/workload.h"

static const struct workload table[] = {
	{.name = "one-50",
	 .text = "one-message sessions, 4 KB, 50 parallel",
	 .kind = WORKLOAD_FLOOD,
	 .parallel = 50,
	 .full = 4000,
	 .quick = 1000,
	 .bytes = 4096},
	{.name = "one-200",
	 .text = "one-message sessions, 4 KB, 200 parallel",
	 .kind = WORKLOAD_FLOOD,
	 .parallel = 200,
	 .full = 4000,
	 .quick = 1000,
	 .bytes = 4096},
	{.name = "one-800",
	 .text = "one-message sessions, 4 KB, 800 parallel",
	 .kind = WORKLOAD_FLOOD,
	 .parallel = 800,
	 .full = 4000,
	 .quick = 1600,
	 .bytes = 4096},
	{.name = "many",
	 .text = "many messages per session, 4 KB, 50 parallel",
	 .kind = WORKLOAD_FLOOD,
	 .parallel = 50,
	 .full = 6000,
	 .quick = 1500,
	 .bytes = 4096,
	 .persistent = true},
	{.name = "size-50k",
	 .text = "one-message sessions, 50 KB, 8 parallel",
	 .kind = WORKLOAD_FLOOD,
	 .parallel = 8,
	 .full = 1000,
	 .quick = 400,
	 .bytes = 50 * 1024},
	{.name = "size-1m",
	 .text = "one-message sessions, 1 MB, 8 parallel",
	 .kind = WORKLOAD_FLOOD,
	 .parallel = 8,
	 .full = 400,
	 .quick = 100,
	 .bytes = 1024 * 1024},
	{.name = "size-10m",
	 .text = "one-message sessions, 10 MB, 8 parallel",
	 .kind = WORKLOAD_FLOOD,
	 .parallel = 8,
	 .full = 60,
	 .quick = 24,
	 .bytes = 10 * 1024 * 1024},
	{.name = "open-300",
	 .text = "300 one-message sessions a second, 4 KB (open loop)",
	 .kind = WORKLOAD_OPEN,
	 .parallel = 4000,
	 .full = 1200,
	 .quick = 600,
	 .bytes = 4096,
	 .per_second = 300},
	{.name = "closed-50",
	 .text = "one-message sessions, 4 KB, 50 parallel (own generator)",
	 .kind = WORKLOAD_CLOSED,
	 .parallel = 50,
	 .full = 4000,
	 .quick = 1000,
	 .bytes = 4096},
	{.name = "idle",
	 .text = "8000 idle clients after EHLO",
	 .kind = WORKLOAD_IDLE,
	 .parallel = 8000,
	 .full = 8000,
	 .quick = 8000},
};

int workload_count(void)
{
	return (int)(sizeof(table) / sizeof(table[0]));
}

const struct workload *workload_at(int i)
{
	return &table[i];
}
