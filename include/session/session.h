/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session: one client from greeting to last byte, as a pure state machine.
 *
 * The on_x functions only change its state. session_wants() says what should be true now
 * (level-triggered bits), session_pending() which bytes are next to be sent, deadline_ms when
 * session_on_tick() is due; the io floor makes the kernel match. No system calls, no clock
 * (env->now_ms is an input), no malloc.
 *
 * In PHASE_RELAY bytes no longer pass through here: the io floor moves them between the two
 * connections and keeps `relay` (session/relay.h). What pipelined bytes the client sent before the
 * hand-over are session_pending(SIDE_BACK) then and go first.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "base/addr.h"
#include "base/slab.h"
#include "proto/auth_http.h"
#include "proto/front.h"
#include "session/conf.h"
#include "session/names.h"
#include "session/phase.h"
#include "session/relay.h"

struct session_counters {
	uint64_t accepted;
	uint64_t logged_in;
	uint64_t ended[REASON_COUNT];
};

/* What desks must hold: the largest buffers of all servers, bytes. */
struct session_sizes {
	uint32_t client_buffer, proxy_buffer;
};

/* What the sessions of one thread share. */
struct session_env {
	struct slab desks; /* one for each session; slot size session_desk_bytes() */
	struct slab names; /* struct name_kept, one for each session of a server that resolves
			      names; without such a server there need be none */
	struct session_sizes sizes;
	struct logger *logger;
	struct session_counters *counters;
	uint64_t now_ms; /* monotonic; set by the loop before any call */
};

/* Longest login name in log lines of the relay; RFC 5321 4.5.3.1. */
enum { SESSION_USER_MAX = 254 };

struct session {
	struct session_env *env;
	const struct server_conf *conf;
	struct desk *desk;      /* NULL while there is nothing on it */
	struct name_kept *host; /* the client's name until the relay, if it has one */
	struct str listening;   /* "0.0.0.0:25" */
	uint64_t number;
	uint64_t deadline_ms; /* session_on_tick() is due then; 0: never */
	uint8_t phase;        /* enum phase */
	uint8_t reason;       /* enum reason, from PHASE_CLOSING on */
	uint8_t waits;        /* times the auth service said WAIT to this login */
	bool traced;          /* debug_connection: all is logged, whatever the levels */
	bool host_failed;     /* nobody could say whether it has */
	bool retry_auth;      /* PHASE_AUTH_WAIT: ask again; else: refuse */
	bool front_ended;     /* the client half-closed behind pipelined commands */
	bool front_full;      /* the front engine waits for its replies to leave */
	bool front_gone;      /* nobody reads what we still say */
	bool lingers;         /* last words were said: see that they are read */
	bool starttls;        /* the client has asked for TLS with STARTTLS, or STLS */
	bool believed;        /* the PROXY header */
	struct addr client;   /* the PROXY header's, once that is believed */
	struct addr local;    /* our end; not known from the start unless log, PROXY header or
				 identity want it, but before WANT_DIAL is done if XCLIENT does */
	union {
		struct proxy_ends claimed; /* up to PHASE_AUTH_WAIT: by the PROXY header, if any */
		struct {
			struct addr upstream, back_local; /* the latter only for the log */
		};
	};
	union {
		struct front front; /* until the relay */
		struct {
			struct relay relay;
			uint8_t user_n;
			uint8_t user[SESSION_USER_MAX];
		} past; /* in the relay */
	} u;
};

struct session_start {
	const struct server_conf *conf;
	struct str listening;
	uint64_t number; /* connection number, unique in the process */
	struct addr client, local;
	struct str nonce; /* for challenges: digits and dots, not guessable */
	bool proxied;     /* a PROXY header comes first */
	bool tls;         /* then TLS, before the greeting */
};

/* How a handshake went. */
struct session_tls {
	enum reason reason; /* NONE: it is up. CLIENT_CERT_x: it is, but the client has to go.
			       CLIENT_TLS, BACK_TLS, BACK_CERT: it failed */
	struct str detail;  /* for the log */
};

/* Slot size of session_env.desks for these buffers. */
size_t session_desk_bytes(const struct session_sizes *sizes);
/* Takes over `s`, which need not be initialised. */
void session_start(struct session *s, struct session_env *env, const struct session_start *start);

/* Bytes from the client or the backend, not in PHASE_RELAY. Returns how many were taken; the rest
 * is to be offered again when the session wants bytes of that side again. */
NODISCARD size_t session_on_front(struct session *s, struct str bytes);
NODISCARD size_t session_on_back(struct session *s, struct str bytes);

/* The peer will send no more (end of stream), or the connection failed (`failed`: why, for the
 * log; empty at end of stream). In PHASE_RELAY only failures come here. */
void session_on_closed(struct session *s, enum side side, struct str failed);

/* n bytes of session_pending(side) are with the kernel. */
void session_on_sent(struct session *s, enum side side, size_t n);

/* The answer to WANT_AUTH; the verdict's strings are copied. Ignored in other phases. */
void session_on_verdict(struct session *s, const struct verdict *v);

/* The answer to WANT_DIAL: connecting is under way (failed.n == 0), or failed at once. */
void session_on_dialled(struct session *s, struct str failed);

/*
 * WANT_TLS_x is done, or has failed; ignored if it is not wanted any more. Before: nothing is
 * received on that side; what came already is offered once more, and what the session takes then
 * was plaintext behind a STARTTLS, while what it leaves is the handshake's; session_pending() goes
 * out, in plaintext; then the handshake runs. session_on_closed() may end it.
 */
void session_on_secured(struct session *s, enum side side, const struct session_tls *how);

/* env->now_ms has reached deadline_ms. */
void session_on_tick(struct session *s);

/* Bytes have moved in the relay: the deadline moves on. */
void session_on_moved(struct session *s);

/* WANT_SHUT is done. */
void session_on_hushed(struct session *s);
/* The end of the way from that side was passed on behind its last byte. */
void session_on_shut(struct session *s, enum side from);
/* Both ways of the relay are over. */
void session_on_relayed(struct session *s);

/* End it now: log `reason` (with `detail`, if its text has a place for it), say its last words,
 * close. session_end_said() leaves the last words as they are already written. */
void session_end(struct session *s, enum reason reason, struct str detail);
void session_end_said(struct session *s, enum reason reason, struct str detail);

unsigned session_wants(const struct session *s);

/* The bytes to send next to that side; stay where they are until session_on_sent(). */
struct str session_pending(const struct session *s, enum side side);

/* What to ask the auth service; borrowed from the session, valid while WANT_AUTH. */
void session_auth_query(const struct session *s, struct auth_http_query *q);

/* Keep bytes of the relay that the reader of the other side does not take yet: they become
 * session_pending() of the other side. Returns bytes kept. */
NODISCARD size_t session_keep(struct session *s, enum side from, struct str bytes);

/* Where such bytes wait: for who writes them there himself. */
struct buf *session_kept(struct session *s, enum side from);

/* The desk, borrowed now if the session has none. */
struct desk *session_desk(struct session *s);

/* Give the desk back if nothing lies on it. Call when nothing of it is in flight. */
void session_rest(struct session *s);

/* Release everything; the struct's memory may go. */
void session_done(struct session *s);
#endif
