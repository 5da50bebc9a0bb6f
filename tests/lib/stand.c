/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stand: runs a ring thread between sockets of the test. Owns the listening sockets; what the test
 * connects or accepts is the test's to close.
 */
#include "tests/lib/stand.h"

#include "base/must.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { WAIT_S = 10, RECEIVE_BYTES = 64 * 1024 };

/* Little, so that a test's reader that stops is soon noticed. */
static void stand_narrow(int fd)
{
	int n = RECEIVE_BYTES;

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof(n)), 0);
}

int stand_bind(union socket_address *address)
{
	socklen_t n = sizeof(address->ip4);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(address, 0, sizeof(*address));
	address->ip4.sin_family = AF_INET;
	address->ip4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	stand_narrow(fd);
	cr_assert_eq(bind(fd, &address->any, n), 0);
	cr_assert_eq(listen(fd, 64), 0);
	cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	cr_assert_eq(getsockname(fd, &address->any, &n), 0);
	return fd;
}

static void stand_write_log(struct logger *self, const struct log_line *line)
{
	struct stand *st = (struct stand *)(void *)((char *)self - offsetof(struct stand, logger));
	size_t room = STAND_LOG_MAX - st->log_n;
	int n = snprintf(st->log + st->log_n, room, "%.*s\n", (int)line->message.n,
			 (const char *)line->message.p);

	must(n > 0 && (size_t)n < room);
	st->log_n += (size_t)n;
	self->pending = true;
}

static void stand_flush_log(struct logger *self)
{
	self->pending = false;
}

static void stand_fill_server(struct stand *st)
{
	st->server = (struct server_conf){
		.front = {.server_name = STR("mx.test"),
			  .methods =
				  1U << SASL_PLAIN | 1U << SASL_CRAM_MD5 | 1U << FRONT_METHOD_NONE,
			  .line_max = 4096,
			  .errors_max = 5},
		.back = {.server_name = STR("mx.test"), .reply_max = 4096},
		.timeout_ms = 60000,
		.proxy_timeout_ms = 60000,
		.auth = &st->service,
		.auth_name = STR("the-service"),
		.log_level = LEVEL_DEBUG,
	};
}

struct stand *stand_new(void)
{
	struct stand *st = calloc(1, sizeof(*st));

	must(st != NULL);
	signal(SIGPIPE, SIG_IGN); /* as a worker process does: splice() knows no MSG_NOSIGNAL */
	stand_fill_server(st);
	st->listen_fd = stand_bind(&st->listen.address);
	st->auth_fd = stand_bind(&st->addresses[0]);
	st->back_fd = stand_bind(&st->addresses[1]); /* its port is what matters */
	st->listen.address_n = sizeof(st->listen.address.ip4);
	st->listen.text = STR("127.0.0.1:25");
	st->listen.server = &st->server;
	st->service = (struct auth_service_conf){
		.http = {.uri = STR("/auth"), .host = STR("service.test"), .keepalive = true},
		.name = STR("the-service"),
		.addresses = st->addresses,
		.n_addresses = 1,
		.timeout_ms = 60000,
		.keepalive = 4,
		.connections_max = 8,
		.queue_max = 8,
	};
	st->services[0] = &st->service;
	st->worker = (struct worker_conf){
		.threads = 1,
		.connections = 16,
		.ring = {.submissions = 1024,
			 .completions = 8192,
			 .buffers = 128,
			 .buffer_bytes = 16 * 1024},
		.listens = &st->listen,
		.n_listens = 1,
		.auth_services = st->services,
		.n_auth_services = 1,
		.client_buffer_max = 4096,
		.proxy_buffer_max = 4096,
	};
	st->logger = (struct logger){.write = stand_write_log, .flush = stand_flush_log};
	return st;
}

static void *stand_thread(void *arg)
{
	struct stand *st = arg;
	char error[256] = "";
	struct thread_listen listen = {st->listen_fd, &st->listen};
	struct thread_start start = {
		.conf = &st->worker,
		.listens = &listen,
		.n_listens = 1,
		.logger = &st->logger,
		.connection_counter = &st->connections,
	};

	st->thread = thread_open(&start, error, sizeof(error));
	pthread_barrier_wait(&st->opened);
	if (st->thread)
		thread_run(st->thread);
	else
		fprintf(stderr, "%s\n", error);
	return NULL;
}

void stand_start(struct stand *st)
{
	cr_assert_eq(pthread_barrier_init(&st->opened, NULL, 2), 0);
	cr_assert_eq(pthread_create(&st->pthread, NULL, stand_thread, st), 0);
	pthread_barrier_wait(&st->opened);
	cr_assert_not_null(st->thread);
	st->running = true;
}

void stand_wait(struct stand *st)
{
	cr_assert_eq(pthread_join(st->pthread, NULL), 0);
	pthread_barrier_destroy(&st->opened);
	st->running = false;
	st->counters = *thread_counters(st->thread);
	thread_close(st->thread);
}

void stand_stop(struct stand *st, enum thread_order order)
{
	thread_tell(st->thread, order);
	stand_wait(st);
}

void stand_done(struct stand *st)
{
	uint64_t ended = 0;

	if (st->running)
		stand_stop(st, THREAD_STOP);
	for (int i = 0; i < REASON_COUNT; i++)
		ended += st->counters.sessions.ended[i];
	cr_assert_eq(st->counters.active, 0);
	cr_assert_eq(st->counters.sessions.accepted, ended);
	close(st->listen_fd);
	close(st->auth_fd);
	close(st->back_fd);
	free(st);
}

static void stand_patience(int fd)
{
	struct timeval wait = {.tv_sec = WAIT_S};

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)), 0);
}

int stand_accept(int listener)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};
	int fd;

	cr_assert_eq(poll(&p, 1, WAIT_S * 1000), 1, "nobody connects");
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_geq(fd, 0);
	stand_patience(fd);
	return fd;
}

int stand_connect(struct stand *st)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	stand_narrow(fd);
	cr_assert_eq(connect(fd, &st->listen.address.any, st->listen.address_n), 0);
	stand_patience(fd);
	return fd;
}

void stand_say(int fd, const char *text)
{
	size_t n = strlen(text);

	cr_assert_eq(send(fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

void stand_expect(int fd, const char *text)
{
	size_t n = strlen(text), got = 0;
	char *bytes = calloc(1, n + 1);

	while (got < n) {
		ssize_t more = recv(fd, bytes + got, n - got, 0);

		cr_assert_gt(more, 0, "\"%s\" instead of \"%s\"", bytes, text);
		got += (size_t)more;
	}
	cr_assert_str_eq(bytes, text);
	free(bytes);
}

void stand_expect_end(int fd)
{
	char byte[64];
	ssize_t n = recv(fd, byte, sizeof(byte), 0);

	cr_assert(n == 0 || (n < 0 && errno == ECONNRESET), "%zd \"%.*s\"", n, n > 0 ? (int)n : 0,
		  byte);
	close(fd);
}

const char *stand_request(struct stand *st, int fd)
{
	size_t got = 0;

	memset(st->text, 0, sizeof(st->text));
	while (!strstr(st->text, "\r\n\r\n")) {
		ssize_t n = recv(fd, st->text + got, sizeof(st->text) - 1 - got, 0);

		cr_assert_gt(n, 0, "after \"%s\"", st->text);
		got += (size_t)n;
	}
	return st->text;
}

void stand_route(struct stand *st, int auth)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAuth-Status: OK\r\n"
		 "Auth-Server: 127.0.0.1\r\nAuth-Port: %u\r\n\r\n",
		 ntohs(st->addresses[1].ip4.sin_port));
	stand_say(auth, text);
}

int stand_asking(struct stand *st)
{
	int client = stand_connect(st);

	stand_expect(client, "220 mx.test ESMTP ready\r\n");
	stand_say(client, "AUTH PLAIN AHRpbQBzZWNyZXQ=\r\n");
	return client;
}

struct stand_pair stand_relay(struct stand *st)
{
	struct stand_pair pair = {.client = stand_asking(st)};
	int auth = stand_accept(st->auth_fd);

	stand_request(st, auth);
	stand_route(st, auth);
	pair.back = stand_accept(st->back_fd);
	stand_say(pair.back, "220 back.test\r\n");
	stand_expect(pair.back, "HELO mx.test\r\n");
	stand_say(pair.back, "250 back.test\r\n");
	stand_expect(pair.client, "235 2.0.0 OK\r\n");
	close(auth);
	return pair;
}

bool stand_logged(const struct stand *st, const char *part)
{
	return strstr(st->log, part) != NULL;
}
