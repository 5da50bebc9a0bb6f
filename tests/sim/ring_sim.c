/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_sim: the ring of io/ring.h over the simulated kernel: queues, and what a turn does.
 *
 * Owns the queues and the pool. Submissions run in their order when they are handed over; what
 * they wait for wakes them through alarms; events of different operations may change places,
 * those of one never do. ring_op.c knows what each operation does.
 */
#include "tests/sim/ring_sim.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SPINS_MAX = 3000, /* turns without anything getting on */
	PLACES = 8,       /* an event may come so much earlier than its turn */
};

/* An event that has not come yet. */
struct late {
	struct list node;
	struct alarm *alarm;
	struct op_event event;
};

struct ring *ring_now; /* the one that is open */
static struct kernel_left last_left;

/* ---- life ---- */

size_t ring_memory(const struct ring_conf *conf)
{
	return (size_t)conf->buffers * conf->buffer_size;
}

static uint32_t or_else(uint32_t wanted, uint32_t usual)
{
	return wanted ? wanted : usual;
}

struct ring *ring_open(const struct ring_conf *conf, char *error, size_t error_size)
{
	struct ring *r;

	if (ring_now || kernel_start_fails()) {
		snprintf(error, error_size,
			 "io_uring cannot be set up (12: Cannot allocate memory)");
		return NULL;
	}
	r = alarm_memory(sizeof(*r));
	r->conf = *conf;
	r->conf.submissions = or_else(sky.submissions, conf->submissions);
	r->conf.completions = or_else(sky.completions, conf->completions);
	r->submitted = alarm_memory(r->conf.submissions * sizeof(struct op *));
	list_init(&r->late);
	ring_pool_open(r);
	memset(&last_left, 0, sizeof(last_left));
	ring_now = r;
	return r;
}

static void free_event(const struct op_event *e)
{
	if (!e->event.more)
		ring_op_free(e->op);
}

static void free_queues(struct ring *r)
{
	struct list *node;

	for (uint32_t i = 0; i < r->n_submitted; i++)
		ring_op_free(r->submitted[i]);
	for (uint32_t i = 0; i < r->n; i++)
		free_event(&r->events[i]);
	while ((node = list_pop(&r->late))) {
		struct late *l = list_entry(node, struct late, node);

		kernel_forget(l->alarm);
		free_event(&l->event);
		free(l);
	}
	ring_op_free_waiting(r);
	ring_pool_close(r);
	free(r->submitted);
	free(r->events);
	free(r);
	ring_now = NULL;
}

void ring_close(struct ring *r)
{
	ring_sim_left(&last_left);
	free_queues(r);
}

static uint64_t turns, spent_us;

void ring_sim_clear(void)
{
	spent_us = 0;
	if (ring_now)
		free_queues(ring_now);
	memset(&last_left, 0, sizeof(last_left));
}

void ring_sim_left(struct kernel_left *left)
{
	if (!ring_now) {
		left->operations = last_left.operations;
		left->buffers = last_left.buffers;
		return;
	}
	left->operations = ring_now->connection_ops;
	left->buffers = ring_now->held;
}

/* ---- submissions ---- */

static void hand_over(struct ring *r)
{
	uint32_t n = r->n_submitted;

	r->n_submitted = 0;
	for (uint32_t i = 0; i < n; i++)
		ring_op_start(r, r->submitted[i]);
}

static struct op *entry(struct ring *r, enum op_kind kind, uint64_t tag)
{
	struct op *op;

	/* A full queue is handed over early. */
	if (r->n_submitted == r->conf.submissions)
		hand_over(r);
	op = alarm_memory(sizeof(*op));
	op->kind = kind;
	op->tag = tag;
	op->fd = -1;
	r->submitted[r->n_submitted++] = op;
	return op;
}

static struct op *entry_on(struct ring *r, int fd, struct op what)
{
	struct op *op = entry(r, what.kind, what.tag);

	op->fd = fd;
	op->file = file_of(fd, "submission");
	if (op->file) {
		op->file->in_flight++;
		if (op->file->kind == FILE_SOCKET)
			r->connection_ops++;
	}
	return op;
}

void ring_accept(struct ring *r, int fd, uint64_t tag)
{
	entry_on(r, fd, (struct op){.kind = OP_ACCEPT, .tag = tag});
}

void ring_recv(struct ring *r, int fd, uint64_t tag)
{
	entry_on(r, fd, (struct op){.kind = OP_RECV, .tag = tag});
}

void ring_poll_in(struct ring *r, int fd, uint64_t tag)
{
	entry_on(r, fd, (struct op){.kind = OP_POLL_IN, .tag = tag});
}

void ring_poll_out(struct ring *r, int fd, uint64_t tag)
{
	entry_on(r, fd, (struct op){.kind = OP_POLL_OUT, .tag = tag});
}

size_t ring_send(struct ring *r, const struct ring_send *send, uint64_t tag)
{
	struct op *op = entry_on(r, send->fd, (struct op){.kind = OP_SEND, .tag = tag});
	size_t bytes = 0;

	if (!send->n || send->n > RING_PARTS_MAX)
		kernel_violation("parts", "a send of %u parts", send->n);
	/* Places for gathered sends are few: then the first part goes alone. */
	op->n_parts = chance_of(sky.short_send) ? 1 : send->n;
	memcpy(op->parts, send->parts, op->n_parts * sizeof(struct str));
	for (unsigned i = 0; i < op->n_parts; i++)
		bytes += op->parts[i].n;
	if (!bytes)
		kernel_violation("parts", "a send of nothing");
	return bytes;
}

void ring_cancel(struct ring *r, uint64_t tag)
{
	entry(r, OP_CANCEL, tag);
}

/* ---- completions ---- */

static void append(struct ring *r, const struct op_event *e)
{
	uint32_t at;

	if (r->n == r->room) {
		r->room = r->room ? 2 * r->room : 256;
		r->events = realloc(r->events, r->room * sizeof(*r->events));
		if (!r->events)
			abort();
	}
	at = r->n++;
	if (chance_of(sky.reorder)) {
		uint32_t places = chance_below(PLACES);

		for (; places && at && r->events[at - 1].op != e->op; places--, at--)
			r->events[at] = r->events[at - 1];
	}
	r->events[at] = *e;
}

static void arrive_late(void *arg)
{
	struct late *l = arg;

	list_remove(&l->node);
	l->event.op->n_late--;
	append(ring_now, &l->event);
	free(l);
}

/* An event may be late; then the operation's next ones are later still. */
void ring_sim_post(struct ring *r, struct op *op, const struct ring_event *event)
{
	struct op_event e = {*event, op};
	uint64_t now_us = kernel_now_us();
	bool behind = op->n_late > 0;
	struct late *l;

	e.event.tag = op->tag;
	record_line(op->file && op->file->end ? op->file->end->who : 0, "%s of %d: %d%s",
		    ring_op_name(op), op->fd, event->res, event->more ? ", more" : "");
	if (!behind && !chance_of(sky.reorder)) {
		append(r, &e);
		return;
	}
	op->late_us = (op->late_us >= now_us ? op->late_us + 1 : now_us) + sky_latency_us();
	op->n_late++;
	l = alarm_memory(sizeof(*l));
	l->event = e;
	l->alarm = kernel_after(op->late_us - now_us, arrive_late, l);
	list_push_back(&r->late, &l->node);
}

/* ---- the turn ---- */

static void ring_alarms(void)
{
	while (alarm_ring())
		;
}

/* Until there is an event, or the time is over. true: the time is over. */
static bool wait(struct ring *r, uint64_t timeout_ms)
{
	uint64_t now_us = kernel_now_us(), until_us = UINT64_MAX;

	if (timeout_ms < UINT64_MAX / 2000)
		until_us = now_us + timeout_ms * 1000;
	if (timeout_ms && chance_of(sky.interrupt))
		until_us = now_us + chance_below(1000);
	while (!r->n) {
		uint64_t next_us = alarm_next_us();

		now_us = kernel_now_us();
		if (next_us == UINT64_MAX && until_us == UINT64_MAX)
			kernel_dead_end("stuck", "the program waits, and nothing will happen");
		if (next_us > until_us) {
			alarm_pass(until_us > now_us ? until_us - now_us : 0);
			return true;
		}
		if (next_us > now_us)
			alarm_pass(next_us - now_us);
		ring_alarms();
	}
	return false;
}

static unsigned copy_out(struct ring *r, struct ring_event *events, unsigned max)
{
	unsigned n = 0;

	if (max > r->conf.completions)
		max = r->conf.completions;
	for (; n < r->n && n < max; n++) {
		struct op_event *e = &r->events[n];

		events[n] = e->event;
		record_mix(e->event.tag);
		record_mix((uint64_t)(int64_t)e->event.res);
		if (e->event.has_buffer)
			ring_pool_hand_out(r, e->event.buffer);
		if (!e->event.more)
			ring_op_free(e->op);
	}
	r->n -= n;
	if (n)
		memmove(r->events, r->events + n, r->n * sizeof(*r->events));
	return n;
}

void kernel_spend(uint64_t us)
{
	spent_us += us;
}

static void watch_for_spinning(struct ring *r, bool slept)
{
	if (slept || r->progress != kernel_progressed())
		r->spins = 0;
	r->progress = kernel_progressed();
	if (++r->spins > SPINS_MAX)
		kernel_dead_end("busy-loop", "turn after turn, and nothing gets on");
}

uint64_t kernel_turns(void)
{
	return turns;
}

unsigned ring_turn(struct ring *r, uint64_t timeout_ms, struct ring_event *events, unsigned max)
{
	bool slept = false;
	unsigned n;

	turns++;
	alarm_pass(1 + chance_below(4) + spent_us);
	spent_us = 0;
	ring_pool_show_returned(r);
	hand_over(r);
	ring_alarms();
	if (!r->n && timeout_ms)
		slept = wait(r, timeout_ms) && timeout_ms > 1;
	n = copy_out(r, events, max);
	record_mix(kernel_now_us());
	watch_for_spinning(r, slept && !n);
	return n;
}
