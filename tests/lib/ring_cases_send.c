/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_cases_send: sending, and how connections end, as every ring must tell it.
 * Nothing depends on time but how long to wait for what does not come.
 */
#include "tests/lib/ring_cases.h"
#include "tests/lib/ring_try.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* ---- sending ---- */

static void a_send_takes_what_fits_and_then_nothing(void)
{
	static uint8_t lots[8 * 1024 * 1024];
	static uint8_t sink[64 * 1024];
	struct str s = str_of(lots, sizeof(lots));
	struct far *f;
	size_t sent = 0, got = 0;
	long n;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	do {
		CHECK(ring_send(try_at.ring, &(struct ring_send){.fd = fd, .n = 1, .parts = &s},
				7));
		CHECK(try_come(1) && try_at.events[0].tag == 7 && !try_at.events[0].more);
		sent += try_at.events[0].res > 0 ? (size_t)try_at.events[0].res : 0;
	} while (try_at.events[0].res > 0);
	CHECK(try_is(0, 7, -EAGAIN, false) && sent > 0);
	ring_poll_out(try_at.ring, fd, 8);
	CHECK(try_quiet());
	while (got < sent) {
		far_settle();
		n = far_read(f, sink, sizeof(sink));
		CHECK(n > 0 || n == -2);
		got += n > 0 ? (size_t)n : 0;
	}
	CHECK(try_come(1) && try_at.events[0].tag == 8 && try_at.events[0].res & POLLOUT);
	CHECK(try_at.events[0].more);
	CHECK(try_send_text(fd, "hello", 9) == 5);
	CHECK(try_comes(9, 5, false));
	CHECK(try_hears(f, "hello"));
}

/* Any poll tells of the end, also one that is asked again; going on, it tells once. */
static void a_full_socket_whose_peer_has_ended_is_polled_once(void)
{
	static uint8_t lots[8 * 1024 * 1024];
	struct str s = str_of(lots, sizeof(lots));
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	do {
		CHECK(ring_send(try_at.ring, &(struct ring_send){.fd = fd, .n = 1, .parts = &s},
				7));
		CHECK(try_come(1));
	} while (try_at.events[0].res > 0);
	far_shut(f);
	far_settle();
	for (uint64_t tag = 8; tag < 10; tag++) {
		ring_poll_out(try_at.ring, fd, tag);
		CHECK(try_come(1) && try_at.events[0].tag == tag);
		CHECK(try_at.events[0].res & POLLRDHUP && !(try_at.events[0].res & POLLOUT));
		CHECK(try_at.events[0].more);
		CHECK(try_quiet());
		ring_cancel(try_at.ring, tag);
		CHECK(try_comes(tag, -ECANCELED, false));
	}
}

static void gathered_parts_arrive_in_order(void)
{
	struct str parts[] = {STR("one "), STR("two "), STR("three")};
	struct far *f;
	size_t n;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	n = ring_send(try_at.ring, &(struct ring_send){.fd = fd, .n = 3, .parts = parts}, 7);
	CHECK(n == 13);
	CHECK(try_comes(7, 13, false));
	CHECK(try_hears(f, "one two three"));
}

static void bytes_are_taken_when_the_turn_returns(void)
{
	char text[] = "hello";
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	CHECK(try_send_text(fd, text, 7) == 5);
	CHECK(try_comes(7, 5, false));
	memset(text, 'x', 5);
	CHECK(try_hears(f, "hello"));
}

/* ---- ends and resets ---- */

static void an_ended_sending_side_is_an_end_there_and_goes_on_receiving(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	CHECK(try_send_text(fd, "bye", 7) == 3);
	CHECK(try_comes(7, 3, false));
	net_shut_sending(fd);
	CHECK(try_hears(f, "bye"));
	CHECK(try_reads(f) == 0);
	try_say(f, "still here");
	ring_recv(try_at.ring, fd, 8);
	CHECK(try_comes(8, 10, true) && try_brings(0, "still here"));
	CHECK(try_send_text(fd, "x", 9) == 1);
	CHECK(try_comes(9, -EPIPE, false));
	ring_cancel(try_at.ring, 8);
	CHECK(try_comes(8, -ECANCELED, false));
}

static void closing_in_order_is_an_end(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	CHECK(try_send_text(fd, "bye", 7) == 3);
	CHECK(try_comes(7, 3, false));
	try_let_go(fd);
	CHECK(try_hears(f, "bye"));
	CHECK(try_reads(f) == 0);
}

static void closing_over_unread_bytes_is_a_reset(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	try_say(f, "unread");
	try_let_go(fd);
	CHECK(try_reads(f) == -1);
}

static void bytes_to_a_closed_socket_are_answered_by_a_reset(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	far_close(f);
	far_settle();
	CHECK(try_send_text(fd, "into the void", 7) == 13);
	CHECK(try_comes(7, 13, false));
	far_settle();
	CHECK(try_send_text(fd, "x", 8) == 1);
	CHECK(try_comes(8, -EPIPE, false));
	ring_recv(try_at.ring, fd, 9);
	CHECK(try_comes(9, 0, false));
}

static void a_reset_is_told_behind_the_bytes_and_once(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	try_say(f, "last words");
	far_reset(f);
	far_settle();
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_come(2));
	CHECK(try_is(0, 7, 10, true) && try_brings(0, "last words"));
	CHECK(try_is(1, 7, -ECONNRESET, false));
	ring_recv(try_at.ring, fd, 8);
	CHECK(try_comes(8, 0, false));
	CHECK(try_send_text(fd, "x", 9) == 1);
	CHECK(try_comes(9, -EPIPE, false));
}

static void a_reset_is_told_to_who_comes_first(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	far_reset(f);
	far_settle();
	CHECK(try_send_text(fd, "x", 7) == 1);
	CHECK(try_comes(7, -ECONNRESET, false));
	CHECK(try_send_text(fd, "x", 8) == 1);
	CHECK(try_comes(8, -EPIPE, false));
	ring_recv(try_at.ring, fd, 9);
	CHECK(try_comes(9, 0, false));
}

static void a_reset_behind_an_end_is_seen_by_senders_only(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	far_shut(f);
	far_settle();
	far_reset(f);
	far_settle();
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_comes(7, 0, false));
	CHECK(try_send_text(fd, "x", 8) == 1);
	CHECK(try_comes(8, -EPIPE, false));
}

#define CASE(name)                                                                                 \
	{                                                                                          \
#name, name                                                                        \
	}

const struct ring_case ring_cases_send[] = {
	CASE(a_send_takes_what_fits_and_then_nothing),
	CASE(a_full_socket_whose_peer_has_ended_is_polled_once),
	CASE(gathered_parts_arrive_in_order),
	CASE(bytes_are_taken_when_the_turn_returns),
	CASE(an_ended_sending_side_is_an_end_there_and_goes_on_receiving),
	CASE(closing_in_order_is_an_end),
	CASE(closing_over_unread_bytes_is_a_reset),
	CASE(bytes_to_a_closed_socket_are_answered_by_a_reset),
	CASE(a_reset_is_told_behind_the_bytes_and_once),
	CASE(a_reset_is_told_to_who_comes_first),
	CASE(a_reset_behind_an_end_is_seen_by_senders_only),
	{NULL, NULL},
};
