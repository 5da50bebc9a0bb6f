/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * secure_stand: a stand with certificates. Owns its acceptor and connector.
 */
#include "tests/lib/secure_stand.h"

#include <criterion/criterion.h>

#include <unistd.h>

struct secure_stand secure_stand_new(void)
{
	struct secure_stand s = {
		.st = stand_new(), .ac = pair_acceptor_conf(), .kc = pair_connector_conf()};

	s.st->worker.tls = true;
	s.st->listen.ssl = true;
	return s;
}

void secure_stand_start(struct secure_stand *s)
{
	s->acceptor = pair_acceptor(&s->ac);
	s->connector = pair_connector(&s->kc);
	s->st->server.acceptor = s->acceptor;
	s->st->server.connector = s->connector;
	stand_start(s->st);
}

void secure_stand_done(struct secure_stand *s)
{
	stand_done(s->st);
	acceptor_close(s->acceptor);
	connector_close(s->connector);
}

struct tls_talk *secure_stand_client(struct secure_stand *s)
{
	return tls_talk_connect(stand_connect(s->st), s->connector);
}

struct tls_talk *secure_stand_greeted(struct secure_stand *s)
{
	struct tls_talk *client = secure_stand_client(s);

	tls_talk_expect(client, "220 mx.test ESMTP ready\r\n");
	return client;
}

/* Its AUTH is answered with a route; the backend's connection. */
int secure_stand_routed(struct secure_stand *s, struct tls_talk *client)
{
	int auth, back;

	tls_talk_say(client, "AUTH PLAIN AHRpbQBzZWNyZXQ=\r\n");
	auth = stand_accept(s->st->auth_fd);
	stand_request(s->st, auth);
	stand_route(s->st, auth);
	back = stand_accept(s->st->back_fd);
	close(auth);
	return back;
}

int secure_stand_plain(struct tls_talk *client, int back)
{
	stand_say(back, "220 back.test\r\n");
	stand_expect(back, "HELO mx.test\r\n");
	stand_say(back, "250 back.test\r\n");
	tls_talk_expect(client, "235 2.0.0 OK\r\n");
	return back;
}

struct tls_talk *secure_stand_sealed(struct tls_talk *client, struct tls_talk *back)
{
	tls_talk_say(back, "220 back.test\r\n");
	tls_talk_expect(back, "HELO mx.test\r\n");
	tls_talk_say(back, "250 back.test\r\n");
	tls_talk_expect(client, "235 2.0.0 OK\r\n");
	return back;
}
