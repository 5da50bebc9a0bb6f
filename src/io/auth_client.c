/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_client: connections to the auth services and the queue before them.
 *
 * Owns the slab of connections (auth_conn.h). The protocol is proto/auth_http, how its bytes travel
 * is in auth_wire.c; this file picks connections and counts.
 */
#include "io/auth_client.h"

#include "base/must.h"
#include "io/auth_wire.h"
#include "io/net.h"
#include "io/oserror.h"
#include "io/pair_tls.h"

#include <errno.h>

static uint32_t conns_max(const struct worker_conf *conf)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < conf->n_auth_services; i++)
		n += conf->auth_services[i]->connections_max;
	return n;
}

static size_t clients_bytes(const struct worker_conf *conf)
{
	return (conf->n_auth_services * sizeof(struct auth_client) + 63) & ~(size_t)63;
}

size_t auth_client_memory(const struct worker_conf *conf)
{
	return clients_bytes(conf) + slab_bytes(conns_max(conf), auth_conn_bytes(conf));
}

void auth_client_open(struct thread *t, void *memory)
{
	t->auth = memory;
	slab_init(&t->auth_conns, (uint8_t *)memory + clients_bytes(t->conf), conns_max(t->conf),
		  auth_conn_bytes(t->conf));
	for (uint32_t i = 0; i < t->conf->n_auth_services; i++) {
		struct auth_client *a = &t->auth[i];

		*a = (struct auth_client){.conf = t->conf->auth_services[i]};
		list_init(&a->idle);
		list_init(&a->queue);
	}
	auth_names_open(t);
}

static struct auth_client *client_of(struct thread *t, const struct pair *p)
{
	return &t->auth[p->session.conf->auth->index];
}

/* ---- connections ---- */

static void serve_queue(struct thread *t, struct auth_client *a);

/* Ends it as soon as nothing of it is in the kernel. */
static void conn_leave(struct thread *t, struct auth_conn *c)
{
	struct auth_client *a = c->client;

	if (!c->closing && !list_empty(&c->node)) {
		list_remove(&c->node);
		a->idle_n--;
	}
	c->closing = true;
	c->pair = NULL;
	list_remove(&c->starving);
	auth_wire_leave(t, c);
	conn_shut(&t->io, &c->conn);
	/* The password goes as soon as the kernel does not read it any more. */
	if (!(c->conn.armed & CONN_SEND))
		auth_conn_wipe(c);
	if (!conn_quiet(&c->conn))
		return;
	auth_wire_close(t, c);
	conn_close(&t->io, &c->conn);
	c->generation++;
	a->open--;
	slab_put(&t->auth_conns, c);
	serve_queue(t, a);
}

/* With an address that the service has still. */
static bool is_current(const struct auth_conn *c)
{
	return c->epoch == c->client->epoch;
}

void auth_client_moved(struct thread *t, struct auth_client *a)
{
	a->epoch++;
	a->address = 0;
	while (!list_empty(&a->idle))
		conn_leave(t, list_entry(a->idle.next, struct auth_conn, node));
}

/* ---- verdicts ---- */

static void forget(struct pair *p)
{
	p->auth_deadline_ms = 0;
	if (p->call)
		p->call->pair = NULL;
	p->call = NULL;
}

static void deliver(struct thread *t, struct pair *p, const struct verdict *v)
{
	forget(p);
	session_on_verdict(&p->session, v);
	thread_touch(t, p);
}

static void broken(struct thread *t, struct pair *p, enum reason reason, struct str detail)
{
	deliver(t, p,
		&(struct verdict){.kind = VERDICT_BROKEN, .reason = reason, .detail = detail});
}

/* ---- requests ---- */

static void lost(struct thread *t, struct auth_conn *c, int error);

static void transmit(struct thread *t, struct auth_conn *c)
{
	if (auth_wire_send(t, c) < 0)
		lost(t, c, ECONNRESET);
}

static void request(struct thread *t, struct auth_conn *c, struct pair *p)
{
	struct auth_http_query q;
	struct auth_http_tls facts;

	session_auth_query(&p->session, &q);
	if (pair_tls_facts(t, p, &facts))
		q.tls = &facts;
	auth_conn_wipe(c);
	c->sent = 0;
	auth_http_request(&c->client->conf->http, &q, &c->request);
	auth_http_response_init(&c->response, &c->store, q.need_password);
	c->pair = p;
	p->call = c;
	if (odd_if(out_overflow(&c->request))) {
		broken(t, p, REASON_INTERNAL, STR("auth request is too long"));
		conn_leave(t, c);
		return;
	}
	conn_recv(&t->io, &c->conn);
	transmit(t, c);
}

/* On a new connection. */
static void begin(struct thread *t, struct auth_conn *c, struct pair *p)
{
	if (auth_wire_open(t, c) == 0) {
		request(t, c, p);
		return;
	}
	broken(t, p, REASON_INTERNAL, STR("no memory for TLS"));
	conn_leave(t, c);
}

static uint32_t next_address(const struct auth_client *a, uint32_t address)
{
	return (address + 1) % a->n_addresses;
}

/* A new connection, to the next address that this request has not tried. */
static void dial(struct thread *t, struct auth_client *a, struct pair *p)
{
	char text[96];
	int fd = -1;

	while (fd < 0 && p->auth_tries < a->n_addresses) {
		p->auth_address = p->auth_tries++ ? next_address(a, p->auth_address) : a->address;
		fd = net_dial(&a->addresses[p->auth_address], NULL);
	}
	if (fd < 0)
		broken(t, p, REASON_AUTH_DOWN, oserror_text(-fd, text, sizeof(text)));
	else
		begin(t, auth_conn_open(t, a, p->auth_address, fd), p);
}

/* On an idle connection, or a new one. false: as many as may are at work. */
static bool start(struct thread *t, struct auth_client *a, struct pair *p)
{
	struct list *node = list_pop(&a->idle);

	if (node) {
		struct auth_conn *c = list_entry(node, struct auth_conn, node);

		a->idle_n--;
		c->reused = true;
		request(t, c, p);
		return true;
	}
	if (a->open >= a->conf->connections_max)
		return false;
	dial(t, a, p);
	return true;
}

static void serve_queue(struct thread *t, struct auth_client *a)
{
	while (!list_empty(&a->queue)) {
		struct pair *p = list_entry(a->queue.next, struct pair, asking);

		list_remove(&p->asking);
		a->queued--;
		if (!(session_wants(&p->session) & WANT_AUTH)) {
			/* Its session has ended in this very turn. */
			forget(p);
			continue;
		}
		if (start(t, a, p))
			continue;
		list_push_front(&a->queue, &p->asking);
		a->queued++;
		return;
	}
}

void auth_client_ask(struct thread *t, struct pair *p)
{
	struct auth_client *a = client_of(t, p);

	p->auth_tries = 0;
	p->auth_deadline_ms = t->env.now_ms + a->conf->timeout_ms;
	if (list_empty(&a->queue) && start(t, a, p))
		return;
	if (a->queued >= a->conf->queue_max) {
		broken(t, p, REASON_AUTH_QUEUE_FULL, str_none());
		return;
	}
	list_push_back(&a->queue, &p->asking);
	a->queued++;
}

void auth_client_cancel(struct thread *t, struct pair *p)
{
	struct auth_conn *c = p->call;

	if (!list_empty(&p->asking)) {
		list_remove(&p->asking);
		client_of(t, p)->queued--;
	}
	forget(p);
	if (c)
		conn_leave(t, c);
}

/* Not a byte of an answer has come. */
static bool is_untouched(const struct auth_conn *c)
{
	return c->response.head_n == 0 && !buf_len(&c->in);
}

void auth_client_timeout(struct thread *t, struct pair *p)
{
	struct auth_client *a = client_of(t, p);

	/* Who comes next tries another address first. */
	if (p->call && is_untouched(p->call) && is_current(p->call) &&
	    p->call->address == a->address)
		a->address = next_address(a, a->address);
	auth_client_cancel(t, p);
	broken(t, p, REASON_AUTH_TIMEOUT, str_none());
}

/* ---- events ---- */

/* Ask again, on another connection: first in the queue, which may be served at once. */
static void ask_again(struct thread *t, struct auth_conn *c)
{
	struct auth_client *a = c->client;
	struct pair *p = c->pair;

	p->call = NULL;
	list_push_front(&a->queue, &p->asking);
	a->queued++;
	conn_leave(t, c);
	serve_queue(t, a);
}

/* No TLS with this address: the next one, or none. */
static void refused(struct thread *t, struct auth_conn *c, struct str why)
{
	struct pair *p = c->pair;

	if (p && p->auth_tries < c->client->n_addresses) {
		ask_again(t, c);
		return;
	}
	if (p)
		broken(t, p, REASON_AUTH_TLS, why);
	conn_leave(t, c);
}

/* The connection failed under a request: `error`, or 0 when the service closed it. */
static void lost(struct thread *t, struct auth_conn *c, int error)
{
	struct auth_client *a = c->client;
	struct pair *p = c->pair;
	bool untouched = is_untouched(c);
	char text[96];

	if (!error && auth_wire_is_dark(c)) {
		refused(t, c, STR("peer closed connection in SSL handshake"));
		return;
	}
	/* A connection that was refused says so once: a send may hear it, and the receive the end.
	 */
	if (!error && !c->sent)
		error = ECONNRESET;

	if (p && untouched && c->reused) {
		/* It had been closed while idle: that says nothing about the service. */
		p->auth_tries = 0;
		ask_again(t, c);
		return;
	}
	if (p && untouched && error && p->auth_tries < a->n_addresses) {
		ask_again(t, c);
		return;
	}
	if (p && untouched && error) {
		broken(t, p, REASON_AUTH_DOWN, oserror_text(error, text, sizeof(text)));
	} else if (p) {
		auth_http_response_eof(&c->response);
		deliver(t, p, &c->response.verdict);
	}
	conn_leave(t, c);
}

/*
 * The verdict is delivered: keep the connection for the next request, or not. A body that did not
 * come with the headers is not waited for.
 */
static void finished(struct thread *t, struct auth_conn *c)
{
	struct auth_client *a = c->client;

	/* An answer that came before all of its question leaves a connection nobody can read. */
	if (!is_current(c) || !a->conf->keepalive || !c->response.done || !c->response.reusable ||
	    buf_len(&c->in) || !auth_wire_is_sent(c) ||
	    (list_empty(&a->queue) && a->idle_n >= a->conf->keepalive)) {
		conn_leave(t, c);
		return;
	}
	auth_conn_wipe(c);
	/* The kernel may have ended the receive: an idle connection hears when it is closed. */
	conn_recv(&t->io, &c->conn);
	list_push_front(&a->idle, &c->node);
	a->idle_n++;
	serve_queue(t, a);
}

static void feed(struct thread *t, struct auth_conn *c, struct buf *in)
{
	enum auth_http_ev ev = auth_http_response_next(&c->response, in);

	if (ev == AUTH_HTTP_VERDICT && c->pair)
		deliver(t, c->pair, &c->response.verdict);
}

/* Answers hold passwords, those that come too late as well. */
static void drop_buffer(struct thread *t, const struct ring_event *ev)
{
	if (ev->res > 0)
		buf_wipe_memory(ring_buffer(t->io.ring, ev->buffer), (size_t)ev->res);
	ring_put_buffer(t->io.ring, ev->buffer);
}

/* Of an answer, if one is due. */
static void came(struct thread *t, struct auth_conn *c, struct str bytes)
{
	struct buf fresh = buf_view(bytes);
	bool idle = !list_empty(&c->node), whole = true;

	if (is_current(c))
		c->client->address = c->address;
	if (!idle && buf_len(&c->in)) {
		whole = buf_append(&c->in, bytes) == bytes.n;
		feed(t, c, &c->in);
	} else if (!idle) {
		feed(t, c, &fresh);
		whole = buf_append(&c->in, buf_data(&fresh)) == buf_len(&fresh);
	}
	if (idle || !whole) {
		/* Bytes that answer no request, or more than any answer may have. */
		if (c->pair)
			broken(t, c->pair, REASON_AUTH_TOO_LONG, str_none());
		conn_leave(t, c);
	} else if (!c->pair) {
		finished(t, c);
	}
}

/* The slot may be free, or another's, when a call has returned. */
static bool is_still(const struct auth_conn *c, uint16_t generation)
{
	return c->generation == generation && !c->closing;
}

static void unseal(struct thread *t, struct auth_conn *c)
{
	uint16_t generation = c->generation;
	enum channel_ev ev = CHANNEL_PLAIN;
	size_t n;

	while (ev == CHANNEL_PLAIN && is_still(c, generation)) {
		ev = auth_wire_read(t, c, &n);
		if (n)
			came(t, c, str_of(t->plain, n));
		buf_wipe_memory(t->plain, n);
	}
	if (!is_still(c, generation))
		return;
	if (ev == CHANNEL_CLOSED)
		lost(t, c, c->conn.deaf);
	else if (ev == CHANNEL_FAILED)
		lost(t, c, ECONNRESET);
}

/* The kernel may end a receive at any time; and a channel may have to answer what it has read. */
static void hear(struct thread *t, struct auth_conn *c)
{
	if (c->link)
		tls_link_send(t, c->link);
	if (!c->link || tls_link_wants(c->link) || !auth_wire_is_dark(c))
		conn_recv(&t->io, &c->conn);
}

static void received(struct thread *t, struct auth_conn *c, const struct ring_event *ev)
{
	uint16_t generation = c->generation;

	if (c->link) {
		auth_wire_push(t, c, ev);
		if (!auth_wire_is_dark(c))
			unseal(t, c);
	} else {
		came(t, c, str_of(ring_buffer(t->io.ring, ev->buffer), (size_t)ev->res));
		drop_buffer(t, ev);
	}
	if (is_still(c, generation))
		hear(t, c);
}

static void on_recv(struct thread *t, struct auth_conn *c, const struct ring_event *ev)
{
	if (ev->res > 0 && !c->closing) {
		received(t, c, ev);
		return;
	}
	if (ev->has_buffer)
		drop_buffer(t, ev);
	if (c->closing)
		return;
	c->conn.ended = ev->res == 0;
	if (ev->res == -ENOBUFS)
		list_move_back(&t->auth_starving, &c->starving);
	else if (ev->res <= 0)
		lost(t, c, ev->res ? -ev->res : c->conn.deaf);
}

void auth_client_feed(struct thread *t)
{
	struct list *node;

	while ((node = list_pop(&t->auth_starving)))
		conn_recv(&t->io, &list_entry(node, struct auth_conn, starving)->conn);
}

static void on_send(struct thread *t, struct auth_conn *c, const struct ring_event *ev)
{
	if (c->closing)
		return;
	if (ev->res < 0 && ev->res != -EAGAIN) {
		/* A service may answer before it has heard all, and close: its answer still comes.
		 */
		if (conn_is_gone(-ev->res))
			c->conn.deaf = -ev->res;
		else
			lost(t, c, -ev->res);
		return;
	}
	if (ev->res > 0)
		auth_wire_sent(t, c, (size_t)ev->res);
	transmit(t, c);
}

/* "18:self-signed certificate", or what else has kept TLS from coming about. */
static void no_handshake(struct thread *t, struct auth_conn *c)
{
	uint8_t text[256];
	struct out o;

	out_init(&o, text, sizeof(text));
	tls_link_why(c->link, &o);
	refused(t, c, out_data(&o));
}

void auth_client_step(struct thread *t, struct tls_link *l)
{
	struct auth_conn *c = list_entry(l->conn, struct auth_conn, conn);
	enum channel_ev ev = tls_link_step(t, l);
	uint16_t generation = c->generation;

	if (ev == CHANNEL_FAILED) {
		no_handshake(t, c);
		return;
	}
	transmit(t, c);
	if (ev == CHANNEL_UP && is_still(c, generation))
		unseal(t, c);
	if (is_still(c, generation))
		hear(t, c);
}

void auth_client_event(struct thread *t, const struct ring_event *ev)
{
	struct auth_conn *c = slab_at(&t->auth_conns, conn_tag_index(ev->tag));

	if (odd_if(c->generation != conn_tag_generation(ev->tag))) {
		if (ev->has_buffer)
			ring_put_buffer(t->io.ring, ev->buffer);
		return;
	}
	conn_event(&c->conn, ev);
	if (conn_tag_op(ev->tag) == CONN_RECV) {
		on_recv(t, c, ev);
	} else if (conn_tag_op(ev->tag) == CONN_SEND) {
		on_send(t, c, ev);
	} else if (!c->closing) {
		transmit(t, c);
	}
	/* Still this connection's slot only if it was not freed above. */
	if (c->generation != conn_tag_generation(ev->tag))
		return;
	if (c->closing)
		conn_leave(t, c);
	else if (c->link)
		tls_link_rest(t, c->link);
}

void auth_client_forget(struct thread *t)
{
	for (uint32_t i = 0; i < t->auth_conns.touched; i++) {
		struct auth_conn *c = slab_at(&t->auth_conns, i);

		if (c->generation % 2)
			auth_conn_wipe(c);
	}
}

void auth_client_close(struct thread *t)
{
	for (uint32_t i = 0; i < t->auth_conns.touched; i++) {
		struct auth_conn *c = slab_at(&t->auth_conns, i);

		if (c->generation % 2 == 0 || c->conn.fd == -1)
			continue;
		auth_wire_close(t, c);
		net_close(c->conn.fd);
		c->conn.fd = -1;
	}
}
