/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uring_wait: lets a ring wait under valgrind, which runs one thread at a time and does not know
 * that io_uring_enter(2) may sleep: the others would sleep with it. So the waiting is done by
 * poll(2) on the ring, which valgrind knows, and io_uring_enter() only collects. Linked in by
 * --wrap, in the valgrind flavour alone.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>

/* The fifth argument, a signal mask that nobody here gives, is left out. */
int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
					    unsigned n, struct __kernel_timespec *ts);
int __wrap_io_uring_submit_and_wait(struct io_uring *ring, unsigned n);

/* 0, or what io_uring_enter() would have said. */
static int await(struct io_uring *ring, int ms)
{
	struct pollfd fd = {.fd = ring->ring_fd, .events = POLLIN};
	int n = io_uring_submit_and_get_events(ring);

	if (n < 0)
		return n;
	if (io_uring_cq_ready(ring) == 0 && poll(&fd, 1, ms) < 0)
		return -errno;
	return 0;
}

int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
					    unsigned n, struct __kernel_timespec *ts)
{
	int err = await(ring, (int)(ts->tv_sec * 1000 + (ts->tv_nsec + 999999) / 1000000));

	if (err == 0)
		err = io_uring_get_events(ring);
	if (err == 0 && io_uring_cq_ready(ring) < n)
		err = -ETIME;
	return err < 0 ? err : io_uring_peek_cqe(ring, cqe);
}

int __wrap_io_uring_submit_and_wait(struct io_uring *ring, unsigned n)
{
	int err = 0;

	while (err == 0 && io_uring_cq_ready(ring) < n) {
		err = await(ring, -1);
		if (err == 0)
			err = io_uring_get_events(ring);
	}
	return err;
}
