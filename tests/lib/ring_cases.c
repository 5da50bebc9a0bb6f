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

void ring_cases_run(void (*report)(const char *name, const char *why))
{
	static const struct ring_case *const tables[] = {ring_cases_recv, ring_cases_send,
							 ring_cases_net};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct ring_case *c = tables[i]; c->name; c++)
			report(c->name, run(c));
}
