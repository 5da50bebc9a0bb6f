/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_cases: runs them, one ring for each, and closes what they leave open.
 */
#include "tests/lib/ring_cases.h"

#include "tests/lib/ring_try.h"

#include <string.h>

static const char *run(const struct ring_case *c)
{
	memset(&try_at, 0, sizeof(try_at));
	far_begin();
	c->run();
	if (try_at.ring)
		ring_close(try_at.ring);
	for (unsigned i = 0; i < try_at.n_fds; i++)
		net_close(try_at.fds[i]);
	far_finish();
	return try_at.why[0] ? try_at.why : NULL;
}

void ring_cases_run_table(const struct ring_case *table, ring_case_report *report)
{
	for (const struct ring_case *c = table; c->name; c++)
		report(c->name, run(c));
}

void ring_cases_run(ring_case_report *report)
{
	ring_cases_run_table(ring_cases_recv, report);
	ring_cases_run_table(ring_cases_send, report);
	ring_cases_run_table(ring_cases_net, report);
}
