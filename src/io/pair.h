/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair: a session and its two connections: events in, and once a turn what the session wants made
 * true on the ring.
 */
#ifndef IO_PAIR_H
#define IO_PAIR_H

#include "io/thread_state.h"

/* A client was accepted. NULL: no slot is free, fd is still the caller's. */
NODISCARD struct pair *pair_open(struct thread *t, const struct listen_conf *from, int fd,
				 const struct addr *client);

/* An event of one of its connections. */
void pair_event(struct thread *t, struct pair *p, const struct ring_event *ev);

/* Its timer has fired. */
void pair_tick(struct thread *t, struct pair *p);

/* Make the kernel match what the session wants; may free the pair. */
void pair_reconcile(struct thread *t, struct pair *p);

/* The pair with this tag, NULL when it is no more. */
struct pair *pair_find(struct thread *t, uint64_t tag);

#endif
