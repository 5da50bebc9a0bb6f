/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * front: what the front engines of all protocols share (RFC 5321, 1939, 3501; RFC 4954, 5034).
 * Cuts lines and literals, keeps the limits, moves between states, says verdicts. Knows no command
 * and no reply of any protocol.
 */
#include "proto/front.h"

#include "base/must.h"
#include "proto/front_engine.h"
#include "proto/front_sasl.h"

static const struct front_engine *const engines[] = {
	[PROTOCOL_SMTP] = &smtp_front_engine,
	[PROTOCOL_POP3] = &pop3_front_engine,
	[PROTOCOL_IMAP] = &imap_front_engine,
};

const struct front_engine *front_engine(const struct front *f)
{
	return engines[f->conf->protocol];
}

const char *front_state_name(const struct front *f)
{
	return front_engine(f)->machine->states[f->state].name;
}

void front_init(struct front *f, const struct front_conf *conf, struct str nonce)
{
	struct out o;

	*f = (struct front){.conf = conf, .state = FRONT_IN_START, .login = {.hops = FRONT_HOPS}};
	out_init(&o, f->nonce, sizeof(f->nonce));
	out_byte(&o, '<');
	out_str(&o, nonce);
	out_byte(&o, '@');
	must(!out_overflow(&o));
	f->nonce_n = (uint8_t)out_data(&o).n;
}

struct str front_session(const struct front *f)
{
	return str_of(f->nonce + 1, f->nonce_n - 2U);
}

bool front_has_challenge(const struct front_conf *conf)
{
	return conf->methods & (1U << SASL_CRAM_MD5 | 1U << FRONT_METHOD_APOP);
}

void front_write_salt(const struct front *f, struct out *out)
{
	out_str(out, str_of(f->nonce, f->nonce_n));
	out_str(out, f->conf->server_name);
	out_byte(out, '>');
}

bool front_set_hops(struct front *f, struct str hops)
{
	uint64_t n;

	if (str_u64(hops, UINT64_MAX, &n) < 0)
		return false;
	/* A client cannot make more of it than there were. */
	if (n < f->login.hops)
		f->login.hops = (uint8_t)n;
	return true;
}

int front_make_salt(struct front *f)
{
	size_t n = f->nonce_n + f->conf->server_name.n + 1;
	uint8_t *p = arena_take(f->store, n);
	struct out salt;

	if (!p)
		return -1;
	out_init(&salt, p, n);
	front_write_salt(f, &salt);
	f->login.salt = out_data(&salt);
	return 0;
}

int front_split(struct str rest, uint32_t max, struct front_words *words)
{
	if (str_find(rest, '\r') != rest.n)
		return -1;
	while (rest.n) {
		size_t word = str_find(rest, ' ');

		if (word && words->n == max)
			return -1;
		if (word)
			words->v[words->n++] = str_first(rest, word);
		rest = str_from(rest, word ? word : 1);
	}
	return 0;
}

void front_lend(struct front *f, struct arena *store)
{
	must(store ? arena_mark(store) == 0 : front_idle(f));
	f->store = store;
}

bool front_idle(const struct front *f)
{
	return !f->store || arena_mark(f->store) == 0;
}

void front_greet(struct front *f, struct out *out)
{
	front_engine(f)->say(f, FRONT_SAY_GREETING, out);
}

static void forget(struct front *f, bool all)
{
	struct login *l = &f->login;

	front_engine(f)->forget(f, all);
	if (all)
		f->auth_mark = 0;
	if (f->store) /* else nothing of ours is anywhere */
		arena_reset_to(f->store, f->auth_mark);
	l->user = l->pass = l->salt = str_none();
}

void front_forget_login(struct front *f)
{
	forget(f, false);
}

void front_enter(struct front *f, enum front_state to)
{
	if (to == FRONT_IN_START && f->state != FRONT_IN_START)
		forget(f, false);
	if (to == FRONT_IN_DONE || to == FRONT_IN_TLS)
		forget(f, true);
	if (to != FRONT_IN_AUTH && to != FRONT_IN_REFUSAL)
		front_sasl_end(f);
	machine_enter(front_engine(f)->machine, &f->state, to);
}

enum front_ev front_take(struct front *f, struct front_step step, struct out *out)
{
	out_str(out, step.reply);
	front_enter(f, step.to);
	return f->note.n ? FRONT_NOTE : step.ev;
}

enum front_ev front_fail(struct front *f, enum reason reason)
{
	f->reason = (uint8_t)reason;
	front_enter(f, FRONT_IN_DONE);
	return FRONT_FAIL;
}

struct front_step front_refused(const struct front *f, struct out *out)
{
	front_engine(f)->say(f, FRONT_SAY_INVALID, out);
	return front_reply(str_none());
}

/* Browsers can be made to send HTTP to any port: such a talk ends with its first line. */
static bool is_http(struct str text)
{
	static const struct str verbs[] = {
		STR_INIT("GET "),    STR_INIT("POST "),    STR_INIT("PUT "),   STR_INIT("HEAD "),
		STR_INIT("DELETE "), STR_INIT("OPTIONS "), STR_INIT("PATCH "), STR_INIT("CONNECT "),
		STR_INIT("TRACE "),  STR_INIT("PRI "),
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (str_starts(text, verbs[i]))
			return true;
	return false;
}

enum front_ev front_invalid(struct front *f, struct str text, struct out *out)
{
	front_engine(f)->say(f, FRONT_SAY_INVALID, out);
	if (f->commands == 1 && f->state == FRONT_IN_START && is_http(text)) {
		f->refused = str_first(text, FRONT_REFUSED_MAX);
		return front_fail(f, REASON_CLIENT_HTTP);
	}
	if (++f->errors >= f->conf->errors_max)
		return front_fail(f, REASON_CLIENT_TOO_MANY_ERRORS);
	front_enter(f, FRONT_IN_START);
	return FRONT_MORE;
}

static enum front_ev on_line(struct front *f, struct str text, struct out *out)
{
	uint32_t max = f->conf->commands_max;

	if (f->state != FRONT_IN_LITERAL) {
		if (max && f->commands >= max) {
			front_engine(f)->say(f, FRONT_SAY_TOO_MANY, out);
			return front_fail(f, REASON_CLIENT_TOO_MANY_COMMANDS);
		}
		f->commands++;
	}
	return front_engine(f)->line(f, text, out);
}

/* The log may show the beginning, unless it could be somebody's password. */
static enum front_ev too_long(struct front *f, const struct buf *in, struct out *out)
{
	const struct front_engine *e = front_engine(f);
	struct str shown = str_first(buf_data(in), f->conf->line_max);
	bool secret = e->glance(f, shown) || f->state != FRONT_IN_START;

	e->say(f, FRONT_SAY_INVALID, out);
	f->refused = secret ? str_none() : str_first(shown, FRONT_REFUSED_MAX);
	return front_fail(f, REASON_CLIENT_TOO_LONG);
}

/* The log shows nothing of it: behind a refused AUTH, a password may be such a line. */
static enum front_ev bare_lf(struct front *f, struct out *out)
{
	front_engine(f)->say(f, FRONT_SAY_BARE_LF, out);
	return front_fail(f, REASON_CLIENT_BARE_LF);
}

static bool is_reading(const struct front *f)
{
	return f->state < FRONT_IN_WAITING;
}

static enum line_ev cut_literal(struct front *f, struct buf *in, uint32_t max, struct str *text)
{
	if (f->literal > max)
		return buf_len(in) < max ? LINE_MORE : LINE_TOO_LONG;
	if (buf_len(in) < f->literal)
		return LINE_MORE;
	*text = str_first(buf_data(in), f->literal);
	buf_consume(in, f->literal);
	f->literal = 0;
	return LINE_OK;
}

/* The next line or literal. All pieces of a command together are no longer than one line may be. */
static enum line_ev cut(struct front *f, struct buf *in, struct str *text)
{
	uint32_t max = f->conf->line_max - f->spent;
	size_t before = buf_len(in);
	enum line_ev ev =
		f->literal ? cut_literal(f, in, max, text) : line_next(&f->line, in, max, text);

	f->spent += (uint32_t)(before - buf_len(in));
	return ev;
}

enum front_ev front_next(struct front *f, struct buf *in, struct out *out)
{
	enum front_ev ev = FRONT_MORE;
	struct str text;
	bool strict;

	f->note = f->refused = str_none();
	if (!is_reading(f))
		return FRONT_WAIT;
	must(f->store);
	while (ev == FRONT_MORE && buf_len(in)) {
		if (out_room(out) < FRONT_REPLY_MAX)
			return FRONT_FULL;
		strict = f->conf->strict_lines && !f->literal;
		switch (cut(f, in, &text)) {
		case LINE_MORE:
			return FRONT_MORE;
		case LINE_TOO_LONG:
			return too_long(f, in, out);
		case LINE_OK:
			if (strict && text.p[text.n] == '\n')
				return bare_lf(f, out);
			ev = on_line(f, text, out);
			if (f->state != FRONT_IN_LITERAL)
				f->spent = 0;
		}
	}
	/* What came in plain text behind STARTTLS is somebody else's (CVE-2014-3556). */
	if (ev == FRONT_TLS)
		buf_consume(in, buf_len(in));
	return ev;
}

enum front_ev front_verdict(struct front *f, const struct front_answer *a, struct out *out)
{
	must(f->state == FRONT_IN_WAITING);
	switch (a->outcome) {
	case FRONT_ACCEPTED:
		front_engine(f)->say(f, FRONT_SAY_ACCEPTED, out);
		front_enter(f, FRONT_IN_DONE);
		break;
	case FRONT_REFUSED:
		if (front_sasl_explain(f, a, out)) {
			front_enter(f, FRONT_IN_REFUSAL);
			break;
		}
		front_engine(f)->refuse(f, a, out);
		if (a->closes)
			return front_fail(f, REASON_CLIENT_REFUSED);
		front_enter(f, FRONT_IN_START);
		break;
	}
	return FRONT_MORE;
}

void front_secured(struct front *f)
{
	must(f->state == FRONT_IN_TLS);
	f->secured = true;
	f->line = (struct line){0};
	f->login = (struct login){.attempt = f->login.attempt, .hops = FRONT_HOPS};
	buf_wipe_memory(&f->u, sizeof(f->u));
	front_enter(f, FRONT_IN_START);
}

void front_note(const struct front *f, struct out *o)
{
	struct str refused = f->refused;

	out_str(o, f->note);
	if (!refused.n)
		return;
	out_lit(o, ": \"");
	for (size_t i = 0; i < refused.n; i++) {
		if (refused.p[i] == '\r' || refused.p[i] == '\n')
			out_byte(o, '_');
		else
			out_escaped(o, str_of(refused.p + i, 1));
	}
	out_byte(o, '"');
}
