/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world: one session and all that it has to do with, without a socket or a clock: the three peers'
 * wires, the auth service's connection, virtual time, the log.
 *
 * Does what the io floor does, as simply as can be. Bytes are handed over at the end of a
 * page behind which nothing is mapped, and overwritten as soon as the session has seen them.
 */
#ifndef TESTS_DIALOG_WORLD_H
#define TESTS_DIALOG_WORLD_H

#include "app/conf.h"
#include "proto/auth_http.h"
#include "session/session.h"
#include "tests/lib/script.h"

/* How many bytes pass at a time. */
enum world_steps {
	WORLD_WHOLE,       /* as many as there are */
	WORLD_CLIENT_ONES, /* the client's one by one */
	WORLD_ALL_ONES,    /* every peer's, and ours are sent one by one as well */
};

/* One peer, seen from the session. */
struct world_wire {
	uint8_t *to; /* what the peer has sent and the session has not taken */
	size_t to_n;
	bool ended;          /* the peer sends no more behind that */
	bool told;           /* and the session knows */
	bool shakes;         /* the peer makes its handshake as soon as it is wanted */
	uint8_t *from;       /* what the session ever sent to the peer */
	size_t from_n, used; /* `used`: what expectations have met */
	bool open;           /* the peer can be talked to */
	bool closed;         /* the session has closed it or shut its side */
};

struct world_log {
	struct logger logger; /* first: the session knows it alone */
	char *lines;          /* "level message\n" ... */
	size_t n;
};

struct world {
	struct conf *conf;
	const struct server_conf *server;
	struct script_vars vars;
	struct session_env env;
	struct session_counters counters;
	uint8_t *page; /* of PAGE bytes; the one behind it is not mapped */
	void *desk_memory;
	size_t desk_bytes;
	/* of one start */
	enum world_steps steps;
	struct session session;
	struct world_log log;
	struct world_wire wires[SCRIPT_WIRES];
	bool over; /* session_done() was called */
	/* the request to the auth service */
	bool asking;
	uint64_t auth_deadline_ms; /* 0: none */
	struct auth_http_response response;
	struct arena answer;
	struct buf answer_in;
	uint8_t answer_bytes[2 * AUTH_HTTP_RESPONSE_MAX];
};

/* A server{} of the script's protocol with its directives, and memory. -1 after a message. */
int world_init(struct world *w, const struct script *script);
void world_done(struct world *w);

/* A client connects to it. Each start needs its stop. */
void world_start(struct world *w, enum world_steps steps);
void world_stop(struct world *w);

/* Let everything happen that can happen without time passing. */
void world_settle(struct world *w);

/* The peer behind the wire does something; then everything happens. */
void world_send(struct world *w, enum script_wire wire, struct str bytes);
void world_shake_hands(struct world *w, enum script_wire wire);
void world_hang_up(struct world *w, enum script_wire wire, enum script_kind how);

/* When something is due, UINT64_MAX if nothing is; and let time pass until then. */
uint64_t world_next_ms(const struct world *w);
void world_pass(struct world *w, uint64_t until_ms);

/* What the proxy has sent on the wire and no expectation has met. */
struct str world_unread(const struct world *w, enum script_wire wire);

/* True if one of the secrets is anywhere in memory that the session had. */
bool world_remembers(const struct world *w, const struct str *secrets, size_t n);

#endif
