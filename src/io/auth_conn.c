/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_conn: the memory of a connection to an auth service: its request, its answer, and wiping
 * both. Owns nothing itself; the slab is the thread's.
 */
#include "io/auth_conn.h"

#include "base/must.h"
#include "tls/channel.h"

enum {
	/* Of a request: every byte of a user name or password may become three. */
	REQUEST_LINES = 10,
	REQUEST_EXTRA = 2048 + NAME_MAX_BYTES,
	/* ... of a certificate as well. */
	REQUEST_TLS = 3 * CHANNEL_FACTS_MAX,
};

static size_t request_bytes(const struct worker_conf *conf)
{
	size_t headers = 0;

	for (uint32_t i = 0; i < conf->n_auth_services; i++) {
		const struct auth_http_conf *http = &conf->auth_services[i]->http;
		size_t n = http->headers.n + http->uri.n + http->host.n;

		headers = n > headers ? n : headers;
	}
	return REQUEST_LINES * (size_t)conf->client_buffer_max + headers + REQUEST_EXTRA +
	       (conf->tls ? REQUEST_TLS : 0);
}

size_t auth_conn_bytes(const struct worker_conf *conf)
{
	return sizeof(struct auth_conn) + request_bytes(conf) + 2 * AUTH_HTTP_RESPONSE_MAX;
}

struct auth_conn *auth_conn_open(struct thread *t, struct auth_client *a, uint32_t address, int fd)
{
	struct auth_conn *c = slab_get(&t->auth_conns);
	size_t request = request_bytes(t->conf);
	uint16_t generation;

	must(c != NULL);
	generation = (uint16_t)(c->generation + 1);
	*c = (struct auth_conn){
		.client = a, .generation = generation, .address = address, .epoch = a->epoch};
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

void auth_conn_wipe(struct auth_conn *c)
{
	buf_wipe_memory(c->request.base, c->request.n);
	out_reset(&c->request);
	arena_reset_to(&c->store, 0);
	buf_clear(&c->in);
	buf_forget(&c->in);
}
