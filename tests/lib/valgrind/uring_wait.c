/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uring_wait: lets a ring wait under valgrind, which runs one thread at a time and does not know
 * that io_uring_enter(2) may sleep: the others would sleep with it. So the ring is asked again and
 * again, with naps that valgrind knows; polling its descriptor would not do, for a kernel wakes
 * nobody there for work that is deferred to the next enter. Linked in by --wrap, in the valgrind
 * flavour alone.
 */
#include <errno.h>
#include <limits.h>
#include <liburing.h>
#include <poll.h>

enum { NAP_MS = 2 };

/* The fifth argument, a signal mask that nobody here gives, is left out. */
int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
					    unsigned n, struct __kernel_timespec *ts);
int __wrap_io_uring_submit_and_wait(struct io_uring *ring, unsigned n);

/* What io_uring_enter() would have said; `ms` counts naps, which are longer than they say. */
static int await(struct io_uring *ring, unsigned n, long long ms)
{
	int err = io_uring_submit_and_get_events(ring);

	for (; err >= 0 && io_uring_cq_ready(ring) < n; ms -= NAP_MS) {
		if (ms <= 0)
			return -ETIME;
		if (poll(NULL, 0, NAP_MS) < 0)
			return -errno;
		err = io_uring_get_events(ring);
	}
	return err;
}

int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
					    unsigned n, struct __kernel_timespec *ts)
{
	int err = await(ring, n, ts->tv_sec * 1000 + (ts->tv_nsec + 999999) / 1000000);

	return err < 0 ? err : io_uring_peek_cqe(ring, cqe);
}

int __wrap_io_uring_submit_and_wait(struct io_uring *ring, unsigned n)
{
	return await(ring, n, LLONG_MAX);
}
