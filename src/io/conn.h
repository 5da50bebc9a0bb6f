/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conn: one TCP (or unix) connection on the ring: its descriptor, the operations it has in the
 * kernel, and the received buffers that wait to be passed on.
 *
 * A connection dies in three steps: conn_shut() asks the kernel to end what is in flight,
 * conn_quiet() says when nothing is any more, conn_close() closes and gives buffers back. Closing
 * earlier would leave operations on a descriptor number that may be somebody else's by then.
 */
#ifndef IO_CONN_H
#define IO_CONN_H

#include "io/ring.h"

#include <errno.h>

/* What can be in the kernel for a connection; also the lowest byte of its tags. */
enum conn_op {
	CONN_RECV = 1 << 0,
	CONN_SEND = 1 << 1,
	CONN_POLL_IN = 1 << 2,
	CONN_POLL_OUT = 1 << 3,
};

/* Whose tag it is; the second byte. */
enum conn_who { CONN_THREAD = 1, CONN_LISTENER, CONN_FRONT, CONN_BACK, CONN_AUTH, CONN_DNS };

enum { CONN_NO_BUFFER = 0xffff };

struct conn {
	uint64_t tag;         /* who, index and generation; the operation is or-ed in */
	int fd;               /* -1: not open */
	uint8_t armed;        /* set of enum conn_op in the kernel */
	uint8_t cancelled;    /* those of them that were asked to end */
	bool stalled;         /* the kernel had no room: wait for CONN_POLL_OUT */
	bool roomy;           /* it has told of room since the last send was submitted */
	bool ended;           /* no more will be received */
	bool told;            /* ... and the session knows it */
	bool poll_first;      /* the last receive found nothing on a non-blocking descriptor */
	bool own;             /* the send in flight is from `first`, not from a session's desk */
	uint16_t first, last; /* received buffers in order, CONN_NO_BUFFER: none */
	uint32_t skip;        /* bytes of `first` that have gone already */
	uint32_t held;        /* bytes that wait in all of them */
	uint32_t asked;       /* bytes of the send in flight */
	int deaf;             /* error of a send after which we only listen, 0: none */
};

/* Next buffer of the queue and bytes in it, for each buffer of the thread's pool. */
struct conn_piece {
	uint16_t next;
	uint32_t n;
};

static inline uint64_t conn_tag(enum conn_who who, uint32_t index, uint16_t generation)
{
	return (uint64_t)index << 32 | (uint64_t)generation << 16 | (uint64_t)who << 8;
}
static inline enum conn_op conn_tag_op(uint64_t tag)
{
	return (enum conn_op)(tag & 0xff);
}
static inline enum conn_who conn_tag_who(uint64_t tag)
{
	return (enum conn_who)(tag >> 8 & 0xff);
}
static inline uint16_t conn_tag_generation(uint64_t tag)
{
	return (uint16_t)(tag >> 16);
}
static inline uint32_t conn_tag_index(uint64_t tag)
{
	return (uint32_t)(tag >> 32);
}

/* What the connections of one thread share. */
struct conn_env {
	struct ring *ring;
	struct conn_piece *pieces; /* one for each buffer of the ring's pool */
};

/* The connection has failed, not only an operation for want of the kernel's memory. */
static inline bool conn_is_gone(int error)
{
	return error != ENOMEM && error != ENOBUFS;
}

void conn_init(struct conn *c, uint64_t tag);
void conn_open(struct conn *c, int fd);

/* Submit, unless in flight already. */
void conn_recv(struct conn_env *e, struct conn *c);
void conn_poll_in(struct conn_env *e, struct conn *c);
void conn_poll_out(struct conn_env *e, struct conn *c);
/* Only when no send is in flight. After one that was not taken whole the connection is stalled.
 * conn_send_queue() sends what waits in another's queue. */
void conn_send(struct conn_env *e, struct conn *c, struct str bytes, bool more);
void conn_send_queue(struct conn_env *e, struct conn *c, const struct conn *from, bool ended);

/* Ask the operations of the set that are in flight to end. */
void conn_cancel(struct conn_env *e, struct conn *c, unsigned ops);

/* An event of this connection has arrived: keep the books, `stalled` included. */
void conn_event(struct conn *c, const struct ring_event *ev);

/* Queue a received buffer of n bytes; conn_first() looks at the oldest piece, conn_drop() takes n
 * bytes off the queue. conn_forget() wipes them too, of the oldest piece only: there may be
 * credentials in what a session is told. */
void conn_push(struct conn_env *e, struct conn *c, uint16_t buffer, uint32_t n);
struct str conn_first(const struct conn_env *e, const struct conn *c);
void conn_drop(struct conn_env *e, struct conn *c, uint32_t n);
void conn_forget(struct conn_env *e, struct conn *c, uint32_t n);

void conn_shut(struct conn_env *e, struct conn *c);
static inline bool conn_quiet(const struct conn *c)
{
	return c->armed == 0;
}
void conn_close(struct conn_env *e, struct conn *c);

#endif
