/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_conn: one connection to an auth service, for auth_client.c and auth_wire.c.
 *
 * It carries at most one request (`pair`), is idle (no pair, in the idle list) or is on its way
 * out (`closing`).
 */
#ifndef IO_AUTH_CONN_H
#define IO_AUTH_CONN_H

#include "io/auth_names.h"

struct auth_client {
	const struct auth_service_conf *conf;
	struct list idle;
	struct list queue; /* of pair.asking */
	uint32_t open, idle_n, queued;
	uint32_t address; /* the one that worked last */
	const union socket_address *addresses;
	uint32_t n_addresses;
	uint32_t epoch; /* how often they have changed */
	struct auth_names names;
};

struct auth_conn {
	struct auth_client *client; /* first: overwritten while the slot is free */
	struct conn conn;
	struct tls_link *link; /* NULL: plain text */
	struct pair *pair;     /* whose request this is */
	struct list node;      /* in client.idle */
	struct list starving;  /* in thread.auth_starving while a receive has found no buffer */
	struct out request;
	size_t sent;
	uint32_t address; /* whom it is with, in client.addresses ... */
	uint32_t epoch;   /* ... as they were then */
	struct buf in;
	struct arena store;
	struct auth_http_response response;
	uint16_t generation;
	bool closing;
	bool reused; /* carried a request before this one */
	uint8_t bytes[];
};

/* Of one connection, in the slab. */
size_t auth_conn_bytes(const struct worker_conf *conf);

/* A connection that is under way, to the address with that index; there is a slot. */
struct auth_conn *auth_conn_open(struct thread *t, struct auth_client *a, uint32_t address, int fd);

/* Forget request and answer: both hold passwords. */
void auth_conn_wipe(struct auth_conn *c);

#endif
