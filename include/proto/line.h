/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line: cuts a byte stream into lines ended by LF or CRLF (RFC 5321 section 2.3.8, lenient as
 * NGINX is about a bare LF in commands).
 *
 * Remembers how far it has searched, so that a line arriving byte by byte costs O(n). One struct
 * line per stream; only line_next consumes from that stream while it is in use.
 */
#ifndef PROTO_LINE_H
#define PROTO_LINE_H

#include "base/buf.h"

struct line {
	uint32_t seen; /* waiting bytes already searched for LF */
};

enum line_ev {
	LINE_MORE = 0, /* no LF yet, and fewer than max bytes waiting */
	LINE_OK,       /* *text is the line without its line end; consumed from `in` */
	LINE_TOO_LONG, /* max bytes or more (line end counted) without LF; nothing consumed */
};

/*
 * *text stays readable until the next append to `in` (consuming does not move bytes).
 * `max` counts the line end.
 */
enum line_ev line_next(struct line *l, struct buf *in, uint32_t max, struct str *text);

#endif
