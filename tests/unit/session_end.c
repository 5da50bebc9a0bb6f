/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of session/session: how it ends: failures of each side in each phase, verdicts of
 * every kind, the counters, who holds the desk, and what is remembered of a password.
 */
#include "session/desk.h"
#include "session/reason.h"
#include "tests/lib/rig.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#define WANTS(r, w)    cr_assert(rig_wants((r), (w)), "wants %x", session_wants(&(r)->session))
#define TAKES(r, s, t) cr_assert_str_eq(rig_take((r), (s)), (t))
#define ENDED(r, why)  cr_assert(rig_ended((r), (why)), "%s", (r)->log.text)
#define LOGGED(r, t)   cr_assert(rig_logged((r), (t)), "%s", (r)->log.text)

static const char sorry[] = "451 4.3.2 Internal server error\r\n";

/* ---- failures ---- */

Test(session_end, the_clients_connection_fails)
{
	for (int phase = PHASE_PROXY; phase < PHASE_CLOSING; phase++) {
		struct rig *r = rig_new();
		bool relay = phase == PHASE_RELAY, handshake = phase == PHASE_TLS_FRONT;

		rig_reach(r, (enum phase)phase);
		if (phase == PHASE_FRONT)
			rig_client(r, "NOOP\r\n");
		if (phase > PHASE_FRONT && !relay)
			rig_client(r, "waits");
		session_on_closed(&r->session, SIDE_FRONT, STR("104: Connection reset by peer"));
		ENDED(r, relay       ? REASON_RELAY_CLIENT_RESET
			 : handshake ? REASON_CLIENT_TLS_CLOSED
				     : REASON_CLIENT_CLOSED);
		WANTS(r, WANT_CLOSE);
		if (handshake)
			LOGGED(r, "peer closed connection in SSL handshake (104: Connection reset "
				  "by peer) while ");
		else if (relay)
			LOGGED(r,
			       "recv() failed (104: Connection reset by peer) while proxying and "
			       "reading from client, client: ");
		else
			LOGGED(r, "client closed connection while ");
		rig_done(r);
	}
}

Test(session_end, the_backends_connection_fails)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_BACK);
	session_on_closed(&r->session, SIDE_BACK, STR("111: Connection refused"));
	ENDED(r, REASON_BACK_DOWN);
	TAKES(r, SIDE_FRONT, sorry);
	LOGGED(r, "connect() failed (111: Connection refused) while connecting to upstream, ");
	cr_assert_eq(r->log.level, LEVEL_ERR);
	rig_done(r);
}

Test(session_end, the_backend_fails_or_ends_behind_its_greeting)
{
	static const struct str how[] = {STR_INIT("104: reset"), STR_INIT("")};

	for (size_t i = 0; i < 2; i++) {
		struct rig *r = rig_new();

		rig_reach(r, PHASE_BACK);
		rig_backend(r, "220 b\r\n");
		session_on_closed(&r->session, SIDE_BACK, how[i]);
		ENDED(r, REASON_BACK_CLOSED);
		TAKES(r, SIDE_FRONT, sorry);
		LOGGED(r, "upstream prematurely closed connection while sending HELO/EHLO to "
			  "upstream, ");
		rig_done(r);
	}
}

Test(session_end, the_backend_ends_before_its_greeting)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_BACK);
	session_on_closed(&r->session, SIDE_BACK, str_none());
	ENDED(r, REASON_BACK_CLOSED);
	rig_done(r);
}

Test(session_end, the_backends_connection_fails_in_the_relay)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_RELAY);
	session_on_closed(&r->session, SIDE_BACK, STR("104: reset"));
	ENDED(r, REASON_RELAY_BACK_RESET);
	TAKES(r, SIDE_FRONT, "");
	WANTS(r, WANT_CLOSE);
	LOGGED(r, "recv() failed (104: reset) while proxying and reading from upstream, client: ");
	LOGGED(r, "proxied session done, client: ");
	rig_done(r);
}

Test(session_end, behind_the_backends_end_nothing_is_a_failure)
{
	static const enum side sides[] = {SIDE_FRONT, SIDE_BACK};

	for (size_t i = 0; i < 2; i++) {
		struct rig *r = rig_new();

		rig_reach(r, PHASE_RELAY);
		relay_ended(&r->session.u.past.relay, SIDE_BACK);
		session_on_shut(&r->session, SIDE_BACK);
		session_on_closed(&r->session, sides[i], STR("104: reset"));
		ENDED(r, REASON_DONE);
		rig_done(r);
	}
}

Test(session_end, both_ways_over_is_the_good_end)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_RELAY);
	session_on_relayed(&r->session);
	ENDED(r, REASON_DONE);
	WANTS(r, WANT_CLOSE);
	cr_assert_eq(r->log.level, LEVEL_INFO);
	rig_done(r);
}

Test(session_end, the_backends_side_says_nothing_in_other_phases)
{
	static const enum phase phases[] = {PHASE_FRONT, PHASE_AUTH, PHASE_CLOSING};

	for (size_t i = 0; i < 3; i++) {
		struct rig *r = rig_new();

		rig_reach(r, phases[i]);
		session_on_closed(&r->session, SIDE_BACK, STR("late"));
		rig_backend(r, "220 late\r\n");
		session_on_dialled(&r->session, STR("late"));
		if (phases[i] != PHASE_AUTH)
			rig_route(r);
		cr_assert_eq(r->session.phase, phases[i]);
		rig_done(r);
	}
}

Test(session_end, every_reason_can_end_a_session_that_talks)
{
	for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
		const struct reason_row *row = reason_row((enum reason)reason);
		struct rig *r = rig_new();
		size_t lines;

		rig_reach(r, PHASE_FRONT);
		lines = r->log.lines;
		session_end(&r->session, (enum reason)reason, STR("<\x01\r\n>"));
		ENDED(r, (enum reason)reason);
		cr_assert_eq(r->log.lines - lines, row->text.n ? 1 : 0);
		cr_assert_null(strchr(r->log.text, '%'));
		cr_assert_null(strchr(r->log.text, '\x01'));
		rig_take(r, SIDE_FRONT);
		cr_assert(str_eq(str_cstr(r->sent), row->words[PROTOCOL_SMTP]), "%s", row->label);
		WANTS(r, row->words[PROTOCOL_SMTP].n && reason != REASON_SHUTDOWN ? WANT_SHUT
										  : WANT_CLOSE);
		rig_done(r);
	}
}

Test(session_end, ends_only_once)
{
	struct rig *r = rig_new();
	size_t lines;

	rig_reach(r, PHASE_FRONT);
	session_end(&r->session, REASON_SHUTDOWN, str_none());
	lines = r->log.lines;
	session_end(&r->session, REASON_INTERNAL, STR("again"));
	session_end_said(&r->session, REASON_QUIT, str_none());
	session_on_closed(&r->session, SIDE_FRONT, str_none());
	session_on_closed(&r->session, SIDE_BACK, str_none());
	rig_client(r, "NOOP\r\n");
	ENDED(r, REASON_SHUTDOWN);
	cr_assert_eq(r->log.lines, lines);
	TAKES(r, SIDE_FRONT, "421 4.3.2 Service is shutting down, try again later\r\n");
	rig_done(r);
}

Test(session_end, a_failed_connection_gets_no_last_words)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_FRONT);
	session_end(&r->session, REASON_SHUTDOWN, str_none());
	WANTS(r, WANT_SEND_FRONT);
	session_on_closed(&r->session, SIDE_FRONT, STR("32: Broken pipe"));
	WANTS(r, WANT_CLOSE);
	rig_done(r);
}

Test(session_end, quiet_levels_write_nothing)
{
	struct rig *r = rig_new();

	r->conf.log_level = LEVEL_EMERG;
	rig_reach(r, PHASE_AUTH);
	rig_refuse(r, "no", 1);
	rig_pass(r, 1000);
	rig_client(r, "WHAT\r\nAUTH PLAIN AHRpbQBzZWNyZXQ=\r\n");
	rig_reach(r, PHASE_RELAY);
	session_on_relayed(&r->session);
	cr_assert_eq(r->log.lines, 0, "%s", r->log.text);
	rig_done(r);
}

/* ---- verdicts ---- */

Test(session_end, a_refusal_without_wait_ends)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_AUTH);
	session_on_verdict(&r->session, &(struct verdict){.kind = VERDICT_ERROR,
							  .error_text = STR("go\r\naway\x07"),
							  .error_code = STR("550 5.7.1")});
	ENDED(r, REASON_CLIENT_REFUSED);
	TAKES(r, SIDE_FRONT, "550 5.7.1 go\r\naway\x07\r\n");
	LOGGED(r, "client login failed: \"go__away\\x07\" while in http auth state, client: ");
	rig_done(r);
}

Test(session_end, a_broken_verdict_says_why)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_AUTH);
	session_on_verdict(&r->session, &(struct verdict){.kind = VERDICT_BROKEN,
							  .reason = REASON_AUTH_BAD_PORT,
							  .detail = STR("99999")});
	ENDED(r, REASON_AUTH_BAD_PORT);
	TAKES(r, SIDE_FRONT, sorry);
	LOGGED(r, "auth http server 127.0.0.1:9000 sent invalid server port:\"99999\" while in "
		  "http auth state, client: 192.0.2.1, ");
	rig_done(r);
}

static struct str lots(uint8_t c)
{
	static uint8_t bytes[AUTH_HTTP_RESPONSE_MAX + 1];

	memset(bytes, c, sizeof(bytes));
	return str_of(bytes, sizeof(bytes));
}

Test(session_end, over_long_strings_of_a_verdict_are_refused)
{
	struct str s = lots('x'), most = str_first(s, AUTH_HTTP_RESPONSE_MAX);
	const struct verdict verdicts[] = {
		{.kind = VERDICT_OK, .user = s},
		{.kind = VERDICT_OK, .user = STR("u"), .pass = most},
		{.kind = VERDICT_ERROR, .wait_s = 1, .error_text = s},
		{.kind = VERDICT_ERROR, .wait_s = 1, .error_code = s},
		{.kind = VERDICT_ERROR, .wait_s = 1, .error_code = STR("5"), .error_text = most},
	};

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		struct rig *r = rig_new();

		rig_reach(r, PHASE_AUTH);
		session_on_verdict(&r->session, &verdicts[i]);
		ENDED(r, REASON_AUTH_TOO_LONG);
		TAKES(r, SIDE_FRONT, sorry);
		rig_done(r);
	}
}

Test(session_end, a_long_refusal_is_cut_to_the_room_there_is)
{
	struct rig *r = rig_new();
	struct str s = str_first(lots('y'), AUTH_HTTP_RESPONSE_MAX);

	rig_reach(r, PHASE_AUTH);
	session_on_verdict(&r->session, &(struct verdict){.kind = VERDICT_ERROR, .error_text = s});
	ENDED(r, REASON_CLIENT_REFUSED);
	rig_take(r, SIDE_FRONT);
	cr_assert(strlen(r->sent) > FRONT_REPLY_MAX);
	cr_assert_str_eq(r->sent + strlen(r->sent) - 3, "y\r\n");
	rig_done(r);
}

Test(session_end, a_password_that_no_command_can_hold_is_an_error_of_ours)
{
	struct rig *r = rig_new();

	r->conf.back.smtp_auth = true;
	rig_reach(r, PHASE_AUTH);
	session_on_verdict(&r->session, &(struct verdict){.kind = VERDICT_OK,
							  .user = STR("u"),
							  .pass = str_first(lots('p'), 16000)});
	cr_assert_eq(r->session.phase, PHASE_DIAL);
	session_on_dialled(&r->session, str_none());
	rig_backend(r, "220 b\r\n");
	rig_take(r, SIDE_BACK);
	rig_backend(r, "250 b\r\n");
	ENDED(r, REASON_INTERNAL);
	TAKES(r, SIDE_FRONT, sorry);
	rig_done(r);
}

Test(session_end, the_verdicts_user_and_password_replace_the_clients)
{
	struct rig *r = rig_new();
	char user[SESSION_USER_MAX + 2];

	memset(user, 'u', sizeof(user));
	r->conf.back.smtp_auth = true;
	rig_reach(r, PHASE_AUTH);
	session_on_verdict(&r->session, &(struct verdict){.kind = VERDICT_OK,
							  .user = str_of(user, sizeof(user)),
							  .pass = STR("other")});
	session_on_dialled(&r->session, str_none());
	rig_backend(r, "220 b\r\n");
	rig_take(r, SIDE_BACK);
	rig_backend(r, "250 b\r\n");
	rig_take(r, SIDE_BACK);
	cr_assert_not_null(strstr(r->sent, "AUTH PLAIN AHV1dXV1"));
	rig_backend(r, "235 ok\r\n");
	cr_assert_eq(r->session.phase, PHASE_RELAY);
	cr_assert_eq(r->session.u.past.user_n, SESSION_USER_MAX);
	cr_assert_eq(r->session.u.past.user[SESSION_USER_MAX - 1], 'u');
	rig_done(r);
}

Test(session_end, the_query_says_when_a_password_must_come_back)
{
	static const struct {
		const char *commands;
		bool smtp_auth, need;
		enum auth_method method;
	} rows[] = {
		{"AUTH PLAIN AHRpbQBzZWNyZXQ=\r\n", true, false, AUTH_PLAIN},
		{"AUTH CRAM-MD5\r\n"
		 "dGltIDAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm\r\n",
		 true, true, AUTH_CRAM_MD5},
		{"AUTH CRAM-MD5\r\n"
		 "dGltIDAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm\r\n",
		 false, false, AUTH_CRAM_MD5},
		{"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", true, false, AUTH_NONE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig *r = rig_new();
		struct auth_http_query q;

		r->conf.back.smtp_auth = rows[i].smtp_auth;
		rig_start(r);
		rig_client(r, "EHLO c\r\n");
		rig_client(r, rows[i].commands);
		cr_assert_eq(r->session.phase, PHASE_AUTH, "row %zu", i);
		session_auth_query(&r->session, &q);
		cr_assert_eq(q.need_password, rows[i].need, "row %zu", i);
		cr_assert_eq(q.login->method, rows[i].method, "row %zu", i);
		cr_assert_eq(q.client.port, 40000);
		rig_done(r);
	}
}

/* ---- refusals of the backend ---- */

Test(session_end, the_backends_words_are_hidden_or_passed_on)
{
	for (int pass = 0; pass < 2; pass++) {
		struct rig *r = rig_new();

		r->conf.pass_error_message = pass;
		rig_reach(r, PHASE_BACK);
		rig_backend(r, "554-no\r\n554 service\r\n");
		ENDED(r, pass ? REASON_BACK_REFUSED : REASON_BACK_INVALID);
		TAKES(r, SIDE_FRONT, pass ? "554-no\r\n554 service\r\n" : sorry);
		LOGGED(r, "upstream sent invalid response: \"554-no__554 service\" while reading "
			  "response from upstream, ");
		rig_done(r);
	}
}

Test(session_end, an_endless_reply_ends_it)
{
	struct rig *r = rig_new();
	char line[RIG_LINE_MAX + 2];

	memset(line, '2', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	rig_reach(r, PHASE_BACK);
	rig_backend(r, line);
	ENDED(r, REASON_BACK_TOO_LONG);
	TAKES(r, SIDE_FRONT, sorry);
	rig_done(r);
}

/* ---- the front engine's ends ---- */

Test(session_end, quit_and_errors_and_lines_without_end)
{
	struct rig *r = rig_new();
	char line[RIG_LINE_MAX + 1];

	rig_reach(r, PHASE_FRONT);
	rig_client(r, "QUIT\r\nNOOP\r\n");
	ENDED(r, REASON_QUIT);
	TAKES(r, SIDE_FRONT, "221 2.0.0 Bye\r\n");
	rig_done(r);

	r = rig_new();
	rig_reach(r, PHASE_FRONT);
	rig_client(r, "A\r\nB\r\nC\r\nD\r\nE\r\nF\r\n");
	ENDED(r, REASON_CLIENT_TOO_MANY_ERRORS);
	rig_done(r);

	r = rig_new();
	memset(line, 'z', sizeof(line));
	line[RIG_LINE_MAX] = '\0';
	rig_reach(r, PHASE_FRONT);
	rig_client(r, line);
	ENDED(r, REASON_CLIENT_TOO_LONG);
	LOGGED(r, "client sent too long command \"zzz");
	rig_done(r);
}

Test(session_end, what_was_rejected_is_noted)
{
	struct rig *r = rig_new();

	r->conf.front.methods = 1U << SASL_PLAIN;
	rig_start(r);
	rig_client(r, "EHLO c\r\nMAIL FROM:<a@b>\r\n");
	LOGGED(r, "client was rejected: \"MAIL FROM:<a@b>__\" while in auth state, client: "
		  "192.0.2.1, server: 127.0.0.1:25\n");
	cr_assert_eq(r->session.phase, PHASE_FRONT);
	rig_done(r);
}

/* ---- counters ---- */

Test(session_end, the_counters_add_up)
{
	struct rig *r = rig_new();
	uint64_t ended = 0;

	for (int phase = PHASE_PROXY; phase < PHASE_CLOSING; phase++) {
		for (int how = 0; how < 4; how++) {
			r->conf.greeting_delay_ms = 0;
			r->session.env = NULL;
			rig_reach(r, (enum phase)phase);
			if (how == 0)
				session_on_closed(&r->session, SIDE_FRONT, str_none());
			else if (how == 1)
				session_on_closed(&r->session, SIDE_BACK, STR("x"));
			else if (how == 2)
				rig_pass(r, RIG_PROXY_MS);
			session_end(&r->session, REASON_SHUTDOWN, str_none());
			session_done(&r->session);
			r->session.env = NULL;
		}
	}
	for (int i = 0; i < REASON_COUNT; i++)
		ended += r->counters.ended[i];
	cr_assert_eq(r->counters.accepted, 4 * PHASE_CLOSING);
	cr_assert_eq(ended, r->counters.accepted);
	cr_assert_eq(r->counters.logged_in, 4);
	rig_done(r);
}

/* ---- the desk ---- */

Test(session_end, an_idle_session_owns_no_desk)
{
	struct rig *r = rig_new();

	rig_start(r);
	session_rest(&r->session);
	cr_assert_not_null(r->session.desk, "the greeting lies on it");
	rig_take(r, SIDE_FRONT);
	session_rest(&r->session);
	cr_assert_null(r->session.desk);
	cr_assert_eq(r->env.desks.used, 0);
	rig_client(r, "EHLO client.test\r\nNOO");
	cr_assert_eq(r->env.desks.used, 1);
	rig_take(r, SIDE_FRONT);
	session_rest(&r->session);
	cr_assert_not_null(r->session.desk, "half a command lies on it");
	rig_client(r, "P\r\n");
	TAKES(r, SIDE_FRONT, "250 2.0.0 OK\r\n");
	session_rest(&r->session);
	cr_assert_null(r->session.desk);
	session_rest(&r->session);
	rig_client(r, "MAIL FROM:<a@b>\r\n");
	rig_take(r, SIDE_FRONT);
	session_rest(&r->session);
	cr_assert_not_null(r->session.desk, "the sender lies on it");
	rig_done(r);
}

Test(session_end, a_session_at_work_keeps_its_desk)
{
	static const enum phase phases[] = {PHASE_AUTH, PHASE_AUTH_WAIT, PHASE_DIAL, PHASE_BACK};

	for (size_t i = 0; i < 4; i++) {
		struct rig *r = rig_new();

		rig_reach(r, phases[i]);
		rig_take(r, SIDE_BACK);
		session_rest(&r->session);
		cr_assert_not_null(r->session.desk);
		rig_done(r);
	}
}

/* ---- secrecy ---- */

static void forgets(struct rig *r)
{
	cr_assert_not(rig_remembers(r, "secret"));
	cr_assert_not(rig_remembers(r, "AHRpbQBzZWNyZXQ="));
	cr_assert_not(rig_remembers(r, "BzZWNyZ"));
}

/* With a name too long for the session itself: the desk is not given back. */
static void long_helo(struct rig *r)
{
	rig_start(r);
	rig_client(r, "EHLO a-name-of-a-client-that-is-longer-than-what-a-session-keeps-in-itself."
		      "and-so-it-lies-on-the-desk.example.test\r\n");
	rig_take(r, SIDE_FRONT);
	session_rest(&r->session);
	cr_assert_not_null(r->session.desk);
}

Test(session_end, a_refused_password_is_forgotten)
{
	struct rig *r = rig_new();

	long_helo(r);
	rig_client(r, "AUTH PLAIN AHRpbQBzZWNy");
	rig_client(r, "ZXQ=\r\nNOOP\r\n");
	cr_assert(rig_remembers(r, "secret"), "the auth service has not been asked yet");
	rig_refuse(r, "no", 1);
	rig_pass(r, 1000);
	TAKES(r, SIDE_FRONT, "535 5.7.0 no\r\n250 2.0.0 OK\r\n");
	session_rest(&r->session);
	cr_assert_not_null(r->session.desk);
	forgets(r);
	rig_done(r);
}

Test(session_end, an_accepted_password_is_forgotten)
{
	struct rig *r = rig_new();

	r->conf.back.smtp_auth = true;
	long_helo(r);
	rig_client(r, "AUTH PLAIN AHRpbQBzZWNy");
	rig_client(r, "ZXQ=\r\n");
	rig_client(r, "MAIL FROM:<a@b>\r\n");
	rig_route(r);
	session_on_dialled(&r->session, str_none());
	rig_backend(r, "220 b\r\n");
	rig_take(r, SIDE_BACK);
	rig_backend(r, "250 b\r\n");
	TAKES(r, SIDE_BACK, "AUTH PLAIN AHRpbQBzZWNyZXQ=\r\n");
	rig_backend(r, "235 ok\r\n");
	cr_assert_eq(r->session.phase, PHASE_RELAY);
	cr_assert_eq(session_pending(&r->session, SIDE_BACK).n, 17);
	memset(r->sent, 0, sizeof(r->sent));
	forgets(r);
	rig_done(r);
}

Test(session_end, a_session_that_is_over_remembers_nothing)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_AUTH);
	session_done(&r->session);
	cr_assert_null(r->session.env);
	forgets(r);
	rig_done(r);
}
