/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selftest_channel: the channels of the simulation keep the contract of tls/channel.h, notice who
 * breaks it, and let nothing pass that is not their peer's.
 */
#include "tests/lib/ring_try.h"
#include "tests/sim/channel_sim.h"
#include "tests/sim/kernel.h"
#include "tests/sim/record.h"
#include "tests/sim/selftest.h"

#include <string.h>

enum { TRIES = 300, ROOM = 128 * 1024, DATA = 40000 };

/* One way between two channels: what was sent and is not taken yet. */
struct pipe_way {
	uint8_t bytes[ROOM];
	struct buf in;
};

static struct pipe_way up, down; /* to the server, to the client */
static struct channel server, client;
static struct acceptor acceptor;
static struct connector connector;
static uint8_t text[DATA], got[DATA];

static bool well; /* nothing was wrong on the way */

static void hold(bool so)
{
	well &= so;
}

/* Some of what waits is shown to a call; what the call leaves goes on waiting. */
static struct buf some_of(struct pipe_way *w)
{
	size_t n = buf_len(&w->in);

	return buf_view(str_first(buf_data(&w->in), n ? 1 + chance_below((uint32_t)n) : 0));
}

static void send_to(struct pipe_way *w, const struct out *out)
{
	hold(buf_append(&w->in, out_data(out)) == out->n);
}

static enum channel_ev shake_one(struct channel *c, struct pipe_way *from, struct pipe_way *to)
{
	uint8_t bytes[CHANNEL_OUT_MIN];
	struct out out;
	struct buf in = some_of(from);
	size_t n = buf_len(&in);
	enum channel_ev ev;

	out_init(&out, bytes, sizeof(bytes));
	ev = channel_handshake(c, &in, &out);
	buf_consume(&from->in, n - buf_len(&in));
	hold(ev != CHANNEL_MORE || !buf_len(&in));
	send_to(to, &out);
	return ev;
}

static void open_pair(uint64_t seed)
{
	channel_sim_clear();
	chance_seed(seed);
	well = true;
	buf_init(&up.in, up.bytes, ROOM);
	buf_init(&down.in, down.bytes, ROOM);
	channel_accept(&server, &acceptor);
	CHECK(channel_connect(&client, &connector, NULL, 1) == 0);
}

static void close_pair(void)
{
	channel_close(&server);
	channel_close(&client);
	CHECK(channel_sim_open() == 0);
	CHECK(well);
	CHECK(!kernel_failed_check());
}

static enum channel_ev shake_both(void)
{
	bool server_up = false, client_up = false;
	enum channel_ev ev = CHANNEL_MORE;

	for (int i = 0; i < 100000 && ev != CHANNEL_FAILED && !(server_up && client_up); i++) {
		bool turn = chance_of(5000) ? !client_up : server_up;

		ev = turn ? shake_one(&client, &down, &up) : shake_one(&server, &up, &down);
		hold(ev == CHANNEL_MORE || ev == CHANNEL_UP || ev == CHANNEL_FAILED);
		server_up |= !turn && ev == CHANNEL_UP;
		client_up |= turn && ev == CHANNEL_UP;
	}
	hold(ev == CHANNEL_FAILED || (server_up && client_up));
	return ev;
}

static void open_up(uint64_t seed)
{
	open_pair(seed);
	CHECK(shake_both() == CHANNEL_UP);
	CHECK(channel_is_up(&server) && channel_is_up(&client));
}

static enum channel_ev read_one(struct channel *c, struct pipe_way *from, size_t *at)
{
	uint8_t bytes[CHANNEL_OUT_MIN];
	struct out out;
	struct buf in = some_of(from);
	size_t n = buf_len(&in);
	struct channel_plain plain = {.p = got + *at, .room = 1 + chance_below(20000)};
	enum channel_ev ev;

	if (plain.room > DATA - *at)
		plain.room = DATA - *at;
	if (!plain.room)
		return CHANNEL_MORE;
	out_init(&out, bytes, sizeof(bytes));
	ev = channel_read(c, &in, &out, &plain);
	buf_consume(&from->in, n - buf_len(&in));
	hold((ev == CHANNEL_PLAIN) == (plain.n > 0));
	*at += plain.n;
	return ev;
}

static void bytes_come_as_they_were_sent(void)
{
	for (uint64_t seed = 1; seed <= TRIES; seed++) {
		uint8_t bytes[3 * CHANNEL_OUT_MIN];
		size_t said = 0, heard = 0;

		open_up(seed);
		for (size_t i = 0; i < DATA; i++)
			text[i] = (uint8_t)chance_u64();
		for (int i = 0; i < 100000 && heard < DATA; i++) {
			struct out out;

			out_init(&out, bytes, sizeof(bytes));
			if (buf_room(&down.in) > sizeof(bytes) && said < DATA)
				said += channel_write(&server, str_of(text + said, DATA - said),
						      &out);
			send_to(&down, &out);
			CHECK(read_one(&client, &down, &heard) <= CHANNEL_PLAIN);
		}
		CHECK(heard == DATA && memcmp(text, got, DATA) == 0);
		close_pair();
	}
}

static void close_notify_comes_behind_the_data(void)
{
	for (uint64_t seed = 1; seed <= TRIES; seed++) {
		uint8_t bytes[2 * CHANNEL_OUT_MIN];
		struct out out;
		size_t heard = 0;
		enum channel_ev ev = CHANNEL_MORE;

		open_up(seed);
		out_init(&out, bytes, sizeof(bytes));
		CHECK(channel_write(&client, STR("QUIT\r\n"), &out) == 6);
		channel_bye(&client, &out);
		channel_bye(&client, &out);
		out_lit(&out, "QUIT\r\n");
		send_to(&up, &out);
		for (int i = 0; i < 1000 && ev != CHANNEL_CLOSED; i++)
			ev = read_one(&server, &up, &heard);
		CHECK(ev == CHANNEL_CLOSED && heard == 6 && !memcmp(got, "QUIT\r\n", 6));
		close_pair();
	}
}

/* Any bit of a record, and anything that is none. */
static void what_is_not_the_peers_fails(void)
{
	for (uint64_t seed = 1; seed <= TRIES; seed++) {
		uint8_t bytes[2 * CHANNEL_OUT_MIN];
		struct out out;
		size_t heard = 0;
		enum channel_ev ev = CHANNEL_MORE;

		open_up(seed);
		out_init(&out, bytes, sizeof(bytes));
		if (seed % 3 == 0) {
			out_lit(&out, "EHLO in.plain.text\r\n");
		} else {
			CHECK(channel_write(&client, STR("NOOP\r\n"), &out) == 6);
			out.base[chance_below((uint32_t)out.n)] ^= 1;
		}
		/* A length that was made longer waits for more. */
		for (int i = 0; i < 100; i++)
			out_lit(&out, "and more");
		send_to(&up, &out);
		for (int i = 0; i < 1000 && ev != CHANNEL_FAILED; i++)
			ev = read_one(&server, &up, &heard);
		CHECK(ev == CHANNEL_FAILED && !heard && channel_why(&server).n);
		CHECK(!channel_is_sound(&server) && !channel_is_up(&server));
		close_pair();
	}
}

static void a_handshake_that_is_none_fails(void)
{
	static const char plain[] = "EHLO in.plain.text\r\n";

	open_pair(1);
	CHECK(buf_append(&up.in, str_cstr(plain)) == sizeof(plain) - 1);
	CHECK(shake_both() == CHANNEL_FAILED);
	CHECK(!channel_is_sound(&server));
	close_pair();
}

static void a_certificate_that_is_not_good_ends_it(void)
{
	/* The sessions of a channel are the acceptor's: its certificate is always good. */
	connector.verify = true;
	open_up(5);
	CHECK(channel_verified(&client).asked && !channel_verified(&client).error);
	close_pair();
	connector.verify = false;
}

static void room_is_wanted(void)
{
	uint8_t bytes[CHANNEL_OUT_MIN], more[16];
	struct channel_plain plain = {.p = more, .room = sizeof(more)};
	struct out out;
	struct buf none = buf_view(str_none());

	open_pair(7);
	out_init(&out, bytes, sizeof(bytes) - 1);
	CHECK(channel_handshake(&client, &none, &out) == CHANNEL_FULL && !out.n);
	CHECK(shake_both() == CHANNEL_UP);
	CHECK(channel_read(&client, &none, &out, &plain) == CHANNEL_FULL);
	out_init(&out, bytes, 100);
	CHECK(channel_write(&client, STR("x"), &out) == 0 && channel_is_sound(&client));
	close_pair();
}

static bool is_misuse(void)
{
	const char *check = kernel_failed_check();
	bool so = check && !strcmp(check, "channel-misuse");

	record_forgive();
	return so;
}

static void misuse_is_noticed(void)
{
	uint8_t bytes[2 * CHANNEL_OUT_MIN];
	struct channel_plain plain = {.p = bytes, .room = 16};
	struct channel moved;
	struct out out;
	struct buf none = buf_view(str_none());

	open_pair(8);
	out_init(&out, bytes, sizeof(bytes));
	CHECK(channel_write(&client, STR("x"), &out) == 0 && is_misuse());
	CHECK(shake_both() == CHANNEL_UP);
	CHECK(channel_handshake(&client, &none, &out) == CHANNEL_FAILED && is_misuse());
	CHECK(channel_read(&client, &none, &out, &plain) == CHANNEL_FAILED && is_misuse());
	CHECK(channel_read(&client, &none, &out, &plain) == CHANNEL_FAILED && !is_misuse());
	CHECK(channel_handshake(&client, &none, &out) == CHANNEL_FAILED && is_misuse());
	moved = server;
	CHECK(channel_write(&moved, STR("x"), &out) == 0 && is_misuse());
	channel_bye(&server, &out);
	CHECK(channel_write(&server, STR("x"), &out) == 0 && is_misuse());
	close_pair();
}

static void the_ordered_call_fails(void)
{
	open_pair(9);
	kernel_fault(FAULT_CHANNEL, kernel_fault_count(FAULT_CHANNEL) + 3);
	CHECK(shake_both() == CHANNEL_FAILED && kernel_fault_hit());
	close_pair();
}

#define CASE(name)                                                                                 \
	{                                                                                          \
#name, name                                                                        \
	}

const struct ring_case selftest_channel[] = {
	CASE(bytes_come_as_they_were_sent),
	CASE(close_notify_comes_behind_the_data),
	CASE(what_is_not_the_peers_fails),
	CASE(a_handshake_that_is_none_fails),
	CASE(a_certificate_that_is_not_good_ends_it),
	CASE(room_is_wanted),
	CASE(misuse_is_noticed),
	CASE(the_ordered_call_fails),
	{NULL, NULL},
};
