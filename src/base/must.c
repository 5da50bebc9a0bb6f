/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * must: where broken promises and oddities are reported. Owns the hook, which is set once.
 */
#include "base/must.h"

#include <stdlib.h>

static must_hook *report;

void must_report_to(must_hook *hook)
{
	report = hook;
}

void must_broken(const char *where, const char *what)
{
	if (report)
		report(MUST_BROKEN, where, what);
	abort();
}

bool must_odd(const char *where, const char *what)
{
	if (report)
		report(MUST_ODD, where, what);
	return true;
}
