/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp_front: we play SMTP server to the mail client until it is logged in (RFC 5321, 4954, 2920).
 *
 * Bytes in, events and bytes out. Replies and rules are NGINX's, byte for byte, except the quirks
 * that were settled otherwise: pipelined bytes never make a "too long" line, EXTERNAL is refused
 * when it is not enabled, control characters are refused.
 *
 * Memory: the engine keeps strings in `store`, an arena lent by the caller with smtp_front_lend().
 * It may be taken back (lent as NULL) whenever smtp_front_idle() says that nothing of the engine
 * lives there: an idle client costs sizeof(struct smtp_front) and no more.
 */
#ifndef PROTO_SMTP_FRONT_H
#define PROTO_SMTP_FRONT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/out.h"
#include "proto/line.h"
#include "proto/login.h"

enum {
	SMTP_FRONT_HELO_EMBEDDED = 80, /* longer names live in the store */
	SMTP_FRONT_REPLY_MAX = 4096,  /* longest reply, EHLO's included; checked at configuration */
	SMTP_FRONT_REFUSED_MAX = 256, /* peer bytes shown in a log line, before escaping */
};

enum front_starttls { STARTTLS_OFF, STARTTLS_ON, STARTTLS_ONLY };

/* Immutable while sessions use it; strings belong to the configuration. */
struct smtp_front_conf {
	struct str server_name;
	const struct str *capabilities; /* smtp_capabilities, in order */
	uint32_t n_capabilities;
	uint32_t methods; /* bit set: 1 << SMTP_AUTH_x */
	enum front_starttls starttls;
	uint32_t line_max;     /* smtp_client_buffer, bytes, line end included */
	uint32_t errors_max;   /* max_errors */
	uint32_t commands_max; /* max_commands, 0: no limit */
};

/* smtp_auth; PLAIN and LOGIN are separate here although both are Auth-Method plain. */
enum { SMTP_AUTH_PLAIN, SMTP_AUTH_LOGIN, SMTP_AUTH_CRAM_MD5, SMTP_AUTH_EXTERNAL, SMTP_AUTH_NONE };

enum front_ev {
	FRONT_MORE = 0, /* nothing left to do with these bytes: read more                */
	FRONT_WAIT,     /* bytes may remain; call nothing until verdict() arrives        */
	FRONT_FULL,     /* no room in `out` for the longest reply: send, then call again */
	FRONT_LOGIN,    /* front->login is complete, valid until verdict() returns       */
	FRONT_TLS,      /* send `out`, then handshake; the rest of `in` was dropped      */
	FRONT_QUIT,     /* send `out`, close                                             */
	FRONT_FAIL,     /* front->reason says why; the last word is in `out`; close      */
	FRONT_NOTE,     /* log smtp_front_note() at [info], then call again at once      */
};

/* Its names are in smtp_front_state_name(). Written by one function only. */
enum smtp_front_state {
	SMTP_FRONT_START,
	SMTP_FRONT_AUTH_PLAIN, /* 334 sent, waiting for the response      */
	SMTP_FRONT_AUTH_LOGIN_USER,
	SMTP_FRONT_AUTH_LOGIN_PASS,
	SMTP_FRONT_AUTH_CRAM_MD5,
	SMTP_FRONT_AUTH_EXTERNAL,
	SMTP_FRONT_WAITING, /* FRONT_LOGIN returned, verdict is due    */
	SMTP_FRONT_TLS,     /* FRONT_TLS returned, secured() is due    */
	SMTP_FRONT_DONE,    /* logged in, quit or failed               */
	SMTP_FRONT_STATE_COUNT
};

/* Not to be moved once initialised: login.helo may point into it. */
struct smtp_front {
	const struct smtp_front_conf *conf;
	struct arena *store; /* NULL while idle and taken back */
	struct line line;
	uint8_t state;      /* enum smtp_front_state */
	uint8_t reason;     /* enum reason, after FRONT_FAIL */
	bool secured;       /* TLS is on */
	bool helo_embedded; /* login.helo is in helo_bytes */
	uint32_t errors, commands;
	uint32_t auth_mark; /* arena position before the strings of this login */
	struct str note;    /* FRONT_NOTE: what NGINX logs at [info], a literal */
	struct str refused; /* FRONT_NOTE and FRONT_FAIL: the offending bytes, cut to
			       SMTP_FRONT_REFUSED_MAX, never credentials; borrowed from `in`,
			       readable until its next append. May be empty. */
	struct login login;
	uint8_t nonce_n;
	uint8_t nonce[39]; /* "<rand.time@" of the salt; the server name follows on use */
	uint8_t helo_bytes[SMTP_FRONT_HELO_EMBEDDED];
};

/* `nonce`: up to 32 digits and dots, unique for this connection; only its copy is kept. */
void smtp_front_init(struct smtp_front *f, const struct smtp_front_conf *conf, struct str nonce);

/* Lend the store (empty arena) or take it back (NULL, only while smtp_front_idle()). */
void smtp_front_lend(struct smtp_front *f, struct arena *store);
bool smtp_front_idle(const struct smtp_front *f);

/* Write "220 <server_name> ESMTP ready". */
void smtp_front_greet(struct smtp_front *f, struct out *out);

/*
 * Parse what waits in `in`, answer into `out`. Several pipelined commands are answered in one
 * call. The store must be lent. After FRONT_LOGIN, FRONT_QUIT and FRONT_FAIL the rest of `in` is
 * left as it is; after FRONT_TLS nothing of it is left. `in` is never written to: who owns its
 * memory wipes it, since passwords passed through it.
 */
enum front_ev smtp_front_next(struct smtp_front *f, struct buf *in, struct out *out);

/*
 * Write the whole message of a FRONT_NOTE, e.g.: client was rejected: "MAIL FROM:<a@b>__"
 * CR and LF are shown as '_' as NGINX does, other unprintable bytes escaped.
 */
void smtp_front_note(const struct smtp_front *f, struct out *o);

/* How a login ended, for the front engine. */
enum front_outcome {
	FRONT_ACCEPTED, /* AUTH: writes "235 2.0.0 OK". Method none: writes nothing, the backend's
			   reply to RCPT follows. State becomes DONE. */
	FRONT_REFUSED,  /* writes "<code> <text>"; the client may try again (state START) */
};

struct front_answer {
	enum front_outcome outcome;
	struct str code; /* FRONT_REFUSED: Auth-Error-Code; empty: 535 5.7.0 */
	struct str text;
};

/*
 * Only after FRONT_LOGIN. Wipes the credentials of this login from the store. out has room for
 * SMTP_FRONT_REPLY_MAX, or the text is cut.
 */
void smtp_front_verdict(struct smtp_front *f, const struct front_answer *a, struct out *out);

/* Only after FRONT_TLS: TLS is up. Forgets HELO, MAIL, RCPT; the caller dropped the plaintext. */
void smtp_front_secured(struct smtp_front *f);

const char *smtp_front_state_name(enum smtp_front_state s);

#endif
