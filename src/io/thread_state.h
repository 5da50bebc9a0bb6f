/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread_state: what a ring thread is made of, for the files of this floor that are part of it.
 *
 * A pair is a session with its two connections. Everything here belongs to one thread.
 */
#ifndef IO_THREAD_STATE_H
#define IO_THREAD_STATE_H

#include "base/list.h"
#include "base/slab.h"
#include "base/wheel.h"
#include "session/session.h"
#include "io/bulk.h"
#include "io/conn.h"
#include "io/resolver.h"
#include "io/thread.h"

#include <stdatomic.h>

struct auth_client;
struct auth_conn;
struct connector_sessions; /* tls/connector.h */
struct tls_link;

struct pair {
	struct session session;
	struct conn conn[2];      /* by enum side */
	struct tls_link *link[2]; /* by enum side; NULL: plain text */
	struct bulk *bulk[2];     /* a way that moves pages, by its source; NULL: it copies */
	struct list touched;      /* in thread.touched while the kernel must be made to match */
	struct list asking;       /* in the auth client's queue */
	struct timer timer;   /* at the earlier of the session's and the auth client's deadline */
	struct list starving; /* in thread.starving while a receive has found no buffer */
	struct resolver_asker name; /* asks for WANT_NAME */
	struct auth_conn *call;     /* the request in flight for WANT_AUTH */
	uint64_t auth_deadline_ms;  /* 0: not asking */
	uint16_t generation;
	uint16_t auth_tries;   /* addresses of the auth service that were tried */
	uint32_t auth_address; /* the last of them */
};

struct listener {
	struct conn conn;
	const struct listen_conf *conf;
};

struct thread {
	struct conn_env io;
	const struct worker_conf *conf;
	struct session_env env;
	struct slab pairs;
	struct wheel wheel;
	struct list touched;
	struct list hot;           /* bulk ways that have not come to an end of their bytes */
	struct list starving;      /* pairs that wait for a receive buffer */
	struct list auth_starving; /* auth connections that do */
	struct list handshakes;    /* TLS links of which a step is due */
	struct bulk_pool bulks;
	struct slab links, link_desks;
	struct connector_sessions *tls_sessions;
	uint8_t *plain; /* RELAY_BULK_BYTES: what was unsealed, in passing; always wiped */
	uint8_t *facts; /* CHANNEL_FACTS_MAX: strings for the auth service, in passing */
	struct listener *listeners;
	uint32_t n_listeners;
	void (*on_deaf)(void);     /* NULL: has been called, or nobody wants to know */
	uint32_t source;           /* how often addresses of proxy_bind had their turn */
	struct auth_client *auth;  /* by auth_service_conf.index */
	uint64_t auth_names_ms;    /* see auth_names_due_ms() */
	struct slab auth_conns;    /* of all services */
	struct resolver *resolver; /* NULL: there is none in the configuration */
	struct thread_counters counters;
	struct logger *logger;
	_Atomic uint64_t *connection_counter;
	struct conn wake; /* the eventfd of thread_tell() */
	atomic_uint orders;
	bool accepting, stopping;
	bool ending;              /* every session is to end, those yet to come included */
	uint64_t accept_again_ms; /* accepting pauses until then; 0: it does not */
	uint64_t look_ms;         /* see listener_look(); 0: no more */
	uint64_t look_step_ms;
	uint64_t drain_deadline_ms; /* sessions that are left then are ended; 0: never */
	void *memory;
	size_t memory_bytes;
};

/* The pair needs another look at the end of this turn. */
void thread_touch(struct thread *t, struct pair *p);

#endif
