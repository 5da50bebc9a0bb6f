/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of base/must: who hears of a broken promise, and what happens without a hook.
 */
#include "base/must.h"

#include <criterion/criterion.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

static jmp_buf away;
static enum must_grade seen;
static const char *seen_where, *seen_what;
static int calls;

static void note(enum must_grade grade, const char *where, const char *what)
{
	seen = grade;
	seen_where = where;
	seen_what = what;
	calls++;
}

static void leave(enum must_grade grade, const char *where, const char *what)
{
	note(grade, where, what);
	longjmp(away, 1);
}

Test(must, a_kept_promise_costs_nothing)
{
	must_report_to(note);
	must(1 + 1 == 2);
	cr_assert(!odd_if(1 + 1 == 3));
	cr_assert_eq(calls, 0);
}

Test(must, a_broken_promise_is_reported_with_its_place)
{
	volatile int two = 2;

	must_report_to(leave);
	if (setjmp(away) == 0)
		must(two == 3);
	cr_assert_eq(calls, 1);
	cr_assert_eq(seen, MUST_BROKEN);
	cr_assert_str_eq(seen_what, "two == 3");
	cr_assert_not_null(strstr(seen_where, "must.c:"));
}

Test(must, a_place_never_reached_says_why)
{
	must_report_to(leave);
	if (setjmp(away) == 0)
		must_never("the state is checked above");
	cr_assert_str_eq(seen_what, "the state is checked above");
}

Test(must, an_oddity_is_reported_and_survived)
{
	must_report_to(note);
	cr_assert(odd_if(calls == 0));
	cr_assert_eq(seen, MUST_ODD);
	cr_assert_str_eq(seen_what, "calls == 0");
}

Test(must, an_oddity_without_a_hook_is_only_true)
{
	cr_assert(odd_if(calls == 0));
}

Test(must, a_broken_promise_aborts_even_if_the_hook_returns, .signal = SIGABRT)
{
	must_report_to(note);
	must(calls == 7);
}

Test(must, a_broken_promise_aborts_without_a_hook, .signal = SIGABRT)
{
	must(calls == 7);
}
