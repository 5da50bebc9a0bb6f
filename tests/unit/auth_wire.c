/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of io/auth_wire, and of io/auth_client with TLS: a real ring thread asks an HTTPS
 * service that the test plays.
 */
#include "tests/lib/stand.h"
#include "tests/lib/tls_pair.h"
#include "tests/lib/tls_talk.h"

#include <criterion/criterion.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOGGED(st, t) cr_assert(stand_logged((st), (t)), "%s", (st)->log)

static const char sorry[] = "451 4.3.2 Internal server error\r\n";
static const char no[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAuth-Status: no\r\n\r\n";

struct service {
	struct stand *st;
	struct tls_acceptor_conf ac;
	struct tls_connector_conf kc;
	struct acceptor *acceptor;
	struct connector *connector;
};

static struct service service_new(void)
{
	struct service s = {
		.st = stand_new(), .ac = pair_acceptor_conf(), .kc = pair_connector_conf()};

	s.st->worker.tls = true;
	return s;
}

static void service_start(struct service *s)
{
	s->acceptor = pair_acceptor(&s->ac);
	s->connector = pair_connector(&s->kc);
	s->st->service.connector = s->connector;
	stand_start(s->st);
}

static void service_done(struct service *s)
{
	stand_done(s->st);
	acceptor_close(s->acceptor);
	connector_close(s->connector);
}

static struct tls_talk *service_accept(struct service *s)
{
	return tls_talk_accept(stand_accept(s->st->auth_fd), s->acceptor);
}

static const char *request(struct service *s, struct tls_talk *t)
{
	char *text = s->st->text;
	size_t got = 0;

	memset(text, 0, sizeof(s->st->text));
	while (!strstr(text, "\r\n\r\n")) {
		size_t n = tls_talk_read(t, (uint8_t *)text + got, sizeof(s->st->text) - 1 - got);

		cr_assert_gt(n, 0, "after \"%s\"", text);
		got += n;
	}
	return text;
}

static void is_refused(int client)
{
	stand_expect(client, "535 5.7.0 no\r\n");
	stand_expect_end(client);
}

Test(auth_wire, asks_and_keeps_the_connection_for_the_next)
{
	struct service s = service_new();
	struct tls_talk *auth = NULL;

	service_start(&s);
	for (int i = 0; i < 3; i++) {
		int client = stand_asking(s.st);

		if (!auth)
			auth = service_accept(&s);
		cr_assert_not_null(strstr(request(&s, auth), "Auth-Pass: secret\r\n"));
		tls_talk_say(auth, no);
		is_refused(client);
	}
	stand_stop(s.st, THREAD_STOP);
	cr_assert_eq(s.st->counters.tls[THREAD_TLS_AUTH].handshakes, 1);
	tls_talk_close(auth);
	service_done(&s);
}

Test(auth_wire, a_new_connection_resumes)
{
	struct service s = service_new();

	service_start(&s);
	for (int i = 0; i < 3; i++) {
		int client = stand_asking(s.st);
		struct tls_talk *auth = service_accept(&s);

		request(&s, auth);
		tls_talk_say(auth, no);
		is_refused(client);
		tls_talk_bye(auth);
		tls_talk_expect_end(auth);
	}
	stand_stop(s.st, THREAD_STOP);
	cr_assert_eq(s.st->counters.tls[THREAD_TLS_AUTH].handshakes, 3);
	cr_assert_eq(s.st->counters.tls[THREAD_TLS_AUTH].resumed, 2);
	cr_assert_eq(s.st->counters.tls[THREAD_TLS_AUTH].cut, 0);
	service_done(&s);
}

Test(auth_wire, an_idle_connection_that_was_cut_costs_a_second_try)
{
	struct service s = service_new();
	struct tls_talk *auth;
	int client;

	service_start(&s);
	client = stand_asking(s.st);
	auth = service_accept(&s);
	request(&s, auth);
	tls_talk_say(auth, no);
	is_refused(client);
	client = stand_asking(s.st);
	request(&s, auth);
	tls_talk_close(auth); /* as if it had crossed the request */
	auth = service_accept(&s);
	request(&s, auth);
	tls_talk_say(auth, no);
	is_refused(client);
	tls_talk_close(auth);
	service_done(&s);
}

Test(auth_wire, an_answer_may_come_in_many_records)
{
	struct service s = service_new();
	struct tls_talk *auth;
	int client;

	service_start(&s);
	client = stand_asking(s.st);
	auth = service_accept(&s);
	request(&s, auth);
	for (size_t i = 0; i < sizeof(no) - 1; i++)
		tls_talk_send(auth, (const uint8_t *)no + i, 1);
	is_refused(client);
	tls_talk_close(auth);
	service_done(&s);
}

Test(auth_wire, bytes_on_an_idle_connection_end_it)
{
	struct service s = service_new();
	struct tls_talk *auth;
	int client;

	service_start(&s);
	client = stand_asking(s.st);
	auth = service_accept(&s);
	request(&s, auth);
	tls_talk_say(auth, no);
	is_refused(client);
	tls_talk_say(auth, no);
	tls_talk_expect_end(auth);
	service_done(&s);
}

Test(auth_wire, a_certificate_that_does_not_verify_is_the_end)
{
	struct service s = service_new();
	struct tls_talk *auth;
	int client;

	s.kc.verify = true;
	s.kc.trusted_ca = pair_file("other-ca.pem");
	service_start(&s);
	client = stand_asking(s.st);
	auth = tls_talk_new(stand_accept(s.st->auth_fd));
	channel_accept(&auth->channel, s.acceptor);
	cr_assert_not(tls_talk_shake(auth) && tls_talk_read(auth, (uint8_t *)s.st->text, 1));
	stand_expect(client, sorry);
	stand_expect_end(client);
	tls_talk_close(auth);
	stand_stop(s.st, THREAD_STOP);
	LOGGED(s.st, "SSL handshake with auth http server the-service failed (");
	cr_assert_eq(s.st->counters.tls[THREAD_TLS_AUTH].failed, 1);
	service_done(&s);
}

Test(auth_wire, a_certificate_that_verifies_is_fine)
{
	struct service s = service_new();
	struct tls_talk *auth;
	int client;

	s.kc.verify = true;
	s.kc.trusted_ca = pair_file("ca.pem");
	s.kc.name = STR("mx.test");
	service_start(&s);
	client = stand_asking(s.st);
	auth = service_accept(&s);
	request(&s, auth);
	tls_talk_say(auth, no);
	is_refused(client);
	tls_talk_close(auth);
	service_done(&s);
}

/* The first address speaks no TLS, the second closes in the middle of the handshake. */
Test(auth_wire, the_next_address_is_tried)
{
	struct service s = service_new();
	struct tls_talk *auth;
	int client, plain, shy;

	s.st->addresses[2] = s.st->addresses[0];
	s.st->service.n_addresses = 3;
	shy = s.st->back_fd;
	plain = stand_bind(&s.st->addresses[0]);
	service_start(&s);
	client = stand_asking(s.st);
	plain = stand_accept(plain);
	stand_say(plain, no);
	while (recv(plain, s.st->text, sizeof(s.st->text), 0) > 0)
		;
	close(plain);
	close(stand_accept(shy));
	auth = service_accept(&s);
	request(&s, auth);
	tls_talk_say(auth, no);
	is_refused(client);
	tls_talk_close(auth);
	service_done(&s);
}

Test(auth_wire, a_service_that_closes_in_the_handshake_is_named)
{
	struct service s = service_new();
	int client, auth;

	service_start(&s);
	client = stand_asking(s.st);
	auth = stand_accept(s.st->auth_fd);
	cr_assert_gt(recv(auth, s.st->text, sizeof(s.st->text), 0), 0);
	cr_assert_eq(shutdown(auth, SHUT_WR), 0);
	stand_expect(client, sorry);
	stand_expect_end(client);
	close(auth);
	stand_stop(s.st, THREAD_STOP);
	LOGGED(s.st,
	       "SSL handshake with auth http server the-service failed (peer closed connection "
	       "in SSL handshake)");
	service_done(&s);
}
