/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of io/thread with io/pair, io/pump, io/bulk and io/listener: a real ring thread
 * between sockets of the test.
 */
#include "tests/lib/stand.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOGGED(st, t) cr_assert(stand_logged((st), (t)), "%s", (st)->log)

static const char sorry[] = "451 4.3.2 Internal server error\r\n";

/* ---- bytes both ways ---- */

Test(thread, mail_goes_through_and_both_sides_close)
{
	struct stand *st = stand_new();
	struct stand_pair p;

	stand_start(st);
	p = stand_relay(st);
	stand_say(p.client, "MAIL FROM:<a@b>\r\n");
	stand_expect(p.back, "MAIL FROM:<a@b>\r\n");
	stand_say(p.back, "250 ok\r\n");
	stand_expect(p.client, "250 ok\r\n");
	stand_say(p.client, "QUIT\r\n");
	stand_expect(p.back, "QUIT\r\n");
	stand_say(p.back, "221 bye\r\n");
	close(p.back);
	stand_expect(p.client, "221 bye\r\n");
	stand_expect_end(p.client);
	stand_stop(st, THREAD_DRAIN);
	cr_assert_eq(st->counters.sessions.ended[REASON_DONE], 1);
	cr_assert_eq(st->counters.sessions.logged_in, 1);
	LOGGED(st, "client logged in, client: 127.0.0.1, server: 127.0.0.1:25, login: \"tim\"");
	stand_done(st);
}

Test(thread, a_client_that_half_closes_gets_its_replies)
{
	struct stand *st = stand_new();
	struct stand_pair p;

	stand_start(st);
	p = stand_relay(st);
	stand_say(p.client, "QUIT\r\n");
	cr_assert_eq(shutdown(p.client, SHUT_WR), 0);
	stand_expect(p.back, "QUIT\r\n");
	cr_assert_eq(recv(p.back, st->text, 1, 0), 0);
	stand_say(p.back, "221 bye\r\n");
	close(p.back);
	stand_expect(p.client, "221 bye\r\n");
	stand_expect_end(p.client);
	stand_done(st);
}

enum { LOAD = 20 * 1024 * 1024 }; /* more than all buffers on the way can hold */

static uint8_t load[LOAD];

static void make_load(void)
{
	for (size_t i = 0; i < LOAD; i++)
		load[i] = (uint8_t)(i * 31 + (i >> 12));
}

/* Send as much as the sockets take now. */
static size_t push(int fd, size_t from)
{
	ssize_t n = 1;

	while (from < LOAD && n > 0) {
		n = send(fd, load + from, LOAD - from, MSG_DONTWAIT | MSG_NOSIGNAL);
		from += n > 0 ? (size_t)n : 0;
	}
	return from;
}

static size_t pull(int fd, size_t at)
{
	static uint8_t bytes[256 * 1024];
	ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

	cr_assert_gt(n, 0);
	cr_assert_leq((size_t)n, LOAD - at);
	cr_assert_eq(memcmp(bytes, load + at, (size_t)n), 0, "between %zu and %zu", at,
		     at + (size_t)n);
	return at + (size_t)n;
}

/* The reader begins when the writer can go no further: everything on the way is full. */
static void carry(int from, int to)
{
	size_t sent = push(from, 0), got = 0;
	struct pollfd room = {.fd = from, .events = POLLOUT};

	while (sent < LOAD && poll(&room, 1, 50) == 1)
		sent = push(from, sent);
	while (got < LOAD) {
		got = pull(to, got);
		sent = push(from, sent);
	}
	cr_assert_eq(sent, LOAD);
}

Test(thread, megabytes_go_through_a_stopped_reader)
{
	struct stand *st = stand_new();
	struct stand_pair p;

	stand_start(st);
	p = stand_relay(st);
	make_load();
	carry(p.client, p.back);
	stand_say(p.back, "250 got it\r\n");
	stand_expect(p.client, "250 got it\r\n");
	carry(p.back, p.client);
	stand_say(p.client, "NOOP\r\n");
	stand_expect(p.back, "NOOP\r\n");
	carry(p.client, p.back);
	cr_assert_eq(shutdown(p.client, SHUT_WR), 0);
	cr_assert_eq(recv(p.back, st->text, 1, 0), 0);
	close(p.back);
	stand_expect_end(p.client);
	stand_stop(st, THREAD_DRAIN);
	cr_assert_eq(st->counters.sessions.ended[REASON_DONE], 1, "%s", st->log);
	stand_done(st);
}

/* A word the other way now and then keeps the way from becoming bulk: bytes are copied, and set
 * aside when their reader stops. */
Test(thread, megabytes_are_copied_past_a_reader_that_talks)
{
	enum { STEP = 32 * 1024, STUCK = 4 };
	struct stand *st = stand_new();
	struct stand_pair p;
	size_t sent = 0, got = 0;
	int stuck = 0;

	stand_start(st);
	p = stand_relay(st);
	make_load();
	while (sent < LOAD && stuck < STUCK) {
		size_t most = LOAD - sent < STEP ? LOAD - sent : STEP;
		ssize_t n = send(p.client, load + sent, most, MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		stuck = n > 0 ? 0 : stuck + 1;
		stand_say(p.back, "x");
		stand_expect(p.client, "x");
	}
	while (got < sent)
		got = pull(p.back, got);
	cr_assert_eq(got, sent);
	stand_say(p.client, "QUIT\r\n");
	stand_expect(p.back, "QUIT\r\n");
	close(p.back);
	stand_expect_end(p.client);
	stand_done(st);
}

Test(thread, a_reader_that_leaves_in_the_middle_ends_it)
{
	struct stand *st = stand_new();
	struct stand_pair p;

	stand_start(st);
	p = stand_relay(st);
	push(p.client, 0);
	pull(p.back, 0);
	close(p.back);
	while (push(p.client, 0) || errno == EAGAIN)
		;
	stand_expect_end(p.client);
	stand_stop(st, THREAD_DRAIN);
	cr_assert_eq(st->counters.sessions.logged_in, 1);
	stand_done(st);
}

Test(thread, a_client_that_resets_ends_it)
{
	struct stand *st = stand_new();
	struct linger hard = {.l_onoff = 1};
	struct stand_pair p;

	stand_start(st);
	p = stand_relay(st);
	setsockopt(p.client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(p.client);
	stand_expect_end(p.back);
	stand_stop(st, THREAD_DRAIN);
	cr_assert_eq(st->counters.sessions.ended[REASON_RELAY_CLIENT_RESET], 1, "%s", st->log);
	LOGGED(st, "recv() failed (104: Connection reset by peer) while proxying and reading "
		   "from client, client: ");
	stand_done(st);
}

Test(thread, pipelined_bytes_go_first)
{
	struct stand *st = stand_new();
	int client, auth, back;

	stand_start(st);
	client = stand_asking(st);
	stand_say(client, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n");
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	stand_route(st, auth);
	back = stand_accept(st->back_fd);
	stand_say(back, "220 b\r\n");
	stand_expect(back, "HELO mx.test\r\n");
	stand_say(back, "250 b\r\n");
	stand_expect(back, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n");
	close(auth);
	close(client);
	close(back);
	stand_done(st);
}

/* ---- backends that fail ---- */

Test(thread, a_backend_that_is_not_there)
{
	struct stand *st = stand_new();
	int client, auth;

	close(st->back_fd);
	st->back_fd = -1;
	stand_start(st);
	client = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	stand_route(st, auth);
	stand_expect(client, sorry);
	stand_expect_end(client);
	close(auth);
	stand_stop(st, THREAD_DRAIN);
	cr_assert_eq(st->counters.sessions.ended[REASON_BACK_DOWN], 1);
	LOGGED(st, "connect() failed (111: Connection refused) while connecting to upstream");
	stand_done(st);
}

Test(thread, a_backend_that_says_nothing)
{
	struct stand *st = stand_new();
	int client, auth, back;

	st->server.timeout_ms = 60;
	stand_start(st);
	client = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	stand_route(st, auth);
	back = stand_accept(st->back_fd);
	stand_expect(client, sorry);
	stand_expect_end(client);
	stand_expect_end(back);
	close(auth);
	stand_stop(st, THREAD_DRAIN);
	cr_assert_eq(st->counters.sessions.ended[REASON_BACK_TIMEOUT], 1);
	stand_done(st);
}

/* ---- clients that come and go ---- */

Test(thread, the_greeting_is_withheld)
{
	struct stand *st = stand_new();
	int client;

	st->server.greeting_delay_ms = 20;
	stand_start(st);
	client = stand_connect(st);
	stand_expect(client, "220 mx.test ESMTP ready\r\n");
	stand_say(client, "QUIT\r\n");
	stand_expect(client, "221 2.0.0 Bye\r\n");
	stand_expect_end(client);
	stand_done(st);
}

Test(thread, more_clients_than_may_be_are_told_so)
{
	struct stand *st = stand_new();
	int clients[2], late;

	st->worker.connections = 2;
	stand_start(st);
	for (int i = 0; i < 2; i++) {
		clients[i] = stand_connect(st);
		stand_expect(clients[i], "220 mx.test ESMTP ready\r\n");
	}
	late = stand_connect(st);
	stand_expect(late, "421 4.3.2 Too many connections, try again later\r\n");
	stand_expect_end(late);
	stand_say(clients[0], "QUIT\r\n");
	stand_expect(clients[0], "221 2.0.0 Bye\r\n");
	stand_expect_end(clients[0]);
	close(clients[1]);
	stand_stop(st, THREAD_DRAIN);
	cr_assert_eq(st->counters.refused_full, 1);
	LOGGED(st, "worker_connections are not enough");
	stand_done(st);
}

Test(thread, stopping_ends_every_session)
{
	struct stand *st = stand_new();
	struct stand_pair p;
	int idle;

	stand_start(st);
	p = stand_relay(st);
	idle = stand_connect(st);
	stand_expect(idle, "220 mx.test ESMTP ready\r\n");
	stand_stop(st, THREAD_STOP);
	stand_expect(idle, "421 4.3.2 Service is shutting down, try again later\r\n");
	stand_expect_end(idle);
	stand_expect_end(p.client);
	stand_expect_end(p.back);
	cr_assert_eq(st->counters.sessions.ended[REASON_SHUTDOWN], 2);
	stand_done(st);
}

Test(thread, draining_serves_what_was_accepted)
{
	struct stand *st = stand_new();
	int client;

	stand_start(st);
	client = stand_connect(st);
	stand_expect(client, "220 mx.test ESMTP ready\r\n");
	thread_tell(st->thread, THREAD_REOPEN);
	thread_tell(st->thread, THREAD_DRAIN);
	thread_tell(st->thread, THREAD_DRAIN);
	stand_say(client, "NOOP\r\n");
	stand_expect(client, "250 2.0.0 OK\r\n");
	stand_say(client, "QUIT\r\n");
	stand_expect(client, "221 2.0.0 Bye\r\n");
	stand_expect_end(client);
	stand_wait(st);
	stand_done(st);
}

Test(thread, draining_has_its_time)
{
	struct stand *st = stand_new();
	int client;

	st->worker.shutdown_timeout_ms = 30;
	stand_start(st);
	client = stand_connect(st);
	stand_expect(client, "220 mx.test ESMTP ready\r\n");
	stand_stop(st, THREAD_DRAIN);
	stand_expect(client, "421 4.3.2 Service is shutting down, try again later\r\n");
	stand_expect_end(client);
	stand_done(st);
}

Test(thread, replies_wait_for_a_client_that_does_not_read)
{
	enum { COMMANDS = 100000, REPLY = sizeof("250 2.0.0 OK\r\n") - 1 };
	struct stand *st = stand_new();
	char *noops = malloc(COMMANDS * 6);
	size_t sent = 0, got = 0;
	char bytes[4096];
	int client;

	for (int i = 0; i < COMMANDS; i++)
		memcpy(noops + i * 6, "NOOP\r\n", 6);
	stand_start(st);
	client = stand_connect(st);
	stand_expect(client, "220 mx.test ESMTP ready\r\n");
	while (got < (size_t)COMMANDS * REPLY) {
		ssize_t n = send(client, noops + sent, COMMANDS * 6 - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			sent += (size_t)n;
			continue;
		}
		n = recv(client, bytes, sizeof(bytes), 0);
		cr_assert_gt(n, 0);
		for (size_t i = 0; i < (size_t)n; i++)
			cr_assert_eq(bytes[i], "250 2.0.0 OK\r\n"[(got + i) % REPLY]);
		got += (size_t)n;
	}
	free(noops);
	close(client);
	stand_done(st);
}

Test(thread, says_what_memory_it_takes)
{
	struct stand *st = stand_new();
	size_t small = thread_memory(&st->worker);

	st->worker.ring.buffers *= 2;
	cr_assert_geq(thread_memory(&st->worker), small + 128 * 16 * 1024);
	small = thread_memory(&st->worker);
	st->worker.connections *= 2;
	cr_assert_gt(thread_memory(&st->worker), small);
	stand_start(st);
	stand_done(st);
}

Test(thread, too_much_memory_is_an_error_with_a_remedy)
{
	struct stand *st = stand_new();
	struct thread_listen listen = {st->listen_fd, &st->listen};
	struct thread_start start = {.conf = &st->worker,
				     .listens = &listen,
				     .n_listens = 1,
				     .logger = &st->logger,
				     .connection_counter = &st->connections};
	char error[256] = "";

	st->worker.connections = UINT32_MAX;
	st->worker.proxy_buffer_max = 1U << 30;
	cr_assert_null(thread_open(&start, error, sizeof(error)));
	cr_assert_not_null(strstr(error, "lower worker_connections"), "%s", error);
	stand_done(st);
}
