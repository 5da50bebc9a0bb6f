/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pump: moves the bytes of the relay, one way at a time, once a turn.
 *
 * Each way is one of two things: it copies (multishot receive into the pool's buffers, send from
 * there) or it moves pages (bulk.c). Sends never wait in the kernel: when the reader has no room,
 * the bytes move to the session's desk, the buffers go back to the pool and a poll says when to go
 * on, so a stopped reader costs memory of its own session only.
 *
 * A way that touches TLS copies: what is unsealed goes to the session's desk, what is sealed to
 * the link's.
 */
#include "io/pump.h"

#include "base/must.h"
#include "io/net.h"
#include "io/pair_tls.h"

static struct relay *relay_of(struct pair *p)
{
	return &p->session.u.past.relay;
}

void pump_received(struct thread *t, struct pair *p, enum side from, const struct ring_event *ev)
{
	struct str bytes = str_of(ring_buffer(t->io.ring, ev->buffer), (size_t)ev->res);

	conn_push(&t->io, &p->conn[from], ev->buffer, (uint32_t)ev->res);
	if (p->link[from])
		return;
	relay_read(relay_of(p), from, bytes);
	bulk_leave(p, side_other(from));
	session_on_moved(&p->session);
}

/* From that side, whoever holds them, but for what is sealed for the other side already. */
static size_t unsealed(const struct pair *p, enum side from)
{
	size_t n = session_pending(&p->session, side_other(from)).n;

	if (!p->link[from])
		return n + p->conn[from].held;
	/* An unknown number of bytes, when some wait in the channel. */
	return n + tls_link_held(p->link[from]) + tls_link_busy(p->link[from]);
}

size_t pump_waiting(const struct pair *p, enum side from)
{
	const struct tls_link *to = p->link[side_other(from)];

	return unsealed(p, from) + (to ? tls_link_unsent(to) : 0);
}

/* One record onto the desk. */
static enum channel_ev unseal_some(struct thread *t, struct pair *p, enum side from)
{
	struct buf *kept = session_kept(&p->session, from);
	uint32_t room = buf_room(kept) < CHANNEL_RECORD_MAX ? buf_room(kept) : CHANNEL_RECORD_MAX;
	struct channel_plain plain = {.room = room};
	enum channel_ev ev;

	if (!room)
		return CHANNEL_FULL;
	plain.p = buf_reserve(kept, room);
	ev = tls_link_read(t, p->link[from], &plain);
	buf_commit(kept, plain.n);
	if (plain.n) {
		relay_read(relay_of(p), from, str_of(plain.p, plain.n));
		session_on_moved(&p->session);
	}
	return ev;
}

/* As much as the desk has room for; so what is received never stays in the pool's buffers. */
static void unseal(struct thread *t, struct pair *p, enum side from)
{
	enum channel_ev ev = CHANNEL_PLAIN;

	while (tls_link_busy(p->link[from]) && (ev == CHANNEL_PLAIN || ev == CHANNEL_MORE))
		ev = unseal_some(t, p, from);
	if (ev == CHANNEL_CLOSED || ev == CHANNEL_FAILED)
		pair_tls_ended(t, p, from, ev);
}

static void seal(struct thread *t, struct pair *p, enum side from)
{
	enum side to = side_other(from);
	struct tls_link *link = p->link[to];
	struct conn *src = &p->conn[from];
	size_t n;

	pair_tls_seal(t, p, to);
	while (src->held && !p->link[from] && !session_pending(&p->session, to).n &&
	       (n = tls_link_write(t, link, conn_first(&t->io, src))))
		conn_forget(&t->io, src, (uint32_t)n);
	if (p->session.phase == PHASE_RELAY && relay_of(p)->way[from].ended && !unsealed(p, from))
		tls_link_bye(t, link);
	tls_link_send(t, link);
}

static void send_next(struct thread *t, struct pair *p, enum side from)
{
	struct conn *src = &p->conn[from], *dst = &p->conn[side_other(from)];
	struct str bytes = session_pending(&p->session, side_other(from));

	if (p->link[side_other(from)]) {
		seal(t, p, from);
		return;
	}
	if (dst->armed & CONN_SEND || dst->stalled)
		return;
	if (bytes.n)
		conn_send(&t->io, dst, bytes, src->held > 0);
	else if (src->held && !p->link[from])
		conn_send_queue(&t->io, dst, src, relay_of(p)->way[from].ended);
}

/* The reader has stopped: free the pool's buffers. */
static void set_aside(struct thread *t, struct pair *p, enum side from)
{
	struct conn *src = &p->conn[from], *dst = &p->conn[side_other(from)];

	if (!dst->stalled)
		return;
	while (src->held && !p->link[from]) {
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
	       !p->link[SIDE_FRONT] && !p->link[SIDE_BACK] && !list_empty(&t->bulks.free);
}

static void receive(struct thread *t, struct pair *p, enum side from)
{
	struct conn *src = &p->conn[from], *dst = &p->conn[side_other(from)];
	bool bulk = becomes_bulk(t, p, from);

	if (src->ended)
		return;
	if (bulk && !pump_waiting(p, from) && !(src->armed & CONN_RECV) &&
	    !(dst->armed & CONN_SEND)) {
		if (bulk_begin(t, p, from)) {
			bulk_turn(t, p, from);
			return;
		}
		/* No descriptor is left for a pipe: go on copying. */
		bulk = false;
	}
	if (bulk || unsealed(p, from) >= RELAY_HELD_MAX)
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

	if (!r->way[from].ended || r->way[from].shut || p->bulk[from] || pump_waiting(p, from) ||
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
	if (p->link[from])
		unseal(t, p, from);
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
