/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls_link: a TLS channel on a connection of the ring.
 *
 * Cipher bytes come from the connection's queue of received buffers and leave from a desk, which
 * is borrowed while something lies on it: an idle link costs its channel and nothing else. While
 * the handshake lasts, what is received moves to the desk at once, so that a storm of them takes
 * no buffer from the relay; steps of handshakes are made in turn, a few each turn of the loop.
 *
 * Whose link it is follows from the connection's tag: pair_tls.c and auth_wire.c drive them.
 */
#ifndef IO_TLS_LINK_H
#define IO_TLS_LINK_H

#include "tls/channel.h"
#include "io/thread_state.h"

enum tls_link_state {
	TLS_LINK_DARK, /* the handshake is under way */
	TLS_LINK_UP,
	TLS_LINK_DEAD, /* the channel has failed, and whoever has the link was told */
};

struct tls_link {
	struct channel channel;
	struct conn *conn;
	struct list node; /* in thread.handshakes while a step is due */
	struct tls_desk *desk;
	uint8_t state; /* enum tls_link_state */
	bool full;     /* a step found no room to write: the next one is due when bytes have left */
	bool more;     /* unsealed bytes may wait in the channel */
	bool bye;      /* we have said that we send no more */
	bool closed;   /* the peer has: what comes now is nobody's */
	bool gone;     /* the connection has failed: nothing more will leave */
};

/* Memory for the links of a thread, 0 without TLS, and taking it over. -1: a part of it cannot be
 * had. */
size_t tls_link_memory(const struct worker_conf *conf);
NODISCARD int tls_link_open_all(struct thread *t, void *memory);
void tls_link_close_all(struct thread *t);

/* A number for who is called by it, with this connector: sessions are never mixed, for one
 * connector may have checked what another would not. */
uint64_t tls_link_peer(const struct connector *k, struct str who);

/* We are the server, or the client, of a connection that is open and receives nothing; what waits
 * in its queue already is of the handshake. NULL: no memory. */
NODISCARD struct tls_link *tls_link_accept(struct thread *t, struct conn *c,
					   const struct acceptor *a);
NODISCARD struct tls_link *tls_link_connect(struct thread *t, struct conn *c,
					    const struct connector *k, uint64_t peer);
void tls_link_close(struct thread *t, struct tls_link *l);

/* Something was received, while the link is not up: a step of the handshake is due. */
void tls_link_feed(struct thread *t, struct tls_link *l);

/* One step, counted when it is the last: CHANNEL_UP, or CHANNEL_FAILED. Otherwise CHANNEL_MORE. */
NODISCARD enum channel_ev tls_link_step(struct thread *t, struct tls_link *l);

/* Why it has failed, for the log: "18:self-signed certificate", or the channel's words. */
void tls_link_why(const struct tls_link *l, struct out *why);

/* The handshake is under way, and there is room for what a receive may bring. */
bool tls_link_wants(const struct tls_link *l);

/* Unseal some; the link is up. As channel_read(). */
NODISCARD enum channel_ev tls_link_read(struct thread *t, struct tls_link *l,
					struct channel_plain *plain);

/* There may be something to read, or a step of the handshake is due. */
bool tls_link_busy(const struct tls_link *l);

/* Bytes received and not unsealed yet, and bytes sealed that the kernel has not taken yet. */
size_t tls_link_held(const struct tls_link *l);
size_t tls_link_unsent(const struct tls_link *l);

/* Seal some of it; the link is up. Returns how much: 0 while there is no room, or if the channel
 * has failed: then tls_link_is_spoilt(), and the link is to be told so by tls_link_die(). */
NODISCARD size_t tls_link_write(struct thread *t, struct tls_link *l, struct str plain);

static inline bool tls_link_is_spoilt(const struct tls_link *l)
{
	return l->state == TLS_LINK_UP && !channel_is_sound(&l->channel);
}
void tls_link_die(struct thread *t, struct tls_link *l);

/* We send no more. */
void tls_link_bye(struct thread *t, struct tls_link *l);

/* Submit what is sealed, unless a send is in flight; account for one that has ended. */
void tls_link_send(struct thread *t, struct tls_link *l);
void tls_link_sent(struct thread *t, struct tls_link *l, size_t n);

/* True when all that was sealed has left, or can't. */
bool tls_link_drained(const struct tls_link *l);

/* Give the desk back if nothing lies there. */
void tls_link_rest(struct thread *t, struct tls_link *l);

/* Nobody wants what was received. */
void tls_link_drop(struct thread *t, struct tls_link *l);

#endif
