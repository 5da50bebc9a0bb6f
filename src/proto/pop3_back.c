/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pop3_back: the POP3 client side before the relay (RFC 1939, 2595).
 *
 * One reply, one step: judge it, write the next command, and only then take the reply out of the
 * input, so that a full `out` changes nothing. Owns no memory. Bytes that would break a command
 * line never get into one.
 */
#include "proto/pop3_back.h"

#include "base/must.h"
#include "proto/back_engine.h"

#define AFTER(s) (1U << POP3_BACK_##s)

static const struct machine_state states[POP3_BACK_STATE_COUNT] = {
	[POP3_BACK_GREETING] = {"greeting", 0},
	[POP3_BACK_STLS] = {"stls", AFTER(GREETING)},
	[POP3_BACK_TLS] = {"tls", AFTER(STLS)},
	[POP3_BACK_XCLIENT] = {"xclient", AFTER(GREETING) | AFTER(TLS)},
	[POP3_BACK_USER] = {"user", AFTER(GREETING) | AFTER(TLS) | AFTER(XCLIENT)},
	[POP3_BACK_PASS] = {"pass", AFTER(USER)},
	[POP3_BACK_DONE] = {"done", AFTER(PASS)},
};

MACHINE(machine, "pop3_back", states);

static struct str action(const struct back *b)
{
	static const struct str actions[POP3_BACK_STATE_COUNT] = {
		[POP3_BACK_GREETING] = STR_INIT("connecting to upstream"),
		[POP3_BACK_STLS] = STR_INIT("sending STLS to upstream"),
		[POP3_BACK_TLS] = STR_INIT("SSL handshaking to upstream"),
		[POP3_BACK_XCLIENT] = STR_INIT("sending XCLIENT to upstream"),
		[POP3_BACK_USER] = STR_INIT("sending user name to upstream"),
		[POP3_BACK_PASS] = STR_INIT("sending password to upstream"),
		[POP3_BACK_DONE] = STR_INIT("proxying"),
	};

	return actions[b->state];
}

static bool has_begun(const struct back *b)
{
	return b->u.lines.line.seen != 0;
}

static bool says_xclient(const struct back *b, struct str greeting)
{
	return back_tells_identity(b) && str_starts(greeting, STR("+OK [XCLIENT]"));
}

static enum pop3_back_state next_state(const struct back *b, struct str reply)
{
	switch ((enum pop3_back_state)b->state) {
	case POP3_BACK_GREETING:
		if (b->peer->tls == BACK_TLS_STARTTLS)
			return POP3_BACK_STLS;
		return says_xclient(b, reply) ? POP3_BACK_XCLIENT : POP3_BACK_USER;
	case POP3_BACK_STLS:
		return POP3_BACK_TLS;
	case POP3_BACK_TLS:
		return back_tells_identity(b) ? POP3_BACK_XCLIENT : POP3_BACK_USER;
	case POP3_BACK_XCLIENT:
		return POP3_BACK_USER;
	case POP3_BACK_USER:
		return POP3_BACK_PASS;
	case POP3_BACK_PASS:
	case POP3_BACK_DONE:
	case POP3_BACK_STATE_COUNT:
		break;
	}
	return POP3_BACK_DONE;
}

static void write_xclient(const struct back_peer *p, struct out *out)
{
	out_lit(out, "XCLIENT ADDR=");
	addr_write(out, &p->client);
	out_lit(out, " PORT=");
	out_u64(out, p->client.port);
	if (p->session.n) {
		out_lit(out, " SESSION=");
		out_str(out, p->session);
	}
	out_lit(out, " TTL=");
	out_u64(out, p->hops);
	out_lit(out, "\r\n");
}

static void write_line(struct str verb, struct str argument, struct out *out)
{
	out_str(out, verb);
	out_str(out, argument);
	out_lit(out, "\r\n");
}

static void write_command(const struct back *b, enum pop3_back_state next, struct out *out)
{
	switch (next) {
	case POP3_BACK_STLS:
		out_lit(out, "STLS\r\n");
		break;
	case POP3_BACK_XCLIENT:
		write_xclient(b->peer, out);
		break;
	case POP3_BACK_USER:
		write_line(STR("USER "), b->peer->login->user, out);
		break;
	case POP3_BACK_PASS:
		write_line(STR("PASS "), b->peer->login->pass, out);
		break;
	case POP3_BACK_GREETING:
	case POP3_BACK_TLS:
	case POP3_BACK_DONE:
	case POP3_BACK_STATE_COUNT:
		break;
	}
}

/* The session asks back_can_say() first; this is the second lock on that door. */
static enum reason objection(const struct back *b)
{
	if (!b->peer->login->pass.p)
		return REASON_AUTH_NO_PASSWORD;
	return back_can_say(b->conf, b->peer->login) ? REASON_NONE : REASON_CLIENT_UNSAFE;
}

static enum back_ev ready(struct back *b, const struct buf *in)
{
	b->reply = buf_data(in);
	machine_enter(&machine, &b->state, POP3_BACK_DONE);
	return BACK_READY;
}

/* A line lets the step go on, or it is the end, for this reason. */
static enum reason judge(const struct back *b, struct str line)
{
	if (str_starts(line, STR("+OK")) || (b->state == POP3_BACK_XCLIENT && b->secured))
		return REASON_NONE;
	return b->state == POP3_BACK_STLS ? REASON_BACK_NO_STARTTLS : REASON_BACK_INVALID;
}

static enum back_ev start_tls(struct back *b, struct buf *in, struct str line)
{
	buf_consume(in, line.n);
	machine_enter(&machine, &b->state, POP3_BACK_TLS);
	return back_start_tls(b, in);
}

static enum back_ev secured(struct back *b, struct out *out)
{
	enum pop3_back_state to = next_state(b, str_none());

	write_command(b, to, out);
	machine_enter(&machine, &b->state, to);
	return BACK_MORE;
}

static enum back_ev next(struct back *b, struct buf *in, struct out *out)
{
	size_t mark = out_mark(out);
	enum pop3_back_state to;
	enum reason reason;
	struct str line;

	must(b->state != POP3_BACK_DONE);
	switch (back_find_line(b, in, &line)) {
	case LINE_MORE:
		return BACK_MORE;
	case LINE_TOO_LONG:
		return back_fail(b, REASON_BACK_TOO_LONG, line);
	case LINE_OK:
		break;
	}
	reason = judge(b, line);
	if (reason != REASON_NONE)
		return back_fail(b, reason, line);
	to = next_state(b, line);
	if (to == POP3_BACK_TLS)
		return start_tls(b, in, line);
	if (to == POP3_BACK_DONE)
		return ready(b, in);
	reason = objection(b);
	if (reason == REASON_NONE)
		write_command(b, to, out);
	if (out_overflow(out)) {
		out_rollback(out, mark);
		if (mark)
			return BACK_FULL;
		reason = REASON_INTERNAL;
	}
	buf_consume(in, buf_len(in)); /* behind the line is what nobody has asked for */
	machine_enter(&machine, &b->state, to);
	return reason == REASON_NONE ? BACK_MORE : back_fail(b, reason, str_none());
}

const struct back_engine pop3_back_engine = {
	.machine = &machine,
	.action = action,
	.next = next,
	.secured = secured,
	.has_begun = has_begun,
};
