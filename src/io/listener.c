/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listener: multishot accepts. Owns no descriptor: the sockets are the master's, so that their
 * queues outlive a worker process.
 */
#include "io/listener.h"

#include "base/must.h"
#include "session/reason.h"
#include "io/net.h"
#include "io/oserror.h"
#include "io/pair.h"

#include <errno.h>

enum {
	/* Pause after an accept that failed for want of descriptors or memory. */
	RETRY_MS = 500,
	/* After the start: 10, 50, 210, 850 and 3410 ms. */
	LOOK_FIRST_MS = 10,
	LOOK_LAST_MS = 2560,
};

void listener_open(struct thread *t, const struct thread_listen *listens)
{
	for (uint32_t i = 0; i < t->n_listeners; i++) {
		struct listener *l = &t->listeners[i];

		conn_init(&l->conn, conn_tag(CONN_LISTENER, i, 0));
		conn_open(&l->conn, listens[i].fd);
		l->conf = listens[i].conf;
	}
	t->look_step_ms = LOOK_FIRST_MS;
	t->look_ms = net_now_ms() + LOOK_FIRST_MS;
}

static void start(struct thread *t, struct listener *l)
{
	if (!t->accepting || l->conn.armed & CONN_RECV)
		return;
	/* An accept is the listener's way of receiving. */
	l->conn.armed |= CONN_RECV;
	ring_accept(t->io.ring, l->conn.fd, l->conn.tag | CONN_RECV);
}

void listener_start(struct thread *t)
{
	t->accepting = true;
	t->accept_again_ms = 0;
	for (uint32_t i = 0; i < t->n_listeners; i++)
		start(t, &t->listeners[i]);
}

bool listener_busy(const struct thread *t)
{
	for (uint32_t i = 0; i < t->n_listeners; i++) {
		if (t->listeners[i].conn.armed & CONN_RECV)
			return true;
	}
	return false;
}

static void note(struct thread *t, struct listener *l, enum log_level level, struct str text)
{
	const struct server_conf *conf = l->conf->server;

	if (level <= conf->log_level)
		t->logger->write(
			t->logger,
			&(struct log_line){.target = conf->log, .level = level, .message = text});
}

/* Refused before it has a session: counted, and told so in plain text, unless that is not its
 * language. */
static void refuse(struct thread *t, struct listener *l, int fd)
{
	const struct reason_row *row = reason_row(REASON_FULL);

	if (l->conf->ssl)
		net_close(fd);
	else
		net_say_and_close(fd, row->words[l->conf->server->front.protocol]);
	if (t->counters.refused_full++ % 1000 == 0)
		note(t, l, row->level, row->text);
}

static void pause_accepting(struct thread *t, struct listener *l, int error)
{
	char text[128], reason[96];
	struct str why = oserror_text(error, reason, sizeof(reason));
	struct out o;

	out_init(&o, text, sizeof(text));
	out_lit(&o, "accept4() failed (");
	out_str(&o, why);
	out_lit(&o, ")");
	note(t, l, error == EMFILE || error == ENFILE ? LEVEL_CRIT : LEVEL_ALERT, out_data(&o));
	/* Not after a stop, which would be undone by trying again. */
	if (t->accepting)
		t->accept_again_ms = t->env.now_ms + RETRY_MS;
}

static bool is_passing(int error)
{
	return error == ECONNABORTED || error == EINTR || error == EPROTO || error == EPERM ||
	       error == ECANCELED || error == EAGAIN;
}

/* The client's address. False: it is gone already, and nobody knows who it was. */
static bool find_client(const struct listener *l, int fd, struct addr *client)
{
	net_peer(fd, client);
	if (l->conf->address.any.sa_family == AF_UNIX)
		client->family = ADDR_UNIX;
	return client->family != ADDR_NONE;
}

static void on_accepted(struct thread *t, struct listener *l, int fd)
{
	struct addr client;

	if (t->ending || !find_client(l, fd, &client))
		net_close(fd);
	else if (!pair_open(t, l->conf, fd, &client))
		refuse(t, l, fd);
}

/*
 * The kernel wakes one of the accepts on a socket that processes share. If it was ours in the
 * moment it was cancelled, nobody else knows of the connection until another one comes: it is ours
 * to take. And a socket that nobody shares is closed behind us, with all that waits. What is more
 * than we can serve is left to whoever else there may be.
 */
static void take_last(struct thread *t, struct listener *l)
{
	int fd;

	while (t->counters.active < t->conf->connections && (fd = net_accept(l->conn.fd)) >= 0)
		on_accepted(t, l, fd);
}

void listener_stop(struct thread *t)
{
	t->accepting = false;
	t->accept_again_ms = 0;
	for (uint32_t i = 0; i < t->n_listeners; i++) {
		struct listener *l = &t->listeners[i];

		if (l->conn.armed & CONN_RECV)
			conn_cancel(&t->io, &l->conn, CONN_RECV);
		else if (!t->ending)
			take_last(t, l);
	}
}

void listener_look(struct thread *t)
{
	for (uint32_t i = 0; t->accepting && i < t->n_listeners; i++)
		take_last(t, &t->listeners[i]);
	t->look_step_ms *= 4;
	t->look_ms = t->look_step_ms > LOOK_LAST_MS ? 0 : t->env.now_ms + t->look_step_ms;
}

void listener_event(struct thread *t, const struct ring_event *ev)
{
	struct listener *l = &t->listeners[conn_tag_index(ev->tag)];

	conn_event(&l->conn, ev);
	if (ev->res >= 0)
		on_accepted(t, l, ev->res);
	else if (!is_passing(-ev->res))
		pause_accepting(t, l, -ev->res);
	if (!t->accepting && !t->ending && !(l->conn.armed & CONN_RECV))
		take_last(t, l);
	else if (!t->accept_again_ms)
		start(t, l);
}
