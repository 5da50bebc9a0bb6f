/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conn: submissions and books of one connection. Never frees anything but its own buffers.
 */
#include "io/conn.h"

#include "base/buf.h"
#include "base/must.h"
#include "io/net.h"

#include <errno.h>

void conn_init(struct conn *c, uint64_t tag)
{
	*c = (struct conn){.tag = tag, .fd = -1, .first = CONN_NO_BUFFER, .last = CONN_NO_BUFFER};
}

void conn_open(struct conn *c, int fd)
{
	must(c->fd == -1 && c->armed == 0);
	c->fd = fd;
}

static bool arm(struct conn *c, enum conn_op op)
{
	must(c->fd != -1);
	if (c->armed & op)
		return false;
	c->armed |= (uint8_t)op;
	c->cancelled &= (uint8_t)~op;
	return true;
}

void conn_recv(struct conn_env *e, struct conn *c)
{
	if (arm(c, CONN_RECV))
		ring_recv(e->ring, c->fd, c->tag | CONN_RECV);
}

void conn_poll_in(struct conn_env *e, struct conn *c)
{
	if (arm(c, CONN_POLL_IN))
		ring_poll_in(e->ring, c->fd, c->tag | CONN_POLL_IN);
}

void conn_poll_out(struct conn_env *e, struct conn *c)
{
	if (arm(c, CONN_POLL_OUT))
		ring_poll_out(e->ring, c->fd, c->tag | CONN_POLL_OUT);
}

static void submit_send(struct conn_env *e, struct conn *c, struct ring_send *send)
{
	bool fresh = arm(c, CONN_SEND);

	must(fresh && send->n > 0);
	c->roomy = false;
	send->fd = c->fd;
	c->asked = (uint32_t)ring_send(e->ring, send, c->tag | CONN_SEND);
}

void conn_send(struct conn_env *e, struct conn *c, struct str bytes, bool more)
{
	c->own = false;
	submit_send(e, c, &(struct ring_send){.n = 1, .parts = &bytes, .more = more});
}

void conn_send_queue(struct conn_env *e, struct conn *c, const struct conn *from, bool ended)
{
	struct str parts[RING_PARTS_MAX];
	uint32_t bytes = 0, skip = from->skip;
	unsigned n = 0;

	for (uint16_t b = from->first; b != CONN_NO_BUFFER && n < RING_PARTS_MAX;
	     b = e->pieces[b].next) {
		parts[n] = str_of(ring_buffer(e->ring, b) + skip, e->pieces[b].n - skip);
		bytes += (uint32_t)parts[n++].n;
		skip = 0;
	}
	c->own = true;
	/* More follows at once, be it the end of the stream: then FIN rides on the last segment. */
	submit_send(
		e, c,
		&(struct ring_send){.n = n, .parts = parts, .more = ended || bytes < from->held});
}

void conn_cancel(struct conn_env *e, struct conn *c, unsigned ops)
{
	ops &= c->armed & ~(unsigned)c->cancelled;
	for (unsigned op = CONN_RECV; op <= CONN_POLL_OUT; op <<= 1)
		if (ops & op)
			ring_cancel(e->ring, c->tag | op);
	c->cancelled |= (uint8_t)ops;
}

/* The poll goes on and tells of changes only: one that came before the send's own event may be
 * about it, and is worth another try. */
static void note_room(struct conn *c, enum conn_op op, int res)
{
	if (op == CONN_POLL_OUT) {
		c->roomy = true;
		c->stalled = false;
	} else if (op == CONN_SEND && (res == -EAGAIN || (res >= 0 && (uint32_t)res < c->asked))) {
		c->stalled = !c->roomy;
	}
}

void conn_event(struct conn *c, const struct ring_event *ev)
{
	enum conn_op op = conn_tag_op(ev->tag);

	must(c->armed & op);
	note_room(c, op, ev->res);
	if (!ev->more) {
		c->armed &= (uint8_t)~op;
		c->cancelled &= (uint8_t)~op;
	}
}

void conn_push(struct conn_env *e, struct conn *c, uint16_t buffer, uint32_t n)
{
	e->pieces[buffer] = (struct conn_piece){CONN_NO_BUFFER, n};
	if (c->first == CONN_NO_BUFFER)
		c->first = buffer;
	else
		e->pieces[c->last].next = buffer;
	c->last = buffer;
	c->held += n;
}

struct str conn_first(const struct conn_env *e, const struct conn *c)
{
	if (c->first == CONN_NO_BUFFER)
		return str_none();
	return str_of(ring_buffer(e->ring, c->first) + c->skip, e->pieces[c->first].n - c->skip);
}

void conn_drop(struct conn_env *e, struct conn *c, uint32_t n)
{
	must(n <= c->held);
	c->held -= n;
	c->skip += n;
	while (c->first != CONN_NO_BUFFER && c->skip >= e->pieces[c->first].n) {
		uint16_t buffer = c->first;

		c->skip -= e->pieces[buffer].n;
		c->first = e->pieces[buffer].next;
		ring_put_buffer(e->ring, buffer);
	}
}

void conn_forget(struct conn_env *e, struct conn *c, uint32_t n)
{
	must(n <= conn_first(e, c).n);
	if (!n)
		return;
	buf_wipe_memory(ring_buffer(e->ring, c->first) + c->skip, n);
	conn_drop(e, c, n);
}

void conn_shut(struct conn_env *e, struct conn *c)
{
	conn_cancel(e, c, c->armed);
}

void conn_close(struct conn_env *e, struct conn *c)
{
	must(conn_quiet(c));
	while (c->held)
		conn_forget(e, c, (uint32_t)conn_first(e, c).n);
	if (c->fd != -1)
		net_close(c->fd);
	c->fd = -1;
}
