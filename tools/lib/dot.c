/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dot: the end of SMTP DATA. The usual byte costs one memchr(): only a dot can begin anything, and
 * the two bytes before it are looked at when one is found.
 */
#include "tools/lib/dot.h"

#include <string.h>

static void give(struct dot *d, const uint8_t *p, size_t n)
{
	if (n)
		d->on_bytes(d->owner, p, n);
}

/* The first dot at the start of a line in p[from..n), or n. */
static size_t find_dot(struct dot *d, const uint8_t *p, size_t n)
{
	size_t at = 0;

	while (at < n) {
		const uint8_t *hit = memchr(p + at, '.', n - at);

		if (!hit)
			break;
		at = (size_t)(hit - p);
		if (at >= 2 && p[at - 1] == '\n' && p[at - 2] == '\r')
			return at;
		if (at == 1 && p[0] == '\n' && d->at == DOT_CR)
			return at;
		if (at == 0 && d->at == DOT_LINE)
			return at;
		at++;
	}
	return n;
}

/* Where the input stands after a run of text without a dot at a line start. */
static enum dot_at after_text(const struct dot *d, const uint8_t *p, size_t n)
{
	if (p[n - 1] == '\r')
		return DOT_CR;
	if (p[n - 1] != '\n')
		return DOT_TEXT;
	if (n >= 2)
		return p[n - 2] == '\r' ? DOT_LINE : DOT_TEXT;
	return d->at == DOT_CR ? DOT_LINE : DOT_TEXT;
}

static size_t take_text(struct dot *d, const uint8_t *p, size_t n)
{
	size_t dot = find_dot(d, p, n);

	give(d, p, dot);
	if (dot < n) {
		d->at = DOT_DOT;
		return dot + 1;
	}
	d->at = after_text(d, p, n);
	return n;
}

size_t dot_feed(struct dot *d, const uint8_t *p, size_t n)
{
	static const uint8_t cr = '\r';
	size_t at = 0;

	while (at < n && d->at != DOT_END) {
		if (d->at == DOT_DOT && p[at] == '\r') {
			d->at = DOT_DOT_CR;
			at++;
		} else if (d->at == DOT_DOT_CR && p[at] == '\n') {
			d->at = DOT_END;
			at++;
		} else if (d->at == DOT_DOT || d->at == DOT_DOT_CR) {
			/* the dot was stuffing; what follows it is text, never a stuffed dot */
			if (d->at == DOT_DOT_CR)
				give(d, &cr, 1);
			else
				give(d, p + at, 1);
			d->at = d->at == DOT_DOT_CR ? DOT_CR : DOT_TEXT;
			at += d->at == DOT_TEXT;
		} else {
			at += take_text(d, p + at, n - at);
		}
	}
	return at;
}
