/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * back: we play client to the mail server until the relay can begin, whatever the protocol.
 *
 * The steps and bytes are NGINX's; they are in smtp_back, pop3_back and imap_back. What all have in
 * common is here: who it is about, how a dialogue ends. Endless replies end in BACK_FAIL.
 */
#ifndef PROTO_BACK_H
#define PROTO_BACK_H

#include "base/buf.h"
#include "base/out.h"
#include "proto/line.h"
#include "proto/login.h"
#include "proto/smtp_reply.h"

enum { BACK_COMMAND_EXTRA = 1024 }; /* see back_next() */

struct back_conf {
	enum protocol protocol;
	struct str server_name;
	bool xclient;       /* SMTP: xclient */
	bool smtp_auth;     /* SMTP: proxy_smtp_auth */
	bool identity;      /* POP3, IMAP: tell a backend that can hear it who the client is */
	uint32_t reply_max; /* proxy_buffer: one whole reply, bytes */
};

/* All borrowed; must outlive the engine's use. */
struct back_peer {
	const struct login *login; /* user and pass already replaced by the verdict's; pass.p is
				      NULL when there is none to log in with (the hash of a
				      CRAM-MD5 answer is none) */
	struct addr client;
	struct addr local;      /* where the client has connected to; ADDR_NONE if not known */
	struct str client_host; /* verified name, "[UNAVAILABLE]" or "[TEMPUNAVAIL]" */
	struct str session;     /* names this session at the backend: letters, digits, dots */
	uint8_t hops;           /* how many more proxies may follow */
	enum back_tls tls;      /* STARTTLS: the dialogue asks for it; else it is not seen here */
};

enum back_ev {
	BACK_MORE = 0, /* read more                                                         */
	BACK_FULL,     /* no room in `out` for the next command: send, then call again      */
	BACK_TLS,      /* send `out`, make the handshake, then back_secured()               */
	BACK_READY,    /* hand over: what is left in `in` goes to the client first           */
	BACK_FAIL,     /* back->reason says why; back->reply is the backend's own last words */
};

struct back {
	const struct back_conf *conf;
	const struct back_peer *peer;
	uint8_t state;    /* the protocol's; 0: nothing has come yet */
	uint8_t reason;   /* enum reason, after BACK_FAIL */
	bool awaits_tls;  /* BACK_TLS was said, back_secured() is due */
	bool secured;     /* ... and was called */
	struct str reply; /* see back_next(); borrowed from `in`, until its next append */
	struct str shown; /* after BACK_FAIL: the part of it that NGINX's log shows */
	union {
		struct {
			struct smtp_reply framing;
			bool pipelining; /* the backend's last EHLO reply offers PIPELINING */
			bool rcpt_sent;  /* RCPT left together with MAIL */
			uint8_t xclient; /* what its EHLO reply offers to hear with XCLIENT */
		} smtp;
		struct { /* POP3, IMAP */
			struct line line;
			uint32_t passed; /* bytes of untagged lines before the tagged one */
		} lines;
	} u;
};

void back_init(struct back *b, const struct back_conf *conf, const struct back_peer *peer);

/*
 * Read the replies that wait in `in`, which can hold reply_max bytes, and write the next command
 * to `out`. Not to be called again after BACK_READY or BACK_FAIL.
 *
 * BACK_READY: back->reply is what the client is to see of the login, and everything that waits
 * behind it: it stays in `in` as the first bytes of the relay. SMTP: in method none, the reply to
 * RCPT; otherwise it is empty and surplus bytes are gone. POP3, IMAP: the reply that let us in.
 * BACK_FAIL, by reason:
 *   BACK_INVALID      reply is the refusal with its line ends, for proxy_pass_error_message and
 *                     the log ("upstream sent invalid response");
 *   BACK_NO_STARTTLS  reply is what it said instead, for the log;
 *   BACK_INJECTED     reply is what came behind its reply to STARTTLS, for the log: plaintext that
 *                     would have passed for its words in TLS;
 *   BACK_TOO_LONG     reply is its beginning, for the log only ("upstream sent too long response
 *                     line");
 *   AUTH_NO_PASSWORD  a password is due and there is none ("no password available");
 *   INTERNAL          the login cannot be said in the protocol (control characters), or a command
 *                     does not fit an empty `out`. That cannot happen with room for server_name,
 *                     client_host, and three times the login's own strings, plus
 *                     BACK_COMMAND_EXTRA.
 */
NODISCARD enum back_ev back_next(struct back *b, struct buf *in, struct out *out);

/*
 * Only after BACK_TLS: TLS is up. What the backend has told before is forgotten. Writes the next
 * command to `out`, which should be empty. BACK_MORE, or BACK_FAIL.
 */
NODISCARD enum back_ev back_secured(struct back *b, struct out *out);

/*
 * The ACTION of NGINX's log lines for the present state: "sending HELO/EHLO to upstream" while
 * nothing has come, "reading response from upstream" once a reply has begun or was refused.
 */
struct str back_action(const struct back *b);

/* False if a command line of the protocol has no place for a byte of user or password: it would end
 * there, or become two. */
bool back_can_say(const struct back_conf *conf, const struct login *l);

/* True if the dialogue says a password when a client has logged in with this method. */
static inline bool back_needs_password(const struct back_conf *conf, enum auth_method m)
{
	return conf->protocol != PROTOCOL_SMTP || (conf->smtp_auth && m != AUTH_NONE);
}

/* True as long as the backend has not said one whole reply. */
static inline bool back_is_silent(const struct back *b)
{
	return b->state == 0;
}

const char *back_state_name(const struct back *b);

#endif
