/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair_tls: TLS of a session: when it begins (RFC 3207 section 4, RFC 2595), its handshake, its
 * bytes before the relay, its end.
 *
 * The rule against injected plain text: before a handshake nothing is received any more, what came
 * is offered to the session, which drops what is plain text, and only then our reply leaves and
 * the channel opens. What the kernel still has by then is input of the handshake, which fails.
 */
#include "io/pair_tls.h"

#include "base/must.h"
#include "session/session_debug.h"
#include "io/pair.h"

#include <string.h>

/* ---- its beginning ---- */

static uint64_t peer_of(const struct session *s)
{
	const struct addr *a = &s->upstream;
	uint8_t who[sizeof(a->ip) + 2];

	memcpy(who, a->ip, sizeof(a->ip));
	who[sizeof(a->ip)] = (uint8_t)(a->port >> 8);
	who[sizeof(a->ip) + 1] = (uint8_t)a->port;
	return tls_link_peer(s->conf->connector, str_of(who, sizeof(who)));
}

static struct tls_link *open_link(struct thread *t, struct pair *p, enum side side)
{
	struct conn *c = &p->conn[side];
	const struct server_conf *conf = p->session.conf;

	if (side == SIDE_FRONT)
		return tls_link_accept(t, c, conf->acceptor);
	return tls_link_connect(t, c, conf->connector, peer_of(&p->session));
}

static void begin(struct thread *t, struct pair *p, enum side side)
{
	struct conn *c = &p->conn[side];

	if (c->armed & CONN_RECV) {
		conn_cancel(&t->io, c, CONN_RECV);
		return;
	}
	/* Goes out in plain text: a PROXY header, the word before the handshake. */
	if (session_pending(&p->session, side).n || c->armed & CONN_SEND)
		return;
	p->link[side] = open_link(t, p, side);
	if (!p->link[side])
		session_end(&p->session, REASON_INTERNAL, STR("no memory for TLS"));
}

void pair_tls_turn(struct thread *t, struct pair *p, unsigned wants)
{
	if (wants & WANT_TLS_FRONT && !p->link[SIDE_FRONT])
		begin(t, p, SIDE_FRONT);
	if (wants & WANT_TLS_BACK && !p->link[SIDE_BACK])
		begin(t, p, SIDE_BACK);
}

/* ---- its handshake ---- */

static enum reason verdict_on(const struct channel *c)
{
	switch (channel_judge(c)) {
	case CHANNEL_CLIENT_OK:
		break;
	case CHANNEL_CLIENT_BAD:
		return REASON_CLIENT_CERT_BAD;
	case CHANNEL_CLIENT_NONE:
		return REASON_CLIENT_CERT_NONE;
	}
	return REASON_NONE;
}

static enum reason reason_of(const struct channel *c, enum side side, bool up)
{
	if (side == SIDE_FRONT)
		return up ? verdict_on(c) : REASON_CLIENT_TLS;
	if (up)
		return REASON_NONE;
	return channel_verified(c).error ? REASON_BACK_CERT : REASON_BACK_TLS;
}

/* "TLSv1.3, TLS_AES_128_GCM_SHA256, resumed", for the log. */
static void describe(struct thread *t, const struct channel *c, struct out *o)
{
	struct auth_http_tls facts;
	struct arena a;

	arena_init(&a, t->facts, CHANNEL_FACTS_MAX);
	channel_facts(c, &a, &facts);
	out_str(o, facts.protocol);
	out_lit(o, ", ");
	out_str(o, facts.cipher);
	if (channel_is_resumed(c))
		out_lit(o, ", resumed");
	if (facts.verify.n) {
		out_lit(o, ", certificate ");
		out_str(o, facts.verify);
	}
}

static void report(struct thread *t, struct pair *p, enum side side, bool up)
{
	const struct tls_link *l = p->link[side];
	struct session_tls how = {.reason = reason_of(&l->channel, side, up)};
	uint8_t text[256];
	struct out why;

	out_init(&why, text, sizeof(text));
	if (how.reason != REASON_NONE)
		tls_link_why(l, &why);
	else if (session_debug_on(&p->session))
		describe(t, &l->channel, &why);
	how.detail = out_data(&why);
	session_on_secured(&p->session, side, &how);
}

static enum side side_of(const struct tls_link *l)
{
	return conn_tag_who(l->conn->tag) == CONN_FRONT ? SIDE_FRONT : SIDE_BACK;
}

void pair_tls_step(struct thread *t, struct tls_link *l)
{
	struct pair *p = pair_find(t, l->conn->tag);
	enum side side = side_of(l);
	enum channel_ev ev = tls_link_step(t, l);

	must(p != NULL);
	if (ev != CHANNEL_MORE)
		report(t, p, side, ev == CHANNEL_UP);
	thread_touch(t, p);
}

bool pair_tls_facts(struct thread *t, const struct pair *p, struct auth_http_tls *facts)
{
	const struct tls_link *l = p->link[SIDE_FRONT];
	struct arena a;

	if (!l || l->state != TLS_LINK_UP || !channel_is_sound(&l->channel))
		return false;
	arena_init(&a, t->facts, CHANNEL_FACTS_MAX);
	channel_facts(&l->channel, &a, facts);
	return true;
}

/* ---- bytes before the relay ---- */

static void tell(struct pair *p, enum side side, struct str bytes)
{
	size_t n = side == SIDE_FRONT ? session_on_front(&p->session, bytes)
				      : session_on_back(&p->session, bytes);

	/* It wanted bytes, so it has room for as many as one receive may bring. */
	if (odd_if(n != bytes.n))
		session_end(&p->session, REASON_INTERNAL, STR("no room for what was unsealed"));
}

/* A session on its way out drops them. */
static bool is_wanted(const struct pair *p, enum side side)
{
	return p->session.phase >= PHASE_CLOSING ||
	       session_wants(&p->session) & (side == SIDE_FRONT ? WANT_RECV_FRONT : WANT_RECV_BACK);
}

/*
 * As much as one receive may have brought is taken, record after record, once the session has room
 * for it: one that waits, for its auth service perhaps, must not keep the pool's buffers from it.
 */
static void take_plain(struct thread *t, struct pair *p, enum side side)
{
	struct tls_link *l = p->link[side];
	enum channel_ev ev = CHANNEL_PLAIN;
	size_t room = 0;

	while (ev != CHANNEL_FULL && tls_link_busy(l) && p->session.phase != PHASE_RELAY) {
		struct channel_plain plain = {.p = t->plain};

		if (is_wanted(p, side))
			room = RELAY_BULK_BYTES;
		if (!room)
			break;
		plain.room = room;
		ev = tls_link_read(t, l, &plain);
		room -= plain.n;
		if (plain.n)
			tell(p, side, str_of(plain.p, plain.n));
		/* Credentials come this way. */
		buf_wipe_memory(plain.p, plain.n);
		if (ev == CHANNEL_CLOSED || ev == CHANNEL_FAILED)
			pair_tls_ended(t, p, side, ev);
	}
}

bool pair_tls_hears(struct thread *t, struct pair *p, enum side side, const struct ring_event *ev)
{
	struct tls_link *l = p->link[side];

	if (!l->closed)
		return true;
	if (ev->has_buffer)
		ring_put_buffer(t->io.ring, ev->buffer);
	return false;
}

void pair_tls_take(struct thread *t, struct pair *p, enum side side)
{
	struct tls_link *l = p->link[side];

	if (l->closed || l->state == TLS_LINK_DEAD)
		tls_link_drop(t, l);
	else if (l->state == TLS_LINK_DARK)
		tls_link_feed(t, l);
	else
		take_plain(t, p, side);
}

void pair_tls_ended(struct thread *t, struct pair *p, enum side side, enum channel_ev ev)
{
	struct conn *c = &p->conn[side];

	conn_cancel(&t->io, c, CONN_RECV);
	c->ended = c->told = true;
	if (ev == CHANNEL_FAILED)
		session_on_closed(&p->session, side, channel_why(&p->link[side]->channel));
	else if (p->session.phase == PHASE_RELAY)
		relay_ended(&p->session.u.past.relay, side);
	else
		session_on_closed(&p->session, side, str_none());
}

/* Words for a client that has come to no handshake are not said. */
static void drop_words(struct pair *p, enum side side)
{
	session_on_sent(&p->session, side, session_pending(&p->session, side).n);
}

void pair_tls_seal(struct thread *t, struct pair *p, enum side side)
{
	struct str bytes;
	size_t n;

	while ((bytes = session_pending(&p->session, side)).n &&
	       (n = tls_link_write(t, p->link[side], bytes)))
		session_on_sent(&p->session, side, n);
	if (tls_link_is_spoilt(p->link[side])) {
		tls_link_die(t, p->link[side]);
		pair_tls_ended(t, p, side, CHANNEL_FAILED);
	}
}

void pair_tls_say(struct thread *t, struct pair *p, enum side side)
{
	if (p->link[side]->state == TLS_LINK_UP)
		pair_tls_seal(t, p, side);
	else
		drop_words(p, side);
}

/* ---- its end ---- */

/* There is somebody to wait for: a client for some seconds, if it has last words to hear. */
static bool is_waited_for(const struct thread *t, const struct pair *p, enum side side)
{
	const struct session *s = &p->session;

	if (t->env.now_ms >= s->deadline_ms)
		return false;
	return !p->conn[side].stalled || (side == SIDE_FRONT && s->lingers);
}

bool pair_tls_leave(struct thread *t, struct pair *p, enum side side)
{
	struct tls_link *l = p->link[side];

	if (!l || l->gone)
		return true;
	tls_link_bye(t, l);
	tls_link_send(t, l);
	if (!tls_link_drained(l) && is_waited_for(t, p, side))
		return false;
	/* Once is enough. */
	l->gone = true;
	return true;
}

void pair_tls_rest(struct thread *t, struct pair *p)
{
	for (int side = 0; side < 2; side++)
		if (p->link[side])
			tls_link_rest(t, p->link[side]);
}

void pair_tls_close(struct thread *t, struct pair *p, enum side side)
{
	if (p->link[side])
		tls_link_close(t, p->link[side]);
	p->link[side] = NULL;
}
