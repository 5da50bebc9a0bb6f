/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_cases_net: accepting, dialling and splicing, as every kernel must do them.
 * Nothing depends on time but how long to wait for what does not come.
 */
#include "tests/lib/ring_cases.h"
#include "tests/lib/ring_try.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* ---- accepting and dialling ---- */

static void accepts_until_it_is_cancelled(void)
{
	int listener = far_listener(), fd;
	struct far *f, *g;

	try_open_with(64, 0);
	f = far_connect();
	g = far_connect();
	far_settle();
	ring_accept(try_at.ring, listener, 7);
	CHECK(try_come(2));
	CHECK(try_keep(try_at.events[0].res) >= 0 && try_at.events[0].more);
	CHECK(try_keep(try_at.events[1].res) >= 0 && try_at.events[1].more);
	fd = try_at.events[0].res;
	far_connect();
	CHECK(try_come(1) && try_keep(try_at.events[0].res) >= 0 && try_at.events[0].more);
	try_say(f, "hello");
	ring_recv(try_at.ring, fd, 8);
	CHECK(try_comes(8, 5, true) && try_brings(0, "hello"));
	ring_cancel(try_at.ring, 7);
	CHECK(try_comes(7, -ECANCELED, false));
	CHECK(net_accept(listener) == -1);
	far_connect();
	far_settle();
	CHECK(try_keep(net_accept(listener)) >= 0);
	CHECK(net_accept(listener) == -1);
	far_close(g);
}

static void a_connection_that_was_reset_is_accepted(void)
{
	int listener = far_listener();
	struct far *f = far_connect();

	try_open_with(64, 0);
	far_settle();
	far_reset(f);
	far_settle();
	ring_accept(try_at.ring, listener, 7);
	CHECK(try_come(1) && try_keep(try_at.events[0].res) >= 0);
	ring_recv(try_at.ring, try_at.events[0].res, 8);
	CHECK(try_comes(8, -ECONNRESET, false));
}

static void a_dial_that_is_answered(void)
{
	union socket_address to;
	struct addr peer, local;
	struct far *f;
	int fd;

	try_open_with(64, 0);
	far_address(&to, false);
	fd = try_keep(net_dial(&to, NULL));
	CHECK(fd >= 0);
	ring_poll_out(try_at.ring, fd, 7);
	CHECK(try_come(1) && try_at.events[0].res == POLLOUT);
	net_peer(fd, &peer);
	net_local(fd, &local);
	CHECK(peer.family == ADDR_IP4 && peer.port == ntohs(to.ip4.sin_port));
	CHECK(local.family == ADDR_IP4 && local.port != 0 && local.port != peer.port);
	f = far_answered();
	CHECK(try_send_text(fd, "hello", 8) == 5);
	CHECK(try_comes(8, 5, false));
	CHECK(try_hears(f, "hello"));
	try_say(f, "220 hi");
	ring_recv(try_at.ring, fd, 9);
	CHECK(try_comes(9, 6, true) && try_brings(0, "220 hi"));
}

static void a_dial_that_is_refused_is_told_once(void)
{
	union socket_address to;
	struct addr peer;
	int fd;

	try_open_with(64, 0);
	far_address(&to, true);
	fd = try_keep(net_dial(&to, NULL));
	if (fd == -ECONNREFUSED)
		return;
	CHECK(fd >= 0);
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_comes(7, -ECONNREFUSED, false));
	net_peer(fd, &peer);
	CHECK(peer.family == ADDR_NONE);
	ring_recv(try_at.ring, fd, 8);
	CHECK(try_comes(8, 0, false));
	CHECK(try_send_text(fd, "x", 9) == 1);
	CHECK(try_comes(9, -EPIPE, false));
	ring_poll_out(try_at.ring, fd, 10);
	CHECK(try_come(1) && try_at.events[0].res & POLLHUP);
}

static void a_closed_number_is_the_next_one_again(void)
{
	int fd, other;

	try_open_with(64, 0);
	try_pair(&fd);
	other = try_keep(net_wake_open());
	CHECK(other >= 0);
	try_let_go(fd);
	CHECK(try_keep(net_wake_open()) == fd);
}

/* ---- splicing ---- */

static void splices_without_waiting(void)
{
	int from, to, pipe[2];
	struct far *f, *g;
	size_t size = 0;

	try_open_with(64, 0);
	f = try_pair(&from);
	g = try_pair(&to);
	CHECK(net_pipe(pipe, 64 * 1024, &size) == 0 && size >= 4096);
	try_keep(pipe[0]);
	try_keep(pipe[1]);
	net_set_blocking(from, false);
	net_set_blocking(to, false);
	CHECK(net_splice(from, pipe[1], size) == -EAGAIN);
	CHECK(net_splice(pipe[0], to, size) == -EAGAIN);
	try_say(f, "hello world");
	CHECK(net_splice(from, pipe[1], 5) == 5);
	CHECK(net_splice(from, pipe[1], size - 5) == 6);
	CHECK(net_splice(pipe[0], to, 7) == 7);
	CHECK(net_splice(pipe[0], to, size) == 4);
	CHECK(try_hears(g, "hello world"));
	far_shut(f);
	far_settle();
	CHECK(net_splice(from, pipe[1], size) == 0);
	CHECK(net_splice(from, pipe[1], size) == 0);
	far_reset(g);
	far_settle();
	CHECK(net_splice(to, pipe[1], size) == -ECONNRESET);
	CHECK(net_splice(to, pipe[1], size) == 0);
}

static void a_splice_into_a_closed_socket_fails(void)
{
	int from, to, pipe[2];
	struct far *f, *g;
	size_t size = 0;

	try_open_with(64, 0);
	f = try_pair(&from);
	g = try_pair(&to);
	CHECK(net_pipe(pipe, 64 * 1024, &size) == 0);
	try_keep(pipe[0]);
	try_keep(pipe[1]);
	net_set_blocking(from, false);
	net_set_blocking(to, false);
	try_say(f, "hello");
	CHECK(net_splice(from, pipe[1], size) == 5);
	net_shut_sending(to);
	CHECK(net_splice(pipe[0], to, 5) == -EPIPE);
	far_reset(g);
	far_settle();
}

static void a_pipe_and_a_socket_fill_up(void)
{
	static uint8_t lots[256 * 1024];
	int from, to, pipe[2];
	size_t size = 0, in = 0, moved = 0;
	struct far *f;
	long n;

	try_open_with(64, 0);
	f = try_pair(&from);
	try_pair(&to);
	CHECK(net_pipe(pipe, 64 * 1024, &size) == 0);
	try_keep(pipe[0]);
	try_keep(pipe[1]);
	net_set_blocking(from, false);
	net_set_blocking(to, false);
	/* Until neither the pipe nor the socket behind it takes more. */
	for (int idle = 0; idle < 3;) {
		far_write(f, str_of(lots, sizeof(lots)));
		far_settle();
		n = in < size ? net_splice(from, pipe[1], size - in) : -EAGAIN;
		CHECK(n > 0 || n == -EAGAIN);
		in += n > 0 ? (size_t)n : 0;
		idle = n > 0 ? 0 : idle + 1;
		n = in ? net_splice(pipe[0], to, in) : -EAGAIN;
		CHECK(n > 0 || n == -EAGAIN);
		in -= n > 0 ? (size_t)n : 0;
		moved += n > 0 ? (size_t)n : 0;
		idle = n > 0 ? 0 : idle;
	}
	CHECK(in > 0 && moved > 0);
}

#define CASE(name)                                                                                 \
	{                                                                                          \
#name, name                                                                        \
	}

const struct ring_case ring_cases_net[] = {
	CASE(accepts_until_it_is_cancelled),
	CASE(a_connection_that_was_reset_is_accepted),
	CASE(a_dial_that_is_answered),
	CASE(a_dial_that_is_refused_is_told_once),
	CASE(a_closed_number_is_the_next_one_again),
	CASE(splices_without_waiting),
	CASE(a_splice_into_a_closed_socket_fails),
	CASE(a_pipe_and_a_socket_fill_up),
	{NULL, NULL},
};
