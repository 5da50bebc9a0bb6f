/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp_back: the SMTP client side before the relay (RFC 5321, 4954, 2920, 3207).
 *
 * One reply, one step: judge it, choose the next state, write that state's command, and only then
 * take the reply out of the input, so that a full `out` changes nothing. Owns no memory. Peer bytes
 * that would break a command line never get into one.
 *
 * XCLIENT says ADDR, LOGIN and NAME whatever the backend offers, as NGINX does; more only where its
 * EHLO reply names it, and only as far as the line stays one that RFC 5321 4.5.3.1.4 allows.
 */
#include "proto/smtp_back.h"

#include "base/codec.h"
#include "base/must.h"
#include "proto/back_engine.h"

/* Reply codes that let a step go on. */
enum {
	ACCEPT_220 = 1 << 0,
	ACCEPT_235 = 1 << 1,
	ACCEPT_250 = 1 << 2,
	ACCEPT_ANY = 1 << 3,
};

/* What else XCLIENT can say, beside what it always says; in the order of their writing, the longest
 * last. */
enum xclient_more {
	XCLIENT_PORT,
	XCLIENT_PROTO,
	XCLIENT_DESTADDR,
	XCLIENT_DESTPORT,
	XCLIENT_HELO,
	XCLIENT_MORE_COUNT
};

static const struct str xclient_more[XCLIENT_MORE_COUNT] = {
	[XCLIENT_PORT] = STR_INIT("PORT"),         [XCLIENT_PROTO] = STR_INIT("PROTO"),
	[XCLIENT_DESTADDR] = STR_INIT("DESTADDR"), [XCLIENT_DESTPORT] = STR_INIT("DESTPORT"),
	[XCLIENT_HELO] = STR_INIT("HELO"),
};

enum { COMMAND_LINE_MAX = 512, /* line end included */ XCLIENT_VALUE_MAX = 255 };

#define AFTER(s) (1U << SMTP_BACK_##s)

#define HELLO_AND_AFTER (AFTER(HELO) | AFTER(XCLIENT) | AFTER(CLIENT_HELO))

static const struct machine_state states[SMTP_BACK_STATE_COUNT] = {
	[SMTP_BACK_GREETING] = {"greeting", 0},
	[SMTP_BACK_TLS_HELO] = {"tls-helo", AFTER(GREETING)},
	[SMTP_BACK_STARTTLS] = {"starttls", AFTER(TLS_HELO)},
	[SMTP_BACK_TLS] = {"tls", AFTER(STARTTLS)},
	[SMTP_BACK_HELO] = {"helo", AFTER(GREETING) | AFTER(TLS)},
	[SMTP_BACK_XCLIENT] = {"xclient", AFTER(HELO)},
	[SMTP_BACK_CLIENT_HELO] = {"client-helo", AFTER(XCLIENT)},
	[SMTP_BACK_AUTH] = {"auth", HELLO_AND_AFTER},
	[SMTP_BACK_MAIL] = {"mail", HELLO_AND_AFTER},
	[SMTP_BACK_RCPT] = {"rcpt", AFTER(MAIL)},
	[SMTP_BACK_DONE] = {"done", HELLO_AND_AFTER | AFTER(AUTH) | AFTER(RCPT)},
};

MACHINE(machine, "smtp_back", states);

static const struct step {
	struct str action;
	unsigned accept;
} steps[SMTP_BACK_STATE_COUNT] = {
	[SMTP_BACK_GREETING] = {STR_INIT("connecting to upstream"), ACCEPT_220},
	[SMTP_BACK_TLS_HELO] = {STR_INIT("sending HELO/EHLO to upstream"), ACCEPT_250},
	[SMTP_BACK_STARTTLS] = {STR_INIT("sending STARTTLS to upstream"), ACCEPT_220},
	[SMTP_BACK_TLS] = {STR_INIT("SSL handshaking to upstream"), 0},
	[SMTP_BACK_HELO] = {STR_INIT("sending HELO/EHLO to upstream"), ACCEPT_250},
	[SMTP_BACK_XCLIENT] = {STR_INIT("sending XCLIENT to upstream"), ACCEPT_220 | ACCEPT_250},
	[SMTP_BACK_CLIENT_HELO] = {STR_INIT("sending client HELO/EHLO to upstream"), ACCEPT_250},
	[SMTP_BACK_AUTH] = {STR_INIT("sending AUTH to upstream"), ACCEPT_235},
	[SMTP_BACK_MAIL] = {STR_INIT("sending MAIL FROM to upstream"), ACCEPT_250},
	[SMTP_BACK_RCPT] = {STR_INIT("sending RCPT TO to upstream"), ACCEPT_ANY},
	[SMTP_BACK_DONE] = {STR_INIT("proxying"), 0},
};

static struct str action(const struct back *b)
{
	return steps[b->state].action;
}

static bool has_begun(const struct back *b)
{
	return b->u.smtp.framing.seen != 0;
}

/* The one writer of b->state. */
static void enter(struct back *b, enum smtp_back_state next)
{
	machine_enter(&machine, &b->state, next);
}

static bool is_accepted(const struct back *b, struct str text)
{
	unsigned accept = steps[b->state].accept;

	switch (smtp_reply_code(text)) {
	case 220:
		return accept & (ACCEPT_220 | ACCEPT_ANY);
	case 235:
		return accept & (ACCEPT_235 | ACCEPT_ANY);
	case 250:
		return accept & (ACCEPT_250 | ACCEPT_ANY);
	}
	return accept & ACCEPT_ANY;
}

/* Where the session goes once the backend knows the client. */
static enum smtp_back_state login_state(const struct back *b)
{
	if (b->peer->login->method == AUTH_NONE)
		return SMTP_BACK_MAIL;
	return b->conf->smtp_auth ? SMTP_BACK_AUTH : SMTP_BACK_DONE;
}

static enum smtp_back_state next_state(const struct back *b)
{
	switch ((enum smtp_back_state)b->state) {
	case SMTP_BACK_GREETING:
		return b->peer->tls == BACK_TLS_STARTTLS ? SMTP_BACK_TLS_HELO : SMTP_BACK_HELO;
	case SMTP_BACK_TLS_HELO:
		return SMTP_BACK_STARTTLS;
	case SMTP_BACK_STARTTLS:
		return SMTP_BACK_TLS;
	case SMTP_BACK_TLS:
		return SMTP_BACK_HELO;
	case SMTP_BACK_HELO:
		return b->conf->xclient ? SMTP_BACK_XCLIENT : login_state(b);
	case SMTP_BACK_XCLIENT:
		return b->peer->login->helo.n ? SMTP_BACK_CLIENT_HELO : login_state(b);
	case SMTP_BACK_CLIENT_HELO:
		return login_state(b);
	case SMTP_BACK_MAIL:
		return SMTP_BACK_RCPT;
	case SMTP_BACK_AUTH:
	case SMTP_BACK_RCPT:
	case SMTP_BACK_DONE:
	case SMTP_BACK_STATE_COUNT:
		break;
	}
	return SMTP_BACK_DONE;
}

/* The attributes behind the word XCLIENT of an EHLO reply. */
static uint8_t offered_to_xclient(struct str text)
{
	struct str rest;
	uint8_t offered = 0;

	if (!smtp_reply_find_keyword(text, STR("XCLIENT"), &rest))
		return 0;
	while (rest.n) {
		struct str name = str_first(rest, str_find(rest, ' '));

		for (int i = 0; i < XCLIENT_MORE_COUNT; i++)
			if (str_eq_nocase(name, xclient_more[i]))
				offered |= (uint8_t)(1U << i);
		rest = str_from(rest, name.n + 1);
	}
	return offered;
}

/* What an accepted reply tells about the backend. XCLIENT makes it forget its EHLO. */
static void learn(struct back *b, struct str text)
{
	bool ehlo = b->state == SMTP_BACK_HELO ? b->peer->login->esmtp || b->conf->xclient
					       : b->peer->login->esmtp;

	if (b->state == SMTP_BACK_HELO)
		b->u.smtp.xclient = offered_to_xclient(text);
	if (b->state == SMTP_BACK_XCLIENT)
		b->u.smtp.pipelining = false;
	else if (b->state == SMTP_BACK_HELO || b->state == SMTP_BACK_CLIENT_HELO)
		b->u.smtp.pipelining = ehlo && smtp_reply_has_keyword(text, STR("PIPELINING"));
}

static void write_helo(struct out *out, bool esmtp, struct str name)
{
	out_str(out, esmtp ? STR("EHLO ") : STR("HELO "));
	out_str(out, name);
	out_lit(out, "\r\n");
}

static void write_line(struct out *out, struct str line)
{
	out_str(out, line);
	out_lit(out, "\r\n");
}

static bool is_internet(const struct addr *a)
{
	return a->family == ADDR_IP4 || a->family == ADDR_IP6;
}

static void write_address(const struct addr *a, struct out *out)
{
	if (a->family == ADDR_IP6)
		out_lit(out, "IPV6:");
	addr_write(out, a);
}

/* The value of one of them; false: there is none. */
static bool write_more(const struct back_peer *peer, enum xclient_more which, struct out *out)
{
	switch (which) {
	case XCLIENT_PORT:
		out_u64(out, peer->client.port);
		return is_internet(&peer->client) && peer->client.port;
	case XCLIENT_PROTO:
		out_str(out, peer->login->esmtp ? STR("ESMTP") : STR("SMTP"));
		return true;
	case XCLIENT_DESTADDR:
		write_address(&peer->local, out);
		return is_internet(&peer->local);
	case XCLIENT_DESTPORT:
		out_u64(out, peer->local.port);
		return is_internet(&peer->local) && peer->local.port;
	case XCLIENT_HELO:
		codec_xtext(out, peer->login->helo);
		return peer->login->helo.n != 0;
	case XCLIENT_MORE_COUNT:
		break;
	}
	return false;
}

/* What has no value, or too long a one for the line, is left out. */
static void write_all_more(const struct back *b, size_t begin, struct out *out)
{
	uint8_t bytes[XCLIENT_VALUE_MAX];
	struct out value;

	for (int i = 0; i < XCLIENT_MORE_COUNT; i++) {
		struct str name = xclient_more[i];
		size_t n;

		out_init(&value, bytes, sizeof(bytes));
		if (!(b->u.smtp.xclient & 1U << i) ||
		    !write_more(b->peer, (enum xclient_more)i, &value) || out_overflow(&value))
			continue;
		n = STR(" =\r\n").n + name.n + out_data(&value).n;
		if (out_mark(out) - begin + n > COMMAND_LINE_MAX)
			continue;
		out_byte(out, ' ');
		out_str(out, name);
		out_byte(out, '=');
		out_str(out, out_data(&value));
	}
}

static void write_xclient(const struct back *b, struct out *out)
{
	struct str user = b->peer->login->user;
	size_t begin = out_mark(out);

	out_lit(out, "XCLIENT ADDR=");
	write_address(&b->peer->client, out);
	if (user.n && !b->conf->smtp_auth) {
		out_lit(out, " LOGIN=");
		codec_xtext(out, user);
	}
	out_lit(out, " NAME=");
	out_str(out, b->peer->client_host);
	write_all_more(b, begin, out);
	out_lit(out, "\r\n");
}

/* Byte i of "\0user\0pass". */
static uint8_t plain_at(const struct login *l, size_t i)
{
	if (i == 0 || i == l->user.n + 1)
		return 0;
	return i <= l->user.n ? l->user.p[i - 1] : l->pass.p[i - l->user.n - 2];
}

static void write_auth_plain(const struct login *l, struct out *out)
{
	size_t n = 2 + l->user.n + l->pass.n;
	uint8_t block[48]; /* a multiple of 3: only the last one is padded */
	size_t at = 0;

	out_lit(out, "AUTH PLAIN ");
	for (size_t i = 0; i < n; i++) {
		block[at++] = plain_at(l, i);
		if (at == sizeof(block) || i == n - 1) {
			codec_base64(out, str_of(block, at));
			at = 0;
		}
	}
	out_lit(out, "\r\n");
	buf_wipe_memory(block, sizeof(block));
}

/*
 * RCPT travels with MAIL if the backend can take it so. Both or none: a writer that is merely busy
 * is waited for, only one too small for both gets MAIL alone.
 */
static void write_mail(struct back *b, struct out *out)
{
	const struct login *l = b->peer->login;
	bool empty = out_mark(out) == 0;
	size_t mark;

	write_line(out, l->mail_from);
	if (!b->u.smtp.pipelining || out_overflow(out))
		return;
	mark = out_mark(out);
	write_line(out, l->rcpt_to);
	b->u.smtp.rcpt_sent = !out_overflow(out);
	if (!b->u.smtp.rcpt_sent && empty)
		out_rollback(out, mark);
}

/* The command that brings us to state `next`; a full `out` is for the caller to notice. */
static void write_command(struct back *b, enum smtp_back_state next, struct out *out)
{
	const struct login *l = b->peer->login;

	switch (next) {
	case SMTP_BACK_TLS_HELO: /* whatever the client said: HELO has no extensions */
		write_helo(out, true, b->conf->server_name);
		break;
	case SMTP_BACK_STARTTLS:
		write_line(out, STR("STARTTLS"));
		break;
	case SMTP_BACK_HELO:
		write_helo(out, l->esmtp || b->conf->xclient, b->conf->server_name);
		break;
	case SMTP_BACK_XCLIENT:
		write_xclient(b, out);
		break;
	case SMTP_BACK_CLIENT_HELO:
		write_helo(out, l->esmtp, l->helo);
		break;
	case SMTP_BACK_AUTH:
		write_auth_plain(l, out);
		break;
	case SMTP_BACK_MAIL:
		write_mail(b, out);
		break;
	case SMTP_BACK_RCPT:
		if (!b->u.smtp.rcpt_sent)
			write_line(out, l->rcpt_to);
		break;
	case SMTP_BACK_GREETING:
	case SMTP_BACK_TLS:
	case SMTP_BACK_DONE:
	case SMTP_BACK_STATE_COUNT:
		break;
	}
}

/*
 * Why the command for `next` must not be written. The front engine refuses control characters, so
 * this is the second lock on the door that keeps a client from adding command lines of its own. A
 * NUL in the user would move the border between user and password in AUTH PLAIN.
 */
static enum reason objection(const struct back *b, enum smtp_back_state next)
{
	const struct login *l = b->peer->login;
	struct str host = b->peer->client_host;
	bool bad = false;

	switch (next) {
	case SMTP_BACK_XCLIENT:
		bad = str_has_ctl(host) || str_find(host, ' ') < host.n;
		break;
	case SMTP_BACK_CLIENT_HELO:
		bad = str_has_ctl(l->helo);
		break;
	case SMTP_BACK_AUTH:
		if (!l->pass.p)
			return REASON_AUTH_NO_PASSWORD;
		bad = str_find(l->user, 0) < l->user.n;
		break;
	case SMTP_BACK_MAIL:
		bad = str_has_ctl(l->mail_from) || str_has_ctl(l->rcpt_to);
		break;
	case SMTP_BACK_RCPT: /* looked at together with MAIL */
	case SMTP_BACK_GREETING:
	case SMTP_BACK_TLS_HELO:
	case SMTP_BACK_STARTTLS:
	case SMTP_BACK_TLS:
	case SMTP_BACK_HELO:
	case SMTP_BACK_DONE:
	case SMTP_BACK_STATE_COUNT:
		break;
	}
	return bad ? REASON_INTERNAL : REASON_NONE;
}

static enum back_ev ready(struct back *b, struct buf *in, struct str text)
{
	/* In method none what waits is the client's; else it is surplus that nobody asked for. */
	if (b->peer->login->method == AUTH_NONE)
		b->reply = str_of(text.p, buf_len(in));
	else
		buf_consume(in, buf_len(in));
	enter(b, SMTP_BACK_DONE);
	return BACK_READY;
}

/* A whole reply lets the step go on, or it is the end, for this reason. */
static enum reason judge(const struct back *b, struct str text)
{
	bool accepted = is_accepted(b, text);

	if (b->state == SMTP_BACK_STARTTLS && !accepted)
		return REASON_BACK_NO_STARTTLS;
	if (!accepted)
		return REASON_BACK_INVALID;
	if (b->state == SMTP_BACK_TLS_HELO && !smtp_reply_has_keyword(text, STR("STARTTLS")))
		return REASON_BACK_NO_STARTTLS;
	return REASON_NONE;
}

static enum back_ev start_tls(struct back *b, struct buf *in, struct str text)
{
	smtp_reply_take(&b->u.smtp.framing, in, text);
	enter(b, SMTP_BACK_TLS);
	return back_start_tls(b, in);
}

static enum back_ev secured(struct back *b, struct out *out)
{
	enum smtp_back_state to = next_state(b);

	write_command(b, to, out);
	enter(b, to);
	return BACK_MORE;
}

/* One accepted reply, whole in `in`, becomes one command in `out`. */
static enum back_ev step(struct back *b, struct buf *in, struct out *out)
{
	struct str text = {0};
	enum smtp_back_state next;
	enum reason reason;
	size_t mark;

	switch (smtp_reply_next(&b->u.smtp.framing, in, b->conf->reply_max, &text)) {
	case SMTP_REPLY_MORE:
		return BACK_MORE;
	case SMTP_REPLY_TOO_LONG:
		return back_fail(b, REASON_BACK_TOO_LONG, text);
	case SMTP_REPLY_INVALID:
		return back_fail(b, REASON_BACK_INVALID, text);
	case SMTP_REPLY_OK:
		break;
	}
	reason = judge(b, text);
	if (reason != REASON_NONE)
		return back_fail(b, reason, text);
	learn(b, text);
	next = next_state(b);
	if (next == SMTP_BACK_TLS)
		return start_tls(b, in, text);
	if (next == SMTP_BACK_DONE)
		return ready(b, in, text);
	reason = objection(b, next);
	mark = out_mark(out);
	if (reason == REASON_NONE)
		write_command(b, next, out);
	if (reason == REASON_NONE && out_overflow(out)) {
		out_rollback(out, mark);
		if (mark)
			return BACK_FULL;
		reason = REASON_INTERNAL;
	}
	smtp_reply_take(&b->u.smtp.framing, in, text);
	enter(b, next);
	if (reason != REASON_NONE)
		return back_fail(b, reason, str_none());
	if (!(next == SMTP_BACK_RCPT && b->u.smtp.rcpt_sent))
		buf_clear(in); /* nobody has asked for it */
	return BACK_MORE;
}

static enum back_ev next(struct back *b, struct buf *in, struct out *out)
{
	enum back_ev ev;

	must(b->state != SMTP_BACK_DONE);
	do
		ev = step(b, in, out);
	while (ev == BACK_MORE && buf_len(in) && b->u.smtp.framing.seen == 0);
	return ev;
}

const struct back_engine smtp_back_engine = {
	.machine = &machine,
	.action = action,
	.next = next,
	.secured = secured,
	.has_begun = has_begun,
};
