/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of io/auth_names: a ring thread whose auth service has a host name, which a name
 * server of the test's moves about.
 */
#include "tests/lib/dnsd.h"
#include "tests/lib/stand.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(auth_names, .timeout = 60);

static struct dnsd *names;
static union socket_address server;
static struct dns_conf dns = {.servers = &server, .n_servers = 1, .ip4 = true};
static const struct dns_conf *const all_dns[] = {&dns};
static struct resolver_conf resolver = {&dns, 30000};

/* The configuration has found it at auth_fd's address. */
static struct stand *named(const char *zone)
{
	struct stand *st = stand_new();

	names = dnsd_start();
	dnsd_zone(names, zone);
	server.ip4.sin_family = AF_INET;
	server.ip4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.ip4.sin_port = htons(names->port);
	st->worker.dns = all_dns;
	st->worker.n_dns = 1;
	st->service.http.host = STR("auth.test");
	st->service.resolver = &resolver;
	st->service.port = ntohs(st->addresses[0].ip4.sin_port);
	return st;
}

/* Where the same port is at another address. */
static int elsewhere(const struct stand *st, const char *ip)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(st->service.port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(inet_pton(AF_INET, ip, &a.sin_addr), 1);
	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	cr_assert_eq(listen(fd, 64), 0);
	return fd;
}

/* A client logs in; which of the two listening sockets its request comes to. */
static int asked(struct stand *st, const int listeners[2])
{
	int client = stand_asking(st), auth, which;
	struct pollfd p[2] = {{.fd = listeners[0], .events = POLLIN},
			      {.fd = listeners[1], .events = POLLIN}};

	cr_assert_gt(poll(p, 2, 10000), 0);
	which = p[0].revents ? 0 : 1;
	auth = stand_accept(listeners[which]);
	stand_request(st, auth);
	stand_say(auth, "HTTP/1.0 200 OK\r\nAuth-Status: no\r\n\r\n");
	close(auth);
	stand_expect(client, "535 5.7.0 no\r\n");
	stand_expect_end(client);
	return which;
}

static void await_asked(struct stand *st, const int listeners[2], int wanted)
{
	for (int i = 0; asked(st, listeners) != wanted; i++) {
		cr_assert_lt(i, 500, "it does not move");
		usleep(20000);
	}
}

Test(auth_names, a_service_moves_and_moves_back)
{
	struct stand *st = named("auth.test A 0 127.0.0.2\n");
	const int listeners[2] = {st->auth_fd, elsewhere(st, "127.0.0.2")};

	stand_start(st);
	await_asked(st, listeners, 1);
	dnsd_zone(names, "auth.test A 0 127.0.0.1\n");
	await_asked(st, listeners, 0);
	dnsd_zone(names, "auth.test A 0 127.0.0.2\nauth.test A 0 127.0.0.2\n");
	await_asked(st, listeners, 1);
	stand_done(st);
	close(listeners[1]);
}

/* Nothing listens at the first of its addresses. */
Test(auth_names, all_addresses_are_tried)
{
	struct stand *st = named("auth.test A 60 127.0.0.3\nauth.test A 60 127.0.0.2\n");
	const int listeners[2] = {st->auth_fd, elsewhere(st, "127.0.0.2")};

	stand_start(st);
	await_asked(st, listeners, 1);
	for (int i = 0; i < 4; i++)
		cr_expect_eq(asked(st, listeners), 1);
	stand_done(st);
	close(listeners[1]);
}

Test(auth_names, the_last_known_addresses_stay)
{
	struct stand *st = named("auth.test A 0 127.0.0.2\n");
	const int listeners[2] = {st->auth_fd, elsewhere(st, "127.0.0.2")};
	int before;

	stand_start(st);
	await_asked(st, listeners, 1);
	dnsd_zone(names, "");
	before = names->questions;
	while (names->questions == before)
		usleep(20000);
	for (int i = 0; i < 4; i++)
		cr_expect_eq(asked(st, listeners), 1);
	stand_stop(st, THREAD_STOP);
	cr_expect(stand_logged(st, "auth_http host auth.test could not be resolved (3: Host not "
				   "found), its last known addresses stay"),
		  "%s", st->log);
	stand_done(st);
	close(listeners[1]);
}
