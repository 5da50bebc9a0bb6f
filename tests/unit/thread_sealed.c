/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of io/pair_tls, io/tls_link and io/pump: mail servers that speak TLS, and bytes in
 * bulk between all kinds of peers, with a real ring thread.
 */
#include "tests/lib/secure_stand.h"

#include <criterion/criterion.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- with the backend ---- */

Test(thread_sealed, the_backend_may_speak_it_at_once)
{
	struct secure_stand s = secure_stand_new();
	struct tls_talk *client, *back;

	s.st->server.back_tls = BACK_TLS_ON;
	secure_stand_start(&s);
	client = secure_stand_greeted(&s);
	back = secure_stand_sealed(client,
				   tls_talk_accept(secure_stand_routed(&s, client), s.acceptor));
	tls_talk_say(client, "hello\r\n");
	tls_talk_expect(back, "hello\r\n");
	tls_talk_bye(back);
	tls_talk_close(back);
	tls_talk_expect_end(client);
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.tls[THREAD_TLS_BACK].handshakes, 1);
	cr_assert_eq(s.st->counters.tls[THREAD_TLS_BACK].cut, 0);
	secure_stand_done(&s);
}

Test(thread_sealed, the_backend_hears_the_proxy_header_in_plain_text)
{
	struct secure_stand s = secure_stand_new();
	struct tls_talk *client, *back;
	int fd;
	char c, line[128] = "";

	s.st->server.back_tls = BACK_TLS_ON;
	s.st->server.proxy_out = PROXY_OUT_V1;
	secure_stand_start(&s);
	client = secure_stand_greeted(&s);
	fd = secure_stand_routed(&s, client);
	for (size_t n = 0; n < sizeof(line) - 1 && !strchr(line, '\n'); n++) {
		cr_assert_eq(recv(fd, &c, 1, 0), 1);
		line[n] = c;
	}
	cr_assert_eq(strncmp(line, "PROXY TCP4 127.0.0.1 ", 21), 0, "%s", line);
	back = secure_stand_sealed(client, tls_talk_accept(fd, s.acceptor));
	tls_talk_close(back);
	tls_talk_expect_end(client);
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.tls[THREAD_TLS_BACK].cut, 1);
	secure_stand_done(&s);
}

Test(thread_sealed, a_backend_that_speaks_none_is_refused)
{
	struct secure_stand s = secure_stand_new();
	struct tls_talk *client;
	int back;

	s.st->server.back_tls = BACK_TLS_ON;
	secure_stand_start(&s);
	client = secure_stand_greeted(&s);
	back = secure_stand_routed(&s, client);
	stand_say(back, "220 back.test\r\n");
	tls_talk_expect(client, "451 4.3.2 Internal server error\r\n");
	tls_talk_expect_end(client);
	close(back);
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.sessions.ended[REASON_BACK_TLS], 1, "%s", s.st->log);
	secure_stand_done(&s);
}

Test(thread_sealed, a_backend_with_a_strange_certificate_is_refused)
{
	struct secure_stand s = secure_stand_new();
	struct connector *trusting = pair_connector(&s.kc);
	struct tls_talk *client, *back;

	s.st->server.back_tls = BACK_TLS_ON;
	s.kc.verify = true;
	s.kc.trusted_ca = pair_file("other-ca.pem");
	secure_stand_start(&s);
	client = tls_talk_connect(stand_connect(s.st), trusting);
	tls_talk_expect(client, "220 mx.test ESMTP ready\r\n");
	back = tls_talk_new(secure_stand_routed(&s, client));
	channel_accept(&back->channel, s.acceptor);
	cr_assert_not(tls_talk_shake(back) && tls_talk_read(back, (uint8_t *)s.st->text, 1));
	tls_talk_expect(client, "451 4.3.2 Internal server error\r\n");
	tls_talk_expect_end(client);
	tls_talk_close(back);
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.sessions.ended[REASON_BACK_CERT], 1, "%s", s.st->log);
	secure_stand_done(&s);
	connector_close(trusting);
}

/* ---- bytes in bulk ---- */

enum { LOAD = 8 * 1024 * 1024 };

static uint8_t load[LOAD];

static void make_load(void)
{
	for (size_t i = 0; i < LOAD; i++)
		load[i] = (uint8_t)(i * 31 + (i >> 12));
}

/* One end: plain, or TLS. */
struct end {
	int fd;
	struct tls_talk *talk;
};

static void *write_load(void *arg)
{
	struct end *e = arg;
	size_t at = 0;

	while (!e->talk && at < LOAD) {
		ssize_t n = send(e->fd, load + at, LOAD - at, MSG_NOSIGNAL);

		cr_assert_gt(n, 0);
		at += (size_t)n;
	}
	for (; at < LOAD; at += 128 * 1024)
		tls_talk_send(e->talk, load + at, 128 * 1024);
	return NULL;
}

/* The reader begins late: by then everything on the way is full. */
static void carry(struct end from, struct end to)
{
	static uint8_t bytes[64 * 1024];
	pthread_t writer;
	size_t got = 0;

	cr_assert_eq(pthread_create(&writer, NULL, write_load, &from), 0);
	usleep(50000);
	while (got < LOAD) {
		size_t n = to.talk ? tls_talk_read(to.talk, bytes, sizeof(bytes))
				   : (size_t)recv(to.fd, bytes, sizeof(bytes), 0);

		cr_assert(n > 0 && n <= LOAD - got, "after %zu", got);
		cr_assert_eq(memcmp(bytes, load + got, n), 0, "between %zu and %zu", got, got + n);
		got += n;
	}
	cr_assert_eq(pthread_join(writer, NULL), 0);
}

Test(thread_sealed, megabytes_go_through_to_plain_and_back)
{
	struct secure_stand s = secure_stand_new();
	struct end client = {-1, NULL}, back = {-1, NULL};

	make_load();
	secure_stand_start(&s);
	client.talk = secure_stand_greeted(&s);
	back.fd = secure_stand_plain(client.talk, secure_stand_routed(&s, client.talk));
	carry(client, back);
	carry(back, client);
	carry(client, back);
	tls_talk_close(client.talk);
	stand_expect_end(back.fd);
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.tls[THREAD_TLS_FRONT].cut, 1);
	secure_stand_done(&s);
}

Test(thread_sealed, megabytes_go_through_sealed_on_both_sides)
{
	struct secure_stand s = secure_stand_new();
	struct end client = {-1, NULL}, back = {-1, NULL};

	make_load();
	s.st->server.back_tls = BACK_TLS_ON;
	secure_stand_start(&s);
	client.talk = secure_stand_greeted(&s);
	back.talk = secure_stand_sealed(
		client.talk, tls_talk_accept(secure_stand_routed(&s, client.talk), s.acceptor));
	carry(client, back);
	carry(back, client);
	tls_talk_bye(client.talk);
	tls_talk_expect_end(back.talk);
	tls_talk_expect_end(client.talk);
	stand_stop(s.st, THREAD_DRAIN);
	cr_assert_eq(s.st->counters.sessions.ended[REASON_DONE], 1, "%s", s.st->log);
	secure_stand_done(&s);
}
