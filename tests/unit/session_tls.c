/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of sessions whose clients speak TLS: who waits for which handshake, what is said
 * before, what becomes of those that fail. No handshake is made here: the test says how it ended.
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

#define GREETING "220 mx.test ESMTP ready\r\n"
#define V1       "PROXY TCP4 198.51.100.7 203.0.113.9 56324 25\r\n"
#define HELLO    "\x16\x03\x01" /* ... as a ClientHello begins */

/* A client that has said STARTTLS and was told to go on. */
static struct rig *starttls(void)
{
	struct rig *r = rig_new();

	r->conf.front.starttls = STARTTLS_ON;
	rig_reach(r, PHASE_FRONT);
	rig_client(r, "EHLO a.test\r\n");
	rig_take(r, SIDE_FRONT);
	rig_client(r, "STARTTLS\r\n");
	TAKES(r, SIDE_FRONT, "220 2.0.0 Start TLS\r\n");
	cr_assert_eq(r->session.phase, PHASE_TLS_FRONT);
	return r;
}

static struct rig *tls(void)
{
	struct rig *r = rig_new();

	r->tls = true;
	r->conf.front.starttls = STARTTLS_ON;
	return r;
}

/* ---- the client: TLS at once ---- */

Test(session_tls, greets_in_the_channel)
{
	struct rig *r = tls();

	rig_start(r);
	TAKES(r, SIDE_FRONT, "");
	WANTS(r, WANT_TLS_FRONT);
	cr_assert_null(r->session.desk);
	rig_secured(r, SIDE_FRONT, REASON_NONE, "");
	cr_assert_eq(r->session.phase, PHASE_FRONT);
	TAKES(r, SIDE_FRONT, GREETING);
	WANTS(r, WANT_RECV_FRONT);
	rig_done(r);
}

Test(session_tls, offers_no_starttls_in_the_channel)
{
	struct rig *r = tls();

	rig_start(r);
	rig_secured(r, SIDE_FRONT, REASON_NONE, "");
	rig_take(r, SIDE_FRONT);
	rig_client(r, "EHLO a.test\r\nSTARTTLS\r\n");
	TAKES(r, SIDE_FRONT,
	      "250-mx.test\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n500 5.5.1 Invalid command\r\n");
	rig_reach(r, PHASE_AUTH);
	cr_assert_not(rig_logged(r, "starttls"));
	rig_done(r);
}

Test(session_tls, its_time_begins_when_it_connects)
{
	struct rig *r = tls();

	rig_start(r);
	rig_pass(r, RIG_TIMEOUT_MS - 1000);
	rig_secured(r, SIDE_FRONT, REASON_NONE, "");
	rig_take(r, SIDE_FRONT);
	rig_pass(r, 999);
	cr_assert_eq(r->session.phase, PHASE_FRONT);
	rig_pass(r, 1);
	ENDED(r, REASON_CLIENT_TIMEOUT);
	rig_done(r);
}

Test(session_tls, comes_behind_the_header_of_a_balancer)
{
	struct rig *r = tls();
	const struct str bytes = STR(V1 HELLO);

	r->proxied = true;
	rig_start(r);
	WANTS(r, WANT_RECV_FRONT);
	rig_client(r, "PROXY ");
	/* What is the handshake's is left to it. */
	cr_assert_eq(session_on_front(&r->session, str_from(bytes, 6)), strlen(V1) - 6);
	WANTS(r, WANT_TLS_FRONT);
	cr_assert_eq(session_on_front(&r->session, STR(HELLO)), 0);
	session_rest(&r->session);
	cr_assert_null(r->session.desk);
	rig_secured(r, SIDE_FRONT, REASON_NONE, "");
	TAKES(r, SIDE_FRONT, GREETING);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + RIG_TIMEOUT_MS);
	rig_done(r);
}

Test(session_tls, a_greeting_is_delayed_in_the_channel)
{
	struct rig *r = tls();

	r->conf.greeting_delay_ms = 1000;
	rig_start(r);
	WANTS(r, WANT_TLS_FRONT);
	rig_pass(r, 500);
	rig_secured(r, SIDE_FRONT, REASON_NONE, "");
	cr_assert_eq(r->session.phase, PHASE_DELAY);
	TAKES(r, SIDE_FRONT, "");
	rig_pass(r, 1000);
	TAKES(r, SIDE_FRONT, GREETING);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + 1500 + RIG_TIMEOUT_MS);
	rig_done(r);
}

/* ---- the client: STARTTLS ---- */

Test(session_tls, starttls_is_answered_before_its_handshake)
{
	struct rig *r = rig_new();

	r->conf.front.starttls = STARTTLS_ON;
	rig_reach(r, PHASE_FRONT);
	rig_client(r, "STARTTLS\r\n");
	WANTS(r, WANT_SEND_FRONT | WANT_TLS_FRONT);
	TAKES(r, SIDE_FRONT, "220 2.0.0 Start TLS\r\n");
	WANTS(r, WANT_TLS_FRONT);
	session_rest(&r->session);
	cr_assert_null(r->session.desk);
	rig_secured(r, SIDE_FRONT, REASON_NONE, "");
	cr_assert_eq(r->session.phase, PHASE_FRONT);
	TAKES(r, SIDE_FRONT, "");
	WANTS(r, WANT_RECV_FRONT);
	cr_assert_eq(r->session.deadline_ms, RIG_START_MS + RIG_TIMEOUT_MS);
	rig_done(r);
}

Test(session_tls, plaintext_behind_starttls_is_dropped)
{
	static const char said[] = "STARTTLS\r\nEHLO evil.test\r\nAUTH PLAIN AHRpbQBzZWNyZXQ=\r\n";

	for (size_t cut = 1; cut < sizeof(said) - 1; cut++) {
		struct rig *r = rig_new();
		char first[sizeof(said)];

		r->conf.front.starttls = STARTTLS_ON;
		rig_reach(r, PHASE_FRONT);
		memcpy(first, said, cut);
		first[cut] = '\0';
		rig_client(r, first);
		rig_client(r, said + cut);
		TAKES(r, SIDE_FRONT, "220 2.0.0 Start TLS\r\n");
		cr_assert_eq(r->session.phase, PHASE_TLS_FRONT, "cut at %zu", cut);
		cr_assert_not(rig_remembers(r, "evil.test"));
		rig_secured(r, SIDE_FRONT, REASON_NONE, "");
		TAKES(r, SIDE_FRONT, "");
		cr_assert_eq(r->session.phase, PHASE_FRONT);
		rig_done(r);
	}
}

/* ... also where it waited for the end of a login that failed. */
Test(session_tls, plaintext_that_waited_is_dropped)
{
	struct rig *r = rig_new();

	r->conf.front.starttls = STARTTLS_ON;
	rig_reach(r, PHASE_AUTH);
	rig_client(r, "STARTTLS\r\nRCPT TO:<evil@a.test>\r\n");
	session_on_verdict(
		&r->session,
		&(struct verdict){.kind = VERDICT_ERROR, .error_text = STR("no"), .wait_s = 1});
	rig_pass(r, 1000);
	TAKES(r, SIDE_FRONT, "535 5.7.0 no\r\n220 2.0.0 Start TLS\r\n");
	WANTS(r, WANT_TLS_FRONT);
	cr_assert_not(rig_remembers(r, "evil"));
	cr_assert_not(rig_remembers(r, "secret"));
	rig_done(r);
}

Test(session_tls, what_was_said_before_is_forgotten)
{
	struct rig *r = starttls();
	struct auth_http_query q;

	rig_secured(r, SIDE_FRONT, REASON_NONE, "");
	rig_client(r, "AUTH PLAIN AHRpbQBzZWNyZXQ=\r\n");
	session_auth_query(&r->session, &q);
	cr_assert_eq(q.login->helo.n, 0);
	cr_assert_not(q.login->esmtp);
	rig_refuse(r, "no", 1);
	rig_pass(r, 1000);
	rig_take(r, SIDE_FRONT);
	LOGGED(r, "client login failed: \"no\" while in http auth state, client: 192.0.2.1 "
		  "using starttls, server: 127.0.0.1:25, login: \"tim\"\n");
	rig_client(r, "STARTTLS\r\n");
	TAKES(r, SIDE_FRONT, "500 5.5.1 Invalid command\r\n");
	rig_done(r);
}

Test(session_tls, the_log_says_starttls_to_the_end)
{
	struct rig *r = starttls();

	rig_secured(r, SIDE_FRONT, REASON_NONE, "");
	rig_reach(r, PHASE_RELAY);
	LOGGED(r, "client logged in, client: 192.0.2.1 using starttls, server: 127.0.0.1:25, ");
	relay_ended(&r->session.u.past.relay, SIDE_FRONT);
	session_on_relayed(&r->session);
	LOGGED(r, "proxied session done, client: 192.0.2.1 using starttls, server: 127.0.0.1:25");
	rig_done(r);
}

/* A client that closed its sending side behind its STARTTLS has no handshake to make. */
Test(session_tls, no_handshake_with_one_that_has_ended)
{
	struct rig *r = rig_new();

	r->conf.front.starttls = STARTTLS_ON;
	rig_reach(r, PHASE_AUTH);
	rig_client(r, "STARTTLS\r\n");
	session_on_closed(&r->session, SIDE_FRONT, str_none());
	rig_refuse(r, "no", 1);
	rig_pass(r, 1000);
	ENDED(r, REASON_CLIENT_CLOSED);
	rig_done(r);
}

/* ---- handshakes with the client that fail ---- */

static struct rig *at_handshake(int behind_starttls)
{
	struct rig *r;

	if (behind_starttls)
		return starttls();
	r = tls();
	rig_start(r);
	return r;
}

static const char *const actions[] = {"SSL handshaking, client: 192.0.2.1, server: ",
				      "in starttls state, client: 192.0.2.1 using starttls, "};

static void check_over(struct rig *r, int how, const char *text)
{
	char line[256];

	TAKES(r, SIDE_FRONT, "");
	WANTS(r, WANT_CLOSE);
	snprintf(line, sizeof(line), "%s while %s", text, actions[how]);
	LOGGED(r, line);
	cr_assert_eq(r->log.level, LEVEL_INFO);
	rig_done(r);
}

Test(session_tls, nothing_can_be_said_when_it_fails)
{
	for (int how = 0; how < 2; how++) {
		struct rig *r = at_handshake(how);

		rig_secured(r, SIDE_FRONT, REASON_CLIENT_TLS, "no shared cipher");
		ENDED(r, REASON_CLIENT_TLS);
		check_over(r, how, "SSL_do_handshake() failed (SSL: no shared cipher)");
	}
}

Test(session_tls, a_client_that_stops_in_mid_handshake_times_out)
{
	for (int how = 0; how < 2; how++) {
		struct rig *r = at_handshake(how);

		rig_pass(r, RIG_TIMEOUT_MS - 1);
		WANTS(r, WANT_TLS_FRONT);
		rig_pass(r, 1);
		ENDED(r, REASON_CLIENT_TIMEOUT);
		check_over(r, how, "client timed out (110: Connection timed out)");
	}
}

Test(session_tls, a_client_may_close_in_mid_handshake)
{
	for (int how = 0; how < 4; how++) {
		struct rig *r = at_handshake(how & 1);

		session_on_closed(&r->session, SIDE_FRONT,
				  how & 2 ? STR("104: Connection reset by peer") : str_none());
		ENDED(r, REASON_CLIENT_TLS_CLOSED);
		check_over(r, how & 1,
			   how & 2 ? "peer closed connection in SSL handshake (104: Connection "
				     "reset by peer)"
				   : "peer closed connection in SSL handshake");
	}
}

Test(session_tls, an_end_in_mid_handshake_has_no_words)
{
	for (int how = 0; how < 2; how++) {
		struct rig *r = at_handshake(how);

		session_end(&r->session, REASON_SHUTDOWN, str_none());
		ENDED(r, REASON_SHUTDOWN);
		check_over(r, how, "shutdown timeout");
	}
}

Test(session_tls, a_handshake_that_nobody_waits_for_changes_nothing)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_FRONT);
	rig_secured(r, SIDE_FRONT, REASON_CLIENT_TLS, "late");
	rig_secured(r, SIDE_BACK, REASON_BACK_TLS, "late");
	cr_assert_eq(r->session.phase, PHASE_FRONT);
	session_end(&r->session, REASON_SHUTDOWN, str_none());
	rig_secured(r, SIDE_FRONT, REASON_NONE, "");
	ENDED(r, REASON_SHUTDOWN);
	rig_done(r);
}

/* ---- client certificates ---- */

static void check_certificate(enum protocol protocol, enum reason reason, const char *words)
{
	struct rig *r = rig_new();

	r->conf.front.protocol = protocol;
	r->tls = true;
	rig_start(r);
	rig_secured(r, SIDE_FRONT, reason, "10:certificate has expired");
	ENDED(r, reason);
	WANTS(r, WANT_SEND_FRONT);
	TAKES(r, SIDE_FRONT, words);
	WANTS(r, WANT_SHUT);
	cr_assert_eq(r->log.level, LEVEL_INFO);
	LOGGED(r, reason == REASON_CLIENT_CERT_BAD
			  ? "client SSL certificate verify error: (10:certificate has expired) "
			    "while SSL handshaking, client: 192.0.2.1, server: "
			  : "client sent no required SSL certificate while SSL handshaking, "
			    "client: 192.0.2.1, server: ");
	rig_done(r);
}

Test(session_tls, a_certificate_is_refused_behind_starttls_as_well)
{
	struct rig *r = starttls();

	rig_secured(r, SIDE_FRONT, REASON_CLIENT_CERT_NONE, "");
	ENDED(r, REASON_CLIENT_CERT_NONE);
	TAKES(r, SIDE_FRONT, "421 4.7.1 No required SSL certificate\r\n");
	LOGGED(r, "while in starttls state, client: 192.0.2.1 using starttls, server: ");
	rig_done(r);
}

Test(session_tls, a_bad_certificate_is_refused_in_the_protocol)
{
	check_certificate(PROTOCOL_SMTP, REASON_CLIENT_CERT_BAD,
			  "421 4.7.1 SSL certificate error\r\n");
	check_certificate(PROTOCOL_POP3, REASON_CLIENT_CERT_BAD, "-ERR SSL certificate error\r\n");
	check_certificate(PROTOCOL_IMAP, REASON_CLIENT_CERT_BAD, "* BYE SSL certificate error\r\n");
}

Test(session_tls, a_missing_certificate_is_refused_in_the_protocol)
{
	check_certificate(PROTOCOL_SMTP, REASON_CLIENT_CERT_NONE,
			  "421 4.7.1 No required SSL certificate\r\n");
	check_certificate(PROTOCOL_POP3, REASON_CLIENT_CERT_NONE,
			  "-ERR No required SSL certificate\r\n");
	check_certificate(PROTOCOL_IMAP, REASON_CLIENT_CERT_NONE,
			  "* BYE No required SSL certificate\r\n");
}
