/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pump: moves the bytes of the relay, one way at a time, once a turn.
 *
 * Each way is one of two things: it copies (multishot receive into the pool's buffers, send from
 * there) or it moves pages (bulk.c). Sends never wait in the kernel: when the reader has no room,
 * the bytes move to the session's desk, the buffers go back to the pool and a poll says when to go
 * on, so a stopped reader costs memory of its own session only.
 */
#include "io/pump.h"

#include "base/must.h"
#include "io/net.h"

static struct relay *relay_of(struct pair *p)
{
	return &p->session.u.past.relay;
}

void pump_received(struct thread *t, struct pair *p, enum side from, const struct ring_event *ev)
{
	struct str bytes = str_of(ring_buffer(t->io.ring, ev->buffer), (size_t)ev->res);

	conn_push(&t->io, &p->conn[from], ev->buffer, (uint32_t)ev->res);
	relay_read(relay_of(p), from, bytes);
	bulk_leave(p, side_other(from));
	session_on_moved(&p->session);
}

/* Bytes of the way that are not with the kernel of the other side yet. */
static size_t waiting(const struct pair *p, enum side from)
{
	return p->conn[from].held + session_pending(&p->session, side_other(from)).n;
}

static void send_next(struct thread *t, struct pair *p, enum side from)
{
	struct conn *src = &p->conn[from], *dst = &p->conn[side_other(from)];
	struct str bytes = session_pending(&p->session, side_other(from));

	if (dst->armed & CONN_SEND || dst->stalled)
		return;
	if (bytes.n)
		conn_send(&t->io, dst, bytes, src->held > 0);
	else if (src->held)
		conn_send_queue(&t->io, dst, src, relay_of(p)->way[from].ended);
}

/* The reader has stopped: free the pool's buffers. */
static void set_aside(struct thread *t, struct pair *p, enum side from)
{
	struct conn *src = &p->conn[from], *dst = &p->conn[side_other(from)];

	if (!dst->stalled)
		return;
	while (src->held) {
		size_t n = session_keep(&p->session, from, conn_first(&t->io, src));

		if (!n)
			break;
		conn_drop(&t->io, src, (uint32_t)n);
	}
	conn_poll_out(&t->io, dst);
}

static bool becomes_bulk(struct thread *t, struct pair *p, enum side from)
{
	return relay_is_bulk(relay_of(p), from) && !p->conn[side_other(from)].deaf &&
	       !list_empty(&t->bulks.free);
}

static void receive(struct thread *t, struct pair *p, enum side from)
{
	struct conn *src = &p->conn[from], *dst = &p->conn[side_other(from)];
	bool bulk = becomes_bulk(t, p, from);

	if (src->ended)
		return;
	if (bulk && !waiting(p, from) && !(src->armed & CONN_RECV) && !(dst->armed & CONN_SEND)) {
		if (bulk_begin(t, p, from)) {
			bulk_turn(t, p, from);
			return;
		}
		/* No descriptor is left for a pipe: go on copying. */
		bulk = false;
	}
	if (bulk || waiting(p, from) >= RELAY_HELD_MAX)
		conn_cancel(&t->io, src, CONN_RECV);
	else if (src->poll_first)
		conn_poll_in(&t->io, src);
	else if (list_empty(&p->starving))
		conn_recv(&t->io, src);
}

/* The end of a way is passed on behind its last byte. */
static void finish(struct pair *p, enum side from)
{
	struct relay *r = relay_of(p);
	struct conn *dst = &p->conn[side_other(from)];

	if (!r->way[from].ended || r->way[from].shut || p->bulk[from] || waiting(p, from) ||
	    dst->armed & CONN_SEND)
		return;
	session_on_shut(&p->session, from);
	/* When all is over, the close that follows says it as well. */
	if (!relay_over(r))
		net_shut_sending(dst->fd);
}

static void way_turn(struct thread *t, struct pair *p, enum side from)
{
	if (p->bulk[from])
		bulk_turn(t, p, from);
	if (!p->bulk[from] && p->session.phase == PHASE_RELAY) {
		send_next(t, p, from);
		set_aside(t, p, from);
		receive(t, p, from);
	}
	if (p->session.phase == PHASE_RELAY)
		finish(p, from);
}

void pump_turn(struct thread *t, struct pair *p)
{
	way_turn(t, p, SIDE_FRONT);
	if (p->session.phase == PHASE_RELAY)
		way_turn(t, p, SIDE_BACK);
	if (p->session.phase == PHASE_RELAY && relay_over(relay_of(p)))
		session_on_relayed(&p->session);
}
