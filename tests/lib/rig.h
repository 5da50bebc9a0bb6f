/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rig: one session driven by hand: no sockets, no peers, a clock that the test moves.
 *
 * The test says what arrives and what the session sees; the rig only keeps the session's memory,
 * its log and what it has sent. tests/dialog plays whole conversations; here single calls are made.
 */
#ifndef TESTS_LIB_RIG_H
#define TESTS_LIB_RIG_H

#include "session/session.h"

enum {
	RIG_LINE_MAX = 4096, /* smtp_client_buffer and proxy_buffer, bytes */
	RIG_START_MS = 1000000,
	RIG_TIMEOUT_MS = 60000,
	RIG_PROXY_MS = 3600000,
	RIG_LOG_MAX = 64 * 1024,
	RIG_SENT_MAX = 256 * 1024,
};

struct rig_log {
	struct logger logger; /* first: the rig finds itself by it */
	size_t n, lines;
	enum log_level level; /* of the last line */
	char text[RIG_LOG_MAX];
};

struct rig {
	struct server_conf conf;
	bool proxied; /* a PROXY header comes first */
	bool tls;     /* TLS before the greeting */
	struct session_env env;
	struct session_counters counters;
	struct session session;
	struct rig_log log;
	struct name_kept names[1];
	uint8_t *memory; /* of the desks */
	size_t memory_bytes;
	char sent[RIG_SENT_MAX]; /* by the last rig_take() */
};

/* A configuration with PLAIN, LOGIN, CRAM-MD5 and no login at all; the test may change it before
 * rig_start(). Freed by rig_done(). */
struct rig *rig_new(void);
void rig_resolve(struct rig *r); /* before: with a resolver */
void rig_start(struct rig *r);
void rig_start_from(struct rig *r, const char *client); /* an address, or "unix:" */
void rig_done(struct rig *r);

/* Bytes from a peer, all of which must be taken. */
void rig_client(struct rig *r, const char *bytes);
void rig_backend(struct rig *r, const char *bytes);

/* All that waits for that side, sent in one go; as text, until the next call. */
const char *rig_take(struct rig *r, enum side to);

/* How a handshake ends. */
void rig_secured(struct rig *r, enum side side, enum reason reason, const char *detail);

void rig_pass(struct rig *r, uint64_t ms); /* and tick */

/* The auth service's answer; rig_route() is an OK. */
void rig_route(struct rig *r);
void rig_refuse(struct rig *r, const char *text, uint64_t wait_s);

/* The DNS's answers: a name; the addresses of one, "192.0.2.1 2001:db8::1", or nothing of either.
 */
void rig_name(struct rig *r, const char *name);
void rig_addresses(struct rig *r, const char *addresses);
void rig_nameless(struct rig *r, enum name_outcome outcome);

/* The auth service's OK with a host name. */
void rig_route_to(struct rig *r, const char *name);

/* From a started session to the beginning of that phase, at most PHASE_CLOSING, as user "tim" with
 * password "secret". */
void rig_reach(struct rig *r, enum phase phase);

bool rig_wants(const struct rig *r, unsigned wants); /* these and no others */
bool rig_ended(const struct rig *r, enum reason reason);
bool rig_logged(const struct rig *r, const char *part);

/* The bytes are somewhere in the session or in the desks. */
bool rig_remembers(const struct rig *r, const char *bytes);

#endif
