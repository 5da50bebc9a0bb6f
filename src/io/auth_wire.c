/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_wire: requests and answers on their way, plain or through a TLS link. Knows nothing of what
 * they say, nor what becomes of a connection.
 */
#include "io/auth_wire.h"

#include "base/must.h"

int auth_wire_open(struct thread *t, struct auth_conn *c)
{
	const struct connector *k = c->client->conf->connector;
	struct str who = str_of((const uint8_t *)&c->address, sizeof(c->address));

	if (!k)
		return 0;
	c->link = tls_link_connect(t, &c->conn, k, tls_link_peer(k, who));
	return c->link ? 0 : -1;
}

static struct str rest_of(const struct auth_conn *c)
{
	return str_from(out_data(&c->request), c->sent);
}

static int send_sealed(struct thread *t, struct auth_conn *c)
{
	struct str rest;
	size_t n;

	while (c->link->state == TLS_LINK_UP && (rest = rest_of(c)).n &&
	       (n = tls_link_write(t, c->link, rest)))
		c->sent += n;
	tls_link_send(t, c->link);
	return tls_link_is_spoilt(c->link) ? -1 : 0;
}

int auth_wire_send(struct thread *t, struct auth_conn *c)
{
	if (c->conn.deaf)
		return 0;
	if (c->link)
		return send_sealed(t, c);
	if (!rest_of(c).n || c->conn.armed & CONN_SEND)
		return 0;
	if (c->conn.stalled)
		conn_poll_out(&t->io, &c->conn);
	else
		conn_send(&t->io, &c->conn, rest_of(c), false);
	return 0;
}

void auth_wire_sent(struct thread *t, struct auth_conn *c, size_t n)
{
	if (c->link)
		tls_link_sent(t, c->link, n);
	else
		c->sent += n;
}

bool auth_wire_is_sent(const struct auth_conn *c)
{
	return c->sent >= c->request.n && !(c->conn.armed & CONN_SEND) &&
	       !(c->link && tls_link_unsent(c->link));
}

bool auth_wire_is_dark(const struct auth_conn *c)
{
	return c->link && c->link->state == TLS_LINK_DARK;
}

void auth_wire_push(struct thread *t, struct auth_conn *c, const struct ring_event *ev)
{
	conn_push(&t->io, &c->conn, ev->buffer, (uint32_t)ev->res);
	if (auth_wire_is_dark(c))
		tls_link_feed(t, c->link);
}

enum channel_ev auth_wire_read(struct thread *t, struct auth_conn *c, size_t *n)
{
	struct channel_plain plain = {.p = t->plain, .room = RELAY_BULK_BYTES};
	enum channel_ev ev = tls_link_is_spoilt(c->link) ? CHANNEL_FAILED : CHANNEL_MORE;

	while (ev == CHANNEL_MORE && tls_link_busy(c->link))
		ev = tls_link_read(t, c->link, &plain);
	*n = plain.n;
	return ev;
}

void auth_wire_leave(struct thread *t, struct auth_conn *c)
{
	if (!c->link)
		return;
	tls_link_drop(t, c->link);
	tls_link_bye(t, c->link);
	tls_link_send(t, c->link);
	/* Once is enough. */
	c->link->gone = true;
}

void auth_wire_close(struct thread *t, struct auth_conn *c)
{
	if (c->link)
		tls_link_close(t, c->link);
	c->link = NULL;
}
