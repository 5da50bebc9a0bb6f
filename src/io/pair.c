/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair: a session and its two connections on the ring.
 *
 * Events only change state and mark the pair as touched; once a turn pair_reconcile() compares
 * what the session wants with what is in the kernel and submits the difference. A pair is freed
 * there and nowhere else, when nothing of it is in flight.
 */
#include "io/pair.h"

#include "base/buf.h"
#include "base/must.h"
#include "io/auth_client.h"
#include "io/dial.h"
#include "io/net.h"
#include "io/oserror.h"
#include "io/pair_tls.h"
#include "io/pump.h"
#include "io/sockaddr.h"

#include <errno.h>
#include <string.h>

static uint32_t index_of(const struct thread *t, const struct pair *p)
{
	return slab_index(&t->pairs, p);
}

/* "<random>.<seconds>", where a challenge or a name for the session is needed. */
static struct str make_nonce(const struct server_conf *conf, struct out *o)
{
	if (!front_has_challenge(&conf->front) && !conf->back.identity)
		return str_none();
	out_u64(o, net_random() >> 33);
	out_byte(o, '.');
	out_u64(o, net_wall_s());
	return out_data(o);
}

static void start_session(struct thread *t, struct pair *p, const struct listen_conf *from,
			  const struct addr *client)
{
	uint8_t text[40];
	struct out nonce;
	struct session_start start = {
		.conf = from->server,
		.listening = from->text,
		.number = atomic_fetch_add(t->connection_counter, 1) + 1,
		.proxied = from->proxy_protocol,
		.tls = from->ssl,
		.client = *client,
	};

	out_init(&nonce, text, sizeof(text));
	start.nonce = make_nonce(from->server, &nonce);
	if (from->server->log_level >= LEVEL_INFO || from->server->n_debug_from ||
	    from->server->proxy_out != PROXY_OUT_OFF || from->server->back.identity)
		net_local(p->conn[SIDE_FRONT].fd, &start.local);
	session_start(&p->session, &t->env, &start);
}

static void named(struct thread *t, struct resolver_asker *a, const struct name_answer *answer)
{
	struct pair *p = list_entry(a, struct pair, name);

	session_on_named(&p->session, answer);
	thread_touch(t, p);
}

struct pair *pair_open(struct thread *t, const struct listen_conf *from, int fd,
		       const struct addr *client)
{
	struct pair *p = slab_get(&t->pairs);
	uint16_t generation;

	if (!p)
		return NULL;
	generation = (uint16_t)(p->generation + 1);
	p->generation = generation;
	p->bulk[SIDE_FRONT] = p->bulk[SIDE_BACK] = NULL;
	p->link[SIDE_FRONT] = p->link[SIDE_BACK] = NULL;
	p->call = NULL;
	p->auth_deadline_ms = 0;
	p->auth_tries = 0;
	conn_init(&p->conn[SIDE_FRONT], conn_tag(CONN_FRONT, index_of(t, p), generation));
	conn_init(&p->conn[SIDE_BACK], conn_tag(CONN_BACK, index_of(t, p), generation));
	list_init(&p->touched);
	list_init(&p->asking);
	list_init(&p->starving);
	wheel_timer_init(&p->timer);
	resolver_asker_init(&p->name, named);
	conn_open(&p->conn[SIDE_FRONT], fd);
	start_session(t, p, from, client);
	t->counters.active++;
	thread_touch(t, p);
	return p;
}

struct pair *pair_find(struct thread *t, uint64_t tag)
{
	uint32_t index = conn_tag_index(tag);
	struct pair *p;

	if (odd_if(index >= t->pairs.touched))
		return NULL;
	p = slab_at(&t->pairs, index);
	if (odd_if(p->generation != conn_tag_generation(tag)))
		return NULL;
	return p;
}

static void free_pair(struct thread *t, struct pair *p)
{
	list_remove(&p->touched);
	list_remove(&p->starving);
	wheel_remove(&t->wheel, &p->timer);
	for (int side = 0; side < 2; side++) {
		pair_tls_close(t, p, (enum side)side);
		bulk_drop(t, p, (enum side)side);
		conn_close(&t->io, &p->conn[side]);
	}
	session_done(&p->session);
	p->generation++;
	t->counters.active--;
	slab_put(&t->pairs, p);
}

static void failed(struct pair *p, enum side side, int error)
{
	char text[96];

	if (p->link[side])
		p->link[side]->gone = true;
	session_on_closed(&p->session, side, oserror_text(error, text, sizeof(text)));
}

static enum side side_of(const struct ring_event *ev)
{
	return conn_tag_who(ev->tag) == CONN_FRONT ? SIDE_FRONT : SIDE_BACK;
}

static size_t offer(struct pair *p, enum side side, struct str bytes)
{
	if (side == SIDE_FRONT)
		return session_on_front(&p->session, bytes);
	return session_on_back(&p->session, bytes);
}

/* A buffer for the session: what it does not take at once waits in order. */
static void take_in(struct thread *t, struct pair *p, const struct ring_event *ev)
{
	enum side side = side_of(ev);
	struct conn *c = &p->conn[side];
	uint8_t *bytes = ring_buffer(t->io.ring, ev->buffer);
	uint32_t n = (uint32_t)ev->res;
	size_t taken = 0;

	if (p->link[side]) {
		conn_push(&t->io, c, ev->buffer, n);
		pair_tls_take(t, p, side);
		return;
	}
	if (!c->held)
		taken = offer(p, side, str_of(bytes, n));
	if (taken == n) {
		/* Credentials come this way. */
		buf_wipe_memory(bytes, n);
		ring_put_buffer(t->io.ring, ev->buffer);
		return;
	}
	conn_push(&t->io, c, ev->buffer, n);
	conn_forget(&t->io, c, (uint32_t)taken);
}

/* Bytes that came from the side are not with the session yet. */
static bool is_busy(const struct pair *p, enum side side)
{
	return p->link[side] ? tls_link_busy(p->link[side]) : p->conn[side].held > 0;
}

static void ended(struct pair *p, enum side side)
{
	struct conn *c = &p->conn[side];

	c->ended = true;
	if (p->session.phase == PHASE_RELAY) {
		relay_ended(&p->session.u.past.relay, side);
		c->told = true;
	} else if (!is_busy(p, side)) {
		c->told = true;
		session_on_closed(&p->session, side, str_none());
	}
}

/*
 * A backend that refuses in the middle of a message closes over the rest of it: its connection is
 * reset behind its reply. The reply is for the client all the same.
 */
static bool has_last_words(const struct pair *p)
{
	return p->session.phase == PHASE_RELAY && pump_waiting(p, SIDE_BACK);
}

/* What a backend does not take any more is let go: how it ended is for its receive to say. */
static bool is_deaf(const struct pair *p, enum side side, int error)
{
	return side == SIDE_BACK && p->session.phase == PHASE_RELAY && conn_is_gone(error) &&
	       (!p->conn[SIDE_BACK].ended || has_last_words(p));
}

/* Its end, although in anger. */
static bool is_last(const struct pair *p, enum side side, int error)
{
	return side == SIDE_BACK && has_last_words(p) && conn_is_gone(error);
}

static void received(struct thread *t, struct pair *p, const struct ring_event *ev)
{
	enum side side = side_of(ev);

	if (ev->res > 0 && p->session.phase == PHASE_RELAY)
		pump_received(t, p, side, ev);
	else if (ev->res > 0)
		take_in(t, p, ev);
	else if (ev->has_buffer)
		ring_put_buffer(t->io.ring, ev->buffer);
	if (ev->res == 0 && p->conn[side].deaf && !has_last_words(p))
		failed(p, side, p->conn[side].deaf);
	else if (ev->res == 0)
		ended(p, side);
	else if (ev->res == -ENOBUFS)
		list_move_back(&t->starving, &p->starving);
	else if (ev->res == -EAGAIN)
		p->conn[side].poll_first = true;
	else if (ev->res < 0 && ev->res != -ECANCELED && is_last(p, side, -ev->res))
		ended(p, side);
	else if (ev->res < 0 && ev->res != -ECANCELED)
		failed(p, side, -ev->res);
}

static void sent(struct thread *t, struct pair *p, const struct ring_event *ev)
{
	enum side side = side_of(ev);
	struct conn *c = &p->conn[side];
	uint32_t n = ev->res > 0 ? (uint32_t)ev->res : 0;

	if (ev->res < 0 && ev->res != -EAGAIN && is_deaf(p, side, -ev->res)) {
		c->deaf = -ev->res;
		n = c->asked;
	} else if (ev->res < 0 && ev->res != -EAGAIN) {
		if (ev->res != -ECANCELED)
			failed(p, side, -ev->res);
		return;
	}
	if (!n)
		return;
	if (p->link[side])
		tls_link_sent(t, p->link[side], n);
	else if (c->own)
		conn_drop(&t->io, &p->conn[side_other(side)], n);
	else
		session_on_sent(&p->session, side, n);
}

void pair_event(struct thread *t, struct pair *p, const struct ring_event *ev)
{
	enum side side = side_of(ev);
	struct conn *c = &p->conn[side];

	conn_event(c, ev);
	switch (conn_tag_op(ev->tag)) {
	case CONN_RECV:
		if (!p->link[side] || pair_tls_hears(t, p, side, ev))
			received(t, p, ev);
		break;
	case CONN_SEND:
		sent(t, p, ev);
		break;
	case CONN_POLL_IN:
		c->poll_first = false;
		break;
	case CONN_POLL_OUT:
		break;
	}
	thread_touch(t, p);
}

void pair_tick(struct thread *t, struct pair *p)
{
	session_on_tick(&p->session);
	if (p->auth_deadline_ms && t->env.now_ms >= p->auth_deadline_ms)
		auth_client_timeout(t, p);
	thread_touch(t, p);
}

/* The kernel is sending from the buffers that came from this side. */
static bool is_lent(const struct pair *p, enum side side)
{
	const struct conn *dst = &p->conn[side_other(side)];

	return dst->armed & CONN_SEND && dst->own;
}

/* Bytes that the session could not take when they came, then the end that came behind them. */
static void offer_again(struct thread *t, struct pair *p)
{
	for (int side = 0; side < 2; side++) {
		struct conn *c = &p->conn[side];

		/* A session that ended under a send: its bytes stay until the kernel has said how
		   many it took. */
		if (is_lent(p, (enum side)side))
			continue;
		if (p->link[side] && p->session.phase != PHASE_RELAY)
			pair_tls_take(t, p, (enum side)side);
		while (c->held && !p->link[side] && p->session.phase != PHASE_RELAY) {
			size_t n = offer(p, (enum side)side, conn_first(&t->io, c));

			if (!n)
				break;
			conn_forget(&t->io, c, (uint32_t)n);
		}
		if (c->ended && !c->told &&
		    (!is_busy(p, (enum side)side) || p->session.phase == PHASE_RELAY))
			ended(p, (enum side)side);
	}
}

static void receive(struct thread *t, struct pair *p, enum side side, unsigned wants)
{
	bool want = wants & (side == SIDE_FRONT ? WANT_RECV_FRONT : WANT_RECV_BACK);
	struct conn *c = &p->conn[side];

	if (c->fd == -1 || c->ended)
		return;
	if (p->link[side] && tls_link_wants(p->link[side]))
		want = true;
	if (!want || c->held)
		conn_cancel(&t->io, c, CONN_RECV);
	else if (list_empty(&p->starving))
		conn_recv(&t->io, c);
}

/* What a session that has ended still had for its backend is not said any more. */
static struct str next_words(const struct pair *p, enum side side, unsigned wants)
{
	if (!(wants & (side == SIDE_FRONT ? WANT_SEND_FRONT : WANT_SEND_BACK)))
		return str_none();
	return session_pending(&p->session, side);
}

static void transmit(struct thread *t, struct pair *p, enum side side, unsigned wants)
{
	struct conn *c = &p->conn[side];
	struct str bytes = next_words(p, side, wants);

	if (p->link[side]) {
		if (bytes.n)
			pair_tls_say(t, p, side);
		tls_link_send(t, p->link[side]);
		return;
	}
	if (c->fd == -1 || !bytes.n || c->armed & CONN_SEND)
		return;
	if (c->stalled) {
		conn_poll_out(&t->io, c);
		return;
	}
	conn_send(&t->io, c, bytes, false);
}

/* A mail server that has refused at one address is tried at its next: true once the connection to
 * the first is gone. */
static bool hang_up(struct thread *t, struct pair *p)
{
	struct conn *c = &p->conn[SIDE_BACK];

	if (c->fd == -1)
		return true;
	conn_shut(&t->io, c);
	if (!conn_quiet(c))
		return false;
	pair_tls_close(t, p, SIDE_BACK);
	conn_close(&t->io, c);
	conn_init(c, c->tag);
	return true;
}

/* Nobody has asked for our end so far, but the mail server may want to hear of it. */
static bool may_say_local(const struct session *s)
{
	return s->local.family == ADDR_NONE && s->conf->back.protocol == PROTOCOL_SMTP &&
	       s->conf->back.xclient;
}

static void dial(struct thread *t, struct pair *p)
{
	struct session *s = &p->session;
	union socket_address to;
	char text[DIAL_TEXT_MAX];
	int fd;

	if (may_say_local(s))
		net_local(p->conn[SIDE_FRONT].fd, &s->local);
	sockaddr_from_addr(&to, &s->upstream);
	fd = dial_from(t, s->conf->sources, &to);
	if (fd < 0) {
		session_on_dialled(s, dial_error(-fd, s->conf->sources, text));
		return;
	}
	conn_open(&p->conn[SIDE_BACK], fd);
	if (s->conf->log_level >= LEVEL_INFO || s->traced)
		net_local(fd, &s->back_local);
	session_on_dialled(s, str_none());
}

/* One name may lead to the next, and that may be known already. */
static void ask_names(struct thread *t, struct pair *p)
{
	struct name_query q;

	if (!(session_wants(&p->session) & WANT_NAME))
		resolver_cancel(t, &p->name);
	while (session_wants(&p->session) & WANT_NAME && !resolver_is_asking(&p->name)) {
		session_name_query(&p->session, &q);
		resolver_ask(t, &p->name, &q);
	}
}

static void login_turn(struct thread *t, struct pair *p)
{
	unsigned wants;

	ask_names(t, p);
	wants = session_wants(&p->session);
	if (wants & WANT_AUTH && !p->auth_deadline_ms)
		auth_client_ask(t, p);
	else if (!(wants & WANT_AUTH) && p->auth_deadline_ms)
		auth_client_cancel(t, p);
	while (session_wants(&p->session) & WANT_DIAL && hang_up(t, p))
		dial(t, p);
	wants = session_wants(&p->session);
	if (wants & (WANT_TLS_FRONT | WANT_TLS_BACK))
		pair_tls_turn(t, p, wants);
	if (wants & WANT_SHUT && pair_tls_leave(t, p, SIDE_FRONT)) {
		net_shut_sending(p->conn[SIDE_FRONT].fd);
		session_on_hushed(&p->session);
		wants = session_wants(&p->session);
	}
	/* What comes of sealing words for one side is seen when they have left. */
	for (int side = 0; side < 2; side++) {
		receive(t, p, (enum side)side, wants);
		transmit(t, p, (enum side)side, wants);
	}
}

/* Timers are set too early rather than moved: the usual deadline only ever moves away. */
static void set_timer(struct thread *t, struct pair *p)
{
	uint64_t at_ms = p->session.deadline_ms;

	if (p->auth_deadline_ms && (!at_ms || p->auth_deadline_ms < at_ms))
		at_ms = p->auth_deadline_ms;
	if (at_ms && (!wheel_armed(&p->timer) || p->timer.at_ms > at_ms))
		wheel_set(&t->wheel, &p->timer, at_ms);
}

/* What is sealed already leaves, and that it is all. */
static bool takes_leave(struct thread *t, struct pair *p)
{
	bool front = pair_tls_leave(t, p, SIDE_FRONT), back = pair_tls_leave(t, p, SIDE_BACK);

	return !front || !back;
}

static void close_turn(struct thread *t, struct pair *p)
{
	if (p->auth_deadline_ms)
		auth_client_cancel(t, p);
	resolver_cancel(t, &p->name);
	if (takes_leave(t, p)) {
		conn_cancel(&t->io, &p->conn[SIDE_FRONT], CONN_RECV);
		conn_cancel(&t->io, &p->conn[SIDE_BACK], CONN_RECV);
		set_timer(t, p);
		return;
	}
	conn_shut(&t->io, &p->conn[SIDE_FRONT]);
	conn_shut(&t->io, &p->conn[SIDE_BACK]);
	if (conn_quiet(&p->conn[SIDE_FRONT]) && conn_quiet(&p->conn[SIDE_BACK]))
		free_pair(t, p);
}

void pair_reconcile(struct thread *t, struct pair *p)
{
	struct session *s = &p->session;

	offer_again(t, p);
	if (session_wants(s) & WANT_RELAY)
		pump_turn(t, p);
	else if (!(session_wants(s) & WANT_CLOSE))
		login_turn(t, p);
	if (session_wants(s) & WANT_CLOSE) {
		close_turn(t, p);
		return;
	}
	session_rest(s);
	pair_tls_rest(t, p);
	set_timer(t, p);
}
