/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls_link: moves cipher bytes between a connection and its channel (RFC 8446, RFC 5246). Knows no
 * session; never looks at plain bytes.
 *
 * Owns the desks. They hold cipher bytes only, but for what was sent to us in plain text where a
 * handshake is due: that is wiped.
 */
#include "io/tls_link.h"

#include "base/buf.h"
#include "base/machine.h"
#include "base/must.h"

#include <string.h>

enum {
	/* Four whole records at a time, and what reading may make us say. */
	DESK_BYTES = 4 * (CHANNEL_RECORD_MAX + CHANNEL_OVERHEAD_MAX) + CHANNEL_OUT_MIN,
	/* Of it, while the handshake lasts: cipher bytes that wait for their step. */
	IN_BYTES = DESK_BYTES - 2 * CHANNEL_OUT_MIN,
	/* Room without which a handshake is not read: a buffer of the pool, mostly. */
	IN_ROOM = 16 * 1024,
	/* Peers whose sessions are kept for resumption. */
	SESSION_PLACES = 256,
};

struct tls_desk {
	struct buf in;  /* of a handshake */
	struct out out; /* sealed */
	size_t sent;    /* of it */
	uint8_t bytes[DESK_BYTES];
};

static const struct machine_state states[] = {
	[TLS_LINK_DARK] = {"dark", 0},
	[TLS_LINK_UP] = {"up", 1U << TLS_LINK_DARK},
	[TLS_LINK_DEAD] = {"dead", 1U << TLS_LINK_DARK | 1U << TLS_LINK_UP},
};

MACHINE(machine, "tls-link", states);

/* ---- memory ---- */

static uint32_t links_max(const struct worker_conf *conf)
{
	uint32_t n = 2 * conf->connections;

	if (!conf->tls)
		return 0;
	for (uint32_t i = 0; i < conf->n_auth_services; i++)
		n += conf->auth_services[i]->connections_max;
	return n;
}

size_t tls_link_memory(const struct worker_conf *conf)
{
	uint32_t n = links_max(conf);

	if (!n)
		return 0;
	return slab_bytes(n, sizeof(struct tls_link)) + slab_bytes(n, sizeof(struct tls_desk)) +
	       RELAY_BULK_BYTES + CHANNEL_FACTS_MAX;
}

int tls_link_open_all(struct thread *t, void *memory)
{
	uint32_t n = links_max(t->conf);
	uint8_t *at = memory;

	if (!n)
		return 0;
	slab_init(&t->links, at, n, sizeof(struct tls_link));
	at += slab_bytes(n, sizeof(struct tls_link));
	slab_init(&t->link_desks, at, n, sizeof(struct tls_desk));
	at += slab_bytes(n, sizeof(struct tls_desk));
	t->plain = at;
	t->facts = at + RELAY_BULK_BYTES;
	t->tls_sessions = connector_sessions_open(SESSION_PLACES);
	return t->tls_sessions ? 0 : -1;
}

void tls_link_close_all(struct thread *t)
{
	connector_sessions_close(t->tls_sessions);
}

static struct tls_desk *desk_of(struct thread *t, struct tls_link *l)
{
	struct tls_desk *d = l->desk;
	uint32_t in = l->state == TLS_LINK_DARK ? IN_BYTES : 0;

	if (d)
		return d;
	d = slab_get(&t->link_desks);
	must(d != NULL);
	buf_init(&d->in, d->bytes, in);
	out_init(&d->out, d->bytes + in, DESK_BYTES - in);
	d->sent = 0;
	l->desk = d;
	return d;
}

static void give_back(struct thread *t, struct tls_link *l)
{
	if (!l->desk)
		return;
	buf_clear(&l->desk->in);
	buf_forget(&l->desk->in);
	slab_put(&t->link_desks, l->desk);
	l->desk = NULL;
}

void tls_link_rest(struct thread *t, struct tls_link *l)
{
	const struct tls_desk *d = l->desk;

	if (d && !buf_len(&d->in) && !d->out.n && !(l->conn->armed & CONN_SEND))
		give_back(t, l);
}

/* ---- life ---- */

static struct thread_tls_counters *counters_of(struct thread *t, const struct tls_link *l)
{
	switch (conn_tag_who(l->conn->tag)) {
	case CONN_FRONT:
		return &t->counters.tls[THREAD_TLS_FRONT];
	case CONN_BACK:
		return &t->counters.tls[THREAD_TLS_BACK];
	case CONN_AUTH:
	case CONN_DNS:
	case CONN_LISTENER:
	case CONN_THREAD:
		break;
	}
	return &t->counters.tls[THREAD_TLS_AUTH];
}

/* FNV-1a */
static uint64_t hash(uint64_t h, const void *p, size_t n)
{
	const uint8_t *at = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ at[i]) * 0x100000001b3U;
	return h;
}

uint64_t tls_link_peer(const struct connector *k, struct str who)
{
	return hash(hash(0xcbf29ce484222325U, &k, sizeof(k)), who.p, who.n);
}

static struct tls_link *link_new(struct thread *t, struct conn *c)
{
	struct tls_link *l = slab_get(&t->links);

	must(l != NULL && !(c->armed & (CONN_RECV | CONN_SEND)));
	memset(l, 0, sizeof(*l));
	l->conn = c;
	list_init(&l->node);
	return l;
}

struct tls_link *tls_link_accept(struct thread *t, struct conn *c, const struct acceptor *a)
{
	struct tls_link *l = link_new(t, c);

	channel_accept(&l->channel, a);
	tls_link_feed(t, l);
	return l;
}

struct tls_link *tls_link_connect(struct thread *t, struct conn *c, const struct connector *k,
				  uint64_t peer)
{
	struct tls_link *l = link_new(t, c);

	if (channel_connect(&l->channel, k, t->tls_sessions, peer) < 0) {
		tls_link_close(t, l);
		return NULL;
	}
	/* It begins with our ClientHello. */
	list_push_back(&t->handshakes, &l->node);
	return l;
}

void tls_link_close(struct thread *t, struct tls_link *l)
{
	if (l->state == TLS_LINK_UP && l->conn->ended && !l->closed)
		counters_of(t, l)->cut++;
	list_remove(&l->node);
	give_back(t, l);
	channel_close(&l->channel);
	buf_wipe_memory(l, sizeof(*l));
	slab_put(&t->links, l);
}

/* ---- the handshake ---- */

void tls_link_feed(struct thread *t, struct tls_link *l)
{
	bool fed = false;
	size_t n;

	while (l->conn->held) {
		n = buf_append(&desk_of(t, l)->in, conn_first(&t->io, l->conn));
		if (!n)
			break;
		conn_forget(&t->io, l->conn, (uint32_t)n);
		fed = true;
	}
	if (fed && list_empty(&l->node))
		list_push_back(&t->handshakes, &l->node);
}

/* What has left makes room; never under a send. */
static void make_room(const struct tls_link *l, struct tls_desk *d)
{
	size_t rest = d->out.n - d->sent;

	if (!d->sent || l->conn->armed & CONN_SEND)
		return;
	memmove(d->out.base, d->out.base + d->sent, rest);
	d->out.n = rest;
	d->sent = 0;
}

static enum channel_ev came_up(struct thread *t, struct tls_link *l)
{
	struct thread_tls_counters *n = counters_of(t, l);

	machine_enter(&machine, &l->state, TLS_LINK_UP);
	l->more = true;
	n->handshakes++;
	n->resumed += l->channel.resumed;
	return CHANNEL_UP;
}

static enum channel_ev failed(struct thread *t, struct tls_link *l)
{
	counters_of(t, l)->failed++;
	tls_link_die(t, l);
	return CHANNEL_FAILED;
}

/* What the channel has left may be of use with more behind it, but only so much of it. */
static enum channel_ev go_on(struct thread *t, struct tls_link *l)
{
	tls_link_feed(t, l);
	return tls_link_wants(l) ? CHANNEL_MORE : failed(t, l);
}

enum channel_ev tls_link_step(struct thread *t, struct tls_link *l)
{
	struct tls_desk *d = desk_of(t, l);

	make_room(l, d);
	l->full = false;
	switch (channel_handshake(&l->channel, &d->in, &d->out)) {
	case CHANNEL_UP:
		return came_up(t, l);
	case CHANNEL_FULL:
		l->full = true;
		break;
	case CHANNEL_MORE:
	case CHANNEL_PLAIN:
		return go_on(t, l);
	case CHANNEL_CLOSED:
	case CHANNEL_FAILED:
		return failed(t, l);
	}
	return CHANNEL_MORE;
}

void tls_link_why(const struct tls_link *l, struct out *why)
{
	bool up = channel_is_up(&l->channel), sound = channel_is_sound(&l->channel);
	struct channel_verified v = {.error = 0};

	if (up || conn_tag_who(l->conn->tag) != CONN_FRONT)
		v = channel_verified(&l->channel);
	if (v.error) {
		out_i64(why, v.error);
		out_byte(why, ':');
		out_str(why, v.text);
	} else if (!sound) {
		out_str(why, channel_why(&l->channel));
	} else {
		out_lit(why, "handshake too long");
	}
}

bool tls_link_wants(const struct tls_link *l)
{
	return l->state == TLS_LINK_DARK && (!l->desk || buf_room(&l->desk->in) >= IN_ROOM);
}

/* ---- plain bytes ---- */

static enum channel_ev read_queue(struct thread *t, struct tls_link *l, struct channel_plain *plain)
{
	struct buf in = buf_view(conn_first(&t->io, l->conn));
	uint32_t n = buf_len(&in);
	enum channel_ev ev = channel_read(&l->channel, &in, &l->desk->out, plain);

	/* All of it is used, then: whatever happens, this ends. */
	if (ev == CHANNEL_MORE)
		buf_clear(&in);
	conn_drop(&t->io, l->conn, n - buf_len(&in));
	return ev;
}

enum channel_ev tls_link_read(struct thread *t, struct tls_link *l, struct channel_plain *plain)
{
	struct tls_desk *d = desk_of(t, l);
	enum channel_ev ev;

	plain->n = 0;
	make_room(l, d);
	if (!buf_len(&d->in))
		ev = read_queue(t, l, plain);
	else if ((ev = channel_read(&l->channel, &d->in, &d->out, plain)) == CHANNEL_MORE)
		buf_clear(&d->in);
	l->more = ev == CHANNEL_PLAIN;
	l->full = ev == CHANNEL_FULL;
	if (ev == CHANNEL_CLOSED) {
		l->closed = true;
		tls_link_drop(t, l);
	} else if (ev == CHANNEL_FAILED) {
		tls_link_die(t, l);
	}
	return ev;
}

bool tls_link_busy(const struct tls_link *l)
{
	if (l->state != TLS_LINK_UP)
		return !list_empty(&l->node);
	return l->more || tls_link_held(l);
}

size_t tls_link_held(const struct tls_link *l)
{
	return l->conn->held + (l->desk ? buf_len(&l->desk->in) : 0);
}

size_t tls_link_unsent(const struct tls_link *l)
{
	return l->desk ? l->desk->out.n - l->desk->sent : 0;
}

size_t tls_link_write(struct thread *t, struct tls_link *l, struct str plain)
{
	struct tls_desk *d = desk_of(t, l);
	size_t n;

	if (l->bye || l->state != TLS_LINK_UP)
		return 0;
	make_room(l, d);
	/* A peer that reads nothing shall be heard all the same: reading may write, too. */
	if (out_room(&d->out) <= CHANNEL_OUT_MIN)
		return 0;
	d->out.size -= CHANNEL_OUT_MIN;
	n = channel_write(&l->channel, plain, &d->out);
	d->out.size += CHANNEL_OUT_MIN;
	return n;
}

void tls_link_bye(struct thread *t, struct tls_link *l)
{
	struct tls_desk *d;

	if (l->bye || l->gone || l->state != TLS_LINK_UP || !channel_is_sound(&l->channel))
		return;
	d = desk_of(t, l);
	make_room(l, d);
	if (out_room(&d->out) < CHANNEL_OUT_MIN)
		return;
	channel_bye(&l->channel, &d->out);
	l->bye = true;
}

/* ---- cipher bytes out ---- */

void tls_link_send(struct thread *t, struct tls_link *l)
{
	struct conn *c = l->conn;

	if (!tls_link_unsent(l) || l->gone || c->armed & CONN_SEND)
		return;
	if (c->stalled)
		conn_poll_out(&t->io, c);
	else
		conn_send(&t->io, c, str_from(out_data(&l->desk->out), l->desk->sent), false);
}

void tls_link_sent(struct thread *t, struct tls_link *l, size_t n)
{
	struct tls_desk *d = l->desk;

	must(d && n <= tls_link_unsent(l));
	d->sent += n;
	if (d->sent == d->out.n) {
		out_reset(&d->out);
		d->sent = 0;
	}
	if (l->full && l->state == TLS_LINK_DARK && list_empty(&l->node))
		list_push_back(&t->handshakes, &l->node);
}

bool tls_link_drained(const struct tls_link *l)
{
	return l->gone || (!tls_link_unsent(l) && !(l->conn->armed & CONN_SEND));
}

void tls_link_die(struct thread *t, struct tls_link *l)
{
	machine_enter(&machine, &l->state, TLS_LINK_DEAD);
	tls_link_drop(t, l);
}

void tls_link_drop(struct thread *t, struct tls_link *l)
{
	while (l->conn->held)
		conn_forget(&t->io, l->conn, (uint32_t)conn_first(&t->io, l->conn).n);
	if (l->desk)
		buf_clear(&l->desk->in);
	l->more = false;
	list_remove(&l->node);
}
