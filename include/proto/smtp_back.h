/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp_back: we play SMTP client to the backend until the relay can begin (RFC 5321, 4954;
 * XCLIENT as Postfix documents it).
 *
 * The steps and bytes are NGINX's: greeting, EHLO/HELO, XCLIENT, the client's own EHLO/HELO, then
 * the stored MAIL and RCPT, or AUTH PLAIN, or nothing. Multi-line replies are judged by their
 * last line. Endless replies end in BACK_FAIL.
 */
#ifndef PROTO_SMTP_BACK_H
#define PROTO_SMTP_BACK_H

#include "base/buf.h"
#include "base/out.h"
#include "proto/login.h"

/* Room beyond the login's own strings that any command needs. */
enum { SMTP_BACK_COMMAND_EXTRA = 1024 };

struct smtp_back_conf {
	struct str server_name;
	bool xclient;
	bool smtp_auth;     /* proxy_smtp_auth */
	uint32_t reply_max; /* proxy_buffer: one whole (multi-line) reply, bytes */
};

/* All borrowed; must outlive the engine's use. */
struct smtp_back_peer {
	const struct login *login; /* user and pass already replaced by the verdict's */
	struct addr client;
	struct str client_host; /* verified name, "[UNAVAILABLE]" or "[TEMPUNAVAIL]" */
};

enum back_ev {
	BACK_MORE = 0, /* read more                                                          */
	BACK_FULL,     /* no room in `out` for the next command: send, then call again       */
	BACK_READY,    /* hand over: back->reply (may be empty) goes to the client first     */
	BACK_FAIL,     /* back->reason says why; back->reply is the backend's own last words */
};

enum smtp_back_state {
	SMTP_BACK_GREETING, /* waiting for 220 */
	SMTP_BACK_HELO,     /* EHLO/HELO with our name sent */
	SMTP_BACK_XCLIENT,
	SMTP_BACK_CLIENT_HELO, /* the client's HELO/EHLO sent */
	SMTP_BACK_AUTH,
	SMTP_BACK_MAIL,
	SMTP_BACK_RCPT,
	SMTP_BACK_DONE,
	SMTP_BACK_STATE_COUNT
};

struct smtp_back {
	const struct smtp_back_conf *conf;
	const struct smtp_back_peer *peer;
	uint32_t seen;    /* bytes of the waiting reply already looked at */
	uint8_t state;    /* enum smtp_back_state */
	uint8_t reason;   /* enum reason, after BACK_FAIL */
	struct str reply; /* see back_ev; borrowed from `in`, readable until its next append */
};

void smtp_back_init(struct smtp_back *b, const struct smtp_back_conf *conf,
		    const struct smtp_back_peer *peer);

/*
 * Read the replies that wait in `in`, write the next command to `out`. In method none,
 * BACK_READY's reply is whatever the backend said to RCPT and everything that waits behind it;
 * otherwise surplus bytes are dropped as NGINX does and reply is empty.
 */
enum back_ev smtp_back_next(struct smtp_back *b, struct buf *in, struct out *out);

/* The ACTION of NGINX's log lines for the present state, e.g. "sending HELO/EHLO to upstream". */
struct str smtp_back_action(const struct smtp_back *b);

const char *smtp_back_state_name(enum smtp_back_state s);

#endif
