/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listener: accepting clients on this thread's listening sockets, or turning them away.
 */
#ifndef IO_LISTENER_H
#define IO_LISTENER_H

#include "io/thread_state.h"

void listener_open(struct thread *t, const struct thread_listen *listens);

/* Submit an accept on each that has none; again when t->accept_again_ms has come. */
void listener_start(struct thread *t);

/*
 * Take what waits although accepts are in flight; when t->look_ms has come. A worker process that
 * has crashed leaves accepts behind, which the kernel takes down a moment after its end: until
 * then it may wake one of those in place of ours, and nobody would know of the connection before
 * the next one comes. So a thread looks by itself a few times after its start.
 */
void listener_look(struct thread *t);

/* Accept no more than what waits by now; it is served, as is what was accepted already. */
void listener_stop(struct thread *t);

/* After listener_stop: an accept is still in flight. */
bool listener_busy(const struct thread *t);

void listener_event(struct thread *t, const struct ring_event *ev);

#endif
