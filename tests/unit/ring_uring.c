/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of io/ring_uring and io/conn: a real ring over socket pairs.
 */
#include "base/must.h"
#include "io/conn.h"
#include "io/net.h"
#include "io/ring.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFERS = 4, BUFFER_BYTES = 64, EVENTS = 64, WAIT_MS = 5000 };

static const struct ring_conf small = {
	.submissions = 8, .completions = 64, .buffers = BUFFERS, .buffer_size = BUFFER_BYTES};

struct bench {
	struct ring *ring;
	struct conn_env io;
	struct conn_piece pieces[BUFFERS];
	struct conn conn;
	int peer;
	struct ring_event events[EVENTS];
	unsigned n;
};

static void bench_open(struct bench *b)
{
	char error[256] = "";
	int fds[2];

	memset(b, 0, sizeof(*b));
	b->ring = ring_open(&small, error, sizeof(error));
	cr_assert_not_null(b->ring, "%s", error);
	b->io = (struct conn_env){b->ring, b->pieces};
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	conn_init(&b->conn, conn_tag(CONN_BACK, 0xfffffffe, 0xabcd));
	conn_open(&b->conn, fds[0]);
	b->peer = fds[1];
}

static void bench_done(struct bench *b)
{
	if (b->conn.fd != -1)
		net_close(b->conn.fd);
	if (b->peer != -1)
		close(b->peer);
	ring_close(b->ring);
}

/* Turns until something has come; the events are in b->events. */
static void turn(struct bench *b)
{
	b->n = ring_turn(b->ring, WAIT_MS, b->events, EVENTS);
	cr_assert_gt(b->n, 0, "nothing came");
}

static void turn_one(struct bench *b, enum conn_op op)
{
	turn(b);
	cr_assert_eq(b->n, 1);
	cr_assert_eq(b->events[0].tag, b->conn.tag | op);
	conn_event(&b->conn, &b->events[0]);
}

static void say(struct bench *b, const char *text)
{
	cr_assert_eq(send(b->peer, text, strlen(text), 0), (ssize_t)strlen(text));
}

static bool holds(const struct bench *b, const struct ring_event *ev, const char *text)
{
	return ev->has_buffer && ev->res == (int)strlen(text) &&
	       memcmp(ring_buffer(b->ring, ev->buffer), text, strlen(text)) == 0;
}

/* ---- the ring ---- */

Test(ring_uring, one_receive_serves_many_arrivals_and_the_end)
{
	struct bench b;

	bench_open(&b);
	conn_recv(&b.io, &b.conn);
	conn_recv(&b.io, &b.conn); /* no second one */
	for (int i = 0; i < 3 * BUFFERS; i++) {
		say(&b, "hello");
		turn_one(&b, CONN_RECV);
		cr_assert(b.events[0].more);
		cr_assert(holds(&b, &b.events[0], "hello"));
		cr_assert_eq(ring_buffers_held(b.ring), 1);
		ring_put_buffer(b.ring, b.events[0].buffer);
		cr_assert_eq(ring_buffers_held(b.ring), 0);
	}
	close(b.peer);
	b.peer = -1;
	turn_one(&b, CONN_RECV);
	cr_assert_eq(b.events[0].res, 0);
	cr_assert_not(b.events[0].more);
	cr_assert(conn_quiet(&b.conn));
	bench_done(&b);
}

Test(ring_uring, without_buffers_a_receive_ends_and_can_be_asked_for_again)
{
	struct bench b;
	uint16_t held[BUFFERS];
	unsigned n = 0;
	bool empty = false;

	bench_open(&b);
	conn_recv(&b.io, &b.conn);
	for (int i = 0; i < BUFFERS + 1; i++) {
		say(&b, "x");
		turn(&b);
		for (unsigned j = 0; j < b.n; j++) {
			conn_event(&b.conn, &b.events[j]);
			if (b.events[j].res == -ENOBUFS)
				empty = true;
			else if (b.events[j].has_buffer)
				held[n++] = b.events[j].buffer;
		}
	}
	cr_assert_eq(n, BUFFERS);
	cr_assert(empty);
	cr_assert(conn_quiet(&b.conn));
	cr_assert_eq(ring_buffers_held(b.ring), BUFFERS);
	ring_put_buffer(b.ring, held[2]);
	conn_recv(&b.io, &b.conn);
	turn(&b);
	cr_assert_eq(b.events[0].res, 1);
	cr_assert_eq(b.events[0].buffer, held[2]);
	bench_done(&b);
}

Test(ring_uring, a_cancelled_receive_says_so_last)
{
	struct bench b;

	bench_open(&b);
	conn_recv(&b.io, &b.conn);
	cr_assert_eq(ring_turn(b.ring, 0, b.events, EVENTS), 0);
	conn_cancel(&b.io, &b.conn, CONN_RECV | CONN_SEND);
	conn_cancel(&b.io, &b.conn, CONN_RECV); /* asked already */
	cr_assert_eq(b.conn.cancelled, CONN_RECV);
	turn_one(&b, CONN_RECV);
	cr_assert_eq(b.events[0].res, -ECANCELED);
	cr_assert(conn_quiet(&b.conn));
	cr_assert_eq(b.conn.cancelled, 0);
	cr_assert_eq(ring_turn(b.ring, 0, b.events, EVENTS), 0, "the cancel itself is not told");
	conn_recv(&b.io, &b.conn);
	say(&b, "again");
	turn_one(&b, CONN_RECV);
	cr_assert(holds(&b, &b.events[0], "again"));
	bench_done(&b);
}

Test(ring_uring, cancelling_what_is_not_there_is_no_event)
{
	struct bench b;

	bench_open(&b);
	ring_cancel(b.ring, 0x1234);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(ring_turn(b.ring, 0, b.events, EVENTS), 0);
	bench_done(&b);
}

Test(ring_uring, a_send_takes_what_fits_and_then_nothing)
{
	static uint8_t lots[4 * 1024 * 1024];
	struct bench b;
	char bytes[4096];

	bench_open(&b);
	conn_send(&b.io, &b.conn, str_of(lots, sizeof(lots)), false);
	cr_assert_eq(b.conn.asked, sizeof(lots));
	turn_one(&b, CONN_SEND);
	cr_assert_gt(b.events[0].res, 0);
	cr_assert_lt(b.events[0].res, (int)sizeof(lots));
	conn_send(&b.io, &b.conn, STR("more"), false);
	turn_one(&b, CONN_SEND);
	cr_assert_eq(b.events[0].res, -EAGAIN);
	conn_poll_out(&b.io, &b.conn);
	cr_assert_eq(ring_turn(b.ring, 0, b.events, EVENTS), 0);
	while (recv(b.peer, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	cr_assert(b.conn.stalled);
	turn_one(&b, CONN_POLL_OUT);
	cr_assert(b.events[0].more);
	cr_assert_not(b.conn.stalled);
	bench_done(&b);
}

Test(ring_uring, sending_to_nobody_is_an_error_and_no_signal)
{
	struct bench b;

	bench_open(&b);
	close(b.peer);
	b.peer = -1;
	conn_send(&b.io, &b.conn, STR("hello"), true);
	turn_one(&b, CONN_SEND);
	cr_assert_eq(b.events[0].res, -EPIPE);
	bench_done(&b);
}

Test(ring_uring, a_poll_for_input_goes_on)
{
	struct bench b;
	char byte;

	bench_open(&b);
	conn_poll_in(&b.io, &b.conn);
	for (int i = 0; i < 3; i++) {
		say(&b, "x");
		turn_one(&b, CONN_POLL_IN);
		cr_assert(b.events[0].more);
		cr_assert_eq(recv(b.conn.fd, &byte, 1, 0), 1);
	}
	conn_shut(&b.io, &b.conn);
	turn_one(&b, CONN_POLL_IN);
	cr_assert_eq(b.events[0].res, -ECANCELED);
	conn_close(&b.io, &b.conn);
	cr_assert_eq(b.conn.fd, -1);
	bench_done(&b);
}

Test(ring_uring, accepts_until_it_is_cancelled)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int listener = socket(AF_INET, SOCK_STREAM, 0), clients[3];
	socklen_t n = sizeof(at);
	struct bench b;

	bench_open(&b);
	cr_assert_eq(bind(listener, (struct sockaddr *)&at, n), 0);
	cr_assert_eq(listen(listener, 8), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&at, &n), 0);
	ring_accept(b.ring, listener, 77);
	for (int i = 0; i < 3; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		cr_assert_eq(connect(clients[i], (struct sockaddr *)&at, n), 0);
		turn(&b);
		cr_assert_eq(b.events[0].tag, 77);
		cr_assert_geq(b.events[0].res, 0);
		cr_assert(b.events[0].more);
		close(b.events[0].res);
		close(clients[i]);
	}
	ring_cancel(b.ring, 77);
	turn(&b);
	cr_assert_eq(b.events[0].res, -ECANCELED);
	close(listener);
	bench_done(&b);
}

Test(ring_uring, more_than_the_queue_holds_is_handed_over_in_parts)
{
	struct bench b;
	int pipes[40][2];
	unsigned got = 0;

	bench_open(&b);
	for (uint64_t i = 0; i < 40; i++) {
		cr_assert_eq(pipe(pipes[i]), 0);
		ring_poll_out(b.ring, pipes[i][1], i + 1);
	}
	while (got < 40) {
		/* Fewer than there are: the others come next. */
		b.n = ring_turn(b.ring, WAIT_MS, b.events, 7);
		cr_assert(b.n > 0 && b.n <= 7);
		got += b.n;
	}
	for (int i = 0; i < 40; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
	bench_done(&b);
}

Test(ring_uring, a_turn_without_events_ends_when_its_time_is_over)
{
	struct bench b;

	bench_open(&b);
	cr_assert_eq(ring_turn(b.ring, 1, b.events, EVENTS), 0);
	cr_assert_eq(ring_turn(b.ring, 0, b.events, EVENTS), 0);
	bench_done(&b);
}

Test(ring_uring, says_what_it_takes_and_why_it_cannot)
{
	struct rlimit usual, none;
	char error[256] = "";

	cr_assert_geq(ring_memory(&small), BUFFERS * BUFFER_BYTES);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
	none = usual;
	none.rlim_cur = 3;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	cr_assert_null(ring_open(&small, error, sizeof(error)));
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
	cr_assert_not_null(strstr(error, "raise the limit of open files"), "%s", error);
}

/* ---- connections ---- */

/* The kernel answers any poll when the peer has ended its side: asking for room again and again
 * would be a busy loop for as long as the peer does not read. */
Test(conn, waits_for_the_room_that_a_peer_leaves_behind_its_end)
{
	static uint8_t lots[4 * 1024 * 1024];
	struct bench b;
	char bytes[4096];

	bench_open(&b);
	cr_assert_eq(shutdown(b.peer, SHUT_WR), 0);
	conn_send(&b.io, &b.conn, str_of(lots, sizeof(lots)), false);
	turn_one(&b, CONN_SEND);
	conn_poll_out(&b.io, &b.conn);
	turn_one(&b, CONN_POLL_OUT); /* of the end, not of room */
	for (int i = 0; i < 2; i++) {
		cr_assert_not(b.conn.stalled);
		conn_send(&b.io, &b.conn, STR("more"), false);
		turn_one(&b, CONN_SEND);
		cr_assert_eq(b.events[0].res, -EAGAIN);
		cr_assert(b.conn.stalled);
		conn_poll_out(&b.io, &b.conn);
		cr_assert_eq(ring_turn(b.ring, 20, b.events, EVENTS), 0);
		while (recv(b.peer, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
			;
		turn_one(&b, CONN_POLL_OUT);
		conn_send(&b.io, &b.conn, str_of(lots, sizeof(lots)), false);
		turn_one(&b, CONN_SEND);
		cr_assert_gt(b.events[0].res, 0);
		cr_assert(b.conn.stalled);
		b.conn.stalled = false; /* try without having been told */
	}
	bench_done(&b);
}

Test(conn, room_that_was_told_before_the_send_is_worth_a_try)
{
	struct bench b;

	bench_open(&b);
	conn_poll_out(&b.io, &b.conn);
	conn_send(&b.io, &b.conn, STR("hello"), false);
	conn_event(&b.conn, &(struct ring_event){.tag = b.conn.tag | CONN_POLL_OUT, .more = true});
	conn_event(&b.conn, &(struct ring_event){.tag = b.conn.tag | CONN_SEND, .res = -EAGAIN});
	cr_assert_not(b.conn.stalled);
	conn_send(&b.io, &b.conn, STR("hello"), false);
	conn_event(&b.conn, &(struct ring_event){.tag = b.conn.tag | CONN_SEND, .res = 2});
	cr_assert(b.conn.stalled);
	bench_done(&b);
}

static void receive(struct bench *b, const char *text)
{
	conn_recv(&b->io, &b->conn);
	say(b, text);
	turn_one(b, CONN_RECV);
	conn_push(&b->io, &b->conn, b->events[0].buffer, (uint32_t)b->events[0].res);
}

Test(conn, a_tag_says_who_and_what)
{
	uint64_t tag = conn_tag(CONN_AUTH, 0xdeadbeef, 0xfffe) | CONN_POLL_OUT;

	cr_assert_eq(conn_tag_who(tag), CONN_AUTH);
	cr_assert_eq(conn_tag_index(tag), 0xdeadbeef);
	cr_assert_eq(conn_tag_generation(tag), 0xfffe);
	cr_assert_eq(conn_tag_op(tag), CONN_POLL_OUT);
}

Test(conn, queues_buffers_in_order_and_drops_parts)
{
	struct bench b;

	bench_open(&b);
	cr_assert_eq(conn_first(&b.io, &b.conn).n, 0);
	receive(&b, "one");
	receive(&b, "three");
	receive(&b, "five");
	cr_assert_eq(b.conn.held, 12);
	cr_assert(str_eq(conn_first(&b.io, &b.conn), STR("one")));
	conn_drop(&b.io, &b.conn, 1);
	cr_assert(str_eq(conn_first(&b.io, &b.conn), STR("ne")));
	cr_assert_eq(ring_buffers_held(b.ring), 3);
	conn_drop(&b.io, &b.conn, 2);
	cr_assert(str_eq(conn_first(&b.io, &b.conn), STR("three")));
	cr_assert_eq(ring_buffers_held(b.ring), 2);
	conn_drop(&b.io, &b.conn, 6); /* over the end of one */
	cr_assert(str_eq(conn_first(&b.io, &b.conn), STR("ive")));
	cr_assert_eq(b.conn.held, 3);
	conn_drop(&b.io, &b.conn, 3);
	cr_assert_eq(b.conn.held, 0);
	cr_assert_eq(conn_first(&b.io, &b.conn).n, 0);
	cr_assert_eq(ring_buffers_held(b.ring), 0);
	receive(&b, "next");
	cr_assert(str_eq(conn_first(&b.io, &b.conn), STR("next")));
	bench_done(&b);
}

Test(conn, sends_what_waits_in_anothers_queue_in_one_go)
{
	struct bench b;
	char bytes[32] = "";

	bench_open(&b);
	receive(&b, "one");
	receive(&b, "two");
	receive(&b, "three");
	conn_drop(&b.io, &b.conn, 1);
	conn_send_queue(&b.io, &b.conn, &b.conn, true); /* back to where they came from */
	cr_assert(b.conn.own);
	cr_assert_eq(b.conn.asked, 10);
	turn_one(&b, CONN_SEND);
	cr_assert_eq(b.events[0].res, 10);
	conn_drop(&b.io, &b.conn, 10);
	cr_assert_eq(recv(b.peer, bytes, sizeof(bytes) - 1, 0), 10);
	cr_assert_str_eq(bytes, "netwothree");
	bench_done(&b);
}

Test(conn, closing_gives_the_buffers_back)
{
	struct bench b;

	bench_open(&b);
	receive(&b, "one");
	receive(&b, "two");
	conn_drop(&b.io, &b.conn, 2);
	conn_shut(&b.io, &b.conn);
	turn_one(&b, CONN_RECV);
	conn_close(&b.io, &b.conn);
	cr_assert_eq(ring_buffers_held(b.ring), 0);
	bench_done(&b);
}

Test(conn, closing_with_something_in_flight_breaks_a_promise, .signal = SIGABRT)
{
	struct bench b;

	bench_open(&b);
	conn_recv(&b.io, &b.conn);
	conn_close(&b.io, &b.conn);
}

Test(conn, an_event_of_nothing_in_flight_breaks_a_promise, .signal = SIGABRT)
{
	struct bench b;

	bench_open(&b);
	conn_event(&b.conn, &(struct ring_event){.tag = b.conn.tag | CONN_SEND});
}

static int oddities;

static void count_odd(enum must_grade grade, const char *where, const char *what)
{
	if (grade == MUST_ODD && strstr(what, "completion queue ran full"))
		oddities++;
}

Test(ring_uring, completions_beyond_the_queue_all_come_in_order_and_that_is_counted)
{
	enum { COMPLETIONS = 8, SENDS = 40 };
	struct ring_conf narrow = small;
	struct ring_event events[SENDS];
	int fds[2], seen = 0;
	char error[256] = "";
	struct str byte = STR("x");
	struct ring *r;

	must_report_to(count_odd);
	narrow.completions = COMPLETIONS;
	r = ring_open(&narrow, error, sizeof(error));
	cr_assert_not_null(r, "%s", error);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (uint64_t tag = 1; tag <= SENDS; tag++)
		cr_assert_eq(ring_send(r, &(struct ring_send){.fd = fds[0], .n = 1, .parts = &byte},
				       tag),
			     1);
	while (seen < SENDS) {
		unsigned n = ring_turn(r, WAIT_MS, events, SENDS);

		cr_assert_gt(n, 0, "only %d came", seen);
		for (unsigned i = 0; i < n; i++)
			cr_assert_eq(events[i].tag, (uint64_t)++seen);
	}
	cr_assert_gt(oddities, 0);
	must_report_to(NULL);
	close(fds[0]);
	close(fds[1]);
	ring_close(r);
}

Test(ring_uring, buffers_beyond_all_memory_are_an_error_with_a_remedy)
{
	struct ring_conf huge = small;
	char error[256] = "";

	huge.buffers = 32768;
	huge.buffer_size = UINT32_MAX;
	cr_assert_null(ring_open(&huge, error, sizeof(error)));
	cr_assert_not_null(strstr(error, "lower ring_buffers"), "%s", error);
}
