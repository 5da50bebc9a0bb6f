/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of session/relay: what counts as bulk, and how ends are passed on.
 */
#include "session/relay.h"

#include <criterion/criterion.h>
#include <signal.h>

Test(relay, a_side_has_another)
{
	cr_assert_eq(side_other(SIDE_FRONT), SIDE_BACK);
	cr_assert_eq(side_other(SIDE_BACK), SIDE_FRONT);
}

Test(relay, a_long_run_one_way_is_bulk)
{
	struct relay r = {0};

	relay_received(&r, SIDE_FRONT, RELAY_BULK_BYTES - 1);
	cr_assert_not(relay_is_bulk(&r, SIDE_FRONT));
	relay_received(&r, SIDE_FRONT, 1);
	cr_assert(relay_is_bulk(&r, SIDE_FRONT));
	cr_assert_not(relay_is_bulk(&r, SIDE_BACK));
	cr_assert_eq(r.way[SIDE_FRONT].bytes, RELAY_BULK_BYTES);
}

Test(relay, a_word_the_other_way_ends_the_run)
{
	struct relay r = {0};

	relay_received(&r, SIDE_FRONT, RELAY_BULK_BYTES);
	relay_received(&r, SIDE_BACK, 1);
	cr_assert_not(relay_is_bulk(&r, SIDE_FRONT));
	cr_assert_eq(r.way[SIDE_FRONT].bytes, RELAY_BULK_BYTES);
	relay_received(&r, SIDE_FRONT, RELAY_BULK_BYTES - 1);
	cr_assert_not(relay_is_bulk(&r, SIDE_FRONT));
	relay_received(&r, SIDE_FRONT, 1);
	cr_assert(relay_is_bulk(&r, SIDE_FRONT));
}

Test(relay, what_has_ended_is_not_bulk)
{
	struct relay r = {0};

	relay_received(&r, SIDE_BACK, 10 * RELAY_BULK_BYTES);
	relay_ended(&r, SIDE_BACK);
	cr_assert_not(relay_is_bulk(&r, SIDE_BACK));
}

Test(relay, is_done_when_the_backends_end_was_passed_on)
{
	struct relay r = {0};

	relay_ended(&r, SIDE_FRONT);
	relay_shut(&r, SIDE_FRONT);
	cr_assert_not(relay_is_done(&r), "its client may still want replies");
	relay_ended(&r, SIDE_BACK);
	cr_assert_not(relay_is_done(&r));
	relay_shut(&r, SIDE_BACK);
	cr_assert(relay_is_done(&r));
}

Test(relay, an_end_that_did_not_come_is_not_passed_on, .signal = SIGABRT)
{
	struct relay r = {0};

	relay_shut(&r, SIDE_BACK);
}

static bool parting_after(const char *words)
{
	struct relay r = {0};

	relay_read(&r, SIDE_FRONT, str_cstr(words));
	return r.parting;
}

Test(relay, a_client_takes_its_leave_with_its_last_words)
{
	cr_assert(parting_after("QUIT\r\n"));
	cr_assert(parting_after("quit\r\n"));
	cr_assert(parting_after("RSET\r\nQuit\r\n"));
	cr_assert(parting_after("a7 LOGOUT\r\n"));
	cr_assert_not(parting_after("QUIT\r\nNOOP\r\n"));
	cr_assert_not(parting_after("QUIT"));
	cr_assert_not(parting_after("UIT\r\n"));
	cr_assert_not(parting_after(""));
}

Test(relay, who_says_more_has_not_taken_leave)
{
	struct relay r = {0};

	relay_read(&r, SIDE_FRONT, STR("QUIT\r\n"));
	relay_read(&r, SIDE_BACK, STR("221 bye\r\n"));
	cr_assert(r.parting);
	relay_received(&r, SIDE_FRONT, 10);
	cr_assert_not(r.parting);
	relay_read(&r, SIDE_BACK, STR("QUIT\r\n"));
	cr_assert_not(r.parting);
}

Test(relay, is_over_when_the_backend_ends_behind_the_leave)
{
	struct relay r = {0};

	relay_read(&r, SIDE_FRONT, STR("QUIT\r\n"));
	cr_assert_not(relay_over(&r));
	relay_ended(&r, SIDE_BACK);
	cr_assert_not(relay_over(&r));
	relay_shut(&r, SIDE_BACK);
	cr_assert(relay_over(&r));
}
