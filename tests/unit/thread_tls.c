/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of io/pair_tls and io/tls_link: clients that speak TLS, or should, with a real ring
 * thread.
 */
#include "tests/lib/secure_stand.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOGGED(st, t) cr_assert(stand_logged((st), (t)), "%s", (st)->log)

/* ---- TLS from the first byte ---- */

Test(thread_tls, mail_goes_through)
{
	struct secure_stand s = secure_stand_new();
	struct tls_talk *client;
	int back;

	secure_stand_start(&s);
	client = secure_stand_greeted(&s);
	back = secure_stand_plain(client, secure_stand_routed(&s, client));
	tls_talk_say(client, "MAIL FROM:<a@b>\r\n");
	stand_expect(back, "MAIL FROM:<a@b>\r\n");
	stand_say(back, "250 ok\r\n");
	tls_talk_expect(client, "250 ok\r\n");
	tls_talk_say(client, "QUIT\r\n");
	stand_expect(back, "QUIT\r\n");
	stand_say(back, "221 bye\r\n");
	close(back);
	tls_talk_expect(client, "221 bye\r\n");
	tls_talk_expect_end(client);
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.sessions.ended[REASON_DONE], 1, "%s", s.st->log);
	cr_assert_eq(s.st->counters.tls[THREAD_TLS_FRONT].handshakes, 1);
	cr_assert_eq(s.st->counters.tls[THREAD_TLS_FRONT].failed, 0);
	secure_stand_done(&s);
}

Test(thread_tls, last_words_are_followed_by_close_notify)
{
	struct secure_stand s = secure_stand_new();
	struct tls_talk *client;

	secure_stand_start(&s);
	client = secure_stand_greeted(&s);
	tls_talk_say(client, "QUIT\r\n");
	tls_talk_expect(client, "221 2.0.0 Bye\r\n");
	tls_talk_expect_end(client);
	secure_stand_done(&s);
}

Test(thread_tls, the_auth_service_hears_about_it)
{
	struct secure_stand s = secure_stand_new();
	struct tls_talk *client;
	int auth;

	secure_stand_start(&s);
	client = secure_stand_greeted(&s);
	tls_talk_say(client, "AUTH PLAIN AHRpbQBzZWNyZXQ=\r\n");
	auth = stand_accept(s.st->auth_fd);
	cr_assert_not_null(strstr(stand_request(s.st, auth), "Auth-SSL: on\r\n"), "%s", s.st->text);
	cr_assert_not_null(strstr(s.st->text, "Auth-SSL-Protocol: TLSv1.3\r\n"), "%s", s.st->text);
	close(auth);
	tls_talk_close(client);
	secure_stand_done(&s);
}

/* ---- who speaks no TLS ---- */

Test(thread_tls, plain_text_is_no_handshake)
{
	struct secure_stand s = secure_stand_new();
	int client;

	secure_stand_start(&s);
	client = stand_connect(s.st);
	stand_say(client, "EHLO here\r\nAUTH PLAIN AHRpbQBzZWNyZXQ=\r\n");
	stand_expect_end(client);
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.sessions.ended[REASON_CLIENT_TLS], 1, "%s", s.st->log);
	cr_assert_eq(s.st->counters.tls[THREAD_TLS_FRONT].failed, 1);
	LOGGED(s.st, "SSL_do_handshake() failed (SSL: plain text");
	LOGGED(s.st, "while SSL handshaking");
	secure_stand_done(&s);
}

Test(thread_tls, a_client_may_leave_in_the_middle)
{
	struct secure_stand s = secure_stand_new();
	int client;

	secure_stand_start(&s);
	client = stand_connect(s.st);
	cr_assert_eq(send(client, "\x16\x03\x01\x02\x00\x01\x00", 7, 0), 7);
	cr_assert_eq(shutdown(client, SHUT_WR), 0);
	stand_expect_end(client);
	client = stand_connect(s.st);
	close(client);
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.sessions.ended[REASON_CLIENT_TLS_CLOSED], 2, "%s", s.st->log);
	secure_stand_done(&s);
}

Test(thread_tls, who_stops_in_the_middle_is_timed_out)
{
	struct secure_stand s = secure_stand_new();
	int client;

	s.st->server.timeout_ms = 50;
	secure_stand_start(&s);
	client = stand_connect(s.st);
	cr_assert_eq(send(client, "\x16\x03\x01\x02\x00\x01\x00", 7, 0), 7);
	stand_expect_end(client);
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.sessions.ended[REASON_CLIENT_TIMEOUT], 1, "%s", s.st->log);
	secure_stand_done(&s);
}

Test(thread_tls, a_certificate_is_asked_for_and_missed)
{
	struct secure_stand s = secure_stand_new();
	struct tls_talk *client;

	s.ac.verify = TLS_VERIFY_ON;
	s.ac.client_ca = pair_file("ca.pem");
	secure_stand_start(&s);
	client = secure_stand_client(&s);
	tls_talk_expect(client, "421 4.7.1 No required SSL certificate\r\n");
	tls_talk_expect_end(client);
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.sessions.ended[REASON_CLIENT_CERT_NONE], 1, "%s", s.st->log);
	secure_stand_done(&s);
}

/* ---- STARTTLS ---- */

static struct secure_stand starttls_new(void)
{
	struct secure_stand s = secure_stand_new();

	s.st->listen.ssl = false;
	s.st->server.front.starttls = STARTTLS_ON;
	return s;
}

Test(thread_tls, starttls_begins_anew)
{
	struct secure_stand s = starttls_new();
	struct tls_talk *client;
	int fd, back;

	secure_stand_start(&s);
	fd = stand_connect(s.st);
	stand_expect(fd, "220 mx.test ESMTP ready\r\n");
	stand_say(fd, "STARTTLS\r\n");
	stand_expect(fd, "220 2.0.0 Start TLS\r\n");
	client = tls_talk_connect(fd, s.connector);
	tls_talk_say(client, "NOOP\r\n");
	tls_talk_expect(client, "250 2.0.0 OK\r\n");
	back = secure_stand_plain(client, secure_stand_routed(&s, client));
	tls_talk_say(client, "hello\r\n");
	stand_expect(back, "hello\r\n");
	close(back);
	tls_talk_expect_end(client);
	secure_stand_done(&s);
}

/* In one segment, and in two at every place (CVE-2011-0411). */
Test(thread_tls, nothing_behind_starttls_is_executed)
{
	static const char words[] = "STARTTLS\r\nRSET\r\nNOOP\r\nAUTH PLAIN AHRpbQBzZWNyZXQ=\r\n";
	struct secure_stand s = starttls_new();
	size_t dropped = 0, failed = 0;

	secure_stand_start(&s);
	for (size_t cut = 1; cut < sizeof(words) - 1; cut++) {
		int fd = stand_connect(s.st);
		struct tls_talk *client = tls_talk_new(fd);

		stand_expect(fd, "220 mx.test ESMTP ready\r\n");
		cr_assert_eq(send(fd, words, cut, MSG_NOSIGNAL), (ssize_t)cut);
		(void)send(fd, words + cut, sizeof(words) - 1 - cut, MSG_NOSIGNAL);
		stand_expect(fd, "220 2.0.0 Start TLS\r\n");
		cr_assert_eq(channel_connect(&client->channel, s.connector, NULL, 0), 0);
		if (!tls_talk_shake(client)) {
			/* They came so late that they were taken for a ClientHello. */
			failed++;
			tls_talk_close(client);
			continue;
		}
		dropped++;
		tls_talk_say(client, "QUIT\r\n");
		tls_talk_expect(client, "221 2.0.0 Bye\r\n");
		tls_talk_expect_end(client);
	}
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(dropped + failed, sizeof(words) - 2);
	cr_assert_eq(s.st->counters.sessions.ended[REASON_QUIT], dropped, "%s", s.st->log);
	cr_assert_eq(s.st->counters.sessions.ended[REASON_CLIENT_TLS], failed, "%s", s.st->log);
	secure_stand_done(&s);
}

/* ---- behind a PROXY header ---- */

Test(thread_tls, the_proxy_header_comes_first)
{
	struct secure_stand s = secure_stand_new();
	struct tls_talk *client;
	int fd;

	s.st->listen.proxy_protocol = true;
	secure_stand_start(&s);
	fd = stand_connect(s.st);
	stand_say(fd, "PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n");
	client = tls_talk_connect(fd, s.connector);
	tls_talk_expect(client, "220 mx.test ESMTP ready\r\n");
	tls_talk_say(client, "QUIT\r\n");
	tls_talk_expect(client, "221 2.0.0 Bye\r\n");
	tls_talk_expect_end(client);
	secure_stand_done(&s);
}

/* Both in one segment. */
Test(thread_tls, the_hello_may_come_with_the_proxy_header)
{
	struct secure_stand s = secure_stand_new();
	struct tls_talk *client;

	s.st->listen.proxy_protocol = true;
	secure_stand_start(&s);
	client = tls_talk_new(stand_connect(s.st));
	cr_assert_eq(channel_connect(&client->channel, s.connector, NULL, 0), 0);
	out_lit(&client->out, "PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n");
	cr_assert(tls_talk_shake(client));
	tls_talk_expect(client, "220 mx.test ESMTP ready\r\n");
	tls_talk_say(client, "QUIT\r\n");
	tls_talk_expect(client, "221 2.0.0 Bye\r\n");
	tls_talk_expect_end(client);
	secure_stand_done(&s);
}

/* ---- ends ---- */

Test(thread_tls, a_client_that_half_closes_gets_its_replies)
{
	struct secure_stand s = secure_stand_new();
	struct tls_talk *client;
	int back;

	secure_stand_start(&s);
	client = secure_stand_greeted(&s);
	back = secure_stand_plain(client, secure_stand_routed(&s, client));
	tls_talk_say(client, "QUIT\r\n");
	tls_talk_bye(client);
	stand_expect(back, "QUIT\r\n");
	cr_assert_eq(recv(back, s.st->text, 1, 0), 0);
	stand_say(back, "221 bye\r\n");
	close(back);
	tls_talk_expect(client, "221 bye\r\n");
	tls_talk_expect_end(client);
	secure_stand_done(&s);
}

Test(thread_tls, nothing_behind_close_notify_is_looked_at)
{
	struct secure_stand s = secure_stand_new();
	struct tls_talk *client;
	int back;

	secure_stand_start(&s);
	client = secure_stand_greeted(&s);
	back = secure_stand_plain(client, secure_stand_routed(&s, client));
	tls_talk_say(client, "hello\r\n");
	tls_talk_bye(client);
	stand_say(client->fd, "RSET\r\nQUIT\r\n");
	stand_expect(back, "hello\r\n");
	cr_assert_eq(recv(back, s.st->text, 1, 0), 0);
	close(back);
	tls_talk_close(client);
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.sessions.ended[REASON_DONE] +
			     s.st->counters.sessions.ended[REASON_RELAY_CLIENT_RESET],
		     1, "%s", s.st->log);
	secure_stand_done(&s);
}

Test(thread_tls, cleartext_in_the_relay_ends_it)
{
	struct secure_stand s = secure_stand_new();
	struct tls_talk *client;
	int back;

	secure_stand_start(&s);
	client = secure_stand_greeted(&s);
	back = secure_stand_plain(client, secure_stand_routed(&s, client));
	tls_talk_say(client, "hello\r\n");
	stand_expect(back, "hello\r\n");
	stand_say(client->fd, "MAIL FROM:<a@b>\r\n");
	stand_expect_end(back);
	tls_talk_close(client);
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.sessions.ended[REASON_RELAY_CLIENT_RESET], 1, "%s", s.st->log);
	secure_stand_done(&s);
}

Test(thread_tls, stopping_says_why_and_goodbye)
{
	struct secure_stand s = secure_stand_new();
	struct tls_talk *idle, *busy;
	int back, dark;

	secure_stand_start(&s);
	idle = secure_stand_greeted(&s);
	busy = secure_stand_greeted(&s);
	back = secure_stand_plain(busy, secure_stand_routed(&s, busy));
	dark = stand_connect(s.st);
	tls_talk_say(idle, "NOOP\r\n");
	tls_talk_expect(idle, "250 2.0.0 OK\r\n");
	stand_stop(s.st, THREAD_STOP);
	tls_talk_expect(idle, "421 4.3.2 Service is shutting down, try again later\r\n");
	tls_talk_expect_end(idle);
	tls_talk_expect_end(busy);
	stand_expect_end(back);
	stand_expect_end(dark);
	secure_stand_done(&s);
}

/* ---- many at a time ---- */

Test(thread_tls, many_come_at_once)
{
	enum { MANY = 60 };
	struct secure_stand s = secure_stand_new();
	struct tls_talk *client[MANY];

	s.st->worker.connections = MANY;
	secure_stand_start(&s);
	/* All hellos are out before the first answer is read. */
	for (int i = 0; i < MANY; i++) {
		client[i] = tls_talk_new(stand_connect(s.st));
		cr_assert_eq(channel_connect(&client[i]->channel, s.connector, NULL, 0), 0);
		cr_assert_eq(
			channel_handshake(&client[i]->channel, &client[i]->in, &client[i]->out),
			CHANNEL_MORE);
		cr_assert_eq(send(client[i]->fd, client[i]->out.base, client[i]->out.n, 0),
			     (ssize_t)client[i]->out.n);
		out_reset(&client[i]->out);
	}
	for (int i = 0; i < MANY; i++) {
		cr_assert(tls_talk_shake(client[i]));
		tls_talk_expect(client[i], "220 mx.test ESMTP ready\r\n");
	}
	for (int i = 0; i < MANY; i++) {
		tls_talk_bye(client[i]);
		tls_talk_expect_end(client[i]);
	}
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.tls[THREAD_TLS_FRONT].handshakes, MANY);
	secure_stand_done(&s);
}
