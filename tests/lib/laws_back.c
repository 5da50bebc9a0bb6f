/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * laws_back: the adapter between laws.c and the back engines. Plays a session that sends what
 * it is given and reports every field it could see. Looks at all output for whole command lines.
 * Handshakes succeed; what would be plaintext before one must not count.
 */
#include "laws_back.h"

#include <string.h>

struct self {
	struct back back;
	struct back_peer peer;
};

static void begin(struct laws_world *w, struct out *out)
{
	const struct laws_back *conf = w->conf;
	struct self *s = w->self;

	(void)out;
	s->peer = conf->peer;
	s->peer.login = &conf->login;
	back_init(&s->back, &conf->back, &s->peer);
}

/* IMAP leaves lines that it has passed over in the input, for the client. */
static size_t passed_over(const struct self *s)
{
	return s->back.conf->protocol == PROTOCOL_IMAP ? s->back.u.lines.passed : 0;
}

/* The first reply that waits, if whole, or else everything. */
static struct str answer_in(const struct laws_world *w, const struct buf *in)
{
	const struct laws_back *conf = w->conf;
	size_t passed = passed_over(w->self);
	struct smtp_reply r = {0};
	struct str text = {0};

	if (conf->back.protocol != PROTOCOL_SMTP)
		return str_first(buf_data(in),
				 passed + str_find(str_from(buf_data(in), passed), '\n') + 1);
	(void)!smtp_reply_next(&r, in, conf->back.reply_max, &text);
	return text;
}

static void trace(struct laws_world *w, const char *event)
{
	const struct back *b = &((const struct self *)w->self)->back;

	out_str(&w->trace, str_cstr(event));
	laws_trace_str(w, "state", str_cstr(back_state_name(b)));
	laws_trace_str(w, "action", back_action(b));
	laws_trace_u64(w, "reason", b->reason);
	if (b->conf->protocol == PROTOCOL_SMTP)
		laws_trace_u64(w, "together", b->u.smtp.rcpt_sent);
	laws_trace_str(w, "reply", b->reply);
}

/* One byte more in plaintext, and it would have been over. */
static void no_plaintext(struct laws_world *w, struct out *out)
{
	struct back probe = ((const struct self *)w->self)->back;
	struct buf more = buf_view(STR("2"));
	size_t before = out->n;

	laws_hold(w, back_next(&probe, &more, out) == BACK_FAIL,
		  "injection: goes on behind plaintext");
	laws_hold(w, probe.reason == REASON_BACK_INJECTED && out->n == before,
		  "injection: plaintext is no words of the backend");
}

/* All that was written leaves in plaintext. */
static enum laws_turn handshake(struct laws_world *w, struct out *out)
{
	struct self *s = w->self;

	if (out->n)
		return LAWS_FULL;
	if (back_secured(&s->back, out) == BACK_MORE) {
		trace(w, "secured");
		return LAWS_AGAIN;
	}
	trace(w, "fail");
	return LAWS_END;
}

static enum laws_turn step(struct laws_world *w, struct buf *in, struct out *out)
{
	struct self *s = w->self;
	struct buf shown = buf_view(answer_in(w, in));
	uint32_t n = buf_len(&shown);
	size_t passed = passed_over(s);
	enum back_ev ev = back_next(&s->back, &shown, out);

	n -= buf_len(&shown);
	switch (ev) {
	case BACK_MORE:
		if (n == 0 && passed_over(s) == passed)
			return LAWS_MORE;
		trace(w, "step");
		buf_consume(in, n);
		return LAWS_AGAIN;
	case BACK_FULL:
		laws_hold(w, n == 0, "a full output changes nothing");
		return LAWS_FULL;
	case BACK_TLS:
		trace(w, "tls");
		no_plaintext(w, out);
		buf_consume(in, n);
		return LAWS_AGAIN;
	case BACK_READY:
		trace(w, "ready");
		buf_consume(in, n);
		return LAWS_END;
	case BACK_FAIL:
		trace(w, "fail");
		laws_hold(w, s->back.reason != REASON_NONE, "a failure has a reason");
		laws_hold(w, s->back.reply.n <= s->back.conf->reply_max, "a reply has its limit");
		buf_consume(in, n);
		return LAWS_END;
	}
	return LAWS_END;
}

static enum laws_turn turn(struct laws_world *w, struct buf *in, struct out *out)
{
	struct self *s = w->self;

	return s->back.awaits_tls ? handshake(w, out) : step(w, in, out);
}

/* What would end a command early; in SMTP nothing goes raw but what was free of all control
 * characters. */
static bool is_broken(const struct laws_back *conf, struct str line)
{
	if (conf->back.protocol == PROTOCOL_SMTP)
		return str_has_ctl(line);
	return str_find(line, '\r') < line.n || str_find(line, 0) < line.n;
}

/* The bytes of an IMAP literal that a line without its end announces, or 0. */
static size_t literal_of(const struct laws_back *conf, struct str line)
{
	size_t at = line.n;
	uint64_t n;

	if (conf->back.protocol != PROTOCOL_IMAP || !at || line.p[at - 1] != '}')
		return 0;
	while (at && line.p[at - 1] != '{')
		at--;
	line = str_from(line, at);
	return str_u64(str_first(line, line.n - 1), UINT32_MAX, &n) < 0 ? 0 : (size_t)n;
}

/* Commands are whole lines without stray line ends, and no more of them than there are steps. What
 * is announced as a literal may be anything. */
static void output(struct laws_world *w, struct str all)
{
	const struct laws_back *conf = w->conf;
	bool starttls = conf->peer.tls == BACK_TLS_STARTTLS;
	size_t lines = 0;

	while (all.n) {
		size_t lf = str_find(all, '\n');
		struct str line = str_first(all, lf);

		laws_hold(w, lf < all.n && line.n && line.p[line.n - 1] == '\r', "a line is whole");
		line.n--;
		laws_hold(w, !is_broken(conf, line), "injection: control characters in a command");
		lines++;
		all = str_from(all, lf + 1 + literal_of(conf, line));
	}
	laws_hold(w, lines <= (starttls ? 7 : 5), "injection: more commands than steps");
}

const struct laws_engine laws_back_engine = {
	.name = "back",
	.self_size = sizeof(struct self),
	.store_size = 1,
	.out_size = 1024,
	.waiting_max = 0,
	.begin = begin,
	.turn = turn,
	.output = output,
};
