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
	bool (*has_begun)(const struct back *b); /* a part of a reply has come */
};

extern const struct back_engine smtp_back_engine, pop3_back_engine, imap_back_engine;

static inline enum back_ev back_fail(struct back *b, enum reason reason, struct str reply)
{
	b->reason = (uint8_t)reason;
	b->reply = b->shown = reply;
	return BACK_FAIL;
}

#endif
