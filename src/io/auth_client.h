/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_client: asks auth services over HTTP, asynchronously, on kept-alive connections.
 *
 * One client for each service and thread. A request goes out on an idle connection, or on a new
 * one while fewer than auth_http_connections are open, or waits in a queue of at most
 * auth_http_queue. Several addresses of a service are tried in turn. An idle connection that the
 * service had closed meanwhile costs a second try, never an error.
 */
#ifndef IO_AUTH_CLIENT_H
#define IO_AUTH_CLIENT_H

#include "io/thread_state.h"

/* Bytes of memory the connections of all services need, and taking it over. */
size_t auth_client_memory(const struct worker_conf *conf);
void auth_client_open(struct thread *t, void *memory);
void auth_client_close(struct thread *t);

/* Behind the last turn: requests that were just sent hold passwords, and no event of theirs comes
 * any more. */
void auth_client_forget(struct thread *t);

/* The session of p wants AUTH: the verdict comes by session_on_verdict(), possibly at once. */
void auth_client_ask(struct thread *t, struct pair *p);

/* The session does not want it any more. */
void auth_client_cancel(struct thread *t, struct pair *p);

/* The addresses of a service are others than before. */
struct auth_client;
void auth_client_moved(struct thread *t, struct auth_client *a);

/* p->auth_deadline_ms has come. */
void auth_client_timeout(struct thread *t, struct pair *p);

/* There are receive buffers again. */
void auth_client_feed(struct thread *t);

/* A step of a connection's handshake is due. */
void auth_client_step(struct thread *t, struct tls_link *l);

void auth_client_event(struct thread *t, const struct ring_event *ev);

#endif
