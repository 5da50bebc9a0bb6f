/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_sockets: slots of sockets with their polls. A descriptor is not closed before its polls have
 * ended, so that its number cannot be another socket's in the meantime.
 */
#include "io/dns_sockets.h"

#include "base/must.h"
#include "io/net.h"

#include <errno.h>
#include <sys/socket.h>

enum { SOCKETS_MAX = 512 };

size_t dns_sockets_memory(void)
{
	return slab_bytes(SOCKETS_MAX, sizeof(struct dns_socket));
}

void dns_sockets_init(struct dns_sockets *all, struct conn_env *io, void *memory)
{
	*all = (struct dns_sockets){.io = io};
	slab_init(&all->slab, memory, SOCKETS_MAX, sizeof(struct dns_socket));
}

void dns_sockets_done(struct dns_sockets *all)
{
	for (uint32_t i = 0; i < all->slab.touched; i++) {
		struct dns_socket *s = slab_at(&all->slab, i);

		if (s->generation % 2)
			net_close(s->conn.fd);
	}
}

static struct dns_socket *find(const struct dns_sockets *all, int fd)
{
	for (uint32_t i = 0; i < all->slab.touched; i++) {
		struct dns_socket *s = slab_at(&all->slab, i);

		if (s->generation % 2 && s->conn.fd == fd)
			return s;
	}
	return NULL;
}

int dns_sockets_open(struct dns_sockets *all, void *owner, const int how[3])
{
	struct dns_socket *s = slab_get(&all->slab);
	uint16_t generation;
	int fd;

	if (!s) {
		errno = EMFILE;
		return -1;
	}
	fd = socket(how[0], how[1] | SOCK_NONBLOCK | SOCK_CLOEXEC, how[2]);
	if (fd == -1) {
		slab_put(&all->slab, s);
		return -1;
	}
	generation = (uint16_t)(s->generation + 1);
	*s = (struct dns_socket){.owner = owner, .generation = generation};
	conn_init(&s->conn, conn_tag(CONN_DNS, slab_index(&all->slab, s), generation));
	conn_open(&s->conn, fd);
	return fd;
}

static void release(struct dns_sockets *all, struct dns_socket *s)
{
	conn_close(all->io, &s->conn);
	s->generation++;
	slab_put(&all->slab, s);
}

void dns_sockets_close(struct dns_sockets *all, int fd)
{
	struct dns_socket *s = find(all, fd);

	if (odd_if(!s))
		return;
	s->closing = true;
	if (all->gone)
		return;
	conn_shut(all->io, &s->conn);
	if (conn_quiet(&s->conn))
		release(all, s);
}

static void watch(struct dns_sockets *all, struct dns_socket *s)
{
	if (s->in)
		conn_poll_in(all->io, &s->conn);
	if (s->out)
		conn_poll_out(all->io, &s->conn);
	else
		conn_cancel(all->io, &s->conn, CONN_POLL_OUT);
}

void dns_sockets_watch(struct dns_sockets *all, int fd, bool in, bool out)
{
	struct dns_socket *s = find(all, fd);

	if (!s || s->closing || all->gone || (!in && !out))
		return;
	s->in = in;
	s->out = out;
	watch(all, s);
}

void dns_sockets_note(struct dns_sockets *all, int fd, bool more)
{
	struct dns_socket *s = find(all, fd);

	if (s)
		s->more = more;
}

bool dns_sockets_is_open(const struct dns_socket *s, const struct ring_event *ev)
{
	return s->generation == conn_tag_generation(ev->tag) && !s->closing;
}

struct dns_socket *dns_sockets_event(struct dns_sockets *all, const struct ring_event *ev)
{
	struct dns_socket *s = slab_at(&all->slab, conn_tag_index(ev->tag));

	if (odd_if(s->generation != conn_tag_generation(ev->tag)))
		return NULL;
	conn_event(&s->conn, ev);
	return s->closing || ev->res == -ECANCELED ? NULL : s;
}

void dns_sockets_rest(struct dns_sockets *all, const struct ring_event *ev)
{
	struct dns_socket *s = slab_at(&all->slab, conn_tag_index(ev->tag));

	if (s->generation != conn_tag_generation(ev->tag))
		return;
	if (!s->closing)
		watch(all, s);
	else if (conn_quiet(&s->conn))
		release(all, s);
}
