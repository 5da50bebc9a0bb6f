/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel: one TLS connection over memory: cipher bytes in and out, plain bytes in and out.
 *
 * No sockets, no clock. Every call works on what it is given and returns: it consumes from `in`,
 * or writes, or says what it needs. How many bytes and messages a handshake may take, and how many
 * records may follow each other without a byte of data, is bounded: a peer that goes on for ever is
 * CHANNEL_FAILED. Memory of an idle channel is wolfSSL's (about 4 KB) and sizeof(struct channel).
 *
 * `out` wants CHANNEL_OUT_MIN bytes of room in every call, or the call is CHANNEL_FULL; bytes in it
 * are to be sent also after CHANNEL_CLOSED and CHANNEL_FAILED (alerts).
 */
#ifndef TLS_CHANNEL_H
#define TLS_CHANNEL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/out.h"
#include "proto/auth_http.h"
#include "tls/acceptor.h"
#include "tls/connector.h"

enum {
	CHANNEL_RECORD_MAX = 16384,           /* plain bytes of one record (RFC 8446 5.1) */
	CHANNEL_OVERHEAD_MAX = 512,           /* cipher bytes of a record beyond its plain ones */
	CHANNEL_OUT_MIN = 20 * 1024,          /* room for any flight of ours, see above */
	CHANNEL_HANDSHAKE_IN_MAX = 64 * 1024, /* cipher bytes a peer may take for its handshake */
};

enum channel_ev {
	CHANNEL_MORE = 0, /* all of `in` is used: send, and read more                       */
	CHANNEL_FULL,     /* no room in `out`: send, then call again                        */
	CHANNEL_UP,       /* channel_handshake(): done. What is left in `in` is data        */
	CHANNEL_PLAIN,    /* channel_read(): some plain bytes are there, more may be        */
	CHANNEL_CLOSED,   /* the peer has said that it sends no more (close_notify); what is
			     left in `in` is not to be looked at                            */
	CHANNEL_FAILED,   /* channel_why() says why; close                                  */
};

struct wolf; /* wolfSSL's connection */

/* Not to be moved while open. The fields are the channel's own. */
struct channel {
	struct wolf *wolf;                 /* NULL: server, and its ClientHello is not whole */
	const struct acceptor *acceptor;   /* server side */
	const struct connector *connector; /* client side */
	struct connector_sessions *sessions;
	uint64_t peer;    /* client side: whom the session is with */
	uint64_t offered; /* client side: tells the ticket that was offered; 0: none */
	struct channel_early *early;
	struct buf *in;                   /* of the present call */
	struct out *out;                  /* of the present call */
	struct channel_peer *certificate; /* the client's; NULL: none came, or none was asked */
	int error;                        /* why it has failed */
	uint32_t taken;                   /* cipher bytes of the handshake */
	uint16_t record_left;             /* bytes of the present record that are still to come */
	uint16_t idle;                    /* records since the last byte of data */
	uint8_t header[5], header_n;      /* of the next record */
	uint8_t ccs;                      /* ChangeCipherSpec records so far */
	uint8_t state;                    /* enum in channel.c */
	uint8_t verify_error;             /* X509_V_* */
	bool verified;                    /* a certificate came, and verify_error is about it */
	bool spoke;                       /* some cipher bytes have been written */
	bool resumed, kept, said_bye;
};

/* We are the server. Before the ClientHello is whole, nothing is allocated but for the bytes of one
 * that comes in pieces. */
void channel_accept(struct channel *c, const struct acceptor *a);

/* We are the client: the first channel_handshake() writes the ClientHello. `sessions` may be NULL.
 * -1: no memory. */
NODISCARD int channel_connect(struct channel *c, const struct connector *k,
			      struct connector_sessions *sessions, uint64_t peer);

/* One step: up to the end of `in`. Costs up to a millisecond of computing. */
NODISCARD enum channel_ev channel_handshake(struct channel *c, struct buf *in, struct out *out);

/* Where plain bytes go: at most `room` (not 0) of them. `p` may not overlap the cipher bytes. */
struct channel_plain {
	uint8_t *p;
	size_t room;
	size_t n; /* how many came */
};

/* After CHANNEL_UP. */
NODISCARD enum channel_ev channel_read(struct channel *c, struct buf *in, struct out *out,
				       struct channel_plain *plain);

/* After CHANNEL_UP. Writes whole records for as much of `plain` as there is room for, where one
 * needs its plain bytes and CHANNEL_OVERHEAD_MAX; returns how much that was. 0 with plain.n not 0:
 * no room (send, then call again), or the channel has failed: channel_is_sound() tells. */
NODISCARD size_t channel_write(struct channel *c, struct str plain, struct out *out);

/* We send no more: writes close_notify, once; nothing while the handshake is under way. */
void channel_bye(struct channel *c, struct out *out);

/* Release everything, keys are wiped. Also for a channel that was never used (zeroed). */
void channel_close(struct channel *c);

bool channel_is_up(const struct channel *c);
bool channel_is_sound(const struct channel *c);

/* After CHANNEL_UP: a session of earlier goes on. */
bool channel_is_resumed(const struct channel *c);

/* After CHANNEL_FAILED: a short text for the log, e.g. "no shared cipher", without peer bytes. */
struct str channel_why(const struct channel *c);

/* What became of the peer's certificate, as X.509 sees it; OpenSSL's numbers and words. */
struct channel_verified {
	bool asked;      /* a certificate was asked for   */
	bool came;       /* and one came                  */
	int error;       /* X509_V_*, 0: fine             */
	struct str text; /* "certificate has expired", static */
};

/*
 * After CHANNEL_UP, server side with ssl_verify_client; the handshake itself does not fail over a
 * certificate, as with NGINX: the caller refuses the client in its protocol. Client side: a
 * certificate that does not verify ends the handshake, and this says why.
 */
struct channel_verified channel_verified(const struct channel *c);

/* The same by the rule of the acceptor (enum tls_verify): OK too when nothing was asked for. */
enum channel_client {
	CHANNEL_CLIENT_OK,
	CHANNEL_CLIENT_BAD,  /* what came does not verify */
	CHANNEL_CLIENT_NONE, /* one has to come, and did not */
};
enum channel_client channel_judge(const struct channel *c);

/* For the authentication service; strings live in `a`, which should have CHANNEL_FACTS_MAX bytes
 * of room; what does not fit is left out. After CHANNEL_UP. */
enum { CHANNEL_FACTS_MAX = 32 * 1024 };
void channel_facts(const struct channel *c, struct arena *a, struct auth_http_tls *facts);

#endif
