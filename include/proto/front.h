/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * front: we play server to a mail client until it is logged in, whatever the protocol.
 *
 * Bytes in, events and bytes out. What all protocols have in common is here: cutting of lines,
 * limits, the store, AUTH exchanges, verdicts; commands and replies are in smtp_front, pop3_front
 * and imap_front. Replies and rules are NGINX's, byte for byte, except quirks settled otherwise.
 *
 * Memory: strings of the client are kept in `store`, an arena lent by the caller with front_lend().
 * It may be taken back (lent as NULL) whenever front_idle() says that nothing of the engine lives
 * there: an idle client costs sizeof(struct front) and no more.
 */
#ifndef PROTO_FRONT_H
#define PROTO_FRONT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/out.h"
#include "proto/line.h"
#include "proto/login.h"
#include "proto/sasl.h"

enum {
	FRONT_REPLY_MAX = 4096, /* longest reply, capabilities included; checked at configuration */
	FRONT_REFUSED_MAX = 256,  /* peer bytes shown in a log line, before escaping */
	FRONT_HELO_EMBEDDED = 72, /* longer names live in the store */
	FRONT_TAG_MAX = 32,       /* IMAP */
	FRONT_ARGUMENTS_MAX = 3,  /* of an IMAP command */
	FRONT_HOPS = 5,           /* proxies in a row that are believed to be none too many */
};

enum front_starttls { STARTTLS_OFF, STARTTLS_ON, STARTTLS_ONLY };

/* What a client may log in with, besides enum sasl_mechanism: smtp_auth, pop3_auth, imap_auth. */
enum front_method { FRONT_METHOD_NONE = SASL_COUNT /* SMTP */, FRONT_METHOD_APOP /* POP3 */ };

/* Immutable while sessions use it; strings belong to the configuration. */
struct front_conf {
	enum protocol protocol;
	struct str server_name;
	const struct str *capabilities; /* *_capabilities, in order */
	uint32_t n_capabilities;
	uint32_t methods; /* bit set: 1 << enum sasl_mechanism, 1 << enum front_method */
	enum front_starttls starttls;
	uint32_t line_max;      /* *_client_buffer, bytes, line end included */
	uint32_t errors_max;    /* max_errors */
	uint32_t commands_max;  /* max_commands, 0: no limit */
	bool id;                /* imap_id: answer ID before login */
	bool strict_lines;      /* strict_line_ends: commands end with CR LF, not with a bare LF */
	bool starttls_required; /* SMTP: where TLS is demanded, no mail before it either */
	bool identity;          /* POP3, IMAP: hear from a proxy in front how many may follow */
};

enum front_ev {
	FRONT_MORE = 0, /* nothing left to do with these bytes: read more                */
	FRONT_WAIT,     /* bytes may remain; call nothing until verdict() arrives        */
	FRONT_FULL,     /* no room in `out` for the longest reply: send, then call again */
	FRONT_LOGIN,    /* front->login is complete, valid until verdict() returns       */
	FRONT_TLS,      /* send `out`, then handshake; the rest of `in` was dropped      */
	FRONT_QUIT,     /* send `out`, close                                             */
	FRONT_FAIL,     /* front->reason says why; the last word is in `out`; close      */
	FRONT_NOTE,     /* log front_note() at [info], then call again at once           */
};

/* Of every protocol; which may follow which is the protocol's table. */
enum front_state {
	FRONT_IN_START,
	FRONT_IN_USER,    /* POP3: USER was said, PASS is due             */
	FRONT_IN_LITERAL, /* IMAP: bytes of a literal are due             */
	FRONT_IN_AUTH,    /* a challenge was sent, its response is due    */
	FRONT_IN_REFUSAL, /* the service's last challenge was sent, an empty response is due */
	FRONT_IN_WAITING, /* FRONT_LOGIN returned, verdict is due         */
	FRONT_IN_TLS,     /* FRONT_TLS returned, secured() is due         */
	FRONT_IN_DONE,    /* logged in, quit or failed                    */
	FRONT_STATE_COUNT
};

/* Not to be moved once initialised: login's strings may point into it. */
struct front {
	const struct front_conf *conf;
	struct arena *store; /* NULL while idle and taken back */
	struct line line;
	uint8_t state;  /* enum front_state */
	uint8_t reason; /* enum reason, after FRONT_FAIL */
	uint8_t sasl;   /* enum sasl_state */
	bool secured;   /* TLS is on; set by the caller if it is from the first byte on */
	bool closes;    /* FRONT_IN_REFUSAL: the refusal is the last word */
	uint32_t errors, commands;
	uint32_t spent;     /* bytes of a command of several pieces that were taken */
	uint32_t literal;   /* not 0: so many bytes are due instead of a line, line end or not */
	uint32_t auth_mark; /* arena position before the strings of this login */
	struct str note;    /* FRONT_NOTE: what NGINX logs at [info], a literal */
	struct str refused; /* FRONT_NOTE and FRONT_FAIL: the offending bytes, cut to
			       FRONT_REFUSED_MAX, never credentials; borrowed from `in`, readable
			       until its next append. May be empty. */
	struct login login;
	uint8_t nonce_n;
	uint8_t nonce[39]; /* "<rand.time@" of the salt; the server name follows on use */
	union {
		struct {
			bool helo_embedded; /* login.helo is in helo_bytes */
			uint8_t helo_bytes[FRONT_HELO_EMBEDDED];
		} smtp;
		struct {
			uint8_t tag[FRONT_TAG_MAX];
			uint8_t tag_n;
			uint8_t command; /* of the engine's table, while its pieces come */
			uint8_t n;       /* arguments put aside in the store */
			bool in_literal; /* the bytes of a literal are next, not a line */
			uint32_t size[FRONT_ARGUMENTS_MAX]; /* of each argument */
		} imap;
	} u;
};

/* `nonce`: up to 32 digits and dots, unique for this connection; only its copy is kept. May be
 * empty if no method of conf has a challenge (front_has_challenge()) and conf has no identity. */
void front_init(struct front *f, const struct front_conf *conf, struct str nonce);
bool front_has_challenge(const struct front_conf *conf);

/* What names this session to others: the nonce; borrowed from `f`. */
struct str front_session(const struct front *f);

/* Lend the store (empty arena) or take it back (NULL, only while front_idle()). */
void front_lend(struct front *f, struct arena *store);
bool front_idle(const struct front *f);

void front_greet(struct front *f, struct out *out);

/*
 * Parse what waits in `in`, answer into `out`. Several pipelined commands are answered in one
 * call. The store must be lent. After FRONT_LOGIN, FRONT_QUIT and FRONT_FAIL the rest of `in` is
 * left as it is; after FRONT_TLS nothing of it is left. `in` is never written to: who owns its
 * memory wipes it, since passwords passed through it.
 */
enum front_ev front_next(struct front *f, struct buf *in, struct out *out);

/*
 * Write the whole message of a FRONT_NOTE, e.g.: client was rejected: "MAIL FROM:<a@b>__"
 * CR and LF are shown as '_' as NGINX does, other unprintable bytes escaped.
 */
void front_note(const struct front *f, struct out *o);

/* How a login ended, for the front engine. */
enum front_outcome {
	FRONT_ACCEPTED, /* writes what the client is to hear of us: "235 2.0.0 OK" after SMTP's
			   AUTH; else nothing, for the backend's own reply follows */
	FRONT_REFUSED,  /* writes the refusal; the client may try again, unless answer.closes */
};

struct front_answer {
	enum front_outcome outcome;
	struct str code; /* FRONT_REFUSED, SMTP: Auth-Error-Code; empty: 535 5.7.0 */
	struct str text;
	struct str sasl; /* Auth-Error-SASL: XOAUTH2 and OAUTHBEARER say it first, as one more
			    challenge, and the refusal when the client has answered */
	bool closes;     /* the session ends with this refusal */
};

/*
 * Only after FRONT_LOGIN. Wipes the credentials of this login from the store. `out` has room for
 * FRONT_REPLY_MAX, or the text is cut. FRONT_MORE: read on (or, accepted, hand over); FRONT_FAIL:
 * refused and closes.
 */
enum front_ev front_verdict(struct front *f, const struct front_answer *a, struct out *out);

/* Only after FRONT_TLS: TLS is up. All that was said is forgotten, but how often a login was tried;
 * the caller dropped the plaintext. */
void front_secured(struct front *f);

const char *front_state_name(const struct front *f);

#endif
