/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulk: splice(2) from socket to pipe to socket, inline and without waiting.
 *
 * Owns the thread's pipes. A pipe that is given back holds nothing; one that cannot be emptied
 * (its session ended) is closed and made anew when it is needed again.
 */
#include "io/bulk.h"

#include "base/must.h"
#include "io/net.h"
#include "io/oserror.h"
#include "io/pump.h"
#include "io/thread_state.h"

#include <errno.h>

void bulk_pool_open(struct bulk_pool *pool)
{
	list_init(&pool->free);
	for (int i = 0; i < BULK_PIPES; i++) {
		struct bulk *b = &pool->bulks[i];

		*b = (struct bulk){.pipe = {-1, -1}};
		list_push_back(&pool->free, &b->node);
	}
}

static void close_pipe(struct bulk *b)
{
	if (b->pipe[0] == -1)
		return;
	net_close(b->pipe[0]);
	net_close(b->pipe[1]);
	b->pipe[0] = b->pipe[1] = -1;
}

void bulk_pool_close(struct bulk_pool *pool)
{
	for (int i = 0; i < BULK_PIPES; i++)
		close_pipe(&pool->bulks[i]);
}

static void set_blocking(struct pair *p, bool blocking)
{
	net_set_blocking(p->conn[SIDE_FRONT].fd, blocking);
	net_set_blocking(p->conn[SIDE_BACK].fd, blocking);
}

bool bulk_begin(struct thread *t, struct pair *p, enum side from)
{
	struct list *node = list_pop(&t->bulks.free);
	struct bulk *b;

	if (!node)
		return false;
	b = list_entry(node, struct bulk, node);
	if (b->pipe[0] == -1 && net_pipe(b->pipe, BULK_PIPE_BYTES, &b->size) < 0) {
		b->pipe[0] = b->pipe[1] = -1;
		list_push_front(&t->bulks.free, node);
		return false;
	}
	must(b->held == 0);
	b->pair = p;
	b->from = from;
	b->leaving = false;
	if (!p->bulk[side_other(from)])
		set_blocking(p, false);
	p->bulk[from] = b;
	return true;
}

static void give_back(struct thread *t, struct pair *p, enum side from)
{
	struct bulk *b = p->bulk[from];

	p->bulk[from] = NULL;
	b->pair = NULL;
	list_remove(&b->node);
	list_push_front(&t->bulks.free, &b->node);
}

void bulk_drop(struct thread *t, struct pair *p, enum side from)
{
	if (!p->bulk[from])
		return;
	if (p->bulk[from]->held) {
		close_pipe(p->bulk[from]);
		p->bulk[from]->held = 0;
	}
	give_back(t, p, from);
}

void bulk_leave(struct pair *p, enum side from)
{
	if (p->bulk[from])
		p->bulk[from]->leaving = true;
}

static void failed(struct pair *p, enum side side, long error)
{
	char text[96];

	session_on_closed(&p->session, side, oserror_text((int)-error, text, sizeof(text)));
}

/* Socket to pipe. Returns bytes moved. */
static size_t fill(struct pair *p, struct bulk *b)
{
	struct conn *src = &p->conn[b->from];
	long n;

	if (b->leaving || src->ended || b->held >= b->size)
		return 0;
	n = net_splice(src->fd, b->pipe[1], b->size - b->held);
	if (n == 0) {
		src->ended = src->told = true;
		relay_ended(&p->session.u.past.relay, b->from);
	}
	/* EAGAIN: no bytes, or all slots of the pipe are taken; emptying it tells. */
	if (n < 0 && n != -EAGAIN)
		failed(p, b->from, n);
	if (n <= 0)
		return 0;
	b->held += (size_t)n;
	relay_received(&p->session.u.past.relay, b->from, (size_t)n);
	return (size_t)n;
}

/* The backend takes no more: how it ended is for its receive to say (see pair.c). */
static void let_go(struct bulk *b, struct conn *dst, long error)
{
	dst->deaf = (int)error;
	close_pipe(b);
	b->held = 0;
	b->leaving = true;
}

/* Pipe to socket. Returns bytes moved. */
static size_t empty(struct pair *p, struct bulk *b)
{
	struct conn *dst = &p->conn[side_other(b->from)];
	long n;

	if (!b->held || dst->stalled || p->session.phase != PHASE_RELAY)
		return 0;
	n = net_splice(b->pipe[0], dst->fd, b->held);
	if (n == -EAGAIN)
		dst->stalled = true;
	else if (n < 0 && b->from == SIDE_FRONT && !dst->ended && conn_is_gone((int)-n))
		let_go(b, dst, -n);
	else if (n < 0)
		failed(p, side_other(b->from), n);
	if (n <= 0)
		return 0;
	b->held -= (size_t)n;
	return (size_t)n;
}

static void end(struct thread *t, struct pair *p, enum side from)
{
	conn_cancel(&t->io, &p->conn[from], CONN_POLL_IN);
	give_back(t, p, from);
	if (!p->bulk[side_other(from)])
		set_blocking(p, true);
}

void bulk_turn(struct thread *t, struct pair *p, enum side from)
{
	struct bulk *b = p->bulk[from];
	struct conn *src = &p->conn[from], *dst = &p->conn[side_other(from)];
	size_t moved = 0, in, out;

	do {
		in = fill(p, b);
		out = empty(p, b);
		moved += out;
	} while ((in || out) && moved < BULK_TURN_BYTES);
	if (moved)
		session_on_moved(&p->session);
	if (p->session.phase != PHASE_RELAY)
		return;
	if (!b->held && (b->leaving || src->ended)) {
		end(t, p, from);
		return;
	}
	if (dst->stalled)
		conn_poll_out(&t->io, dst);
	if (!src->ended)
		conn_poll_in(&t->io, src);
	if (moved >= BULK_TURN_BYTES)
		list_move_back(&t->hot, &b->node);
}
