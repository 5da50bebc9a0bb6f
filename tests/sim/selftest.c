/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selftest: runs the shared cases on the simulated ring, and the simulation's own.
 */
#include "tests/sim/selftest.h"

#include "tests/lib/ring_cases.h"
#include "tests/sim/kernel.h"

static unsigned n_passed, n_failed;

static void report(const char *name, const char *why)
{
	if (!why && kernel_failed_check())
		why = kernel_failed_text();
	if (why)
		printf("FAIL %s: %s\n", name, why);
	n_failed += why ? 1 : 0;
	n_passed += why ? 0 : 1;
}

unsigned selftest_run(unsigned *passed)
{
	n_passed = n_failed = 0;
	ring_cases_run(report);
	ring_cases_run_table(selftest_weather, report);
	ring_cases_run_table(selftest_faults, report);
	ring_cases_run_table(selftest_channel, report);
	*passed += n_passed;
	return n_failed;
}
