/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cases that any ring must pass, on the kernel's: tests/sim runs the same on its own.
 */
#include "tests/lib/ring_cases.h"

#include <criterion/criterion.h>

#include <signal.h>

static void report(const char *name, const char *why)
{
	cr_expect_null(why, "%s: %s", name, why);
}

Test(ring_cases, the_kernel_does_as_they_say)
{
	signal(SIGPIPE, SIG_IGN);
	ring_cases_run(report);
}
