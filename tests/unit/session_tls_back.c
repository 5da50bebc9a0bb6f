/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of sessions whose backends speak TLS, from the first byte or behind STARTTLS: who says
 * so, what goes in plaintext, what becomes of handshakes that fail. The test says how they ended.
 */
#include "session/desk.h"
#include "tests/lib/rig.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#define WANTS(r, w)    cr_assert(rig_wants((r), (w)), "wants %x", session_wants(&(r)->session))
#define TAKES(r, s, t) cr_assert_str_eq(rig_take((r), (s)), (t))
#define ENDED(r, why)  cr_assert(rig_ended((r), (why)), "%s", (r)->log.text)
#define LOGGED(r, t)   cr_assert(rig_logged((r), (t)), "%s", (r)->log.text)

#define ERROR "451 4.3.2 Internal server error\r\n"

static struct rig *dialled(enum back_tls by_conf, enum back_tls by_service)
{
	struct rig *r = rig_new();
	struct verdict v = {.kind = VERDICT_OK, .tls = by_service};

	r->conf.back_tls = by_conf;
	rig_reach(r, PHASE_AUTH);
	cr_assert_eq(addr_parse(STR("192.0.2.9"), &v.server), 0);
	v.server.port = 2525;
	session_on_verdict(&r->session, &v);
	session_on_dialled(&r->session, str_none());
	return r;
}

Test(session_tls_back, the_backend_greets_in_the_channel)
{
	struct rig *r = dialled(BACK_TLS_ON, BACK_TLS_UNSAID);

	cr_assert_eq(r->session.phase, PHASE_TLS_BACK);
	WANTS(r, WANT_TLS_BACK | WANT_RECV_FRONT);
	cr_assert_eq(session_on_back(&r->session, STR("220 plain\r\n")), 0);
	rig_secured(r, SIDE_BACK, REASON_NONE, "");
	cr_assert_eq(r->session.phase, PHASE_BACK);
	WANTS(r, WANT_RECV_BACK | WANT_RECV_FRONT);
	rig_backend(r, "220 back.test ESMTP\r\n");
	TAKES(r, SIDE_BACK, "EHLO mx.test\r\n");
	rig_done(r);
}

Test(session_tls_back, the_service_may_say_otherwise)
{
	static const struct {
		enum back_tls by_conf, by_service;
		enum phase phase;
	} rows[] = {
		{BACK_TLS_OFF, BACK_TLS_UNSAID, PHASE_BACK},
		{BACK_TLS_OFF, BACK_TLS_ON, PHASE_TLS_BACK},
		{BACK_TLS_OFF, BACK_TLS_OFF, PHASE_BACK},
		{BACK_TLS_ON, BACK_TLS_OFF, PHASE_BACK},
		{BACK_TLS_ON, BACK_TLS_ON, PHASE_TLS_BACK},
		{BACK_TLS_STARTTLS, BACK_TLS_ON, PHASE_TLS_BACK},
		{BACK_TLS_STARTTLS, BACK_TLS_OFF, PHASE_BACK},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig *r = dialled(rows[i].by_conf, rows[i].by_service);

		cr_assert_eq(r->session.phase, rows[i].phase, "row %zu", i);
		rig_done(r);
	}
}

Test(session_tls_back, the_backend_is_told_who_comes_in_plaintext)
{
	struct rig *r = rig_new();

	r->conf.proxy_out = PROXY_OUT_V1;
	rig_reach(r, PHASE_TLS_BACK);
	WANTS(r, WANT_SEND_BACK | WANT_TLS_BACK | WANT_RECV_FRONT);
	TAKES(r, SIDE_BACK, "PROXY TCP4 192.0.2.1 192.0.2.1 40000 25\r\n");
	WANTS(r, WANT_TLS_BACK | WANT_RECV_FRONT);
	rig_secured(r, SIDE_BACK, REASON_NONE, "");
	TAKES(r, SIDE_BACK, "");
	WANTS(r, WANT_RECV_BACK | WANT_RECV_FRONT);
	rig_done(r);
}

static void check_back_over(struct rig *r, const char *line)
{
	TAKES(r, SIDE_FRONT, ERROR);
	LOGGED(r, line);
	LOGGED(r, " while SSL handshaking to upstream, client: 192.0.2.1, server: 127.0.0.1:25, "
		  "login: \"tim\", upstream: 192.0.2.9:2525\n");
	rig_done(r);
}

Test(session_tls_back, a_handshake_with_the_backend_may_fail)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_TLS_BACK);
	rig_secured(r, SIDE_BACK, REASON_BACK_TLS, "no shared cipher");
	ENDED(r, REASON_BACK_TLS);
	cr_assert_eq(r->log.level, LEVEL_ERR);
	check_back_over(r, "SSL_do_handshake() failed (SSL: no shared cipher)");

	r = rig_new();
	rig_reach(r, PHASE_TLS_BACK);
	rig_secured(r, SIDE_BACK, REASON_BACK_CERT, "10:certificate has expired");
	ENDED(r, REASON_BACK_CERT);
	cr_assert_eq(r->log.level, LEVEL_ERR);
	check_back_over(r, "upstream SSL certificate verify error: (10:certificate has expired)");
}

Test(session_tls_back, a_backend_may_close_in_mid_handshake)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_TLS_BACK);
	session_on_closed(&r->session, SIDE_BACK, str_none());
	ENDED(r, REASON_BACK_CLOSED);
	check_back_over(r, "upstream prematurely closed connection");
}

/* Whether it could be reached is only known when the first bytes are sent. */
Test(session_tls_back, a_backend_may_not_be_there)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_TLS_BACK);
	session_on_closed(&r->session, SIDE_BACK, STR("111: Connection refused"));
	ENDED(r, REASON_BACK_DOWN);
	check_back_over(r, "connect() failed (111: Connection refused)");
}

Test(session_tls_back, a_backend_has_one_time_for_all)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_DIAL);
	rig_pass(r, 1000);
	r->session.desk->peer.tls = BACK_TLS_ON;
	session_on_dialled(&r->session, str_none());
	rig_pass(r, RIG_TIMEOUT_MS - 1001);
	WANTS(r, WANT_TLS_BACK | WANT_RECV_FRONT);
	rig_pass(r, 1);
	ENDED(r, REASON_BACK_TIMEOUT);
	check_back_over(r, "upstream timed out (110: Connection timed out)");
}

Test(session_tls_back, a_client_may_leave_while_the_backend_shakes_hands)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_TLS_BACK);
	session_on_closed(&r->session, SIDE_FRONT, str_none());
	ENDED(r, REASON_CLIENT_CLOSED);
	WANTS(r, WANT_CLOSE);
	rig_done(r);
}

Test(session_tls_back, an_end_while_the_backend_shakes_hands_has_words)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_TLS_BACK);
	session_end(&r->session, REASON_SHUTDOWN, str_none());
	ENDED(r, REASON_SHUTDOWN);
	TAKES(r, SIDE_FRONT, "421 4.3.2 Service is shutting down, try again later\r\n");
	rig_done(r);
}

Test(session_tls_back, commands_of_the_client_wait_for_the_backend)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_TLS_BACK);
	rig_client(r, "MAIL FROM:<a@a.test>\r\n");
	rig_reach(r, PHASE_RELAY);
	TAKES(r, SIDE_BACK, "MAIL FROM:<a@a.test>\r\n");
	rig_done(r);
}

/* ---- STARTTLS ---- */

/* Its reply to STARTTLS is due. */
static struct rig *asked(void)
{
	struct rig *r = dialled(BACK_TLS_STARTTLS, BACK_TLS_UNSAID);

	WANTS(r, WANT_RECV_BACK | WANT_RECV_FRONT);
	rig_backend(r, "220 back.test ESMTP\r\n");
	TAKES(r, SIDE_BACK, "EHLO mx.test\r\n");
	rig_backend(r, "250-back.test\r\n250 STARTTLS\r\n");
	TAKES(r, SIDE_BACK, "STARTTLS\r\n");
	return r;
}

static struct rig *agreed(void)
{
	struct rig *r = asked();

	rig_backend(r, "220 go\r\n");
	cr_assert_eq(r->session.phase, PHASE_TLS_BACK);
	TAKES(r, SIDE_BACK, "");
	WANTS(r, WANT_TLS_BACK | WANT_RECV_FRONT);
	return r;
}

Test(session_tls_back, behind_starttls_the_login_goes_on)
{
	struct rig *r = agreed();

	rig_secured(r, SIDE_BACK, REASON_NONE, "");
	cr_assert_eq(r->session.phase, PHASE_BACK);
	TAKES(r, SIDE_BACK, "EHLO mx.test\r\n");
	WANTS(r, WANT_RECV_BACK | WANT_RECV_FRONT);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + RIG_TIMEOUT_MS);
	rig_backend(r, "250 back.test\r\n");
	cr_assert_eq(r->session.phase, PHASE_RELAY);
	TAKES(r, SIDE_FRONT, "235 2.0.0 OK\r\n");
	rig_done(r);
}

Test(session_tls_back, the_service_may_say_starttls)
{
	static const enum back_tls by_conf[] = {BACK_TLS_OFF, BACK_TLS_ON, BACK_TLS_STARTTLS};

	for (size_t i = 0; i < 3; i++) {
		struct rig *r = dialled(by_conf[i], BACK_TLS_STARTTLS);

		cr_assert_eq(r->session.phase, PHASE_BACK);
		r->session.desk->login.esmtp = false; /* HELO would not do */
		rig_backend(r, "220 back.test ESMTP\r\n");
		TAKES(r, SIDE_BACK, "EHLO mx.test\r\n");
		rig_backend(r, "250 STARTTLS\r\n");
		ENDED(r, REASON_BACK_NO_STARTTLS); /* on the first line is its name */
		rig_done(r);
	}
}

Test(session_tls_back, the_header_goes_in_plaintext_before_starttls)
{
	struct rig *r = rig_new();

	r->conf.proxy_out = PROXY_OUT_V1;
	r->conf.back_tls = BACK_TLS_STARTTLS;
	rig_reach(r, PHASE_BACK);
	TAKES(r, SIDE_BACK, "PROXY TCP4 192.0.2.1 192.0.2.1 40000 25\r\n");
	rig_done(r);
}

static void check_refused(struct rig *r, enum reason reason, const char *line)
{
	ENDED(r, reason);
	TAKES(r, SIDE_FRONT, ERROR);
	LOGGED(r, line);
	cr_assert_eq(r->log.level, LEVEL_ERR);
	cr_assert_not(rig_remembers(r, "secret"));
	rig_done(r);
}

Test(session_tls_back, without_starttls_there_is_no_login)
{
	struct rig *r = dialled(BACK_TLS_STARTTLS, BACK_TLS_UNSAID);

	r->conf.pass_error_message = true;
	rig_backend(r, "220 back.test\r\n");
	rig_take(r, SIDE_BACK);
	rig_backend(r, "250-back.test\r\n250 SIZE\r\n");
	check_refused(
		r, REASON_BACK_NO_STARTTLS,
		"upstream offers no STARTTLS or refuses it: \"250-back.test__250 SIZE\" while "
		"reading response from upstream, ");
	r = asked();
	rig_backend(r, "454 4.7.0 not now\r\n");
	check_refused(r, REASON_BACK_NO_STARTTLS,
		      "upstream offers no STARTTLS or refuses it: \"454 4.7.0 not now\" while "
		      "reading response from upstream, ");
}

/* In one segment or two. */
Test(session_tls_back, plaintext_behind_its_reply_is_an_attack)
{
	static const char said[] = "220 go\r\n250-evil.test\r\n250 AUTH PLAIN\r\n";

	for (size_t cut = 8; cut < sizeof(said) - 1; cut++) {
		struct rig *r = asked();
		char first[sizeof(said)];

		memcpy(first, said, cut);
		first[cut] = '\0';
		rig_backend(r, first);
		rig_backend(r, said + cut);
		TAKES(r, SIDE_BACK, "");
		check_refused(r, REASON_BACK_INJECTED,
			      "upstream sent plaintext behind its reply to STARTTLS: \"2");
	}
}

Test(session_tls_back, a_handshake_behind_starttls_may_fail)
{
	struct rig *r = agreed();

	rig_secured(r, SIDE_BACK, REASON_BACK_CERT, "18:self-signed certificate");
	ENDED(r, REASON_BACK_CERT);
	check_back_over(r, "upstream SSL certificate verify error: (18:self-signed certificate)");

	r = agreed();
	session_on_closed(&r->session, SIDE_BACK, STR("104: Connection reset by peer"));
	ENDED(r, REASON_BACK_CLOSED);
	check_back_over(r, "upstream prematurely closed connection");

	r = agreed();
	rig_pass(r, RIG_TIMEOUT_MS);
	ENDED(r, REASON_BACK_TIMEOUT);
	check_back_over(r, "upstream timed out (110: Connection timed out)");

	r = agreed();
	session_end(&r->session, REASON_INTERNAL, STR("no memory"));
	ENDED(r, REASON_INTERNAL);
	check_back_over(r, "internal error: no memory");
}

/* Once TLS is up, a backend that says nothing was reached all the same. */
Test(session_tls_back, a_reset_behind_the_handshake_is_no_failure_to_connect)
{
	struct rig *r = dialled(BACK_TLS_ON, BACK_TLS_UNSAID);

	rig_secured(r, SIDE_BACK, REASON_NONE, "");
	session_on_closed(&r->session, SIDE_BACK, STR("104: Connection reset by peer"));
	ENDED(r, REASON_BACK_CLOSED);
	rig_done(r);
}

/* Nothing may be left that would leave in plaintext behind the handshake. */
Test(session_tls_back, is_up_when_all_has_left, .signal = SIGABRT)
{
	struct rig *r = rig_new();

	r->conf.proxy_out = PROXY_OUT_V1;
	rig_reach(r, PHASE_TLS_BACK);
	rig_secured(r, SIDE_BACK, REASON_NONE, "");
}
