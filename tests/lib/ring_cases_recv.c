/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_cases_recv: receiving, cancelling, polling and turning, as every ring must do them.
 * Nothing depends on time but how long to wait for what does not come.
 */
#include "tests/lib/ring_cases.h"
#include "tests/lib/ring_try.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* ---- receiving ---- */

static void one_receive_serves_many_arrivals_and_the_end(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_quiet());
	for (int i = 0; i < 3 * BUFFERS; i++) {
		try_say(f, "hello");
		CHECK(try_comes(7, 5, true));
		CHECK(ring_buffers_held(try_at.ring) == 1);
		CHECK(try_brings(0, "hello"));
		CHECK(ring_buffers_held(try_at.ring) == 0);
	}
	far_shut(f);
	CHECK(try_comes(7, 0, false));
	try_give_back_all();
	ring_recv(try_at.ring, fd, 8);
	CHECK(try_comes(8, 0, false));
}

static void a_receive_brings_what_is_there_already(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	try_say(f, "one");
	try_say(f, "two");
	far_shut(f);
	far_settle();
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_come(2));
	CHECK(try_is(0, 7, 6, true) && try_brings(0, "onetwo"));
	CHECK(try_is(1, 7, 0, false));
}

static void without_buffers_a_receive_ends(void)
{
	static const char lots[600] = {0};
	struct far *f, *g;
	int fd, other;

	try_open_with(64, 0);
	f = try_pair(&fd);
	g = try_pair(&other);
	ring_recv(try_at.ring, fd, 7);
	CHECK(far_write(f, str_of(lots, sizeof(lots))) == sizeof(lots));
	CHECK(try_come(BUFFERS + 1));
	for (unsigned i = 0; i < BUFFERS; i++)
		CHECK(try_is(i, 7, BUFFER_BYTES, true) && try_at.events[i].has_buffer);
	CHECK(try_is(BUFFERS, 7, -ENOBUFS, false) && !try_at.events[BUFFERS].has_buffer);
	CHECK(ring_buffers_held(try_at.ring) == BUFFERS);
	struct ring_event first = try_at.events[2];

	ring_recv(try_at.ring, other, 8); /* whether or not there is something */
	CHECK(try_comes(8, -ENOBUFS, false));
	ring_put_buffer(try_at.ring, first.buffer);
	ring_recv(try_at.ring, fd, 9);
	CHECK(try_come(2));
	CHECK(try_is(0, 9, BUFFER_BYTES, true) && try_at.events[0].buffer == first.buffer);
	CHECK(try_is(1, 9, -ENOBUFS, false));
	far_close(g);
}

static void a_limited_receive_ends_with_the_buffer_that_reaches_the_limit(void)
{
	static const char lots[200] = {0};
	struct far *f;
	int fd;

	try_open_with(64, 100);
	f = try_pair(&fd);
	CHECK(far_write(f, str_of(lots, sizeof(lots))) == sizeof(lots));
	far_settle();
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_come(2));
	try_give_back_all();
	if (!try_at.events[0].more) {
		/* Kernels that know no limit receive singly. */
		return;
	}
	CHECK(try_is(0, 7, BUFFER_BYTES, true) && try_is(1, 7, BUFFER_BYTES, false));
	ring_recv(try_at.ring, fd, 8);
	CHECK(try_come(2));
	CHECK(try_is(0, 8, BUFFER_BYTES, true) && try_is(1, 8, 8, true));
	try_give_back_all();
	CHECK(far_write(f, str_of(lots, 10)) == 10);
	CHECK(try_comes(8, 10, true));
	try_give_back_all();
	CHECK(far_write(f, str_of(lots, 50)) == 50);
	CHECK(try_comes(8, 50, false));
	try_give_back_all();
}

static void a_small_queue_of_events_loses_none(void)
{
	enum { BYTES = 3000 };
	uint8_t bytes[BYTES];
	struct far *f;
	size_t got = 0;
	bool armed = false;
	int fd;

	for (size_t i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	try_open_with(8, 0);
	f = try_pair(&fd);
	CHECK(far_write(f, str_of(bytes, BYTES)) == BYTES);
	far_settle();
	while (got < BYTES) {
		if (!armed)
			ring_recv(try_at.ring, fd, 7);
		try_at.n = ring_turn(try_at.ring, WAIT_MS, try_at.events, 1);
		CHECK(try_at.n == 1);
		armed = try_at.events[0].more;
		if (try_at.events[0].res == -ENOBUFS)
			continue;
		CHECK(try_at.events[0].res > 0 && try_at.events[0].has_buffer);
		CHECK(memcmp(ring_buffer(try_at.ring, try_at.events[0].buffer), bytes + got,
			     (size_t)try_at.events[0].res) == 0);
		got += (size_t)try_at.events[0].res;
		try_give_back_all();
	}
}

static void a_non_blocking_socket_gives_what_it_has(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	net_set_blocking(fd, false);
	try_say(f, "hello");
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_come(1) || try_come(1));
	CHECK(try_at.events[0].res == 5 && try_brings(0, "hello"));
}

/* ---- cancelling ---- */

static void a_cancelled_receive_says_so_last(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_quiet());
	ring_cancel(try_at.ring, 7);
	CHECK(try_comes(7, -ECANCELED, false));
	ring_recv(try_at.ring, fd, 8);
	try_say(f, "again");
	CHECK(try_comes(8, 5, true) && try_brings(0, "again"));
	ring_recv(try_at.ring, fd, 9);
	ring_cancel(try_at.ring, 9);
	CHECK(try_comes(9, -ECANCELED, false));
	far_close(f);
}

static void a_cancel_behind_bytes_leaves_them_for_the_next(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_quiet());
	try_say(f, "hello");
	ring_cancel(try_at.ring, 7);
	CHECK(try_come(1) || try_at.n == 2);
	if (try_at.events[0].res > 0) {
		/* The receive was faster. */
		CHECK(try_brings(0, "hello"));
		return;
	}
	CHECK(try_is(0, 7, -ECANCELED, false));
	ring_recv(try_at.ring, fd, 8);
	CHECK(try_comes(8, 5, true) && try_brings(0, "hello"));
}

static void cancelling_what_is_not_there_is_silent(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	ring_cancel(try_at.ring, 1234);
	CHECK(try_quiet());
	CHECK(try_send_text(fd, "hello", 7) == 5);
	ring_cancel(try_at.ring, 7);
	CHECK(try_comes(7, 5, false));
	CHECK(try_hears(f, "hello"));
}

/* ---- polling ---- */

static void a_poll_for_input_tells_each_arrival(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	try_say(f, "x");
	ring_poll_in(try_at.ring, fd, 7);
	CHECK(try_come(1) && try_at.events[0].res & POLLIN && try_at.events[0].more);
	for (int i = 0; i < 3; i++) {
		try_say(f, "x"); /* nobody has read the others */
		CHECK(try_come(1) && try_at.events[0].res & POLLIN && try_at.events[0].more);
	}
	far_shut(f);
	CHECK(try_come(1) && try_at.events[0].res & POLLRDHUP && try_at.events[0].more);
	far_reset(f);
	CHECK(try_come(1) && try_at.events[0].res & POLLHUP && try_at.events[0].more);
	ring_cancel(try_at.ring, 7);
	CHECK(try_comes(7, -ECANCELED, false));
}

static void a_poll_for_output_tells_of_room_and_of_errors(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	ring_poll_out(try_at.ring, fd, 7);
	CHECK(try_come(1) && try_at.events[0].res == POLLOUT && try_at.events[0].more);
	try_say(f, "hello");
	CHECK(try_quiet());
	far_reset(f);
	CHECK(try_come(1) && try_at.events[0].res & POLLERR && try_at.events[0].more);
	ring_poll_out(try_at.ring, fd, 8);
	CHECK(try_come(1) && try_at.events[0].tag == 8 && try_at.events[0].res & POLLERR);
}

static void a_wake_is_told_by_a_poll(void)
{
	int fd;

	try_open_with(64, 0);
	fd = try_keep(net_wake_open());
	CHECK(fd >= 0);
	ring_poll_in(try_at.ring, fd, 7);
	CHECK(try_quiet());
	for (int i = 0; i < 2; i++) {
		net_wake_tell(fd);
		CHECK(try_come(1) && try_at.events[0].res & POLLIN && try_at.events[0].more);
		net_wake_clear(fd);
	}
	CHECK(try_quiet());
}

/* ---- the turn ---- */

static void more_than_the_queue_holds_is_handed_over_in_parts(void)
{
	unsigned got = 0;
	int fd;

	try_open_with(64, 0);
	try_pair(&fd);
	for (uint64_t i = 0; i < 40; i++)
		ring_poll_out(try_at.ring, fd, i + 1);
	while (got < 40) {
		/* Fewer than there are: the others come next. */
		try_at.n = ring_turn(try_at.ring, WAIT_MS, try_at.events, 7);
		CHECK(try_at.n > 0 && try_at.n <= 7);
		got += try_at.n;
	}
	CHECK(try_quiet());
}

static void a_turn_without_events_ends_when_its_time_is_over(void)
{
	uint64_t before_ms = net_now_ms();

	try_open_with(64, 0);
	CHECK(ring_turn(try_at.ring, 0, try_at.events, EVENTS) == 0);
	CHECK(ring_turn(try_at.ring, 3, try_at.events, EVENTS) == 0);
	CHECK(net_now_ms() >= before_ms + 2);
}

#define CASE(name)                                                                                 \
	{                                                                                          \
#name, name                                                                        \
	}

const struct ring_case ring_cases_recv[] = {
	CASE(one_receive_serves_many_arrivals_and_the_end),
	CASE(a_receive_brings_what_is_there_already),
	CASE(without_buffers_a_receive_ends),
	CASE(a_limited_receive_ends_with_the_buffer_that_reaches_the_limit),
	CASE(a_small_queue_of_events_loses_none),
	CASE(a_non_blocking_socket_gives_what_it_has),
	CASE(a_cancelled_receive_says_so_last),
	CASE(a_cancel_behind_bytes_leaves_them_for_the_next),
	CASE(cancelling_what_is_not_there_is_silent),
	CASE(a_poll_for_input_tells_each_arrival),
	CASE(a_poll_for_output_tells_of_room_and_of_errors),
	CASE(a_wake_is_told_by_a_poll),
	CASE(more_than_the_queue_holds_is_handed_over_in_parts),
	CASE(a_turn_without_events_ends_when_its_time_is_over),
	{NULL, NULL},
};
