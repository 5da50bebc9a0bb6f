/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pump: the relay on the ring: received buffers are sent on from where they lie, one send in
 * flight for each way. A reader that stops gets its bytes kept on the session's desk, never in the
 * pool's buffers, which all sessions of the thread live on.
 */
#ifndef IO_PUMP_H
#define IO_PUMP_H

#include "io/thread_state.h"

/* Bytes have arrived from side `from` in a buffer of the pool; the pump owns it now. */
void pump_received(struct thread *t, struct pair *p, enum side from, const struct ring_event *ev);

/* Bytes from that side that are not with the kernel of the other side yet. */
size_t pump_waiting(const struct pair *p, enum side from);

/* Both ways: send, half-close, read or stop reading. At the end of a turn. */
void pump_turn(struct thread *t, struct pair *p);

#endif
