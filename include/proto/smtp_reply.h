/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp_reply: cuts a byte stream into whole SMTP replies, one or many lines each (RFC 5321
 * section 4.2).
 *
 * Remembers how far it has searched, so that a reply arriving byte by byte costs O(n). Looks only:
 * nothing leaves the stream before smtp_reply_take(). One struct smtp_reply per stream; all zero
 * at the start.
 */
#ifndef PROTO_SMTP_REPLY_H
#define PROTO_SMTP_REPLY_H

#include "base/buf.h"

struct smtp_reply {
	uint32_t seen; /* waiting bytes already searched for LF     */
	uint32_t line; /* offset of the line that is not judged yet */
};

enum smtp_reply_ev {
	SMTP_REPLY_MORE = 0, /* the reply is not whole yet, and shorter than max bytes      */
	SMTP_REPLY_OK,       /* *text is the whole reply, line ends included                */
	SMTP_REPLY_INVALID,  /* a line is not "ddd text", "ddd-text" or "ddd"; *text ends with it */
	SMTP_REPLY_TOO_LONG, /* not whole within max bytes; *text is what there is of them  */
};

/*
 * The reply at the front of `in`, which can hold `max` bytes. Lines end with LF or CRLF. *text
 * lies in `in`. May be called again with the same result.
 */
NODISCARD enum smtp_reply_ev smtp_reply_next(struct smtp_reply *r, const struct buf *in,
					     uint32_t max, struct str *text);

/* Consume the reply that smtp_reply_next() has just given; its text stays readable until the next
 * append to `in`. */
void smtp_reply_take(struct smtp_reply *r, struct buf *in, struct str text);

/* The code of a reply that was SMTP_REPLY_OK: its first line's, as NGINX judges. */
unsigned smtp_reply_code(struct str text);

/* True if a line of an EHLO reply behind the first begins with the word `keyword`; *parameters is
 * what comes behind it, without spaces at its ends, and lies in `text`. */
bool smtp_reply_find_keyword(struct str text, struct str keyword, struct str *parameters);

/* True if there is such a line without parameters. */
bool smtp_reply_has_keyword(struct str text, struct str keyword);

#endif
