/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair_tls: what pair.c does differently for a side that speaks TLS, or is about to.
 */
#ifndef IO_PAIR_TLS_H
#define IO_PAIR_TLS_H

#include "io/tls_link.h"

/* The session wants TLS, perhaps on a side that has none yet: come closer to it. */
void pair_tls_turn(struct thread *t, struct pair *p, unsigned wants);

/* A step of its handshake is due. */
void pair_tls_step(struct thread *t, struct tls_link *l);

/* What the auth service is told; the strings are good until the next call. False: plain text. */
bool pair_tls_facts(struct thread *t, const struct pair *p, struct auth_http_tls *facts);

/* A receive of a side with a link has brought something. False: nobody minds, it is dropped. */
bool pair_tls_hears(struct thread *t, struct pair *p, enum side side, const struct ring_event *ev);

/* Bytes wait in the queue of a side with a link, or may: as far as the session wants them before
 * the relay, they are its own now. */
void pair_tls_take(struct thread *t, struct pair *p, enum side side);

/* channel_read() has come to an end: of the stream, or of the channel. */
void pair_tls_ended(struct thread *t, struct pair *p, enum side side, enum channel_ev ev);

/* Seal what waits for the side with the session. Before the relay: or drop it, if the handshake has
 * not come to its end. */
void pair_tls_seal(struct thread *t, struct pair *p, enum side side);
void pair_tls_say(struct thread *t, struct pair *p, enum side side);

/* Say goodbye to the side. True when that has left, or nobody will wait for it; without a link. */
bool pair_tls_leave(struct thread *t, struct pair *p, enum side side);

/* Give back what is not in use. */
void pair_tls_rest(struct thread *t, struct pair *p);
void pair_tls_close(struct thread *t, struct pair *p, enum side side);

#endif
