/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * back: the way from the session to the back engine of its protocol. Knows no command and no reply.
 */
#include "proto/back.h"

#include "base/must.h"
#include "proto/back_engine.h"

static const struct back_engine *const engines[] = {
	[PROTOCOL_SMTP] = &smtp_back_engine,
	[PROTOCOL_POP3] = &pop3_back_engine,
	[PROTOCOL_IMAP] = &imap_back_engine,
};

static const struct back_engine *engine_of(const struct back *b)
{
	return engines[b->conf->protocol];
}

void back_init(struct back *b, const struct back_conf *conf, const struct back_peer *peer)
{
	*b = (struct back){.conf = conf, .peer = peer};
}

/* CR and LF end a command; backends written in C take NUL for an end as well. */
static bool ends_line(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == 0)
			return true;
	return false;
}

bool back_can_say(const struct back_conf *conf, const struct login *l)
{
	return conf->protocol != PROTOCOL_POP3 || (!ends_line(l->user) && !ends_line(l->pass));
}

enum line_ev back_find_line(struct back *b, const struct buf *in, struct str *line)
{
	uint32_t passed = b->u.lines.passed;
	struct str waiting = str_from(buf_data(in), passed);
	struct buf peek = buf_view(waiting);
	struct str text;
	enum line_ev ev = line_next(&b->u.lines.line, &peek, b->conf->reply_max - passed, &text);

	*line = str_first(waiting, waiting.n - buf_len(&peek));
	if (ev == LINE_TOO_LONG)
		*line = str_first(buf_data(in), b->conf->reply_max);
	return ev;
}

/* Plaintext behind the reply would be taken for the first words in TLS (NO STARTTLS, 2021). */
enum back_ev back_start_tls(struct back *b, const struct buf *in)
{
	b->awaits_tls = true;
	return buf_len(in) ? back_fail(b, REASON_BACK_INJECTED, buf_data(in)) : BACK_TLS;
}

enum back_ev back_secured(struct back *b, struct out *out)
{
	size_t mark = out_mark(out);
	enum back_ev ev;

	must(b->awaits_tls && b->reason == REASON_NONE);
	b->awaits_tls = false;
	b->secured = true;
	ev = engine_of(b)->secured(b, out);
	if (!out_overflow(out))
		return ev;
	out_rollback(out, mark);
	return back_fail(b, REASON_INTERNAL, str_none());
}

enum back_ev back_next(struct back *b, struct buf *in, struct out *out)
{
	must(b->reason == REASON_NONE);
	if (b->awaits_tls)
		return back_start_tls(b, in);
	return engine_of(b)->next(b, in, out);
}

/* It is over for something that the backend has said. */
static bool is_judged(const struct back *b)
{
	return b->reason == REASON_BACK_INVALID || b->reason == REASON_BACK_TOO_LONG ||
	       b->reason == REASON_BACK_NO_STARTTLS || b->reason == REASON_BACK_INJECTED;
}

struct str back_action(const struct back *b)
{
	if (is_judged(b) || engine_of(b)->has_begun(b))
		return STR("reading response from upstream");
	return engine_of(b)->action(b);
}

const char *back_state_name(const struct back *b)
{
	return engine_of(b)->machine->states[b->state].name;
}
