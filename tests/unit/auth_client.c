/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of io/auth_client: a real ring thread asks an HTTP service that the test plays.
 */
#include "tests/lib/stand.h"

#include <criterion/criterion.h>

#include <poll.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOGGED(st, t) cr_assert(stand_logged((st), (t)), "%s", (st)->log)

static const char sorry[] = "451 4.3.2 Internal server error\r\n";
static const char no[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAuth-Status: no\r\n\r\n";

static void is_refused(int client)
{
	stand_expect(client, "535 5.7.0 no\r\n");
	stand_expect_end(client);
}

static bool someone_connects(int listener)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

/*
 * One connection, one place in the queue: of two clients that ask while a request is under way one
 * is refused, and then the other surely waits in the queue.
 */
static int queued(struct stand *st)
{
	int clients[2] = {stand_asking(st), stand_asking(st)};
	struct pollfd p[2] = {{.fd = clients[0], .events = POLLIN},
			      {.fd = clients[1], .events = POLLIN}};
	int out;

	cr_assert_eq(poll(p, 2, 10000), 1);
	out = p[0].revents ? 0 : 1;
	stand_expect(clients[out], sorry);
	stand_expect_end(clients[out]);
	return clients[1 - out];
}

Test(auth_client, asks_and_keeps_the_connection_for_the_next)
{
	struct stand *st = stand_new();
	int client, auth;

	stand_start(st);
	client = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	cr_assert_not_null(strstr(stand_request(st, auth), "GET /auth HTTP/1.0\r\n"));
	cr_assert_not_null(strstr(st->text, "Connection: keep-alive\r\n"));
	cr_assert_not_null(strstr(st->text, "Auth-Pass: secret\r\n"));
	stand_say(auth, no);
	is_refused(client);
	for (int i = 0; i < 3; i++) {
		client = stand_asking(st);
		stand_request(st, auth);
		stand_say(auth, no);
		is_refused(client);
	}
	cr_assert_not(someone_connects(st->auth_fd));
	stand_stop(st, THREAD_STOP);
	stand_expect_end(auth);
	stand_done(st);
}

Test(auth_client, an_idle_connection_that_was_closed_costs_a_second_try)
{
	struct stand *st = stand_new();
	int client, auth;

	stand_start(st);
	client = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	stand_say(auth, no);
	is_refused(client);
	client = stand_asking(st);
	stand_request(st, auth);
	close(auth); /* as if it had crossed the request */
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	stand_say(auth, no);
	is_refused(client);
	close(auth);
	client = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	stand_say(auth, no);
	is_refused(client);
	close(auth);
	stand_done(st);
}

Test(auth_client, bytes_on_an_idle_connection_end_it)
{
	struct stand *st = stand_new();
	int client, auth;

	stand_start(st);
	client = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	stand_say(auth, no);
	is_refused(client);
	stand_say(auth, "HTTP/1.1 200 OK\r\nAuth-Status: OK\r\n\r\n");
	stand_expect_end(auth);
	client = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	stand_say(auth, no);
	is_refused(client);
	close(auth);
	stand_done(st);
}

Test(auth_client, without_keepalive_each_request_has_its_connection)
{
	struct stand *st = stand_new();
	int first, second, auth;

	st->service.keepalive = 0;
	st->service.http.keepalive = false;
	st->service.connections_max = st->service.queue_max = 1;
	stand_start(st);
	first = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	cr_assert_null(strstr(st->text, "keep-alive"));
	second = queued(st);
	stand_say(auth, no);
	stand_expect_end(auth);
	is_refused(first);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	stand_say(auth, no);
	is_refused(second);
	stand_expect_end(auth);
	stand_done(st);
}

/* A port on which nobody listens. */
static void make_dead(union socket_address *address)
{
	close(stand_bind(address));
}

Test(auth_client, tries_its_addresses_in_turn)
{
	struct stand *st = stand_new();
	int client, auth;

	st->addresses[2] = st->addresses[0];
	make_dead(&st->addresses[0]);
	st->service.n_addresses = 3;
	close(st->back_fd); /* the second address is the backend's: refuses too */
	stand_start(st);
	client = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	stand_say(auth, no);
	is_refused(client);
	close(auth);
	/* The one that worked is asked first from then on. */
	client = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	stand_say(auth, no);
	is_refused(client);
	close(auth);
	st->back_fd = dup(st->listen_fd);
	stand_done(st);
}

Test(auth_client, says_when_no_address_answers)
{
	struct stand *st = stand_new();
	int client;

	make_dead(&st->addresses[0]);
	make_dead(&st->addresses[1]);
	st->service.n_addresses = 2;
	stand_start(st);
	client = stand_asking(st);
	stand_expect(client, sorry);
	stand_expect_end(client);
	stand_stop(st, THREAD_STOP);
	LOGGED(st, "connect() to auth http server the-service failed (111: Connection refused) "
		   "while in http auth state, client: 127.0.0.1");
	cr_assert_eq(st->counters.sessions.ended[REASON_AUTH_DOWN], 1);
	stand_done(st);
}

Test(auth_client, a_full_queue_refuses)
{
	struct stand *st = stand_new();
	int first, second, auth;

	st->service.connections_max = st->service.queue_max = 1;
	stand_start(st);
	first = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	second = queued(st);
	stand_say(auth, no);
	is_refused(first);
	stand_request(st, auth);
	stand_say(auth, no);
	is_refused(second);
	close(auth);
	stand_stop(st, THREAD_STOP);
	LOGGED(st, "too many requests wait for auth http server the-service, see auth_http_queue");
	stand_done(st);
}

Test(auth_client, a_client_that_leaves_cancels_its_request)
{
	struct stand *st = stand_new();
	int client, auth;

	stand_start(st);
	client = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	close(client);
	stand_expect_end(auth);
	stand_stop(st, THREAD_DRAIN);
	cr_assert_eq(st->counters.sessions.ended[REASON_CLIENT_CLOSED], 1);
	stand_done(st);
}

Test(auth_client, a_client_that_leaves_the_queue_is_not_asked_for)
{
	struct stand *st = stand_new();
	int first, second, auth;

	st->service.connections_max = st->service.queue_max = 1;
	stand_start(st);
	first = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	second = queued(st);
	cr_assert_eq(shutdown(second, SHUT_WR), 0);
	stand_expect_end(second);
	second = queued(st); /* there was a place again, for one of these two */
	stand_say(auth, no);
	is_refused(first);
	stand_request(st, auth);
	stand_say(auth, no);
	is_refused(second);
	close(auth);
	stand_stop(st, THREAD_STOP);
	cr_assert_eq(st->counters.sessions.accepted, 5);
	stand_done(st);
}

/* A ring thread that waits in the log line of a client's coming: what happens meanwhile is one
 * turn. */
static struct {
	void (*write)(struct logger *self, const struct log_line *line);
	sem_t waits, go;
	int clients; /* that come before the one who is waited for */
} pause_at;

static void write_and_pause(struct logger *self, const struct log_line *line)
{
	pause_at.write(self, line);
	if (!memmem(line->message.p, line->message.n, "connected to", 12) || pause_at.clients--)
		return;
	sem_post(&pause_at.waits);
	sem_wait(&pause_at.go);
}

Test(auth_client, who_leaves_the_queue_in_the_turn_of_an_answer_is_not_asked_for)
{
	struct stand *st = stand_new();
	int first, second, third, auth;

	st->service.connections_max = st->service.queue_max = 1;
	pause_at.write = st->logger.write;
	pause_at.clients = 3;
	sem_init(&pause_at.waits, 0, 0);
	sem_init(&pause_at.go, 0, 0);
	st->logger.write = write_and_pause;
	stand_start(st);
	first = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	second = queued(st);
	third = stand_connect(st);
	sem_wait(&pause_at.waits);
	close(second);
	stand_say(auth, no);
	sem_post(&pause_at.go);
	is_refused(first);
	stand_expect(third, "220 mx.test ESMTP ready\r\n");
	close(third);
	close(auth);
	stand_stop(st, THREAD_STOP);
	cr_assert_geq(st->counters.sessions.ended[REASON_CLIENT_CLOSED], 1);
	stand_done(st);
}

Test(auth_client, a_slow_service_is_given_up)
{
	struct stand *st = stand_new();
	int client, queued, auth;

	st->service.timeout_ms = 40;
	st->service.connections_max = 1;
	stand_start(st);
	client = stand_asking(st);
	queued = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_expect(client, sorry);
	stand_expect_end(client);
	stand_expect(queued, sorry);
	stand_expect_end(queued);
	close(auth);
	stand_stop(st, THREAD_STOP);
	cr_assert_eq(st->counters.sessions.ended[REASON_AUTH_TIMEOUT], 2);
	LOGGED(st, "auth http server the-service timed out (110: Connection timed out) while in "
		   "http auth state");
	stand_done(st);
}

Test(auth_client, answers_come_byte_by_byte_with_bodies)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n"
				     "Auth-Status: no\r\n\r\nBODY\r\n";
	struct stand *st = stand_new();
	int client, auth;
	char one[2] = "";

	stand_start(st);
	client = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	for (const char *c = answer; *c && strcmp(c, "BODY\r\n") != 0; c++) {
		one[0] = *c;
		stand_say(auth, one);
	}
	is_refused(client);
	close(auth);
	stand_done(st);
}

Test(auth_client, bad_answers_have_their_reasons)
{
	static const struct {
		const char *answer;
		enum reason reason;
	} rows[] = {
		{"", REASON_AUTH_CLOSED},
		{"HTTP/1.1 200 OK\r\nAuth-Sta", REASON_AUTH_CLOSED},
		{"HTTP/1.1 200 OK\r\n\x01\x02\r\n\r\n", REASON_AUTH_INVALID},
		{"HTTP/1.1 200 OK\r\nAuth-Status: OK\r\n\r\n", REASON_AUTH_NO_SERVER},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stand *st = stand_new();
		int client, auth;

		stand_start(st);
		client = stand_asking(st);
		auth = stand_accept(st->auth_fd);
		stand_request(st, auth);
		stand_say(auth, rows[i].answer);
		shutdown(auth, SHUT_WR);
		stand_expect(client, sorry);
		stand_expect_end(client);
		close(auth);
		stand_stop(st, THREAD_STOP);
		cr_assert_eq(st->counters.sessions.ended[rows[i].reason], 1, "%zu: %s", i, st->log);
		stand_done(st);
	}
}

Test(auth_client, an_endless_answer_is_cut_off)
{
	struct stand *st = stand_new();
	int client, auth;
	char *line = malloc(20001);

	memset(line, 'h', 20000);
	line[20000] = '\0';
	stand_start(st);
	client = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	stand_say(auth, "HTTP/1.1 200 OK\r\nX: ");
	stand_say(auth, line);
	stand_expect(client, sorry);
	stand_expect_end(client);
	stand_expect_end(auth);
	stand_stop(st, THREAD_STOP);
	cr_assert_eq(st->counters.sessions.ended[REASON_AUTH_TOO_LONG], 1, "%s", st->log);
	free(line);
	stand_done(st);
}

Test(auth_client, waits_as_the_service_says)
{
	struct stand *st = stand_new();
	int client, auth;

	stand_start(st);
	client = stand_asking(st);
	auth = stand_accept(st->auth_fd);
	stand_request(st, auth);
	stand_say(auth, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAuth-Status: WAIT\r\n"
			"Auth-Wait: 0\r\n\r\n");
	cr_assert_not_null(strstr(stand_request(st, auth), "Auth-User: tim\r\n"));
	stand_say(auth, no);
	is_refused(client);
	close(auth);
	stand_done(st);
}

Test(auth_client, a_service_on_a_unix_socket)
{
	struct stand *st = stand_new();
	struct sockaddr_un *un = &st->addresses[0].un;
	int client, auth, listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	snprintf(un->sun_path, sizeof(un->sun_path), "/tmp/ringpost-auth-%d", (int)getpid());
	cr_assert_eq(bind(listener, (struct sockaddr *)un, sizeof(*un)), 0);
	cr_assert_eq(listen(listener, 1), 0);
	stand_start(st);
	client = stand_asking(st);
	auth = stand_accept(listener);
	stand_request(st, auth);
	stand_say(auth, no);
	is_refused(client);
	close(auth);
	unlink(un->sun_path);
	client = stand_asking(st);
	stand_expect(client, sorry);
	stand_expect_end(client);
	close(listener);
	stand_done(st);
}
