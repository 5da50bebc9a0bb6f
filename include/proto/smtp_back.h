/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp_back: we play SMTP client to the backend until the relay can begin (RFC 5321, 4954, 2920;
 * XCLIENT as Postfix documents it).
 *
 * The steps and bytes are NGINX's: greeting, EHLO/HELO, XCLIENT, the client's own EHLO/HELO, then
 * the stored MAIL and RCPT, or AUTH PLAIN, or nothing. A reply is judged when it is whole, by the
 * code of its first line, as NGINX does; bytes behind a reply that nothing has asked for are
 * dropped, as NGINX does. Endless replies end in BACK_FAIL.
 *
 * Own: MAIL and RCPT leave together when the backend's last EHLO reply offers PIPELINING.
 */
#ifndef PROTO_SMTP_BACK_H
#define PROTO_SMTP_BACK_H

#include "base/buf.h"
#include "base/out.h"
#include "proto/login.h"
#include "proto/smtp_reply.h"

enum { SMTP_BACK_COMMAND_EXTRA = 1024 }; /* see smtp_back_next() */

struct smtp_back_conf {
	struct str server_name;
	bool xclient;
	bool smtp_auth;     /* proxy_smtp_auth */
	uint32_t reply_max; /* proxy_buffer: one whole (multi-line) reply, bytes */
};

/* All borrowed; must outlive the engine's use. */
struct smtp_back_peer {
	const struct login *login; /* user and pass already replaced by the verdict's; pass.p is
				      NULL when there is none to log in with (the hash of a
				      CRAM-MD5 answer is none) */
	struct addr client;
	struct str client_host; /* verified name, "[UNAVAILABLE]" or "[TEMPUNAVAIL]" */
};

enum back_ev {
	BACK_MORE = 0, /* read more                                                         */
	BACK_FULL,     /* no room in `out` for the next command: send, then call again      */
	BACK_READY,    /* hand over: what is left in `in` goes to the client first           */
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
	struct smtp_reply framing;
	uint8_t state;    /* enum smtp_back_state */
	uint8_t reason;   /* enum reason, after BACK_FAIL */
	bool pipelining;  /* the backend's last EHLO reply offers PIPELINING */
	bool rcpt_sent;   /* RCPT left together with MAIL */
	struct str reply; /* see smtp_back_next(); borrowed from `in`, until its next append */
};

void smtp_back_init(struct smtp_back *b, const struct smtp_back_conf *conf,
		    const struct smtp_back_peer *peer);

/*
 * Read the replies that wait in `in`, which can hold reply_max bytes, and write the next command
 * to `out`. Not to be called again after BACK_READY or BACK_FAIL.
 *
 * BACK_READY: in method none, back->reply is whatever the backend said to RCPT and everything that
 * waits behind it, and stays in `in` as the first bytes of the relay; otherwise reply is empty and
 * surplus bytes are gone.
 * BACK_FAIL, by reason:
 *   BACK_INVALID      reply is the refusal with its line ends, for proxy_pass_error_message and
 *                     the log ("upstream sent invalid response");
 *   BACK_TOO_LONG     reply is its beginning, for the log only ("upstream sent too long response
 *                     line");
 *   AUTH_NO_PASSWORD  AUTH is due and there is no password ("no password available");
 *   INTERNAL          the login cannot be said in SMTP (control characters), or a command does
 *                     not fit an empty `out`. That cannot happen with room for server_name,
 *                     client_host, and three times the login's own strings, plus
 *                     SMTP_BACK_COMMAND_EXTRA.
 */
NODISCARD enum back_ev smtp_back_next(struct smtp_back *b, struct buf *in, struct out *out);

/*
 * The ACTION of NGINX's log lines for the present state: "sending HELO/EHLO to upstream" while
 * nothing has come, "reading response from upstream" once a reply has begun or was refused.
 */
struct str smtp_back_action(const struct smtp_back *b);

const char *smtp_back_state_name(enum smtp_back_state s);

#endif
