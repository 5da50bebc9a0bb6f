/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line: finds the next line end in what waits. Owns one number, how far it has looked; never
 * copies and never looks at a byte twice.
 */
#include "proto/line.h"

#include <string.h>

enum line_ev line_next(struct line *l, struct buf *in, uint32_t max, struct str *text)
{
	/* A line end behind max is as good as none, however the bytes were cut on their way. */
	struct str data = str_first(buf_data(in), max);
	const uint8_t *lf = NULL;
	size_t n;

	if (data.n > l->seen)
		lf = memchr(data.p + l->seen, '\n', data.n - l->seen);
	if (!lf) {
		l->seen = (uint32_t)data.n;
		return data.n < max ? LINE_MORE : LINE_TOO_LONG;
	}
	l->seen = 0;
	n = (size_t)(lf - data.p);
	buf_consume(in, n + 1);
	if (n && data.p[n - 1] == '\r')
		n--;
	*text = str_first(data, n);
	return LINE_OK;
}
