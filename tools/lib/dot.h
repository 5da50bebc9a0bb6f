/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dot: the end of SMTP DATA (RFC 5321 section 4.5.2): undoes dot-stuffing and finds CRLF.CRLF, and
 * nothing else, as the end. Bare CR and bare LF are ordinary bytes.
 */
#ifndef TOOLS_LIB_DOT_H
#define TOOLS_LIB_DOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dot {
	/* where in "CR LF . CR LF" the input stands */
	enum dot_at { DOT_TEXT, DOT_CR, DOT_LINE, DOT_DOT, DOT_DOT_CR, DOT_END } at;
	/* gets every byte of the message in order, in runs, the last CRLF included */
	void (*on_bytes)(void *owner, const uint8_t *p, size_t n);
	void *owner;
};

/* Just after the DATA command's own CRLF, which is a line start. */
static inline void dot_start(struct dot *d)
{
	d->at = DOT_LINE;
}

/* Takes at most n bytes; returns how many belonged to the message (with its end). d->at is DOT_END
 * when the end was among them. */
size_t dot_feed(struct dot *d, const uint8_t *p, size_t n);

#endif
