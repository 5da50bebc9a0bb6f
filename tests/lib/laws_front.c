/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * laws_front: a front engine before the laws, with a scripted auth service. Checks on
 * its own: nothing is read between login and verdict, nothing of a login outlives its verdict,
 * nothing in plain text behind STARTTLS counts, every reply is well formed.
 */
#include "laws_front.h"

#include <string.h>

enum { STORE_MAX = 16384, SECRET_MAX = 4096 };

struct self {
	uint32_t logins;
	struct front front;
};

static void lend(struct laws_world *w)
{
	const struct laws_front *conf = w->conf;
	struct self *s = w->self;
	size_t n = conf->store_max ? conf->store_max : STORE_MAX;

	arena_init(&w->store, w->store.base, n);
	front_lend(&s->front, &w->store);
}

static void begin(struct laws_world *w, struct out *out)
{
	const struct laws_front *conf = w->conf;
	struct self *s = w->self;

	/* A small store ends at the guard page as well. */
	w->store.base += conf->store_max ? STORE_MAX - conf->store_max : 0;
	s->logins = 0;
	front_init(&s->front, &conf->front, STR("1234567890.1700000000"));
	lend(w);
	front_greet(&s->front, out);
}

static void trace_login(struct laws_world *w, enum protocol protocol, const struct login *l)
{
	out_lit(&w->trace, "login");
	laws_trace_u64(w, "method", l->method);
	laws_trace_u64(w, "attempt", l->attempt);
	laws_trace_u64(w, "esmtp", l->esmtp);
	laws_trace_u64(w, "hops", l->hops);
	laws_trace_str(w, "user", l->user);
	laws_trace_str(w, "pass", l->pass);
	laws_trace_str(w, "salt", l->salt);
	if (protocol == PROTOCOL_SMTP) {
		laws_trace_str(w, "helo", l->helo);
		laws_trace_str(w, "mail", l->mail_from);
		laws_trace_str(w, "rcpt", l->rcpt_to);
	}
	if (protocol == PROTOCOL_IMAP)
		laws_trace_str(w, "tag", l->tag);
}

static bool has(struct str text, struct str part)
{
	return text.n && part.n && memmem(text.p, text.n, part.p, part.n);
}

/* True if the password was also said in a place that rightly stays. */
static bool is_no_secret(const struct self *s, struct str pass)
{
	const struct login *l = &s->front.login;

	if (s->front.conf->protocol == PROTOCOL_SMTP &&
	    (has(l->helo, pass) || has(l->mail_from, pass)))
		return true;
	if (s->front.conf->protocol == PROTOCOL_IMAP && has(l->tag, pass))
		return true;
	return has(str_of(s->front.nonce, s->front.nonce_n), pass);
}

static void no_reading(struct laws_world *w, struct buf *in, struct out *out)
{
	struct self *s = w->self;
	uint32_t left = buf_len(in);
	size_t out_n = out->n;

	laws_hold(w, front_next(&s->front, in, out) == FRONT_WAIT,
		  "injection: goes on before it was told to");
	laws_hold(w, buf_len(in) == left && out->n == out_n,
		  "injection: consumes or writes while it waits");
}

static enum laws_turn on_login(struct laws_world *w, struct buf *in, struct out *out)
{
	const struct laws_front *conf = w->conf;
	struct self *s = w->self;
	size_t last = strlen(conf->verdicts) - 1;
	char v = conf->verdicts[s->logins < last ? s->logins : last];
	struct front_answer a = {.outcome = v == 'a' ? FRONT_ACCEPTED : FRONT_REFUSED};
	uint8_t kept[SECRET_MAX];
	enum front_ev ev;
	struct str pass = str_first(s->front.login.pass, sizeof(kept));

	trace_login(w, conf->front.protocol, &s->front.login);
	no_reading(w, in, out);
	if (pass.n)
		memcpy(kept, pass.p, pass.n);
	pass = is_no_secret(s, pass) ? str_none() : str_of(kept, pass.n);
	a.code = v == 'c' ? STR("454 4.7.0") : str_none();
	a.sasl = v == 's' || v == 'S' ? STR("eyJ9") : str_none();
	a.closes = v == 'S' || v == 'q';
	a.text = STR("no");
	s->logins++;
	ev = front_verdict(&s->front, &a, out);
	laws_no_secret(w, pass);
	laws_hold(w, ev == FRONT_MORE || (a.closes && ev == FRONT_FAIL),
		  "a verdict goes on or ends");
	return v == 'a' || ev == FRONT_FAIL ? LAWS_END : LAWS_AGAIN;
}

static enum laws_turn on_tls(struct laws_world *w, struct buf *in, struct out *out)
{
	struct self *s = w->self;
	uint8_t room[FRONT_REPLY_MAX];
	struct out later;
	struct buf injected = buf_view(STR("QUIT\r\n")), hello = buf_view(STR("MAIL FROM:<x>\r\n"));

	laws_hold(w, buf_len(in) == 0, "injection: plain text is left behind STARTTLS");
	no_reading(w, &injected, out);
	front_secured(&s->front);
	laws_hold(w, front_idle(&s->front), "injection: plain text is remembered");
	laws_hold(w, s->front.login.hops == FRONT_HOPS && !s->front.login.esmtp,
		  "injection: something said in plain text still counts");
	if (s->front.conf->protocol == PROTOCOL_SMTP)
		laws_hold(w, s->front.login.helo.n == 0 && s->front.login.mail_from.n == 0,
			  "injection: something said in plain text is remembered");
	out_init(&later, room, sizeof(room));
	(void)front_next(&s->front, &hello, &later);
	laws_hold(w, buf_len(&hello) == 0, "injection: plain text makes up a line with later text");
	return LAWS_CUT;
}

static void trace_log(struct laws_world *w, const char *what)
{
	struct self *s = w->self;

	out_str(&w->trace, str_cstr(what));
	laws_trace_u64(w, "reason", s->front.reason);
	laws_trace_str(w, "refused", s->front.refused);
	out_byte(&w->trace, ' ');
	front_note(&s->front, &w->trace);
}

static enum laws_turn on_event(struct laws_world *w, enum front_ev ev, struct buf *in,
			       struct out *out)
{
	switch (ev) {
	case FRONT_MORE:
		return LAWS_MORE;
	case FRONT_FULL:
		return LAWS_FULL;
	case FRONT_LOGIN:
		return on_login(w, in, out);
	case FRONT_TLS:
		return on_tls(w, in, out);
	case FRONT_NOTE:
		trace_log(w, "note");
		return LAWS_AGAIN;
	case FRONT_QUIT:
	case FRONT_FAIL:
		trace_log(w, ev == FRONT_QUIT ? "quit" : "fail");
		no_reading(w, in, out);
		laws_hold(w, front_idle(&((struct self *)w->self)->front),
			  "secrecy: something stays in the store at the end");
		return LAWS_END;
	case FRONT_WAIT:
		break;
	}
	laws_hold(w, false, "progress: waits for a verdict that is not due");
	return LAWS_END;
}

static enum laws_turn turn(struct laws_world *w, struct buf *in, struct out *out)
{
	struct self *s = w->self;

	if (front_idle(&s->front)) {
		front_lend(&s->front, NULL);
		memset(w->store.base, 0xee, w->store.size);
		lend(w);
	}
	return on_event(w, front_next(&s->front, in, out), in, out);
}

/* Three digits and "-" or " ". */
static void smtp_line(struct laws_world *w, struct str line)
{
	laws_hold(w, line.n >= 4, "reply: too short");
	for (int i = 0; i < 3; i++)
		laws_hold(w, line.p[i] >= '0' && line.p[i] <= '9', "reply: no code");
	laws_hold(w, line.p[3] == ' ' || line.p[3] == '-', "reply: no separator");
}

/* Replies are lines, ended by CRLF and by nothing else. */
static void output(struct laws_world *w, struct str all)
{
	const struct laws_front *conf = w->conf;

	while (all.n) {
		size_t n = str_find(all, '\n');

		laws_hold(w, n && n != all.n && all.p[n - 1] == '\r', "reply: no whole line");
		laws_hold(w, str_find(str_first(all, n - 1), '\r') == n - 1, "reply: has a CR");
		if (conf->front.protocol == PROTOCOL_SMTP)
			smtp_line(w, str_first(all, n - 1));
		all = str_from(all, n + 1);
	}
}

const struct laws_engine laws_front_engine = {
	.name = "front",
	.self_size = sizeof(struct self),
	.store_size = STORE_MAX,
	.out_size = FRONT_REPLY_MAX + 64,
	.begin = begin,
	.turn = turn,
	.output = output,
};
