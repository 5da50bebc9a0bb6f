/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring: one thread's way into the kernel: submissions batched, completions copied out.
 *
 * Two implementations are chosen at link time: ring_uring.c (the only file that knows liburing)
 * and a simulated one in the tests. Submissions only fill the queue; ring_turn() hands all of them
 * over and waits. What a tag means is the caller's business; tag 0 is never reported.
 *
 * Receives take a buffer of the ring's pool when bytes arrive; the holder of an event with a
 * buffer gives it back with ring_put_buffer(). -ENOBUFS is flow control: ask again when some
 * buffers are back. A multishot operation goes on while its events say `more`.
 */
#ifndef IO_RING_H
#define IO_RING_H

#include "base/str.h"

struct ring;

struct ring_conf {
	uint32_t submissions; /* entries; a batch may be larger, it is handed over in parts */
	uint32_t completions;
	uint32_t buffers;     /* a power of two, at most 32768 */
	uint32_t buffer_size; /* bytes */
	uint32_t recv_max; /* bytes after which a receive ends, 0: none. Kernels before Linux 6.17
			      cannot tell: there every receive ends with its first event */
};

struct ring_event {
	uint64_t tag;
	int32_t res; /* as the system call: >= 0, or -errno */
	uint16_t buffer;
	bool has_buffer;
	bool more;
};

/* NULL with one sentence in error[] that says what to do. */
NODISCARD struct ring *ring_open(const struct ring_conf *conf, char *error, size_t error_size);
void ring_close(struct ring *r);

/* Bytes of user memory that such a ring takes. */
size_t ring_memory(const struct ring_conf *conf);

/* Multishot: one event for each accepted connection, res is its descriptor. */
void ring_accept(struct ring *r, int fd, uint64_t tag);

/* Into the pool's buffers, multishot where that can be limited; res 0 is the end of the stream. */
void ring_recv(struct ring *r, int fd, uint64_t tag);

enum { RING_PARTS_MAX = 16 };

struct ring_send {
	int fd;
	bool more;               /* more follows at once: hold a partial segment back (MSG_MORE) */
	unsigned n;              /* parts, at most RING_PARTS_MAX */
	const struct str *parts; /* copied; the bytes must stay until ring_turn() has returned */
};

/*
 * Completes at once, never waits for room: the event's res is what the kernel took, possibly less
 * than all, or -EAGAIN. Returns how many bytes are in the submission, which may be fewer than
 * given but not none.
 */
NODISCARD size_t ring_send(struct ring *r, const struct ring_send *send, uint64_t tag);

/*
 * Multishot: one event when fd can be read (written) already, then one each time it becomes so.
 * Both also tell that the peer has ended its side: then a ring_poll_out() that is asked again and
 * again would be answered at once, room or not.
 */
void ring_poll_in(struct ring *r, int fd, uint64_t tag);
void ring_poll_out(struct ring *r, int fd, uint64_t tag);

/* End the operation with this tag; its last event (often -ECANCELED) still comes. */
void ring_cancel(struct ring *r, uint64_t tag);

/*
 * Hand over all submissions, wait for an event at most timeout_ms (UINT64_MAX: without end; 0: not
 * at all), copy out at most `max` events. Returns their number.
 */
unsigned ring_turn(struct ring *r, uint64_t timeout_ms, struct ring_event *events, unsigned max);

/* The first n bytes of a buffer, and giving it back. */
uint8_t *ring_buffer(const struct ring *r, uint16_t buffer);
void ring_put_buffer(struct ring *r, uint16_t buffer);

/* Buffers that events have handed out and nobody gave back yet. */
uint32_t ring_buffers_held(const struct ring *r);

#endif
