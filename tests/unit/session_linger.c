/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of session/session: what happens between a session's last words and its close.
 */
#include "tests/lib/rig.h"

#include <criterion/criterion.h>

#define WANTS(r, wants) cr_assert(rig_wants(r, wants), "wants %x", session_wants(&(r)->session))

Test(session_linger, last_words_are_read_before_the_close)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_FRONT);
	session_end(&r->session, REASON_INTERNAL, str_none());
	rig_take(r, SIDE_FRONT);
	WANTS(r, WANT_SHUT);
	session_on_hushed(&r->session);
	cr_assert_eq(r->session.phase, PHASE_LINGER);
	WANTS(r, WANT_RECV_FRONT);
	cr_assert_eq(session_on_front(&r->session, STR("NOOP\r\n")), 6);
	WANTS(r, WANT_RECV_FRONT);
	session_on_closed(&r->session, SIDE_FRONT, str_none());
	WANTS(r, WANT_CLOSE);
	cr_assert_eq(r->counters.ended[REASON_INTERNAL], 1);
	rig_done(r);
}

Test(session_linger, a_client_that_does_not_close_is_closed)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_FRONT);
	session_end(&r->session, REASON_INTERNAL, str_none());
	rig_take(r, SIDE_FRONT);
	session_on_hushed(&r->session);
	rig_pass(r, 1999);
	WANTS(r, WANT_RECV_FRONT);
	rig_pass(r, 1);
	WANTS(r, WANT_CLOSE);
	rig_done(r);
}

/* ---- secrecy ---- */

/* Last words take seconds to leave and to be read, and the desk stays as long. */
Test(session_linger, a_login_that_breaks_off_is_forgotten_before_the_last_words_leave)
{
	static const enum phase phases[] = {PHASE_AUTH, PHASE_AUTH_WAIT, PHASE_DIAL, PHASE_BACK};

	for (size_t i = 0; i < 4; i++) {
		struct rig *r = rig_new();

		rig_start(r);
		rig_take(r, SIDE_FRONT);
		rig_client(r, "AUTH PLAIN AHRpbQBzZWNy");
		rig_client(r, "ZXQ=\r\nNOOP\r\n");
		rig_reach(r, phases[i]);
		cr_assert(rig_remembers(r, "secret"));
		session_end(&r->session, REASON_INTERNAL, str_none());
		cr_assert(rig_wants(r, WANT_SEND_FRONT));
		cr_assert_not(rig_remembers(r, "secret"));
		cr_assert_not(rig_remembers(r, "BzZWNyZ"));
		rig_done(r);
	}
}
