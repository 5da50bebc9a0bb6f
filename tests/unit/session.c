/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of session/session: phases, wants and deadlines.
 */
#include "session/desk.h"
#include "tests/lib/rig.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#define WANTS(r, w)    cr_assert(rig_wants((r), (w)), "wants %x", session_wants(&(r)->session))
#define TAKES(r, s, t) cr_assert_str_eq(rig_take((r), (s)), (t))
#define ENDED(r, why)  cr_assert(rig_ended((r), (why)), "%s", (r)->log.text)
#define LOGGED(r, t)   cr_assert(rig_logged((r), (t)), "%s", (r)->log.text)

/* ---- wants ---- */

Test(session, wants_in_each_phase)
{
	static const struct {
		enum phase phase;
		unsigned wants;
	} rows[] = {
		{PHASE_PROXY, WANT_RECV_FRONT},
		{PHASE_TLS_FRONT, WANT_TLS_FRONT},
		{PHASE_NAME_CLIENT, WANT_RECV_FRONT | WANT_NAME},
		{PHASE_NAME_CHECK, WANT_RECV_FRONT | WANT_NAME},
		{PHASE_DELAY, WANT_RECV_FRONT},
		{PHASE_FRONT, WANT_RECV_FRONT},
		{PHASE_AUTH, WANT_RECV_FRONT | WANT_AUTH},
		{PHASE_AUTH_WAIT, WANT_RECV_FRONT},
		{PHASE_NAME_BACK, WANT_RECV_FRONT | WANT_NAME},
		{PHASE_DIAL, WANT_RECV_FRONT | WANT_DIAL},
		{PHASE_TLS_BACK, WANT_RECV_FRONT | WANT_TLS_BACK},
		{PHASE_BACK, WANT_RECV_FRONT | WANT_RECV_BACK},
		{PHASE_RELAY, WANT_RELAY},
		{PHASE_CLOSING, WANT_CLOSE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig *r = rig_new();

		rig_reach(r, rows[i].phase);
		cr_assert(rig_wants(r, rows[i].wants), "phase %d wants %x", (int)rows[i].phase,
			  session_wants(&r->session));
		rig_done(r);
	}
}

Test(session, wants_to_send_what_is_pending)
{
	struct rig *r = rig_new();

	rig_start(r);
	WANTS(r, WANT_SEND_FRONT | WANT_RECV_FRONT);
	TAKES(r, SIDE_FRONT, "220 mx.test ESMTP ready\r\n");
	WANTS(r, WANT_RECV_FRONT);
	rig_reach(r, PHASE_BACK);
	rig_backend(r, "220 back.test\r\n");
	WANTS(r, WANT_SEND_BACK | WANT_RECV_BACK | WANT_RECV_FRONT);
	TAKES(r, SIDE_BACK, "EHLO mx.test\r\n");
	rig_backend(r, "250 back.test\r\n");
	WANTS(r, WANT_SEND_FRONT | WANT_RELAY);
	TAKES(r, SIDE_FRONT, "235 2.0.0 OK\r\n");
	WANTS(r, WANT_RELAY);
	rig_done(r);
}

Test(session, sends_in_parts)
{
	struct rig *r = rig_new();
	struct str all, rest;

	rig_start(r);
	all = session_pending(&r->session, SIDE_FRONT);
	session_on_sent(&r->session, SIDE_FRONT, 4);
	rest = session_pending(&r->session, SIDE_FRONT);
	cr_assert_eq(rest.p, all.p + 4);
	cr_assert_eq(rest.n, all.n - 4);
	session_on_sent(&r->session, SIDE_FRONT, rest.n);
	cr_assert_eq(session_pending(&r->session, SIDE_FRONT).n, 0);
	rig_done(r);
}

/* ---- the greeting ---- */

Test(session, greets_at_once_without_delay)
{
	struct rig *r = rig_new();

	rig_start(r);
	cr_assert_eq(r->session.phase, PHASE_FRONT);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + RIG_TIMEOUT_MS);
	cr_assert_eq(r->counters.accepted, 1);
	LOGGED(r, "client 192.0.2.1:40000 connected to 127.0.0.1:25\n");
	rig_done(r);
}

Test(session, greets_when_the_delay_is_over)
{
	struct rig *r = rig_new();

	r->conf.greeting_delay_ms = 1000;
	rig_start(r);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + 1000);
	rig_pass(r, 999);
	cr_assert_eq(r->session.phase, PHASE_DELAY);
	cr_assert_null(r->session.desk);
	rig_pass(r, 1);
	cr_assert_eq(r->session.phase, PHASE_FRONT);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + 1000 + RIG_TIMEOUT_MS);
	TAKES(r, SIDE_FRONT, "220 mx.test ESMTP ready\r\n");
	rig_done(r);
}

Test(session, a_client_that_talks_first_is_rejected)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_DELAY);
	rig_client(r, "EHLO early\r\n");
	ENDED(r, REASON_CLIENT_EARLY);
	TAKES(r, SIDE_FRONT, "503 5.5.0 Improper use of SMTP command pipelining\r\n");
	LOGGED(r, "client was rejected before greeting: \"EHLO early__\" while in delay "
		  "pipelining state, client: 192.0.2.1, server: 127.0.0.1:25\n");
	rig_done(r);
}

/* ---- deadlines ---- */

Test(session, the_timeout_runs_from_the_greeting_over_all_commands)
{
	struct rig *r = rig_new();

	rig_start(r);
	for (int i = 0; i < 59; i++) {
		rig_pass(r, 1000);
		rig_client(r, "NOOP\r\n");
		rig_take(r, SIDE_FRONT);
		cr_assert_eq(r->session.deadline_ms, RIG_START_MS + RIG_TIMEOUT_MS);
	}
	rig_pass(r, 999);
	cr_assert_eq(r->session.phase, PHASE_FRONT);
	rig_pass(r, 1);
	ENDED(r, REASON_CLIENT_TIMEOUT);
	TAKES(r, SIDE_FRONT, "");
	LOGGED(r, "client timed out (110: Connection timed out) while in auth state, client: ");
	rig_done(r);
}

Test(session, the_auth_client_keeps_the_time_of_its_requests)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_AUTH);
	cr_assert_eq(r->session.deadline_ms, 0);
	rig_pass(r, 10 * RIG_TIMEOUT_MS);
	cr_assert_eq(r->session.phase, PHASE_AUTH);
	rig_done(r);
}

Test(session, waits_and_asks_again)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_AUTH);
	session_on_verdict(&r->session, &(struct verdict){.kind = VERDICT_WAIT, .wait_s = 5});
	cr_assert_eq(r->session.phase, PHASE_AUTH_WAIT);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + 5000);
	rig_pass(r, 4999);
	cr_assert_eq(r->session.phase, PHASE_AUTH_WAIT);
	rig_pass(r, 1);
	cr_assert_eq(r->session.phase, PHASE_AUTH);
	WANTS(r, WANT_AUTH | WANT_RECV_FRONT);
	TAKES(r, SIDE_FRONT, "");
	rig_done(r);
}

Test(session, refuses_when_the_wait_is_over_and_the_clock_starts_anew)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_AUTH);
	rig_refuse(r, "try later", 5);
	cr_assert_eq(r->session.phase, PHASE_AUTH_WAIT);
	TAKES(r, SIDE_FRONT, "");
	rig_pass(r, 5000);
	cr_assert_eq(r->session.phase, PHASE_FRONT);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + 5000 + RIG_TIMEOUT_MS);
	TAKES(r, SIDE_FRONT, "535 5.7.0 try later\r\n");
	LOGGED(r, "client login failed: \"try later\" while in http auth state, client: 192.0.2.1, "
		  "server: 127.0.0.1:25, login: \"tim\"\n");
	rig_done(r);
}

Test(session, the_backend_has_one_timeout_from_dial_to_login)
{
	static const enum phase phases[] = {PHASE_DIAL, PHASE_BACK};

	for (size_t i = 0; i < 2; i++) {
		struct rig *r = rig_new();

		rig_reach(r, PHASE_DIAL);
		rig_pass(r, 100);
		rig_reach(r, phases[i]);
		cr_assert_eq(r->session.deadline_ms, RIG_START_MS + RIG_TIMEOUT_MS);
		rig_pass(r, RIG_TIMEOUT_MS - 101);
		cr_assert_eq(r->session.phase, phases[i]);
		rig_pass(r, 1);
		ENDED(r, REASON_BACK_TIMEOUT);
		TAKES(r, SIDE_FRONT, "451 4.3.2 Internal server error\r\n");
		LOGGED(r, "upstream timed out (110: Connection timed out) while connecting to "
			  "upstream, client: 192.0.2.1, server: 127.0.0.1:25, login: \"tim\", "
			  "upstream: 192.0.2.9:2525\n");
		rig_done(r);
	}
}

Test(session, bytes_move_the_deadline_of_the_relay)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_RELAY);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + RIG_PROXY_MS);
	rig_pass(r, RIG_PROXY_MS - 1);
	cr_assert_eq(r->session.phase, PHASE_RELAY);
	session_on_moved(&r->session);
	cr_assert_eq(r->session.deadline_ms, r->env.now_ms + RIG_PROXY_MS);
	rig_pass(r, RIG_PROXY_MS);
	ENDED(r, REASON_RELAY_TIMEOUT);
	TAKES(r, SIDE_FRONT, "");
	LOGGED(r, "client timed out (110: Connection timed out) while proxying, client: ");
	rig_done(r);
}

Test(session, a_client_that_half_closed_has_the_shorter_timeout)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_RELAY);
	relay_ended(&r->session.u.past.relay, SIDE_FRONT);
	session_on_shut(&r->session, SIDE_FRONT);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + RIG_TIMEOUT_MS);
	rig_pass(r, 1000);
	session_on_moved(&r->session);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + 1000 + RIG_TIMEOUT_MS);
	r->conf.proxy_timeout_ms = 500;
	session_on_moved(&r->session);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + 1000 + 500);
	rig_done(r);
}

Test(session, behind_the_backends_end_the_client_has_moments)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_RELAY);
	relay_ended(&r->session.u.past.relay, SIDE_BACK);
	session_on_shut(&r->session, SIDE_BACK);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + 5000);
	session_on_moved(&r->session);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + 5000);
	rig_pass(r, 5000);
	ENDED(r, REASON_DONE);
	LOGGED(r, "proxied session done, client: 192.0.2.1, server: 127.0.0.1:25, login: \"tim\", "
		  "upstream: 192.0.2.9:2525\n");
	rig_done(r);
}

Test(session, last_words_have_their_time_and_no_more)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_DIAL);
	session_on_dialled(&r->session, STR("111: Connection refused"));
	ENDED(r, REASON_BACK_DOWN);
	WANTS(r, WANT_SEND_FRONT);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + 5000);
	rig_pass(r, 4999);
	WANTS(r, WANT_SEND_FRONT);
	rig_pass(r, 1);
	WANTS(r, WANT_CLOSE);
	rig_pass(r, 1000);
	WANTS(r, WANT_CLOSE);
	rig_done(r);
}

Test(session, ticks_before_the_deadline_change_nothing)
{
	for (int phase = PHASE_PROXY; phase <= PHASE_CLOSING; phase++) {
		struct rig *r = rig_new();
		uint64_t at;

		rig_reach(r, (enum phase)phase);
		at = r->session.deadline_ms;
		session_on_tick(&r->session);
		cr_assert_eq(r->session.phase, phase);
		cr_assert_eq(r->session.deadline_ms, at);
		rig_done(r);
	}
}

Test(session, a_refusal_that_explains_a_token_is_answered_before_the_end)
{
	struct rig *r = rig_new();

	r->conf.front.methods |= 1U << SASL_XOAUTH2;
	rig_start(r);
	rig_client(r, "AUTH XOAUTH2 dXNlcj10aW0BYXV0aD1CZWFyZXIgdG9rZW4BAQ==\r\n");
	rig_take(r, SIDE_FRONT);
	session_on_verdict(&r->session, &(struct verdict){.kind = VERDICT_ERROR,
							  .error_text = STR("expired"),
							  .error_sasl = STR("e30=")});
	cr_assert_eq(r->session.phase, PHASE_FRONT);
	TAKES(r, SIDE_FRONT, "334 e30=\r\n");
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + RIG_TIMEOUT_MS);
	rig_client(r, "\r\n");
	TAKES(r, SIDE_FRONT, "535 5.7.0 expired\r\n");
	ENDED(r, REASON_CLIENT_REFUSED);
	rig_done(r);
}

/* ---- last words ---- */

static struct rig *hushed(void)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_FRONT);
	rig_client(r, "QUIT\r\n");
	WANTS(r, WANT_SEND_FRONT);
	TAKES(r, SIDE_FRONT, "221 2.0.0 Bye\r\n");
	WANTS(r, WANT_SHUT);
	rig_pass(r, 1000);
	session_on_hushed(&r->session);
	cr_assert_eq(r->session.phase, PHASE_LINGER);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + 1000 + 2000);
	WANTS(r, WANT_RECV_FRONT);
	session_rest(&r->session);
	cr_assert_null(r->session.desk);
	return r;
}

Test(session, last_words_are_read_before_we_close)
{
	struct rig *r = hushed();

	rig_client(r, "NOOP\r\nAUTH PLAIN AHRpbQBzZWNyZXQ=\r\n");
	session_end(&r->session, REASON_INTERNAL, STR("late"));
	TAKES(r, SIDE_FRONT, "");
	WANTS(r, WANT_RECV_FRONT);
	session_on_closed(&r->session, SIDE_FRONT, str_none());
	WANTS(r, WANT_CLOSE);
	ENDED(r, REASON_QUIT);
	rig_done(r);
}

Test(session, a_client_that_does_not_read_them_is_not_waited_for)
{
	struct rig *r = hushed();

	rig_pass(r, 1999);
	WANTS(r, WANT_RECV_FRONT);
	rig_pass(r, 1);
	WANTS(r, WANT_CLOSE);
	rig_done(r);
}

Test(session, an_end_at_shutdown_does_not_linger)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_FRONT);
	session_end(&r->session, REASON_SHUTDOWN, str_none());
	WANTS(r, WANT_SEND_FRONT);
	rig_take(r, SIDE_FRONT);
	WANTS(r, WANT_CLOSE);
	rig_done(r);
}

Test(session, a_service_that_says_wait_for_ever_is_given_up)
{
	struct rig *r = rig_new();
	const struct verdict wait = {.kind = VERDICT_WAIT, .wait_s = 1};

	rig_reach(r, PHASE_AUTH);
	for (int i = 0; i < 100; i++) {
		session_on_verdict(&r->session, &wait);
		cr_assert_eq(r->session.phase, PHASE_AUTH_WAIT);
		rig_pass(r, 1000);
		cr_assert_eq(r->session.phase, PHASE_AUTH);
	}
	session_on_verdict(&r->session, &wait);
	ENDED(r, REASON_AUTH_WAITS);
	TAKES(r, SIDE_FRONT, "451 4.3.2 Internal server error\r\n");
	rig_done(r);
}

Test(session, a_status_that_is_no_success_is_logged_and_nothing_else)
{
	static const unsigned fine[] = {0, 200, 204, 299}, odd[] = {100, 199, 300, 401, 502, 999};
	const char *said = "auth http server 127.0.0.1:9000 answered with status ";
	char line[128];

	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		struct rig *r = rig_new();

		rig_reach(r, PHASE_AUTH);
		session_on_verdict(
			&r->session,
			&(struct verdict){.kind = VERDICT_WAIT, .wait_s = 1, .status = fine[i]});
		cr_assert_not(rig_logged(r, " answered with status "), "%u", fine[i]);
		rig_done(r);
	}
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct rig *r = rig_new();

		r->conf.auth_name = STR("127.0.0.1:9000");
		rig_reach(r, PHASE_AUTH);
		session_on_verdict(
			&r->session,
			&(struct verdict){.kind = VERDICT_WAIT, .wait_s = 1, .status = odd[i]});
		snprintf(line, sizeof(line), "%s%u while in http auth state, client: ", said,
			 odd[i]);
		cr_assert(rig_logged(r, line), "%u", odd[i]);
		cr_assert_eq(r->session.phase, PHASE_AUTH_WAIT);
		rig_done(r);
	}
}
