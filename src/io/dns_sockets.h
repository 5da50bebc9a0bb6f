/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_sockets: sockets of a library that wants to be told when it can read or write, polled by the
 * thread's ring. The library knows them by their descriptors, which are its own until it closes
 * them; then they die in the three steps of conn.h. Bounded in number.
 */
#ifndef IO_DNS_SOCKETS_H
#define IO_DNS_SOCKETS_H

#include "base/slab.h"
#include "io/conn.h"

struct dns_socket {
	void *owner; /* first: overwritten while the slot is free */
	struct conn conn;
	uint16_t generation;
	bool in, out; /* what the library waits for */
	bool closing;
	bool more; /* its last receive had something */
};

struct dns_sockets {
	struct conn_env *io;
	struct slab slab;
	bool gone; /* the ring is */
};

size_t dns_sockets_memory(void);
void dns_sockets_init(struct dns_sockets *all, struct conn_env *io, void *memory);

/* The ring is closed already: nothing is in flight any more. */
void dns_sockets_done(struct dns_sockets *all);

/* As socket(2), never blocking. */
NODISCARD int dns_sockets_open(struct dns_sockets *all, void *owner, const int how[3]);
void dns_sockets_close(struct dns_sockets *all, int fd);

/* What it is to wait for from now on; nothing: it is closed next. */
void dns_sockets_watch(struct dns_sockets *all, int fd, bool in, bool out);

/* The last receive on it had something, or not. */
void dns_sockets_note(struct dns_sockets *all, int fd, bool more);

/* The socket that an event is for, if the library has it still. It may be closed while it is
 * attended to; dns_sockets_rest() is called in any case, with the same event. */
struct dns_socket *dns_sockets_event(struct dns_sockets *all, const struct ring_event *ev);
bool dns_sockets_is_open(const struct dns_socket *s, const struct ring_event *ev);
void dns_sockets_rest(struct dns_sockets *all, const struct ring_event *ev);

#endif
