/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * back_engine: what back.c and the protocols' back engines know of each other: each protocol is a
 * table of its states and a function that reads replies. Private to proto/.
 */
#ifndef PROTO_BACK_ENGINE_H
#define PROTO_BACK_ENGINE_H

#include "base/machine.h"
#include "proto/back.h"

struct back_engine {
	const struct machine *machine;
	struct str (*action)(const struct back *b); /* what NGINX's log calls the state */
	enum back_ev (*next)(struct back *b, struct buf *in, struct out *out);
	enum back_ev (*secured)(struct back *b, struct out *out); /* go on behind STARTTLS */
	bool (*has_begun)(const struct back *b);                  /* a part of a reply has come */
};

extern const struct back_engine smtp_back_engine, pop3_back_engine, imap_back_engine;

/* The backend has agreed to STARTTLS; its reply was taken out of `in`. */
enum back_ev back_start_tls(struct back *b, const struct buf *in);

/* POP3, IMAP: the next whole line behind those that were passed over, its line end included;
 * nothing is consumed. Together they may not exceed reply_max; LINE_TOO_LONG: everything up to
 * that. */
enum line_ev back_find_line(struct back *b, const struct buf *in, struct str *line);

/* The operator wants the backend to know the client, and there is an address to tell. */
static inline bool back_tells_identity(const struct back *b)
{
	enum addr_family family = b->peer->client.family;

	return b->conf->identity && (family == ADDR_IP4 || family == ADDR_IP6);
}

static inline enum back_ev back_fail(struct back *b, enum reason reason, struct str reply)
{
	b->reason = (uint8_t)reason;
	b->reply = b->shown = reply;
	return BACK_FAIL;
}

#endif
