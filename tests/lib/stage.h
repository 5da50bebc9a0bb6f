/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage: everything around a session, played: the io floor as its contract allows it to behave
 * (session/session.h, io/pair.c, io/pump.c), a client, a backend and an auth service that do what
 * they are told, a clock. A few actors share one session_env, so that desks change hands.
 *
 * What the peers say is a stream that is kept whole; so is what reaches them. After every step the
 * laws in stage_laws.c look at the session; a broken one prints its name and abort()s.
 */
#ifndef TESTS_LIB_STAGE_H
#define TESTS_LIB_STAGE_H

#include "proto/auth_http.h"
#include "session/session.h"

enum {
	STAGE_ACTORS = 2,
	STAGE_SAID_MAX = 512 * 1024, /* bytes that one peer says */
	STAGE_STREAM_MAX = 3 * STAGE_SAID_MAX,
	STAGE_SECRETS_MAX = 8,
	STAGE_SECRET_MAX = 256, /* longer ones are not followed */
	STAGE_START_MS = 1000000,
};

/* A stream of bytes that only grows. */
struct stage_stream {
	uint8_t *bytes; /* STAGE_STREAM_MAX */
	size_t n;
};

/* One connection: `said` by the peer, of which `got` were received and `done` have left our
 * receive buffers; `heard` by the peer. */
struct stage_end {
	bool open;
	bool closing; /* the peer says no more */
	bool ended;   /* ... and that was received */
	bool told;    /* ... and the session knows */
	bool stalled; /* the peer does not read */
	bool own;     /* the send in flight is from the other side's receive buffers */
	struct stage_stream said, heard;
	size_t got, done;
	size_t asked;     /* bytes of the send in flight; 0: none */
	uint8_t *flight;  /* what they were when it began */
	const uint8_t *p; /* where */
};

struct stage_secret {
	uint8_t bytes[STAGE_SECRET_MAX];
	size_t n;
	unsigned login;     /* of which login of this session */
	unsigned in_client; /* times it is in the client's stream by right */
	unsigned in_auth;   /* ... and in the auth service's */
};

/* A session and what belongs to it. */
struct stage_actor {
	bool playing, greeted;
	uint64_t number;
	struct session *session; /* a heap block of exactly its size */
	struct stage_end end[2];
	struct server_conf conf;
	struct front front; /* the front engine once more, which gets whole commands */
	struct arena store;
	size_t read;                 /* bytes of the client's stream that it was given */
	struct stage_stream replies; /* what it said */
	struct stage_stream auth;    /* all answers of the auth service */
	struct stage_stream log;
	struct stage_secret secret[STAGE_SECRETS_MAX];
	unsigned n_secrets, logins;
	size_t login;                  /* bytes of the client's stream up to its last login */
	struct str host;               /* what is to be told as its name */
	uint8_t named[NAME_MAX_BYTES]; /* by the DNS */
	size_t named_n;
	enum phase seen;             /* at the last step */
	enum reason reason;          /* once it has one */
	struct front_answer refusal; /* the last one; its strings are in `refused` */
	uint8_t refused[AUTH_HTTP_RESPONSE_MAX];
	bool relayed;     /* reached the relay */
	size_t from[2];   /* where in said[side] the relay began */
	size_t behind[2]; /* where in heard[side] */
};

struct stage {
	struct session_env env;
	struct session_counters counters;
	struct logger logger;
	uint8_t *desks;
	size_t desks_bytes;
	struct name_kept names[STAGE_ACTORS];
	uint64_t longest_ms;       /* no deadline is further away */
	uint64_t started, relayed; /* sessions */
	struct stage_actor actor[STAGE_ACTORS];
};

/* The stage, empty. There is one, reused: its memory is large. */
struct stage *stage_open(const struct session_sizes *sizes);
/* Let everything that still plays come to its end with all peers silent; last checks. */
void stage_close(struct stage *st);

/* How a client connects: through a balancer that says so, with TLS at once. */
struct stage_listen {
	bool proxied, tls;
};

/* A client connects. `a` is not playing. */
void stage_start(struct stage *st, struct stage_actor *a, const struct server_conf *conf,
		 struct stage_listen how);

/* What peers do. Bytes beyond STAGE_SAID_MAX are dropped. */
void stage_say(struct stage_actor *a, enum side from, struct str bytes);
void stage_hang_up(struct stage_actor *a, enum side from);

/* What the kernel does: at most n bytes of what was said come, or the end behind them, if somebody
 * wants to receive; all of it in any case if a receive was under way. */
void stage_receive(struct stage *st, struct stage_actor *a, enum side from, size_t n);
void stage_receive_late(struct stage *st, struct stage_actor *a, enum side from);
/* n bytes of the send in flight were taken; if fewer than asked, the peer reads no more until the
 * next stage_sent(). */
void stage_sent(struct stage *st, struct stage_actor *a, enum side to, size_t n);
void stage_fail(struct stage *st, struct stage_actor *a, enum side side, struct str why);
/* A handshake that is wanted ends, for this reason; not while plaintext is still leaving. The
 * handshake has what was received of that side before. */
void stage_secured(struct stage *st, struct stage_actor *a, enum side side, enum reason reason);
void stage_dialled(struct stage *st, struct stage_actor *a, struct str failed);
/* The DNS's answer to a question that is asked. */
void stage_named(struct stage *st, struct stage_actor *a, const struct name_answer *answer);
/* The auth service's response, as text; an endless one is cut off. */
void stage_answer(struct stage *st, struct stage_actor *a, struct str response);
void stage_shutdown(struct stage *st, struct stage_actor *a);
void stage_pass(struct stage *st, uint64_t ms);

/* Once nothing of it is in flight, a session that wants to be closed is. */
void stage_leave(struct stage *st, struct stage_actor *a);

/* What was said, heard and logged so far, to stderr. */
void stage_tell(void);

void stage_stream_add(struct stage_stream *s, struct str bytes);
static inline struct str stage_stream_all(const struct stage_stream *s)
{
	return str_of(s->bytes, s->n);
}

#endif
