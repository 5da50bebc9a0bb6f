/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_wire: how the bytes of a request and of its answer travel: as they are, or sealed (https).
 */
#ifndef IO_AUTH_WIRE_H
#define IO_AUTH_WIRE_H

#include "io/auth_conn.h"
#include "io/tls_link.h"

/* The connection is open: TLS begins, if the service is to be spoken to so. -1: no memory. */
NODISCARD int auth_wire_open(struct thread *t, struct auth_conn *c);

/* Send what is left of the request (-1: the channel has failed); account for a send that has ended.
 */
NODISCARD int auth_wire_send(struct thread *t, struct auth_conn *c);
void auth_wire_sent(struct thread *t, struct auth_conn *c, size_t n);

/* All of the request is with the kernel. */
bool auth_wire_is_sent(const struct auth_conn *c);

/* Neither up nor failed yet. */
bool auth_wire_is_dark(const struct auth_conn *c);

/* A buffer of the pool with bytes of a connection with a link; unsealing them, some at a time, into
 * thread.plain, which the caller wipes: CHANNEL_MORE when there are none left. */
void auth_wire_push(struct thread *t, struct auth_conn *c, const struct ring_event *ev);
NODISCARD enum channel_ev auth_wire_read(struct thread *t, struct auth_conn *c, size_t *n);

/* Say goodbye; release the link, when nothing of the connection is in the kernel. */
void auth_wire_leave(struct thread *t, struct auth_conn *c);
void auth_wire_close(struct thread *t, struct auth_conn *c);

#endif
