/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of session/session: bytes that wait, the hand-over, half-closes.
 */
#include "session/desk.h"
#include "proto/smtp_back.h"
#include "tests/lib/rig.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#define WANTS(r, w)    cr_assert(rig_wants((r), (w)), "wants %x", session_wants(&(r)->session))
#define TAKES(r, s, t) cr_assert_str_eq(rig_take((r), (s)), (t))
#define ENDED(r, why)  cr_assert(rig_ended((r), (why)), "%s", (r)->log.text)

/* ---- bytes that wait ---- */

Test(session_bytes, replies_that_have_no_room_wait)
{
	enum { COMMANDS = 2000, REPLY = sizeof("250 2.0.0 OK\r\n") - 1 };
	struct rig *r = rig_new();
	char *noops = malloc(COMMANDS * 6 + 1);

	rig_start(r);
	rig_take(r, SIDE_FRONT);
	for (int i = 0; i < COMMANDS; i++)
		memcpy(noops + i * 6, "NOOP\r\n", 7);
	rig_client(r, noops);
	cr_assert(r->session.front_full);
	WANTS(r, WANT_SEND_FRONT);
	/* Half of it gone makes no room yet: the writer starts anew when it is empty. */
	session_on_sent(&r->session, SIDE_FRONT, REPLY);
	cr_assert(r->session.front_full);
	cr_assert_eq(strlen(rig_take(r, SIDE_FRONT)), (COMMANDS - 1) * REPLY);
	cr_assert_not(r->session.front_full);
	WANTS(r, WANT_RECV_FRONT);
	session_rest(&r->session);
	cr_assert_null(r->session.desk);
	free(noops);
	rig_done(r);
}

Test(session_bytes, pipelined_bytes_go_to_the_backend)
{
	struct rig *r = rig_new();

	rig_start(r);
	rig_take(r, SIDE_FRONT);
	rig_client(r, "EHLO c\r\nAUTH PLAIN AHRpbQBzZWNyZXQ=\r\nMAIL FROM:<a@b>\r\nRC");
	cr_assert_eq(r->session.phase, PHASE_AUTH);
	rig_client(r, "PT TO:<c@d>\r\n");
	rig_reach(r, PHASE_RELAY);
	WANTS(r, WANT_RELAY);
	TAKES(r, SIDE_BACK, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n");
	rig_done(r);
}

Test(session_bytes, what_waits_goes_in_parts_and_bounded)
{
	struct rig *r = rig_new();
	size_t size, taken;
	uint8_t *bulk;

	rig_reach(r, PHASE_AUTH);
	size = r->session.desk->in[SIDE_FRONT].size;
	bulk = malloc(size + 1);
	memset(bulk, 'x', size + 1);
	taken = session_on_front(&r->session, str_of(bulk, size - 1000));
	cr_assert_eq(taken, size - 1000);
	WANTS(r, WANT_AUTH);
	taken = session_on_front(&r->session, str_of(bulk, size + 1));
	cr_assert_eq(taken, 1000);
	rig_reach(r, PHASE_RELAY);
	cr_assert_eq(session_pending(&r->session, SIDE_BACK).n, size);
	session_on_sent(&r->session, SIDE_BACK, 17);
	cr_assert_eq(session_pending(&r->session, SIDE_BACK).n, size - 17);
	free(bulk);
	rig_done(r);
}

Test(session_bytes, the_relay_keeps_bytes_for_a_slow_reader)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_RELAY);
	session_rest(&r->session);
	cr_assert_null(r->session.desk);
	cr_assert_eq(session_keep(&r->session, SIDE_BACK, STR("for the client")), 14);
	WANTS(r, WANT_RELAY | WANT_SEND_FRONT);
	session_rest(&r->session);
	cr_assert_not_null(r->session.desk);
	TAKES(r, SIDE_FRONT, "for the client");
	session_rest(&r->session);
	cr_assert_null(r->session.desk);
	rig_done(r);
}

Test(session_bytes, without_login_the_backends_answer_is_the_relays_first)
{
	struct rig *r = rig_new();

	rig_start(r);
	rig_client(r, "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
	cr_assert_eq(r->session.phase, PHASE_AUTH);
	cr_assert_eq(r->session.u.front.login.method, AUTH_NONE);
	rig_take(r, SIDE_FRONT);
	rig_route(r);
	session_on_dialled(&r->session, str_none());
	rig_backend(r, "220 b\r\n");
	TAKES(r, SIDE_BACK, "EHLO mx.test\r\n");
	rig_backend(r, "250-b\r\n250 PIPELINING\r\n");
	TAKES(r, SIDE_BACK, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n");
	rig_backend(r, "250 ok\r\n25");
	cr_assert_eq(r->session.phase, PHASE_BACK);
	rig_backend(r, "0 fine\r\nmore");
	cr_assert_eq(r->session.phase, PHASE_RELAY);
	TAKES(r, SIDE_FRONT, "250 fine\r\nmore");
	TAKES(r, SIDE_BACK, "DATA\r\n");
	cr_assert_eq(r->counters.logged_in, 1);
	rig_done(r);
}

Test(session_bytes, the_backends_replies_come_byte_by_byte)
{
	struct rig *r = rig_new();
	const char *greeting = "220-one\r\n220 two\r\n", *hello = "250-b\r\n250 SIZE\r\n";
	char one[2] = "";

	rig_reach(r, PHASE_BACK);
	for (const char *c = greeting; *c; c++) {
		one[0] = *c;
		rig_backend(r, one);
	}
	TAKES(r, SIDE_BACK, "EHLO mx.test\r\n");
	for (const char *c = hello; *c; c++) {
		cr_assert_eq(r->session.phase, PHASE_BACK);
		one[0] = *c;
		rig_backend(r, one);
	}
	cr_assert_eq(r->session.phase, PHASE_RELAY);
	TAKES(r, SIDE_FRONT, "235 2.0.0 OK\r\n");
	rig_done(r);
}

/* A backend that answers before it was asked: the next command waits for its writer. */
Test(session_bytes, a_command_that_has_no_room_waits)
{
	struct rig *r = rig_new();
	struct str big;
	char helo[RIG_LINE_MAX];

	r->conf.back.xclient = true;
	memset(helo, 'h', sizeof(helo));
	memcpy(helo, "EHLO ", 5);
	memcpy(helo + sizeof(helo) - 3, "\r\n", 3);
	rig_start(r);
	rig_take(r, SIDE_FRONT);
	rig_client(r, helo);
	rig_client(r, "AUTH PLAIN AHRpbQBzZWNyZXQ=\r\n");
	rig_reach(r, PHASE_BACK);
	rig_backend(r, "220 b\r\n");
	/* Leave no room behind the command that is on its way. */
	big = out_data(&r->session.desk->to_back.out);
	r->session.desk->to_back.out.size = big.n + 100;
	rig_backend(r, "250 b\r\n");
	rig_backend(r, "220 ");
	rig_backend(r, "b\r\n");
	cr_assert_eq(r->session.desk->back.state, SMTP_BACK_XCLIENT);
	cr_assert_eq(buf_len(&r->session.desk->in[SIDE_BACK]), 7);
	r->session.desk->to_back.out.size = 3 * RIG_LINE_MAX;
	rig_take(r, SIDE_BACK);
	cr_assert_eq(buf_len(&r->session.desk->in[SIDE_BACK]), 0);
	cr_assert_eq(r->session.desk->back.state, SMTP_BACK_CLIENT_HELO);
	cr_assert_not_null(strstr(r->sent, "\r\nEHLO hhh"));
	rig_done(r);
}

/* ---- half-closes before the relay ---- */

Test(session_bytes, a_client_that_half_closes_without_commands_is_gone)
{
	static const enum phase phases[] = {PHASE_DELAY,     PHASE_FRONT, PHASE_AUTH,
					    PHASE_AUTH_WAIT, PHASE_DIAL,  PHASE_BACK};

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		struct rig *r = rig_new();

		rig_reach(r, phases[i]);
		session_on_closed(&r->session, SIDE_FRONT, str_none());
		ENDED(r, REASON_CLIENT_CLOSED);
		WANTS(r, WANT_CLOSE);
		rig_done(r);
	}
}

Test(session_bytes, a_client_that_half_closes_behind_commands_gets_its_replies)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_AUTH);
	rig_client(r, "NOOP\r\nQUIT\r\n");
	session_on_closed(&r->session, SIDE_FRONT, str_none());
	cr_assert_eq(r->session.phase, PHASE_AUTH);
	WANTS(r, WANT_AUTH);
	rig_reach(r, PHASE_RELAY);
	cr_assert(r->session.u.past.relay.way[SIDE_FRONT].ended);
	TAKES(r, SIDE_BACK, "NOOP\r\nQUIT\r\n");
	rig_done(r);
}

Test(session_bytes, a_refused_client_that_half_closed_gets_its_last_replies)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_AUTH);
	rig_client(r, "NOOP\r\nNO");
	session_on_closed(&r->session, SIDE_FRONT, str_none());
	rig_refuse(r, "no", 1);
	rig_pass(r, 1000);
	ENDED(r, REASON_CLIENT_CLOSED);
	TAKES(r, SIDE_FRONT, "535 5.7.0 no\r\n250 2.0.0 OK\r\n");
	WANTS(r, WANT_CLOSE);
	rig_done(r);
}

Test(session_bytes, a_half_close_behind_a_full_engine_waits_for_it)
{
	enum { COMMANDS = 2000 };
	struct rig *r = rig_new();
	char *noops = malloc(COMMANDS * 6 + 1);

	rig_start(r);
	rig_take(r, SIDE_FRONT);
	for (int i = 0; i < COMMANDS; i++)
		memcpy(noops + i * 6, "NOOP\r\n", 7);
	rig_client(r, noops);
	session_on_closed(&r->session, SIDE_FRONT, str_none());
	cr_assert_eq(r->session.phase, PHASE_FRONT);
	cr_assert_eq(strlen(rig_take(r, SIDE_FRONT)), COMMANDS * 14);
	ENDED(r, REASON_CLIENT_CLOSED);
	free(noops);
	rig_done(r);
}

Test(session_bytes, a_client_that_half_closes_keeps_the_replies_that_wait)
{
	struct rig *r = rig_new();

	rig_start(r);
	rig_take(r, SIDE_FRONT);
	rig_client(r, "NOOP\r\n");
	session_on_closed(&r->session, SIDE_FRONT, str_none());
	ENDED(r, REASON_CLIENT_CLOSED);
	TAKES(r, SIDE_FRONT, "250 2.0.0 OK\r\n");
	WANTS(r, WANT_CLOSE);
	rig_done(r);
}

Test(session_bytes, a_peer_that_takes_no_more_in_the_relay_is_told_apart)
{
	for (int side = 0; side < 2; side++) {
		struct rig *r = rig_new();

		rig_reach(r, PHASE_RELAY);
		session_on_closed(&r->session, (enum side)side, STR("32: Broken pipe"));
		cr_assert(rig_logged(r,
				     side == SIDE_FRONT
					     ? "send() failed (32: Broken pipe) while proxying and "
					       "sending to client, client: "
					     : "send() failed (32: Broken pipe) while proxying and "
					       "sending to upstream, client: "));
		rig_done(r);
	}
}
