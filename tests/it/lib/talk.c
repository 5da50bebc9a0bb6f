/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * talk: the client side of an integration test. Owns one socket; waits with poll(), so that a proxy
 * that says nothing fails a test and does not hang it.
 */
#include "tests/it/lib/talk.h"

#include "tools/lib/net.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_MS 10000

static int connect_to(struct talk *t, const struct net_address *a)
{
	struct pollfd p;
	int error = 0;
	socklen_t n = sizeof(error);

	t->n = 0;
	t->fd = net_connect(a);
	if (t->fd < 0)
		return -1;
	p = (struct pollfd){.fd = t->fd, .events = POLLOUT};
	if (poll(&p, 1, LIMIT_MS) == 1 &&
	    getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0)
		return 0;
	close(t->fd);
	return -1;
}

int talk_try(struct talk *t, uint16_t port)
{
	struct net_address a;
	char text[32];

	snprintf(text, sizeof(text), "127.0.0.1:%u", port);
	return net_parse(text, &a) < 0 ? -1 : connect_to(t, &a);
}

void talk_open(struct talk *t, uint16_t port)
{
	cr_assert_eq(talk_try(t, port), 0, "cannot connect to port %u", port);
}

void talk_open_at(struct talk *t, const char *address)
{
	struct net_address a;

	cr_assert_eq(net_parse(address, &a), 0, "%s", address);
	cr_assert_eq(connect_to(t, &a), 0, "cannot connect to %s", address);
}

bool talk_push(struct talk *t, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		struct pollfd wait = {.fd = t->fd, .events = POLLOUT};
		ssize_t sent;

		if (poll(&wait, 1, LIMIT_MS) != 1)
			return false;
		sent = send(t->fd, p, n, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN)
			return false;
		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
		}
	}
	return true;
}

void talk_send_bytes(struct talk *t, const void *p, size_t n)
{
	cr_assert(talk_push(t, p, n), "cannot send: %s", strerror(errno));
}

void talk_send(struct talk *t, const char *text)
{
	talk_send_bytes(t, text, strlen(text));
}

/* More bytes into `in`: 1, 0 at the end of the connection, -1 when nothing comes in time. */
static int more(struct talk *t, int ms)
{
	struct pollfd wait = {.fd = t->fd, .events = POLLIN};
	ssize_t n;

	cr_assert(t->n < sizeof(t->in), "a line of %zu bytes", t->n);
	if (poll(&wait, 1, ms) != 1)
		return -1;
	n = recv(t->fd, t->in + t->n, sizeof(t->in) - t->n, 0);
	if (n < 0 && errno == EAGAIN)
		return 1;
	if (n <= 0)
		return 0;
	t->n += (size_t)n;
	return 1;
}

static void take(struct talk *t, size_t n)
{
	memmove(t->in, t->in + n, t->n - n);
	t->n -= n;
}

/* The next line without CRLF into `line`; false when none comes. */
static bool next_line(struct talk *t, char *line, size_t room)
{
	for (;;) {
		char *lf = memchr(t->in, '\n', t->n);

		if (lf) {
			size_t n = (size_t)(lf - t->in);
			size_t text = n && t->in[n - 1] == '\r' ? n - 1 : n;

			snprintf(line, room, "%.*s", (int)text, t->in);
			take(t, n + 1);
			return true;
		}
		if (more(t, LIMIT_MS) <= 0)
			return false;
	}
}

void talk_expect(struct talk *t, const char *want)
{
	char line[8192] = "";

	cr_assert(next_line(t, line, sizeof(line)), "expected \"%s\", nothing came (got \"%.*s\")",
		  want, (int)t->n, t->in);
	cr_assert_str_eq(line, want);
}

bool talk_is_line(struct talk *t, const char *begins)
{
	char line[8192];

	return next_line(t, line, sizeof(line)) && strncmp(line, begins, strlen(begins)) == 0;
}

void talk_expect_code(struct talk *t, const char *code)
{
	char line[8192] = "";

	do {
		cr_assert(next_line(t, line, sizeof(line)), "expected %s, nothing came", code);
		cr_assert_eq(strncmp(line, code, strlen(code)), 0, "expected %s, got \"%s\"", code,
			     line);
	} while (strlen(line) > 3 && line[3] == '-');
}

void talk_expect_end(struct talk *t)
{
	int got;

	while ((got = more(t, LIMIT_MS)) > 0 && t->n == 0)
		;
	cr_assert_eq(got, 0, "the connection stays open");
	cr_assert_eq(t->n, 0, "unexpected: \"%.*s\"", (int)t->n, t->in);
}

void talk_expect_silence(struct talk *t, int ms)
{
	int got = t->n ? 1 : more(t, ms);

	cr_assert_eq(got, -1, "expected silence, got \"%.*s\"", (int)t->n, t->in);
}

void talk_read_all(struct talk *t, char *to, size_t room)
{
	while (more(t, LIMIT_MS) > 0)
		;
	snprintf(to, room, "%.*s", (int)t->n, t->in);
	talk_close(t);
}

void talk_say(struct talk *t, const char *line, const char *code)
{
	talk_send(t, line);
	talk_send(t, "\r\n");
	talk_expect_code(t, code);
}

void talk_finish(struct talk *t)
{
	shutdown(t->fd, SHUT_WR);
}

void talk_close(struct talk *t)
{
	close(t->fd);
	t->fd = -1;
}

void talk_reset(struct talk *t)
{
	struct linger hard = {1, 0};

	setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	talk_close(t);
}

void talk_login(struct talk *t, uint16_t port)
{
	talk_open(t, port);
	talk_expect_code(t, "220");
	talk_say(t, "EHLO client.test", "250");
	talk_say(t, "AUTH PLAIN AGFsaWNlAHNlY3JldA==", "235");
}

void talk_message(struct talk *t)
{
	talk_say(t, "MAIL FROM:<a@client.test>", "250");
	talk_say(t, "RCPT TO:<b@sink.test>", "250");
	talk_say(t, "DATA", "354");
	talk_say(t, "Subject: x\r\n\r\nhello\r\n.", "250");
}
