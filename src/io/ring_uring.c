/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_uring: the ring over Linux io_uring, the only file that knows liburing.
 *
 * Owns the queues and the pool of receive buffers. One issuer, task work deferred to our own
 * waits: completions run when we ask for them and nowhere else (measured 14 to 30 % cheaper than
 * no flags). Older kernels get fewer flags, told apart by trying. Never touches a session.
 */
#include "base/must.h"
#include "io/pages.h"
#include "io/ring.h"
#include "io/uring_compat.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
	BUFFER_GROUP = 0,
	GATHERS = 64, /* gathered sends in one turn; further ones send their first part */
};

struct gather {
	struct msghdr message;
	struct iovec parts[RING_PARTS_MAX];
};

struct ring {
	struct io_uring uring;
	struct io_uring_buf_ring *pool;
	size_t pool_bytes;
	uint8_t *memory; /* buffers of the pool */
	size_t memory_bytes;
	struct ring_conf conf;
	bool single_receives; /* the kernel has no limit for multishot ones */
	uint32_t held;
	uint32_t returned; /* given back, not yet shown to the kernel */
	uint32_t gathers_used;
	struct gather gathers[GATHERS]; /* live until the kernel has taken the turn's submissions */
};

size_t ring_memory(const struct ring_conf *conf)
{
	return (size_t)conf->buffers * (conf->buffer_size + sizeof(struct io_uring_buf)) +
	       (size_t)conf->submissions * sizeof(struct io_uring_sqe) +
	       (size_t)conf->completions * sizeof(struct io_uring_cqe);
}

/* Best flags first; a kernel that does not know one answers EINVAL. */
static int setup_queues(struct ring *r)
{
	static const unsigned flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL,
		IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL,
		0,
	};
	struct io_uring_params p;
	int err = -EINVAL;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && err == -EINVAL; i++) {
		memset(&p, 0, sizeof(p));
		p.flags = flags[i] | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
		p.cq_entries = r->conf.completions;
		err = io_uring_queue_init_params(r->conf.submissions, &r->uring, &p);
	}
	return err;
}

/* Locked memory may be short (ENOMEM): smaller queues serve as well, in more turns. */
static int setup_shrinking(struct ring *r)
{
	int err = setup_queues(r);

	while (err == -ENOMEM && r->conf.submissions > 64) {
		r->conf.submissions /= 2;
		r->conf.completions /= 2;
		err = setup_queues(r);
	}
	return err;
}

static int take_memory(struct ring *r, char *error, size_t error_size)
{
	r->pool_bytes = r->conf.buffers * sizeof(struct io_uring_buf);
	r->memory_bytes = (size_t)r->conf.buffers * r->conf.buffer_size;
	r->pool = pages_take(r->pool_bytes);
	r->memory = pages_take(r->memory_bytes);
	if (r->pool && r->memory)
		return 0;
	snprintf(error, error_size, "%zu bytes of memory cannot be had: lower ring_buffers",
		 r->pool_bytes + r->memory_bytes);
	return -1;
}

static int setup_pool(struct ring *r)
{
	struct io_uring_buf_reg reg;
	int mask = io_uring_buf_ring_mask(r->conf.buffers);

	memset(&reg, 0, sizeof(reg));
	reg.ring_addr = (uint64_t)(uintptr_t)r->pool;
	reg.ring_entries = r->conf.buffers;
	reg.bgid = BUFFER_GROUP;
	int err = io_uring_register_buf_ring(&r->uring, &reg, 0);

	if (err < 0)
		return err;
	io_uring_buf_ring_init(r->pool);
	for (uint32_t i = 0; i < r->conf.buffers; i++)
		io_uring_buf_ring_add(r->pool, ring_buffer(r, (uint16_t)i), r->conf.buffer_size,
				      (unsigned short)i, mask, (int)i);
	io_uring_buf_ring_advance(r->pool, (int)r->conf.buffers);
	return 0;
}

static void say_why(int err, char *error, size_t error_size)
{
	const char *remedy = "see dmesg";

	if (err == -ENOSYS)
		remedy = "this kernel has no io_uring: Linux 6.0 or newer is needed";
	else if (err == -EPERM || err == -EACCES)
		remedy = "io_uring is forbidden here: set sysctl kernel.io_uring_disabled=0, and "
			 "in a "
			 "container allow io_uring_setup, io_uring_enter and io_uring_register in "
			 "its "
			 "seccomp profile";
	else if (err == -ENOMEM)
		remedy = "raise the limit of locked memory (ulimit -l, LimitMEMLOCK=) or run fewer "
			 "threads (worker_processes), or lower ring_entries";
	else if (err == -EINVAL)
		remedy = "this kernel's io_uring is too old: Linux 6.0 or newer is needed";
	else if (err == -EMFILE || err == -ENFILE)
		remedy = "raise the limit of open files (worker_rlimit_nofile)";
	snprintf(error, error_size, "io_uring cannot be set up (%d: %s): %s", -err, strerror(-err),
		 remedy);
}

/*
 * A multishot receive empties a full socket into up to 32 buffers at once, which one slow reader
 * could then hold. So it is used with a limit; kernels without one get single receives, which
 * bring one buffer at a time (measured 8 % dearer).
 */
static void prepare_recv(const struct ring *r, struct io_uring_sqe *sqe, int fd)
{
	io_uring_prep_recv(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = BUFFER_GROUP;
	if (r->single_receives)
		return;
	sqe->ioprio = IORING_RECV_MULTISHOT;
	uring_compat_set_optlen(sqe, r->conf.recv_max);
}

/* A kernel that cannot limit a receive finds the limit invalid before it looks at the descriptor.
 */
static void try_limit(struct ring *r)
{
	struct io_uring_cqe *cqe;

	if (!r->conf.recv_max)
		return;
	prepare_recv(r, io_uring_get_sqe(&r->uring), -1);
	r->single_receives = true;
	if (io_uring_submit_and_wait(&r->uring, 1) < 0 || io_uring_peek_cqe(&r->uring, &cqe) < 0)
		return;
	r->single_receives = cqe->res != -EBADF;
	io_uring_cqe_seen(&r->uring, cqe);
}

struct ring *ring_open(const struct ring_conf *conf, char *error, size_t error_size)
{
	struct ring *r = calloc(1, sizeof(*r));
	int err;

	if (!r) {
		snprintf(error, error_size, "out of memory for a ring");
		return NULL;
	}
	r->conf = *conf;
	err = setup_shrinking(r);
	if (err < 0) {
		say_why(err, error, error_size);
		free(r);
		return NULL;
	}
	if (take_memory(r, error, error_size) < 0) {
		ring_close(r);
		return NULL;
	}
	err = setup_pool(r);
	if (err < 0) {
		say_why(err, error, error_size);
		ring_close(r);
		return NULL;
	}
	try_limit(r);
	/* Saves a look-up per call; without it everything works as well. */
	(void)io_uring_register_ring_fd(&r->uring);
	return r;
}

void ring_close(struct ring *r)
{
	io_uring_queue_exit(&r->uring);
	pages_give(r->memory, r->memory_bytes);
	pages_give(r->pool, r->pool_bytes);
	free(r);
}

static struct io_uring_sqe *entry(struct ring *r, uint64_t tag)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);

	while (!sqe) {
		/* A full queue is handed over early; it always empties. */
		int n = io_uring_submit(&r->uring);

		must(n >= 0 || n == -EBUSY || n == -EAGAIN || n == -EINTR);
		sqe = io_uring_get_sqe(&r->uring);
	}
	sqe->user_data = tag;
	return sqe;
}

static void set_tag(struct io_uring_sqe *sqe, uint64_t tag)
{
	/* The prep helpers of some liburing versions clear it. */
	sqe->user_data = tag;
}

void ring_accept(struct ring *r, int fd, uint64_t tag)
{
	struct io_uring_sqe *sqe = entry(r, tag);

	io_uring_prep_multishot_accept(sqe, fd, NULL, NULL, SOCK_CLOEXEC);
	set_tag(sqe, tag);
}

void ring_recv(struct ring *r, int fd, uint64_t tag)
{
	struct io_uring_sqe *sqe = entry(r, tag);

	prepare_recv(r, sqe, fd);
	set_tag(sqe, tag);
}

static struct iovec iovec_of(struct str s)
{
	union {
		const uint8_t *given;
		void *wanted; /* the kernel only reads it */
	} u = {.given = s.p};

	return (struct iovec){u.wanted, s.n};
}

static size_t send_gathered(struct ring *r, const struct ring_send *send, uint64_t tag)
{
	struct io_uring_sqe *sqe = entry(r, tag);
	struct gather *g = &r->gathers[r->gathers_used++];
	unsigned flags = MSG_DONTWAIT | MSG_NOSIGNAL | (send->more ? MSG_MORE : 0);
	size_t bytes = 0;

	must(send->n <= RING_PARTS_MAX);
	for (unsigned i = 0; i < send->n; i++) {
		g->parts[i] = iovec_of(send->parts[i]);
		bytes += send->parts[i].n;
	}
	g->message = (struct msghdr){.msg_iov = g->parts, .msg_iovlen = send->n};
	io_uring_prep_sendmsg(sqe, send->fd, &g->message, flags);
	set_tag(sqe, tag);
	return bytes;
}

size_t ring_send(struct ring *r, const struct ring_send *send, uint64_t tag)
{
	struct io_uring_sqe *sqe;
	bool more = send->more || send->n > 1;

	if (send->n > 1 && r->gathers_used < GATHERS)
		return send_gathered(r, send, tag);
	sqe = entry(r, tag);
	io_uring_prep_send(sqe, send->fd, send->parts[0].p, send->parts[0].n,
			   MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
	set_tag(sqe, tag);
	return send->parts[0].n;
}

void ring_poll_in(struct ring *r, int fd, uint64_t tag)
{
	struct io_uring_sqe *sqe = entry(r, tag);

	io_uring_prep_poll_multishot(sqe, fd, POLLIN | POLLRDHUP);
	set_tag(sqe, tag);
}

void ring_poll_out(struct ring *r, int fd, uint64_t tag)
{
	struct io_uring_sqe *sqe = entry(r, tag);

	io_uring_prep_poll_multishot(sqe, fd, POLLOUT);
	set_tag(sqe, tag);
}

void ring_cancel(struct ring *r, uint64_t tag)
{
	struct io_uring_sqe *sqe = entry(r, 0);

	io_uring_prep_cancel64(sqe, tag, 0);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	set_tag(sqe, 0);
}

static void enter(struct ring *r, uint64_t timeout_ms)
{
	struct io_uring_cqe *cqe;
	struct __kernel_timespec ts;
	int err;

	if (r->returned) {
		io_uring_buf_ring_advance(r->pool, (int)r->returned);
		r->returned = 0;
	}
	if (timeout_ms == 0) {
		err = io_uring_submit_and_get_events(&r->uring);
	} else if (timeout_ms == UINT64_MAX) {
		err = io_uring_submit_and_wait(&r->uring, 1);
	} else {
		ts.tv_sec = (int64_t)(timeout_ms / 1000);
		ts.tv_nsec = (long long)(timeout_ms % 1000) * 1000000;
		err = io_uring_submit_and_wait_timeout(&r->uring, &cqe, 1, &ts, NULL);
	}
	if (err == -EBADR)
		must_never("the kernel had no memory for completions and has dropped some");
	/* EBUSY, EAGAIN: completions must be reaped first; the rest is handed over next turn. */
	must(err >= 0 || err == -ETIME || err == -EINTR || err == -EBUSY || err == -EAGAIN);
}

static void copy_event(struct ring *r, struct ring_event *e, const struct io_uring_cqe *cqe)
{
	e->tag = cqe->user_data;
	e->res = cqe->res;
	e->more = cqe->flags & IORING_CQE_F_MORE;
	e->has_buffer = cqe->flags & IORING_CQE_F_BUFFER;
	e->buffer = (uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
	if (e->has_buffer)
		r->held++;
}

unsigned ring_turn(struct ring *r, uint64_t timeout_ms, struct ring_event *events, unsigned max)
{
	struct io_uring_cqe *cqe;
	unsigned head, seen = 0, n = 0;

	enter(r, timeout_ms);
	/* The kernel keeps what had no room, and hands it on in order. */
	if (io_uring_cq_has_overflow(&r->uring))
		odd("the completion queue ran full: raise ring_entries");
	/* What could not be handed over yet still points at its own. */
	if (!io_uring_sq_ready(&r->uring))
		r->gathers_used = 0;
	io_uring_for_each_cqe(&r->uring, head, cqe)
	{
		if (n == max)
			break;
		seen++;
		if (cqe->user_data)
			copy_event(r, &events[n++], cqe);
	}
	io_uring_cq_advance(&r->uring, seen);
	return n;
}

uint8_t *ring_buffer(const struct ring *r, uint16_t buffer)
{
	return r->memory + (size_t)buffer * r->conf.buffer_size;
}

void ring_put_buffer(struct ring *r, uint16_t buffer)
{
	must(r->held > 0 && buffer < r->conf.buffers);
	io_uring_buf_ring_add(r->pool, ring_buffer(r, buffer), r->conf.buffer_size, buffer,
			      io_uring_buf_ring_mask(r->conf.buffers), (int)r->returned);
	r->returned++;
	r->held--;
}

uint32_t ring_buffers_held(const struct ring *r)
{
	return r->held;
}
