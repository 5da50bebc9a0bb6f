/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of base/machine: the moves of the table, and no others. The machine is not one of
 * MACHINE()'s: it is no engine whose moves `make cover` should count.
 */
#include "base/machine.h"
#include "base/must.h"

#include <criterion/criterion.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

enum { ASLEEP, AWAKE, GONE };

static const struct machine_state states[] = {
	[ASLEEP] = {"asleep", 1U << AWAKE},
	[AWAKE] = {"awake", 1U << ASLEEP | 1U << AWAKE},
	[GONE] = {"gone", 1U << AWAKE},
};
static const struct machine cat = {"cat", states, 3};

static jmp_buf away;
static const char *broken_where;

static void leave(enum must_grade grade, const char *where, const char *what)
{
	(void)what;
	cr_assert_eq(grade, MUST_BROKEN);
	broken_where = where;
	longjmp(away, 1);
}

Test(machine, moves_as_the_table_says)
{
	uint8_t state = ASLEEP;

	machine_enter(&cat, &state, AWAKE);
	cr_assert_eq(state, AWAKE);
	machine_enter(&cat, &state, AWAKE);
	machine_enter(&cat, &state, ASLEEP);
	cr_assert_eq(state, ASLEEP);
}

static void refuses(uint8_t from, uint32_t to)
{
	static uint8_t state;

	state = from;
	broken_where = "";
	must_report_to(leave);
	if (setjmp(away) == 0)
		machine_enter(&cat, &state, to);
	cr_assert_str_eq(broken_where, "cat", "from %u to %u", from, to);
	cr_assert_eq(state, from);
}

Test(machine, refuses_every_other_move)
{
	refuses(ASLEEP, GONE);
	refuses(ASLEEP, ASLEEP);
	refuses(GONE, ASLEEP);
	refuses(GONE, AWAKE);
	refuses(GONE, GONE);
	refuses(AWAKE, 3);
}

Test(machine, a_move_that_is_not_there_aborts, .signal = SIGABRT)
{
	uint8_t state = GONE;

	machine_enter(&cat, &state, ASLEEP);
}
