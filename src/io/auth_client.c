/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_client: connections to the auth services and the queue before them.
 *
 * Owns the slab of connections; each carries at most one request (`pair`), is idle (no pair, in
 * the idle list) or is on its way out (`closing`). The protocol is proto/auth_http; this file only
 * moves its bytes, picks connections and counts.
 */
#include "io/auth_client.h"

#include "base/must.h"
#include "io/net.h"
#include "io/oserror.h"

#include <errno.h>

enum {
	/* Of a request: every byte of a user name or password may become three. */
	REQUEST_LINES = 10,
	REQUEST_EXTRA = 2048,
};

struct auth_client {
	const struct auth_service_conf *conf;
	struct list idle;
	struct list queue; /* of pair.asking */
	uint32_t open, idle_n, queued;
	uint32_t address; /* the one that worked last */
};

struct auth_conn {
	struct auth_client *client; /* first: overwritten while the slot is free */
	struct conn conn;
	struct pair *pair;    /* whose request this is */
	struct list node;     /* in client.idle */
	struct list starving; /* in thread.auth_starving while a receive has found no buffer */
	struct out request;
	size_t sent;
	uint32_t address; /* whom it is with, in conf.addresses */
	struct buf in;
	struct arena store;
	struct auth_http_response response;
	uint16_t generation;
	bool closing;
	bool reused; /* carried a request before this one */
	uint8_t bytes[];
};

static size_t request_bytes(const struct worker_conf *conf)
{
	size_t headers = 0;

	for (uint32_t i = 0; i < conf->n_auth_services; i++) {
		const struct auth_http_conf *http = &conf->auth_services[i]->http;
		size_t n = http->headers.n + http->uri.n + http->host.n;

		headers = n > headers ? n : headers;
	}
	return REQUEST_LINES * (size_t)conf->client_buffer_max + headers + REQUEST_EXTRA;
}

static size_t conn_bytes(const struct worker_conf *conf)
{
	return sizeof(struct auth_conn) + request_bytes(conf) + 2 * AUTH_HTTP_RESPONSE_MAX;
}

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
	return clients_bytes(conf) + slab_bytes(conns_max(conf), conn_bytes(conf));
}

void auth_client_open(struct thread *t, void *memory)
{
	t->auth = memory;
	slab_init(&t->auth_conns, (uint8_t *)memory + clients_bytes(t->conf), conns_max(t->conf),
		  conn_bytes(t->conf));
	for (uint32_t i = 0; i < t->conf->n_auth_services; i++) {
		struct auth_client *a = &t->auth[i];

		*a = (struct auth_client){.conf = t->conf->auth_services[i]};
		list_init(&a->idle);
		list_init(&a->queue);
	}
}

static struct auth_client *client_of(struct thread *t, const struct pair *p)
{
	return &t->auth[p->session.conf->auth->index];
}

/* ---- connections ---- */

static struct auth_conn *conn_new(struct thread *t, struct auth_client *a, uint32_t address, int fd)
{
	struct auth_conn *c = slab_get(&t->auth_conns);
	size_t request = request_bytes(t->conf);
	uint16_t generation;

	must(c != NULL);
	generation = (uint16_t)(c->generation + 1);
	*c = (struct auth_conn){.client = a, .generation = generation, .address = address};
	list_init(&c->node);
	list_init(&c->starving);
	out_init(&c->request, c->bytes, request);
	buf_init(&c->in, c->bytes + request, AUTH_HTTP_RESPONSE_MAX);
	arena_init(&c->store, c->bytes + request + AUTH_HTTP_RESPONSE_MAX, AUTH_HTTP_RESPONSE_MAX);
	conn_init(&c->conn, conn_tag(CONN_AUTH, slab_index(&t->auth_conns, c), generation));
	conn_open(&c->conn, fd);
	a->open++;
	return c;
}

static void wipe(struct auth_conn *c)
{
	buf_wipe_memory(c->request.base, c->request.n);
	out_reset(&c->request);
	arena_reset_to(&c->store, 0);
	buf_clear(&c->in);
	buf_forget(&c->in);
}

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
	conn_shut(&t->io, &c->conn);
	/* The password goes as soon as the kernel does not read it any more. */
	if (!(c->conn.armed & CONN_SEND))
		wipe(c);
	if (!conn_quiet(&c->conn))
		return;
	conn_close(&t->io, &c->conn);
	c->generation++;
	a->open--;
	slab_put(&t->auth_conns, c);
	serve_queue(t, a);
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

static void transmit(struct thread *t, struct auth_conn *c)
{
	struct str rest = str_from(out_data(&c->request), c->sent);

	if (!rest.n || c->conn.armed & CONN_SEND || c->conn.deaf)
		return;
	if (c->conn.stalled)
		conn_poll_out(&t->io, &c->conn);
	else
		conn_send(&t->io, &c->conn, rest, false);
}

static void request(struct thread *t, struct auth_conn *c, struct pair *p)
{
	struct auth_http_query q;

	session_auth_query(&p->session, &q);
	wipe(c);
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

static uint32_t next_address(const struct auth_client *a, uint32_t address)
{
	return (address + 1) % a->conf->n_addresses;
}

/* A new connection, to the next address that this request has not tried. */
static void dial(struct thread *t, struct auth_client *a, struct pair *p)
{
	const struct auth_service_conf *conf = a->conf;
	char text[96];
	int fd = -1;

	while (fd < 0 && p->auth_tries < conf->n_addresses) {
		p->auth_address = p->auth_tries++ ? next_address(a, p->auth_address) : a->address;
		fd = net_dial(&conf->addresses[p->auth_address]);
	}
	if (fd < 0)
		broken(t, p, REASON_AUTH_DOWN, oserror_text(-fd, text, sizeof(text)));
	else
		request(t, conn_new(t, a, p->auth_address, fd), p);
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
	if (p->call && is_untouched(p->call) && p->call->address == a->address)
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

/* The connection failed under a request: `error`, or 0 when the service closed it. */
static void lost(struct thread *t, struct auth_conn *c, int error)
{
	struct auth_client *a = c->client;
	struct pair *p = c->pair;
	bool untouched = is_untouched(c);
	char text[96];

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
	if (p && untouched && error && p->auth_tries < a->conf->n_addresses) {
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
	if (!a->conf->keepalive || !c->response.done || !c->response.reusable || buf_len(&c->in) ||
	    c->sent < c->request.n || c->conn.armed & CONN_SEND ||
	    (list_empty(&a->queue) && a->idle_n >= a->conf->keepalive)) {
		conn_leave(t, c);
		return;
	}
	wipe(c);
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

static void received(struct thread *t, struct auth_conn *c, const struct ring_event *ev)
{
	struct str bytes = str_of(ring_buffer(t->io.ring, ev->buffer), (size_t)ev->res);
	struct buf fresh = buf_view(bytes);
	bool idle = !list_empty(&c->node), whole = true;

	c->client->address = c->address;
	if (!idle && buf_len(&c->in)) {
		whole = buf_append(&c->in, bytes) == bytes.n;
		feed(t, c, &c->in);
	} else if (!idle) {
		feed(t, c, &fresh);
		whole = buf_append(&c->in, buf_data(&fresh)) == buf_len(&fresh);
	}
	drop_buffer(t, ev);
	if (idle || !whole) {
		/* Bytes that answer no request, or more than any answer may have. */
		if (c->pair)
			broken(t, c->pair, REASON_AUTH_TOO_LONG, str_none());
		conn_leave(t, c);
	} else if (!c->pair) {
		finished(t, c);
	} else {
		/* The kernel may end a receive at any time. */
		conn_recv(&t->io, &c->conn);
	}
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
		c->sent += (size_t)ev->res;
	transmit(t, c);
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
	if (c->generation == conn_tag_generation(ev->tag) && c->closing)
		conn_leave(t, c);
}

void auth_client_close(struct thread *t)
{
	for (uint32_t i = 0; i < t->auth_conns.touched; i++) {
		struct auth_conn *c = slab_at(&t->auth_conns, i);

		if (c->generation % 2 == 0 || c->conn.fd == -1)
			continue;
		net_close(c->conn.fd);
		c->conn.fd = -1;
	}
}
