/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_op: what each operation of the simulated ring does: at once when it can, otherwise when
 * its file wakes it. Multishot ones go on until something ends them.
 */
#include "tests/sim/ring_sim.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

enum { RETRIES_MAX = 32, RARELY = 500 };

static const char *const names[] = {
	[OP_ACCEPT] = "accept",   [OP_RECV] = "receive",      [OP_SEND] = "send",
	[OP_POLL_IN] = "poll in", [OP_POLL_OUT] = "poll out", [OP_CANCEL] = "cancel",
};

const char *ring_op_name(const struct op *op)
{
	return names[op->kind];
}

/* ---- books ---- */

static struct op **row_of(struct ring *r, uint64_t tag)
{
	return &r->waiting[(tag * 0x9e3779b97f4a7c15U) >> 54];
}

static struct op *find(struct ring *r, uint64_t tag)
{
	struct op *op = *row_of(r, tag);

	while (op && op->tag != tag)
		op = op->chain;
	return op;
}

static void begin_waiting(struct ring *r, struct op *op)
{
	struct op **row = row_of(r, op->tag);

	op->waiting = true;
	op->chain = *row;
	*row = op;
	list_push_back(&op->file->ops, &op->node);
}

static void end_waiting(struct ring *r, struct op *op)
{
	struct op **at = row_of(r, op->tag);

	if (!op->waiting)
		return;
	while (*at != op)
		at = &(*at)->chain;
	*at = op->chain;
	list_remove(&op->node);
	op->waiting = false;
	if (op->work)
		kernel_forget(op->work);
	op->work = NULL;
}

void ring_op_free(struct op *op)
{
	if (op->file) {
		if (op->file->kind == FILE_SOCKET)
			ring_now->connection_ops--;
		file_release(op->file);
	}
	free(op);
}

void ring_op_free_waiting(struct ring *r)
{
	for (unsigned i = 0; i < WAITING_ROWS; i++)
		while (r->waiting[i]) {
			struct op *op = r->waiting[i];

			end_waiting(r, op);
			ring_op_free(op);
		}
}

static void finish(struct ring *r, struct op *op, int res)
{
	end_waiting(r, op);
	ring_sim_post(r, op, &(struct ring_event){.res = res});
}

/* One event of a multishot operation. false: it was the last, by itself or by the weather. */
static bool report(struct ring *r, struct op *op, struct ring_event event, bool last)
{
	uint32_t end = sky.end_multishot;

	/* Only receives may be single ones always (Linux before 6.17). */
	if (op->kind != OP_RECV && end > RARELY)
		end = RARELY;
	event.more = !last && r->n < r->conf.completions && !chance_of(end);
	if (!event.more)
		end_waiting(r, op);
	ring_sim_post(r, op, &event);
	return event.more;
}

/* This event is the one that becomes an error. */
static bool is_struck(struct ring *r, struct op *op)
{
	if (!fault_strikes(FAULT_COMPLETION))
		return false;
	stream_hit(op->file->end);
	op->file->end->error = 0;
	finish(r, op, -ECONNRESET);
	return true;
}

/* ---- accepting ---- */

static void fail_accept(struct ring *r, struct op *op)
{
	static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED};
	int error = errors[kernel_fault_count(FAULT_ACCEPT) % 5];

	if (error == ECONNABORTED) {
		struct end *e = file_accept(op->file);

		stream_hit(e);
		stream_close(e, true);
	}
	finish(r, op, -error);
}

/* One connection. true: there may be more to have. */
static bool accept_once(struct ring *r, struct op *op)
{
	bool full = sky.fds_max && file_open_count() >= sky.fds_max;
	struct file *f;

	/* The descriptor is reserved before anybody looks into the queue. */
	if (full) {
		finish(r, op, -EMFILE);
		return false;
	}
	if (!op->file->listener->n)
		return false;
	if (fault_strikes(FAULT_ACCEPT)) {
		fail_accept(r, op);
		return false;
	}
	f = file_new(FILE_SOCKET);
	if (!f) {
		finish(r, op, -EMFILE);
		return false;
	}
	f->end = file_accept(op->file);
	f->end->file = f;
	return report(r, op, (struct ring_event){.res = f->fd}, false);
}

static void run_accept(struct ring *r, struct op *op)
{
	while (accept_once(r, op) && op->file->listener->n)
		;
}

/* ---- receiving ---- */

static uint32_t recv_size(const struct ring *r, const struct op *op)
{
	uint32_t arrived = op->file->end->in.arrived, n = r->conf.buffer_size;

	if (arrived < n)
		n = arrived;
	return n > 1 && chance_of(sky.split) ? 1 + chance_below(n - 1) : r->conf.buffer_size;
}

/* One buffer's worth. true: there may be more to have. */
static bool recv_once(struct ring *r, struct op *op)
{
	uint16_t buffer;
	long n;

	if (!ring_pool_take(r, &buffer)) {
		finish(r, op, -ENOBUFS);
		return false;
	}
	if ((op->file->end->in.arrived || op->file->end->fin_in) && is_struck(r, op)) {
		ring_pool_untake(r, buffer);
		return false;
	}
	n = stream_recv(op->file->end, ring_buffer(r, buffer), recv_size(r, op));
	if (n <= 0) {
		ring_pool_untake(r, buffer);
		if (n != -EAGAIN)
			finish(r, op, (int)n);
		return false;
	}
	op->received += (uint32_t)n;
	return report(r, op,
		      (struct ring_event){.res = (int)n, .buffer = buffer, .has_buffer = true},
		      r->conf.recv_max && op->received >= r->conf.recv_max);
}

static void run_recv(struct ring *r, struct op *op)
{
	for (int i = 0; i < RETRIES_MAX && recv_once(r, op); i++)
		if (!op->file->end->in.arrived && !op->file->end->fin_in)
			break;
	if (op->waiting && stream_poll(op->file->end) & POLLIN)
		ring_sim_wake(op->file, POLLIN);
	else if (op->waiting && op->file->nonblocking && chance_of(sky.again_nonblocking))
		finish(r, op, -EAGAIN);
}

/* ---- polling ---- */

static unsigned wants(const struct op *op)
{
	/* Linux always adds the latter three. */
	return (op->kind == OP_POLL_OUT ? POLLOUT : POLLIN) | POLLERR | POLLHUP | POLLRDHUP;
}

static void run_poll(struct ring *r, struct op *op)
{
	unsigned ready = file_poll(op->file) & wants(op);

	if (op->kind == OP_POLL_OUT && !(ready & POLLOUT) && op->file->end)
		op->file->end->wants_room = true;
	if (!ready)
		return;
	if (op->file->kind == FILE_SOCKET && fault_strikes(FAULT_COMPLETION)) {
		stream_hit(op->file->end);
		ready |= POLLERR;
	}
	report(r, op, (struct ring_event){.res = (int)ready}, false);
}

/* ---- sending ---- */

/* What the weather leaves of it; 0: all. */
static size_t send_limit(const struct op *op, size_t bytes)
{
	size_t room = stream_room(op->file->end);

	if (room < bytes)
		bytes = room;
	return bytes > 1 && chance_of(sky.short_send) ? 1 + chance_below((uint32_t)bytes - 1) : 0;
}

static void run_send(struct ring *r, struct op *op)
{
	struct end *e = op->file->end;
	size_t bytes = 0, limit;

	if (is_struck(r, op))
		return;
	for (unsigned i = 0; i < op->n_parts; i++)
		bytes += op->parts[i].n;
	limit = send_limit(op, bytes);
	if (limit)
		stream_stall(e);
	for (unsigned i = 0; limit && i < op->n_parts; i++) {
		op->parts[i] = str_first(op->parts[i], limit);
		limit -= op->parts[i].n;
		if (!limit)
			op->n_parts = i + 1;
	}
	if (!e->error && !e->dead && chance_of(sky.stall_send)) {
		stream_stall(e);
		finish(r, op, -EAGAIN);
		return;
	}
	finish(r, op, (int)stream_send(e, op->parts, op->n_parts));
}

/* ---- all of them ---- */

static void run(struct ring *r, struct op *op)
{
	switch (op->kind) {
	case OP_ACCEPT:
		run_accept(r, op);
		break;
	case OP_RECV:
		run_recv(r, op);
		break;
	case OP_SEND:
		run_send(r, op);
		break;
	case OP_POLL_IN:
	case OP_POLL_OUT:
		run_poll(r, op);
		break;
	case OP_CANCEL:
		break;
	}
}

static void work(void *arg)
{
	struct op *op = arg;

	op->work = NULL;
	if (op->cancelled)
		finish(ring_now, op, -ECANCELED);
	else
		run(ring_now, op);
}

void ring_sim_wake(struct file *f, unsigned events)
{
	struct list *node;

	for (node = f->ops.next; node != &f->ops; node = node->next) {
		struct op *op = list_entry(node, struct op, node);

		if (wants(op) & events && !op->work)
			op->work = kernel_after(sky_latency_us(), work, op);
	}
}

/* A cancel that comes late finds the operation done, or about to tell something first. */
static void cancel(struct ring *r, uint64_t tag)
{
	struct op *op = find(r, tag);

	if (!op || op->cancelled)
		return;
	if (chance_of(sky.lost_cancel) && file_poll(op->file) & wants(op)) {
		run(r, op);
		if (!op->waiting)
			return;
	}
	op->cancelled = true;
	if (!op->work)
		op->work = kernel_after(sky_latency_us(), work, op);
}

void ring_op_start(struct ring *r, struct op *op)
{
	if (op->kind == OP_CANCEL) {
		cancel(r, op->tag);
		ring_op_free(op);
		return;
	}
	if (!op->file) {
		ring_sim_post(r, op, &(struct ring_event){.res = -EBADF});
		return;
	}
	begin_waiting(r, op);
	if (fault_strikes(FAULT_SUBMISSION))
		finish(r, op, -ENOMEM);
	else
		run(r, op);
}
