/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selftest_faults: the faults that can be ordered, each striking once, and what the simulated
 * kernel calls a violation by the program.
 */
#include "tests/lib/ring_try.h"
#include "tests/sim/selftest.h"
#include "tests/sim/state.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

/* ---- faults ---- */

static void the_ordered_submission_fails(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	kernel_fault(FAULT_SUBMISSION, kernel_fault_count(FAULT_SUBMISSION) + 2);
	try_say(f, "hello");
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_comes(7, 5, true) && try_brings(0, "hello"));
	CHECK(!kernel_fault_hit());
	CHECK(try_send_text(fd, "lost", 8) == 4);
	CHECK(try_comes(8, -ENOMEM, false));
	CHECK(kernel_fault_hit());
	CHECK(try_reads(f) == -2);
	CHECK(try_send_text(fd, "kept", 9) == 4);
	CHECK(try_comes(9, 4, false));
	CHECK(try_hears(f, "kept"));
}

static void the_ordered_completion_finds_the_connection_gone(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	kernel_fault(FAULT_COMPLETION, 1);
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_quiet());
	try_say(f, "hello");
	CHECK(try_comes(7, -ECONNRESET, false));
	CHECK(end_was_hit(far_end(f)));
	CHECK(try_reads(f) == -1);
	CHECK(try_send_text(fd, "x", 8) == 1);
	CHECK(try_comes(8, -EPIPE, false));
	CHECK(kernel_fault_hit());
}

static void the_ordered_accept_fails(void)
{
	static const int errors[] = {-EMFILE, -ENFILE, -ENOBUFS, -ENOMEM, -ECONNABORTED};
	unsigned seen = 0, kept = 0;

	try_open_with(64, 0);
	far_connect();
	far_connect();
	far_settle();
	for (uint64_t n = 1; n <= 5; n++) {
		kernel_fault(FAULT_ACCEPT, n);
		ring_accept(try_at.ring, far_listener(), 7);
		CHECK(try_come(1) && !try_at.events[0].more);
		for (unsigned i = 0; i < 5; i++)
			seen |= try_at.events[0].res == errors[i] ? 1U << i : 0;
		kept += try_at.events[0].res != -ECONNABORTED;
	}
	CHECK(seen == 31 && kept == 4);
}

static void dials_pipes_and_splices_fail(void)
{
	union socket_address to;
	int pipe[2], fd;
	struct far *f;
	size_t size;

	try_open_with(64, 0);
	far_address(&to, false);
	kernel_fault(FAULT_DIAL, 1);
	CHECK(net_dial(&to, NULL) < 0);
	CHECK(try_keep(net_dial(&to, NULL)) >= 0);
	kernel_fault(FAULT_PIPE, 1);
	CHECK(net_pipe(pipe, 4096, &size) == -EMFILE);
	CHECK(net_pipe(pipe, 16000, &size) == 0 && size == 16384);
	try_keep(pipe[0]);
	try_keep(pipe[1]);
	f = try_pair(&fd);
	net_set_blocking(fd, false);
	try_say(f, "hello");
	kernel_fault(FAULT_SPLICE, 1);
	CHECK(net_splice(fd, pipe[1], 5) == -ECONNRESET);
	CHECK(end_was_hit(far_end(f)));
	CHECK(net_splice(fd, pipe[1], 5) == 5);
	CHECK(net_splice(fd, pipe[1], 5) == 0);
}

static void what_a_start_needs_fails(void)
{
	struct ring_conf conf = {8, 64, BUFFERS, BUFFER_BYTES, 0};
	char error[100] = "";
	int wake;

	kernel_starting(true);
	kernel_fault(FAULT_START, 1);
	CHECK(!ring_open(&conf, error, sizeof(error)) && error[0]);
	kernel_fault(FAULT_START, 2);
	CHECK(net_wake_open() == -EMFILE);
	wake = try_keep(net_wake_open());
	CHECK(wake >= 0);
	kernel_starting(false);
	CHECK(kernel_fault_count(FAULT_START) == 3);
	try_open_with(64, 0);
}

static void a_watched_slab_runs_out(void)
{
	_Alignas(64) uint8_t memory[2][2 * 64];
	struct slab watched, other;

	try_open_with(64, 0);
	slab_init(&watched, memory[0], 2, 64);
	slab_init(&other, memory[1], 2, 64);
	kernel_watch_slab(&watched);
	kernel_fault(FAULT_SLOT, 1);
	CHECK(slab_get(&other) != NULL);
	CHECK(slab_get(&watched) == NULL);
	CHECK(slab_get(&watched) != NULL);
}

static void descriptors_run_out(void)
{
	union socket_address to;
	int pipe[2], fd;
	size_t size;

	try_open_with(64, 0);
	try_pair(&fd);
	far_address(&to, false);
	kernel_weather(&(struct weather){.fds_max = 1});
	CHECK(net_dial(&to, NULL) == -EMFILE);
	CHECK(net_pipe(pipe, 4096, &size) == -EMFILE);
	far_connect();
	far_settle();
	ring_accept(try_at.ring, far_listener(), 7);
	CHECK(try_comes(7, -EMFILE, false));
	kernel_weather(&(struct weather){.fds_max = 2});
	CHECK(net_pipe(pipe, 4096, &size) == -EMFILE);
	ring_accept(try_at.ring, far_listener(), 7);
	CHECK(try_come(1) && try_keep(try_at.events[0].res) >= 0);
}

/* ---- violations ---- */

static bool is_blamed(const char *check)
{
	bool is = kernel_failed_check() && strcmp(kernel_failed_check(), check) == 0;

	record_forgive();
	return is;
}

static void closing_under_an_operation(void)
{
	int fd;

	try_open_with(64, 0);
	try_pair(&fd);
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_quiet());
	try_let_go(fd);
	CHECK(is_blamed("close-in-flight"));
	ring_cancel(try_at.ring, 7);
	CHECK(try_comes(7, -ECANCELED, false));
	try_pair(&fd);
	ring_recv(try_at.ring, fd, 8);
	ring_cancel(try_at.ring, 8);
	CHECK(try_comes(8, -ECANCELED, false));
	try_let_go(fd);
	CHECK(!kernel_failed_check());
}

static void closing_before_the_last_event_was_seen(void)
{
	int fd;

	try_open_with(64, 0);
	try_pair(&fd);
	CHECK(try_send_text(fd, "hello", 7) == 5);
	CHECK(ring_turn(try_at.ring, 0, try_at.events, 0) == 0);
	try_let_go(fd);
	CHECK(is_blamed("close-in-flight"));
	CHECK(try_comes(7, 5, false));
}

static void using_what_is_closed(void)
{
	int fd;

	try_open_with(64, 0);
	try_pair(&fd);
	try_let_go(fd);
	net_close(fd);
	CHECK(is_blamed("bad-descriptor"));
	ring_recv(try_at.ring, fd, 7);
	CHECK(is_blamed("bad-descriptor"));
	CHECK(try_comes(7, -EBADF, false));
}

static void giving_a_buffer_back_twice(void)
{
	uint16_t buffer;
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	try_say(f, "hello");
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_comes(7, 5, true));
	buffer = try_at.events[0].buffer;
	ring_put_buffer(try_at.ring, buffer);
	CHECK(!kernel_failed_check());
	ring_put_buffer(try_at.ring, buffer);
	CHECK(is_blamed("buffer-twice"));
	ring_put_buffer(try_at.ring, (uint16_t)((buffer + 1) % BUFFERS));
	CHECK(is_blamed("buffer-twice"));
}

static void splicing_where_it_would_wait(void)
{
	int pipe[2], fd;
	size_t size;

	try_open_with(64, 0);
	try_pair(&fd);
	CHECK(net_pipe(pipe, 4096, &size) == 0);
	try_keep(pipe[0]);
	try_keep(pipe[1]);
	CHECK(net_splice(fd, pipe[1], 5) == -EAGAIN);
	CHECK(is_blamed("blocking-splice"));
}

static jmp_buf way_out;

static void leave(void)
{
	longjmp(way_out, 1);
}

static void turning_and_turning(void)
{
	try_open_with(64, 0);
	kernel_on_dead_end(leave);
	if (!setjmp(way_out))
		for (;;)
			(void)!ring_turn(try_at.ring, 0, try_at.events, EVENTS);
	CHECK(is_blamed("busy-loop"));
}

static void waiting_for_ever(void)
{
	try_open_with(64, 0);
	kernel_on_dead_end(leave);
	if (!setjmp(way_out))
		(void)!ring_turn(try_at.ring, UINT64_MAX, try_at.events, EVENTS);
	CHECK(is_blamed("stuck"));
}

static void what_is_left_is_counted(void)
{
	struct kernel_left left;
	struct far *f;
	int fd;

	try_open_with(64, 0);
	kernel_left(&left);
	CHECK(left.fds == 0 && left.operations == 0 && left.buffers == 0);
	f = try_pair(&fd);
	try_say(f, "hello");
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_comes(7, 5, true));
	kernel_left(&left);
	CHECK(left.fds == 1 && left.operations == 1 && left.buffers == 1);
	ring_close(try_at.ring);
	try_at.ring = NULL;
	try_let_go(fd);
	kernel_left(&left);
	CHECK(left.fds == 0 && left.operations == 1 && left.buffers == 1);
}

#define CASE(name)                                                                                 \
	{                                                                                          \
#name, name                                                                        \
	}

const struct ring_case selftest_faults[] = {
	CASE(the_ordered_submission_fails),
	CASE(the_ordered_completion_finds_the_connection_gone),
	CASE(the_ordered_accept_fails),
	CASE(dials_pipes_and_splices_fail),
	CASE(what_a_start_needs_fails),
	CASE(a_watched_slab_runs_out),
	CASE(descriptors_run_out),
	CASE(closing_under_an_operation),
	CASE(closing_before_the_last_event_was_seen),
	CASE(using_what_is_closed),
	CASE(giving_a_buffer_back_twice),
	CASE(splicing_where_it_would_wait),
	CASE(turning_and_turning),
	CASE(waiting_for_ever),
	CASE(what_is_left_is_counted),
	{NULL, NULL},
};
