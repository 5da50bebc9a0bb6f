/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls_talk: a channel and a socket. Owns both until it is closed.
 */
#include "tests/lib/tls_talk.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct tls_talk *tls_talk_new(int fd)
{
	struct tls_talk *t = calloc(1, sizeof(*t));

	cr_assert_not_null(t);
	t->fd = fd;
	buf_init(&t->in, t->bytes[0], sizeof(t->bytes[0]));
	out_init(&t->out, t->bytes[1], sizeof(t->bytes[1]));
	return t;
}

/* False: nobody takes it. */
static bool tls_talk_flush(struct tls_talk *t)
{
	size_t at = 0;

	while (at < t->out.n) {
		ssize_t n = send(t->fd, t->out.base + at, t->out.n - at, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	out_reset(&t->out);
	return true;
}

/* 0: end of stream. */
static size_t tls_talk_fill(struct tls_talk *t)
{
	size_t room = buf_room(&t->in);
	ssize_t n = recv(t->fd, buf_reserve(&t->in, room), room, 0);

	if (n > 0)
		buf_commit(&t->in, (size_t)n);
	return n > 0 ? (size_t)n : 0;
}

bool tls_talk_shake(struct tls_talk *t)
{
	for (;;) {
		enum channel_ev ev = channel_handshake(&t->channel, &t->in, &t->out);
		bool sent = tls_talk_flush(t);

		if (ev == CHANNEL_UP)
			return true;
		if (ev != CHANNEL_MORE || !sent || !tls_talk_fill(t))
			return false;
	}
}

static struct tls_talk *tls_talk_up(struct tls_talk *t)
{
	bool up = tls_talk_shake(t);
	struct str why = up ? STR("") : channel_why(&t->channel);

	cr_assert(up, "%.*s", (int)why.n, (const char *)why.p);
	return t;
}

struct tls_talk *tls_talk_connect(int fd, const struct connector *k)
{
	struct tls_talk *t = tls_talk_new(fd);

	cr_assert_eq(channel_connect(&t->channel, k, NULL, 0), 0);
	return tls_talk_up(t);
}

struct tls_talk *tls_talk_accept(int fd, const struct acceptor *a)
{
	struct tls_talk *t = tls_talk_new(fd);

	channel_accept(&t->channel, a);
	return tls_talk_up(t);
}

void tls_talk_send(struct tls_talk *t, const uint8_t *bytes, size_t n)
{
	size_t at = 0;

	while (at < n) {
		size_t more = channel_write(&t->channel, str_of(bytes + at, n - at), &t->out);

		cr_assert_gt(more, 0);
		at += more;
		cr_assert(tls_talk_flush(t));
	}
}

void tls_talk_say(struct tls_talk *t, const char *text)
{
	tls_talk_send(t, (const uint8_t *)text, strlen(text));
}

size_t tls_talk_read(struct tls_talk *t, uint8_t *bytes, size_t room)
{
	struct channel_plain plain = {.p = bytes, .room = room};

	while (!t->ended) {
		enum channel_ev ev = channel_read(&t->channel, &t->in, &t->out, &plain);

		(void)tls_talk_flush(t);
		cr_assert_neq(ev, CHANNEL_FAILED, "%.*s", (int)channel_why(&t->channel).n,
			      (const char *)channel_why(&t->channel).p);
		t->ended = ev == CHANNEL_CLOSED;
		if (plain.n)
			return plain.n;
		if (!t->ended && !tls_talk_fill(t))
			return 0;
	}
	return 0;
}

void tls_talk_expect(struct tls_talk *t, const char *text)
{
	size_t n = strlen(text), got = 0;
	char *bytes = calloc(1, n + 1);

	while (got < n) {
		size_t more = tls_talk_read(t, (uint8_t *)bytes + got, n - got);

		cr_assert_gt(more, 0, "\"%s\" instead of \"%s\"", bytes, text);
		got += more;
	}
	cr_assert_str_eq(bytes, text);
	free(bytes);
}

void tls_talk_expect_end(struct tls_talk *t)
{
	uint8_t byte[64];
	size_t n = tls_talk_read(t, byte, sizeof(byte));

	cr_assert_eq(n, 0, "\"%.*s\"", (int)n, byte);
	cr_assert(t->ended, "no close_notify");
	cr_assert_leq(recv(t->fd, byte, sizeof(byte), 0), 0);
	tls_talk_close(t);
}

void tls_talk_bye(struct tls_talk *t)
{
	channel_bye(&t->channel, &t->out);
	cr_assert(tls_talk_flush(t));
}

void tls_talk_close(struct tls_talk *t)
{
	channel_close(&t->channel);
	close(t->fd);
	free(t);
}
