/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread: the loop. One turn: hand over submissions and wait, dispatch what came, fire timers,
 * reconcile the pairs that were touched, let the log out.
 *
 * Owns the thread's memory, taken in one piece at the start and never added to.
 */
#include "io/thread.h"

#include "base/must.h"
#include "io/auth_client.h"
#include "io/auth_names.h"
#include "io/listener.h"
#include "io/net.h"
#include "io/oserror.h"
#include "io/pages.h"
#include "io/pair.h"
#include "io/pair_tls.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	EVENTS_PER_TURN = 256,
	/* A step takes up to a millisecond of computing (a signature of RSA; a tenth of it with
	   ECDSA): who is relaying waits for no more than that of them. */
	HANDSHAKES_PER_TURN = 8,
	/* When log lines that nobody takes are offered again, if nothing else happens. */
	LOG_AGAIN_MS = 250,
};

static struct ring_conf ring_conf_of(const struct worker_conf *conf)
{
	return (struct ring_conf){
		.submissions = conf->ring.submissions,
		.completions = conf->ring.completions,
		.buffers = conf->ring.buffers,
		.buffer_size = conf->ring.buffer_bytes,
		.recv_max = RELAY_BULK_BYTES,
	};
}

/* ---- memory ---- */

struct layout {
	size_t pairs, desks, names, listeners, pieces, auth, resolver, links, all;
};

static size_t round_up(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

static struct session_sizes sizes_of(const struct worker_conf *conf)
{
	return (struct session_sizes){conf->client_buffer_max, conf->proxy_buffer_max};
}

/* A client's name needs a place where one is asked for. */
static bool resolves(const struct worker_conf *conf)
{
	for (uint32_t i = 0; i < conf->n_listens; i++)
		if (conf->listens[i].server->resolver)
			return true;
	return false;
}

static size_t names_bytes(const struct worker_conf *conf)
{
	return resolves(conf) ? slab_bytes(conf->connections, sizeof(struct name_kept)) : 0;
}

static struct layout layout_of(const struct worker_conf *conf, uint32_t n_listeners)
{
	struct session_sizes sizes = sizes_of(conf);
	struct layout l = {
		.pairs = slab_bytes(conf->connections, sizeof(struct pair)),
		.desks = slab_bytes(conf->connections, session_desk_bytes(&sizes)),
		.names = names_bytes(conf),
		.listeners = round_up(n_listeners * sizeof(struct listener)),
		.pieces = round_up(conf->ring.buffers * sizeof(struct conn_piece)),
		.auth = auth_client_memory(conf),
		.resolver = resolver_memory(conf),
		.links = tls_link_memory(conf),
	};

	l.all = l.pairs + l.desks + l.names + l.listeners + l.pieces + l.auth + l.resolver +
		l.links;
	return l;
}

size_t thread_memory(const struct worker_conf *conf)
{
	struct ring_conf ring = ring_conf_of(conf);

	return layout_of(conf, conf->n_listens).all + sizeof(struct thread) + ring_memory(&ring);
}

static int take_memory(struct thread *t)
{
	struct layout l = layout_of(t->conf, t->n_listeners);
	struct session_sizes sizes = sizes_of(t->conf);
	uint8_t *at = pages_take(l.all);

	if (!at)
		return -1;
	t->memory = at;
	t->memory_bytes = l.all;
	slab_init(&t->pairs, at, t->conf->connections, sizeof(struct pair));
	at += l.pairs;
	slab_init(&t->env.desks, at, t->conf->connections, session_desk_bytes(&sizes));
	at += l.desks;
	if (l.names)
		slab_init(&t->env.names, at, t->conf->connections, sizeof(struct name_kept));
	at += l.names;
	t->listeners = (struct listener *)(void *)at;
	at += l.listeners;
	t->io.pieces = (struct conn_piece *)(void *)at;
	at += l.pieces;
	auth_client_open(t, at);
	at += l.auth;
	if (resolver_open(t, at) < 0)
		return -1;
	at += l.resolver;
	return tls_link_open_all(t, at);
}

/* ---- life ---- */

static int open_parts(struct thread *t, const struct thread_start *s, char *error, size_t n)
{
	struct ring_conf ring = ring_conf_of(t->conf);
	char reason[96];
	int wake;

	if (take_memory(t) < 0) {
		snprintf(error, n,
			 "%zu bytes of memory cannot be had: lower worker_connections or the "
			 "buffer sizes",
			 layout_of(t->conf, t->n_listeners).all);
		return -1;
	}
	t->io.ring = ring_open(&ring, error, n);
	if (!t->io.ring)
		return -1;
	wake = net_wake_open();
	if (wake < 0) {
		oserror_text(-wake, reason, sizeof(reason));
		snprintf(error, n, "eventfd() failed (%s): raise worker_rlimit_nofile", reason);
		return -1;
	}
	conn_init(&t->wake, conn_tag(CONN_THREAD, s->index, 0));
	conn_open(&t->wake, wake);
	listener_open(t, s->listens);
	return 0;
}

struct thread *thread_open(const struct thread_start *s, char *error, size_t error_size)
{
	struct thread *t = calloc(1, sizeof(*t));

	if (!t) {
		snprintf(error, error_size, "out of memory for a thread");
		return NULL;
	}
	t->conf = s->conf;
	t->n_listeners = s->n_listens;
	t->on_deaf = s->on_deaf;
	t->logger = s->logger;
	t->connection_counter = s->connection_counter;
	t->env.logger = s->logger;
	t->env.counters = &t->counters.sessions;
	t->env.sizes = sizes_of(s->conf);
	t->env.now_ms = net_now_ms();
	t->wake.fd = -1;
	t->source = s->index; /* threads begin with different ones */
	wheel_init(&t->wheel, t->env.now_ms);
	list_init(&t->touched);
	list_init(&t->hot);
	list_init(&t->starving);
	list_init(&t->auth_starving);
	list_init(&t->handshakes);
	bulk_pool_open(&t->bulks);
	if (open_parts(t, s, error, error_size) == 0)
		return t;
	thread_close(t);
	return NULL;
}

void thread_close(struct thread *t)
{
	if (t->io.ring)
		ring_close(t->io.ring);
	if (t->memory) {
		auth_client_close(t);
		resolver_close(t);
		tls_link_close_all(t);
		pages_give(t->memory, t->memory_bytes);
	}
	bulk_pool_close(&t->bulks);
	if (t->wake.fd != -1)
		net_close(t->wake.fd);
	free(t);
}

const struct thread_counters *thread_counters(const struct thread *t)
{
	return &t->counters;
}

/* ---- orders ---- */

void thread_tell(struct thread *t, enum thread_order order)
{
	atomic_fetch_or(&t->orders, 1U << order);
	net_wake_tell(t->wake.fd);
}

static void end_all(struct thread *t)
{
	t->ending = true;
	for (uint32_t i = 0; i < t->pairs.touched; i++) {
		struct pair *p = slab_at(&t->pairs, i);

		if (p->generation % 2 == 0)
			continue;
		session_end(&p->session, REASON_SHUTDOWN, str_none());
		thread_touch(t, p);
	}
}

/* For all threads of the process. */
static void say(struct thread *t, struct str text)
{
	if (conn_tag_index(t->wake.tag) == 0)
		t->logger->write(t->logger,
				 &(struct log_line){.level = LEVEL_NOTICE, .message = text});
}

static void drain(struct thread *t)
{
	say(t, STR("gracefully shutting down"));
	listener_stop(t);
	t->stopping = true;
	if (t->conf->shutdown_timeout_ms)
		t->drain_deadline_ms = t->env.now_ms + t->conf->shutdown_timeout_ms;
}

static void obey(struct thread *t)
{
	unsigned orders = atomic_exchange(&t->orders, 0);

	if (orders & 1U << THREAD_REOPEN && t->logger->flush)
		t->logger->flush(t->logger);
	if (orders & 1U << THREAD_REOPEN)
		say(t, STR("reopening logs"));
	if (orders & 1U << THREAD_DRAIN && !t->stopping)
		drain(t);
	if (orders & 1U << THREAD_STOP) {
		listener_stop(t);
		t->stopping = true;
		end_all(t);
	}
}

static void on_wake(struct thread *t, const struct ring_event *ev)
{
	conn_event(&t->wake, ev);
	/* Two tellings may bring two events and be cleared at once by the first. */
	net_wake_clear(t->wake.fd);
	conn_poll_in(&t->io, &t->wake);
	obey(t);
}

/* ---- the loop ---- */

void thread_touch(struct thread *t, struct pair *p)
{
	if (list_empty(&p->touched))
		list_push_back(&t->touched, &p->touched);
}

static void dispatch(struct thread *t, const struct ring_event *ev)
{
	struct pair *p;

	switch (conn_tag_who(ev->tag)) {
	case CONN_FRONT:
	case CONN_BACK:
		p = pair_find(t, ev->tag);
		if (p)
			pair_event(t, p, ev);
		else if (ev->has_buffer)
			ring_put_buffer(t->io.ring, ev->buffer);
		break;
	case CONN_AUTH:
		auth_client_event(t, ev);
		break;
	case CONN_DNS:
		resolver_event(t, ev);
		break;
	case CONN_LISTENER:
		listener_event(t, ev);
		break;
	case CONN_THREAD:
		on_wake(t, ev);
		break;
	}
}

static void fire_timers(struct thread *t)
{
	struct timer *timer;

	while ((timer = wheel_expire(&t->wheel, t->env.now_ms)))
		pair_tick(t, list_entry(timer, struct pair, timer));
	auth_names_tick(t);
	resolver_tick(t);
	if (t->accept_again_ms && t->env.now_ms >= t->accept_again_ms)
		listener_start(t);
	if (t->look_ms && t->env.now_ms >= t->look_ms)
		listener_look(t);
	if (t->drain_deadline_ms && t->env.now_ms >= t->drain_deadline_ms) {
		t->drain_deadline_ms = 0;
		end_all(t);
	}
}

static void sooner(uint64_t *sleep_ms, uint64_t at_ms, uint64_t now_ms)
{
	uint64_t in_ms = at_ms > now_ms ? at_ms - now_ms : 0;

	if (at_ms && in_ms < *sleep_ms)
		*sleep_ms = in_ms;
}

/* Somebody waits for a buffer and there are some: they may have come back after the last look. */
static bool can_feed(const struct thread *t)
{
	return (!list_empty(&t->starving) || !list_empty(&t->auth_starving)) &&
	       ring_buffers_held(t->io.ring) < t->conf->ring.buffers;
}

static uint64_t sleep_ms(struct thread *t)
{
	uint64_t ms = wheel_sleep_ms(&t->wheel, t->env.now_ms);

	if (!list_empty(&t->hot) || !list_empty(&t->handshakes) || can_feed(t))
		return 0;
	sooner(&ms, auth_names_due_ms(t), t->env.now_ms);
	sooner(&ms, resolver_due_ms(t), t->env.now_ms);
	sooner(&ms, t->accept_again_ms, t->env.now_ms);
	sooner(&ms, t->look_ms, t->env.now_ms);
	sooner(&ms, t->drain_deadline_ms, t->env.now_ms);
	if (t->logger->pending)
		sooner(&ms, t->env.now_ms + LOG_AGAIN_MS, t->env.now_ms);
	return ms;
}

/* Those that have waited longest; the others have the next turn. */
static void shake_hands(struct thread *t)
{
	struct list *node;

	for (int i = 0; i < HANDSHAKES_PER_TURN && (node = list_pop(&t->handshakes)); i++) {
		struct tls_link *l = list_entry(node, struct tls_link, node);

		if (conn_tag_who(l->conn->tag) == CONN_AUTH)
			auth_client_step(t, l);
		else
			pair_tls_step(t, l);
	}
}

/* Ways with bytes left over from the last turn, and receives that found no buffer. */
static void wake_waiting(struct thread *t)
{
	struct list *node;

	while ((node = list_pop(&t->hot)))
		thread_touch(t, list_entry(node, struct bulk, node)->pair);
	if (!can_feed(t))
		return;
	auth_client_feed(t);
	while ((node = list_pop(&t->starving)))
		thread_touch(t, list_entry(node, struct pair, starving));
}

/* The next pairs' memory is on its way while this one is at work: with many clients it is cold. */
static void look_ahead(const struct thread *t, const struct ring_event *ev)
{
	const uint8_t *at = slab_at(&t->pairs, conn_tag_index(ev->tag));

	if (conn_tag_who(ev->tag) != CONN_FRONT && conn_tag_who(ev->tag) != CONN_BACK)
		return;
	__builtin_prefetch(at);
	__builtin_prefetch(at + offsetof(struct pair, session.desk));
	__builtin_prefetch(at + offsetof(struct pair, conn));
	__builtin_prefetch(at + offsetof(struct pair, conn[1]));
	__builtin_prefetch(at + offsetof(struct pair, touched));
}

static void turn(struct thread *t)
{
	struct ring_event events[EVENTS_PER_TURN];
	unsigned n = ring_turn(t->io.ring, sleep_ms(t), events, EVENTS_PER_TURN);
	struct list *node;

	t->env.now_ms = net_now_ms();
	for (unsigned i = 0; i < n; i++) {
		if (i + 2 < n)
			look_ahead(t, &events[i + 2]);
		dispatch(t, &events[i]);
	}
	fire_timers(t);
	shake_hands(t);
	wake_waiting(t);
	while ((node = list_pop(&t->touched)))
		pair_reconcile(t, list_entry(node, struct pair, touched));
	if (t->logger->pending)
		t->logger->flush(t->logger);
}

void thread_run(struct thread *t)
{
	conn_poll_in(&t->io, &t->wake);
	listener_start(t);
	obey(t);
	/* What an accept still in flight brings is a client like any other. */
	while (!t->stopping || t->counters.active || listener_busy(t)) {
		turn(t);
		if (t->stopping && t->on_deaf && !listener_busy(t)) {
			t->on_deaf();
			t->on_deaf = NULL;
		}
	}
	auth_client_forget(t);
}
