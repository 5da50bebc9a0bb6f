/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imap_back: the IMAP client side before the relay (RFC 3501 sections 6.2.3 and 7, RFC 2971).
 *
 * One line, one step: judge it, write the next command, and only then take the line out of the
 * input, so that a full `out` changes nothing. What answers the password stays in the input, to the
 * last byte. Owns no memory. Names and passwords travel as literals: no byte of them can become a
 * command.
 */
#include "proto/imap_back.h"

#include "base/must.h"
#include "proto/back_engine.h"

#define AFTER(s) (1U << IMAP_BACK_##s)

static const struct machine_state states[IMAP_BACK_STATE_COUNT] = {
	[IMAP_BACK_GREETING] = {"greeting", 0},
	[IMAP_BACK_STARTTLS] = {"starttls", AFTER(GREETING)},
	[IMAP_BACK_TLS] = {"tls", AFTER(STARTTLS)},
	[IMAP_BACK_ID] = {"id", AFTER(GREETING) | AFTER(TLS)},
	[IMAP_BACK_LOGIN] = {"login", AFTER(GREETING) | AFTER(TLS) | AFTER(ID)},
	[IMAP_BACK_USER] = {"user", AFTER(LOGIN)},
	[IMAP_BACK_PASS] = {"pass", AFTER(USER)},
	[IMAP_BACK_DONE] = {"done", AFTER(PASS)},
};

MACHINE(machine, "imap_back", states);

#define ID_TAG  STR("I")
#define TLS_TAG STR("S")

static struct str action(const struct back *b)
{
	static const struct str actions[IMAP_BACK_STATE_COUNT] = {
		[IMAP_BACK_GREETING] = STR_INIT("connecting to upstream"),
		[IMAP_BACK_STARTTLS] = STR_INIT("sending STARTTLS to upstream"),
		[IMAP_BACK_TLS] = STR_INIT("SSL handshaking to upstream"),
		[IMAP_BACK_ID] = STR_INIT("sending ID to upstream"),
		[IMAP_BACK_LOGIN] = STR_INIT("sending LOGIN command to upstream"),
		[IMAP_BACK_USER] = STR_INIT("sending user name to upstream"),
		[IMAP_BACK_PASS] = STR_INIT("sending password to upstream"),
		[IMAP_BACK_DONE] = STR_INIT("proxying"),
	};

	return actions[b->state];
}

static bool has_begun(const struct back *b)
{
	return b->u.lines.line.seen != 0 || b->u.lines.passed != 0;
}

/* ---- what the backend says ---- */

static bool is_tagged(struct str line, struct str tag)
{
	return str_starts(line, tag) && str_starts(str_from(line, tag.n), STR(" "));
}

static bool is_ok(struct str line, struct str tag)
{
	return str_starts(line, tag) && str_starts(str_from(line, tag.n), STR(" OK"));
}

/* Untagged, and no end of everything. */
static bool is_news(struct str line)
{
	return str_starts(line, STR("* ")) && !str_starts_nocase(line, STR("* BYE")) &&
	       !str_starts_nocase(line, STR("* PREAUTH"));
}

/* What a line is to the state it comes in. */
enum judgement { EXPECTED, PASSED_OVER, REFUSED };

static enum judgement judge(const struct back *b, struct str line)
{
	bool good = false;

	switch ((enum imap_back_state)b->state) {
	case IMAP_BACK_GREETING:
		return str_starts(line, STR("* OK")) ? EXPECTED : REFUSED;
	case IMAP_BACK_STARTTLS:
		good = is_ok(line, TLS_TAG);
		break;
	case IMAP_BACK_ID:
		good = is_tagged(line, ID_TAG);
		break;
	case IMAP_BACK_LOGIN:
	case IMAP_BACK_USER:
		good = str_starts(line, STR("+"));
		break;
	case IMAP_BACK_PASS:
		good = is_ok(line, b->peer->login->tag);
		break;
	case IMAP_BACK_TLS:
	case IMAP_BACK_DONE:
	case IMAP_BACK_STATE_COUNT:
		break;
	}
	if (good)
		return EXPECTED;
	return is_news(line) ? PASSED_OVER : REFUSED;
}

/* "* OK [CAPABILITY IMAP4rev1 ID ...]" */
static bool announces_id(struct str greeting)
{
	struct str words = str_from(greeting, STR("* OK ").n);

	if (!str_starts_nocase(words, STR("[CAPABILITY ")))
		return false;
	words = str_first(words, str_find(words, ']'));
	while (words.n) {
		struct str word = str_first(words, str_find(words, ' '));

		if (str_eq_nocase(word, STR("ID")))
			return true;
		words = str_from(words, word.n + 1);
	}
	return false;
}

static bool says_id(const struct back *b, struct str greeting)
{
	return back_tells_identity(b) && announces_id(greeting);
}

static enum imap_back_state next_state(const struct back *b, struct str line)
{
	switch ((enum imap_back_state)b->state) {
	case IMAP_BACK_GREETING:
		if (b->peer->tls == BACK_TLS_STARTTLS)
			return IMAP_BACK_STARTTLS;
		return says_id(b, line) ? IMAP_BACK_ID : IMAP_BACK_LOGIN;
	case IMAP_BACK_STARTTLS:
		return IMAP_BACK_TLS;
	case IMAP_BACK_TLS:
		return back_tells_identity(b) ? IMAP_BACK_ID : IMAP_BACK_LOGIN;
	case IMAP_BACK_ID:
		return IMAP_BACK_LOGIN;
	case IMAP_BACK_LOGIN:
		return IMAP_BACK_USER;
	case IMAP_BACK_USER:
		return IMAP_BACK_PASS;
	case IMAP_BACK_PASS:
	case IMAP_BACK_DONE:
	case IMAP_BACK_STATE_COUNT:
		break;
	}
	return IMAP_BACK_DONE;
}

/* ---- what we say ---- */

static void write_pair(struct out *out, struct str name, struct str value)
{
	out_lit(out, " \"");
	out_str(out, name);
	out_lit(out, "\" \"");
	out_str(out, value);
	out_lit(out, "\"");
}

static void write_number(struct out *out, struct str name, uint64_t value)
{
	uint8_t text[20];
	struct out o;

	out_init(&o, text, sizeof(text));
	out_u64(&o, value);
	write_pair(out, name, out_data(&o));
}

static void write_addr(struct out *out, struct str name, const struct addr *a)
{
	uint8_t text[64];
	struct out o;

	out_init(&o, text, sizeof(text));
	addr_write(&o, a);
	write_pair(out, name, out_data(&o));
}

static void write_id(const struct back_peer *p, struct out *out)
{
	out_str(out, ID_TAG);
	out_lit(out, " ID (\"name\" \"ringpost\"");
	write_addr(out, STR("x-originating-ip"), &p->client);
	write_number(out, STR("x-originating-port"), p->client.port);
	if (p->local.family == ADDR_IP4 || p->local.family == ADDR_IP6) {
		write_addr(out, STR("x-connected-ip"), &p->local);
		write_number(out, STR("x-connected-port"), p->local.port);
	}
	if (p->session.n)
		write_pair(out, STR("x-session-id"), p->session);
	write_number(out, STR("x-proxy-ttl"), p->hops);
	out_lit(out, ")\r\n");
}

static void write_size(struct str literal, struct out *out)
{
	out_lit(out, " {");
	out_u64(out, literal.n);
	out_lit(out, "}\r\n");
}

static void write_command(const struct back *b, enum imap_back_state next, struct out *out)
{
	const struct login *l = b->peer->login;

	switch (next) {
	case IMAP_BACK_STARTTLS:
		out_str(out, TLS_TAG);
		out_lit(out, " STARTTLS\r\n");
		break;
	case IMAP_BACK_ID:
		write_id(b->peer, out);
		break;
	case IMAP_BACK_LOGIN:
		out_str(out, l->tag);
		out_lit(out, " LOGIN");
		write_size(l->user, out);
		break;
	case IMAP_BACK_USER:
		out_str(out, l->user);
		write_size(l->pass, out);
		break;
	case IMAP_BACK_PASS:
		out_str(out, l->pass);
		out_lit(out, "\r\n");
		break;
	case IMAP_BACK_GREETING:
	case IMAP_BACK_TLS:
	case IMAP_BACK_DONE:
	case IMAP_BACK_STATE_COUNT:
		break;
	}
}

/* ---- line by line ---- */

static enum back_ev ready(struct back *b, const struct buf *in)
{
	b->reply = buf_data(in);
	machine_enter(&machine, &b->state, IMAP_BACK_DONE);
	return BACK_READY;
}

static enum back_ev start_tls(struct back *b, struct buf *in, struct str line)
{
	buf_consume(in, b->u.lines.passed + line.n);
	b->u.lines.passed = 0;
	machine_enter(&machine, &b->state, IMAP_BACK_TLS);
	return back_start_tls(b, in);
}

static enum back_ev secured(struct back *b, struct out *out)
{
	enum imap_back_state to = next_state(b, str_none());

	write_command(b, to, out);
	machine_enter(&machine, &b->state, to);
	return BACK_MORE;
}

static enum back_ev answer(struct back *b, struct buf *in, struct str line, struct out *out)
{
	enum imap_back_state to = next_state(b, line);
	size_t mark = out_mark(out);

	if (to == IMAP_BACK_DONE)
		return ready(b, in);
	if (to == IMAP_BACK_TLS)
		return start_tls(b, in, line);
	if (!b->peer->login->pass.p)
		return back_fail(b, REASON_AUTH_NO_PASSWORD, str_none());
	write_command(b, to, out);
	if (out_overflow(out)) {
		out_rollback(out, mark);
		return mark ? BACK_FULL : back_fail(b, REASON_INTERNAL, str_none());
	}
	/* Behind a line that let us go on is what nobody has asked for, until the password. */
	buf_consume(in, buf_len(in));
	machine_enter(&machine, &b->state, to);
	return BACK_MORE;
}

/* Of those that stay there may be as many as one reply may be long. */
static void pass_over(struct back *b, struct buf *in, struct str line)
{
	if (b->state == IMAP_BACK_PASS || b->state == IMAP_BACK_STARTTLS)
		b->u.lines.passed += (uint32_t)line.n;
	else
		buf_consume(in, line.n);
}

/* The client may hear what was passed over before it as well: it can be the explanation. */
static enum back_ev refused(struct back *b, const struct buf *in, struct str line)
{
	struct str tag = b->peer->login->tag;

	bool tls = b->state == IMAP_BACK_STARTTLS && is_tagged(line, TLS_TAG);

	(void)back_fail(b, tls ? REASON_BACK_NO_STARTTLS : REASON_BACK_INVALID, line);
	b->reply = str_first(buf_data(in), b->u.lines.passed + line.n);
	if (b->state == IMAP_BACK_PASS && is_tagged(line, tag))
		b->shown = str_from(line, tag.n + 1);
	return BACK_FAIL;
}

static enum back_ev next(struct back *b, struct buf *in, struct out *out)
{
	struct str line;

	must(b->state != IMAP_BACK_DONE);
	for (;;) {
		switch (back_find_line(b, in, &line)) {
		case LINE_MORE:
			return BACK_MORE;
		case LINE_TOO_LONG:
			return back_fail(b, REASON_BACK_TOO_LONG, line);
		case LINE_OK:
			break;
		}
		switch (judge(b, line)) {
		case REFUSED:
			return refused(b, in, line);
		case EXPECTED:
			return answer(b, in, line, out);
		case PASSED_OVER:
			pass_over(b, in, line);
		}
	}
}

const struct back_engine imap_back_engine = {
	.machine = &machine,
	.action = action,
	.next = next,
	.secured = secured,
	.has_begun = has_begun,
};
