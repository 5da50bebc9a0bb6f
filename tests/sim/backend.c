/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend: the mail server of one guest. Knows each command that must come and takes no other,
 * answers as the guest's plan has it, and is the far end of the relay.
 */
#include "tests/sim/script.h"

#include <string.h>

enum { READ_BYTES = 16384, ENDLESS_BYTES = 200000, STARVED_US = 30000 };

static void backend_act(void *arg);

static void later(struct guest *g, uint64_t us)
{
	if (!g->back.alarm && !g->back.over)
		g->back.alarm = kernel_after(us, backend_act, g);
}

static void over(struct guest *g, bool reset)
{
	struct backend *b = &g->back;

	kernel_trace(g->id, "backend %s: has heard %u of %u, said %u of %u",
		     reset ? "resets" : "closes", b->talk.heard, g->client.talk.say, b->talk.said,
		     b->talk.say);
	if (b->alarm)
		kernel_forget(b->alarm);
	b->alarm = NULL;
	b->over = true;
	g->back_over_us = kernel_now_us();
	if (reset)
		wire_reset(&b->wire);
	else
		wire_close(&b->wire);
}

/* ---- replies ---- */

static void put(struct guest *g, struct str text)
{
	struct backend *b = &g->back;

	if (b->out_at == b->out_n)
		b->out_at = b->out_n = 0;
	text = str_first(text, sizeof(b->out) - b->out_n);
	memcpy(b->out + b->out_n, text.p, text.n);
	b->out_n += (uint32_t)text.n;
}

static void put_endless(struct guest *g)
{
	for (int i = 0; i < 100; i++)
		put(g, STR("250-and so on and so on and so on and so on and so on and so on\r\n"));
}

/* What is said at this step in place of, or besides, the good reply. False: only that. */
static bool trick(struct guest *g, struct str good)
{
	struct backend *b = &g->back;

	if (b->step != g->back_step)
		return true;
	switch (g->back_trick) {
	case BACK_SURPLUS:
		put(g, good);
		put(g, STR("250 unasked\r\n"));
		return false;
	case BACK_REFUSES:
		put(g, STR("554 5.7.1 go away\r\n"));
		return false;
	case BACK_LIES:
		put(g, chance_of(5000) ? STR("354 go on\r\n") : STR("251-x\r\n251 y\r\n"));
		return false;
	case BACK_ENDLESS:
		put_endless(g);
		return false;
	case BACK_GARBAGE:
		put(g, STR("\x80\x00\xff\r\nHTTP/1.1 400 Bad Request\r\n\r\n<html>"));
		return false;
	case BACK_CLOSES:
		b->close_when_sent = true;
		if (chance_of(5000))
			put(g, str_first(good, chance_below((uint32_t)good.n)));
		return false;
	case BACK_RESETS:
		b->reset_when_sent = true;
		return false;
	case BACK_SILENT:
		b->mute = true;
		return false;
	case BACK_CORRECT:
	case BACK_SLOW:
	case BACK_BYTES:
	case BACK_HASTY:
	case BACK_REFUSES_CONNECT:
	case BACK_SILENT_CONNECT:
	case BACK_STOPS_WITH_WORDS:
	case BACK_STOPS_RESET:
	case BACK_TALKS_ON:
	case BACK_NO_STARTTLS:
	case BACK_REFUSES_STARTTLS:
	case BACK_INJECTS:
	case BACK_TRICKS:
		break;
	}
	return true;
}

/* A trick with the last reply of a login that lets the client in all the same: in method none
 * whatever the backend has said to RCPT is for the client. */
static bool lets_in(const struct guest *g)
{
	if (g->back_trick == BACK_SURPLUS)
		return true;
	return g->login == LOGIN_NONE &&
	       (g->back_trick == BACK_REFUSES || g->back_trick == BACK_LIES);
}

static void answer(struct guest *g, struct str good)
{
	struct backend *b = &g->back;

	bool truthful;

	/* It has said its last word, and is about to leave. */
	if (b->close_when_sent || b->reset_when_sent)
		return;
	truthful = trick(g, good);
	if (truthful && g->back_trick != BACK_HASTY)
		put(g, good);
	b->ready = b->step == b->steps && (truthful || lets_in(g));
	b->step++;
	later(g, g->back_trick == BACK_SLOW ? chance_between(0, SECONDS(1))
					    : chance_between(0, MILLIS(2)));
}

/* ---- commands ---- */

static void on_command(struct guest *g, struct str line)
{
	struct backend *b = &g->back;
	enum command list[SCRIPT_COMMANDS];
	uint8_t text[1024];
	struct out want;

	kernel_trace(g->id, "backend got \"%.*s\"", (int)line.n, (const char *)line.p);
	script_commands(g, list);
	out_init(&want, text, sizeof(text));
	script_command(g, list[b->step - 1], &want);
	if (!str_eq(line, out_data(&want)))
		kernel_violation(g->client_trick == CLIENT_INJECTS ? "starttls-executed"
								   : "backend-dialogue",
				 "guest %u: \"%.*s\" instead of \"%.*s\"", g->id, (int)line.n,
				 (const char *)line.p, (int)want.n, (const char *)text);
	if (list[b->step - 1] == COMMAND_STARTTLS && !b->mute)
		b->tls_due = g->back_trick != BACK_REFUSES_STARTTLS;
	if (!b->mute)
		answer(g, script_reply(g, list[b->step - 1]));
}

static struct str take_commands(struct guest *g, struct str bytes)
{
	struct backend *b = &g->back;

	while (bytes.n && b->step <= b->steps && !b->mute) {
		char c = (char)bytes.p[0];

		bytes = str_from(bytes, 1);
		if (b->line_n == sizeof(b->line)) {
			kernel_violation("backend-dialogue", "guest %u: an endless command", g->id);
			return str_none();
		}
		b->line[b->line_n++] = c;
		if (c != '\n')
			continue;
		if (b->line_n < 2 || b->line[b->line_n - 2] != '\r')
			kernel_violation("backend-dialogue", "guest %u: no CRLF", g->id);
		else
			on_command(g, str_of(b->line, b->line_n - 2));
		b->line_n = 0;
		if (b->tls_due && !b->wire.plan && bytes.n)
			kernel_violation("backend-dialogue", "guest %u: more behind STARTTLS",
					 g->id);
	}
	return bytes;
}

/* ---- the relay ---- */

static struct str ending_words(const struct guest *g)
{
	return g->ending == END_QUIT ? STR("QUIT\r\n") : str_none();
}

/* A storm of handshakes stops nobody who relays. */
static void look_at_gap(struct guest *g)
{
	uint64_t now = kernel_now_us(), gap = now - g->heard_us;

	if (g->heard_us && gap > STARVED_US)
		kernel_violation("relay-starved", "guest %u: nothing for %llu us", g->id,
				 (unsigned long long)gap);
	g->heard_us = now;
}

static void take_relay(struct guest *g, struct str bytes)
{
	struct talk *t = &g->back.talk;
	uint32_t say = g->client.talk.say;
	struct str body = str_first(bytes, say - t->heard), words = ending_words(g);
	size_t good = payload_match((struct payload){g->id, 0, t->heard}, body);

	t->heard += (uint32_t)good;
	if (g->steady && body.n)
		look_at_gap(g);
	if (good < body.n) {
		kernel_violation("relay-order", "guest %u: to the backend, byte %u is wrong: %.*s",
				 g->id, t->heard, body.n - good < 40 ? (int)(body.n - good) : 40,
				 (const char *)body.p + good);
		return;
	}
	bytes = str_from(bytes, body.n);
	if (!bytes.n)
		return;
	if (bytes.n > words.n - t->tail || memcmp(bytes.p, words.p + t->tail, bytes.n) != 0)
		kernel_violation("relay-order", "guest %u: to the backend, behind the end: %.*s",
				 g->id, bytes.n < 40 ? (int)bytes.n : 40, (const char *)bytes.p);
	t->tail = (uint8_t)(t->tail + bytes.n);
}

static void take(struct guest *g, struct str bytes)
{
	struct backend *b = &g->back;

	g->active_us = kernel_now_us();
	if (!b->relay)
		bytes = take_commands(g, bytes);
	if (bytes.n && b->ready)
		b->relay = true;
	if (bytes.n && b->relay)
		take_relay(g, bytes);
}

/* A client that needs no login of ours lets the backend speak as soon as it has taken RCPT. */
static bool may_speak(const struct guest *g)
{
	const struct talk *t = &g->back.talk;

	return g->back.ready && (g->login == LOGIN_NONE || t->heard || t->tail || g->back.saw_end);
}

static void stop_in_relay(struct guest *g)
{
	struct backend *b = &g->back;

	if (g->back_trick == BACK_STOPS_RESET) {
		over(g, true);
		return;
	}
	b->talk.say = b->talk.said;
	b->talk.closing_said = true;
	put(g, STR("452 4.3.1 full\r\n"));
	b->close_when_sent = true;
}

static bool stops_now(const struct guest *g)
{
	const struct backend *b = &g->back;

	return (g->back_trick == BACK_STOPS_WITH_WORDS || g->back_trick == BACK_STOPS_RESET) &&
	       b->relay && !b->talk.closing_said && b->talk.heard > g->client.talk.say / 2;
}

/* ---- reading and writing ---- */

static void on_end(struct guest *g, bool reset)
{
	struct backend *b = &g->back;

	kernel_trace(g->id, "backend sees %s", reset ? "a reset" : "the end");
	b->saw_end = true;
	if (!reset && b->ready && g->ending == END_SHUT && b->talk.said < b->talk.say)
		return;
	if (!reset && g->ending == END_QUIT && b->talk.tail == 6 && !b->talk.closing_said)
		return;
	over(g, false);
}

static void read_all(struct guest *g)
{
	struct backend *b = &g->back;
	struct talk *t = &b->talk;
	uint8_t bytes[READ_BYTES];

	while (!b->over && !b->saw_end && !t->paused && !stops_now(g)) {
		size_t max = sizeof(bytes);
		long n;

		if (t->pause.for_us && t->heard < t->pause.at && t->pause.at - t->heard < max)
			max = t->pause.at - t->heard;
		n = wire_read(&b->wire, bytes, max);
		if (n == -2)
			return;
		if (n <= 0) {
			on_end(g, n < 0);
			return;
		}
		take(g, str_of(bytes, (size_t)n));
		if (t->pause.for_us && t->heard >= t->pause.at) {
			t->paused = true;
			later(g, t->pause.for_us);
		}
	}
	if (stops_now(g))
		stop_in_relay(g);
}

/* True: there is more, and room for it. */
static bool write_replies(struct guest *g)
{
	struct backend *b = &g->back;
	size_t n = b->out_n - b->out_at;
	long took;

	if (g->back_trick == BACK_BYTES && n > 1)
		n = 1;
	took = wire_write(&b->wire, str_of(b->out + b->out_at, n));
	if (took > 0) {
		b->out_at += (uint32_t)took;
		g->active_us = kernel_now_us();
	}
	if (b->tls_due && b->out_at == b->out_n && !b->wire.plan)
		wire_secure(&b->wire, TOY_SERVER, &g->back_wire);
	return took == (long)n;
}

static bool write_payload(struct guest *g)
{
	struct talk *t = &g->back.talk;
	uint8_t bytes[READ_BYTES];
	size_t n = t->say - t->said;
	long took;

	if (n > t->chunk)
		n = t->chunk;
	if (n > sizeof(bytes))
		n = sizeof(bytes);
	payload_fill((struct payload){g->id, 1, t->said}, bytes, n);
	took = wire_write(&g->back.wire, str_of(bytes, n));
	if (took > 0) {
		t->said += (uint32_t)took;
		g->active_us = kernel_now_us();
	}
	return took == (long)n;
}

static bool write_some(struct guest *g)
{
	struct backend *b = &g->back;

	if (b->out_at < b->out_n)
		return write_replies(g);
	if (may_speak(g) && !b->done && b->talk.said < b->talk.say)
		return write_payload(g);
	return false;
}

/* All is said that is to be said: what the backend does about it. */
static void finish(struct guest *g)
{
	struct backend *b = &g->back;
	struct talk *t = &b->talk;

	if (b->over || b->out_at < b->out_n)
		return;
	if (b->close_when_sent || b->reset_when_sent) {
		over(g, b->reset_when_sent);
		return;
	}
	if (!b->ready || b->done || t->said < t->say)
		return;
	if (g->ending == END_QUIT && t->tail == 6 && !t->closing_said) {
		t->closing_said = true;
		put(g, STR("221 bye\r\n"));
		b->close_when_sent = true;
		later(g, 0);
	} else if (g->ending == END_BACK_CLOSES && may_speak(g) && t->heard >= g->client.talk.say) {
		over(g, false);
	} else if (g->ending == END_BACK_SHUTS && may_speak(g)) {
		kernel_trace(g->id, "backend half-closes");
		wire_shut(&b->wire);
		b->done = true;
	} else if (b->saw_end) {
		over(g, false);
	}
}

static uint64_t think_us(const struct guest *g)
{
	if (g->back_trick == BACK_BYTES && !g->back.relay)
		return chance_between(0, MILLIS(5));
	return chance_of(9000) ? 0 : chance_between(0, MILLIS(3));
}

static void backend_act(void *arg)
{
	struct guest *g = arg;
	struct backend *b = &g->back;

	b->alarm = NULL;
	if (b->over)
		return;
	if (b->talk.paused) {
		b->talk.paused = false;
		b->talk.pause.for_us = 0;
	}
	read_all(g);
	if (!b->over && !b->mute && write_some(g))
		later(g, think_us(g));
	finish(g);
}

static void on_event(void *arg)
{
	struct guest *g = arg;

	if (g->back.over || g->back.talk.paused)
		return;
	if (g->back.alarm)
		read_all(g);
	else
		backend_act(g);
}

static const struct end_events backend_events = {on_event, on_event};

void backend_dialled(struct guest *g, struct end *e)
{
	struct backend *b = &g->back;
	enum command list[SCRIPT_COMMANDS];

	kernel_trace(g->id, "backend is dialled");
	if (b->wire.end)
		kernel_violation("backend-dialogue", "guest %u: dialled twice", g->id);
	b->wire.who = g->id;
	b->wire.events = &backend_events;
	b->wire.arg = g;
	wire_accept(&b->wire, e);
	b->steps = script_commands(g, list);
	if (g->back_step > b->steps)
		g->back_step = b->steps;
	end_name(e, g->id);
	if (g->back_tls == BACK_TLS_ON)
		wire_secure(&b->wire, TOY_SERVER, &g->back_wire);
	answer(g, STR("220 back.test ESMTP\r\n"));
	if (g->back_trick != BACK_HASTY)
		return;
	put(g, STR("220 back.test\r\n"));
	for (unsigned i = 0; i < b->steps; i++)
		put(g, script_reply(g, list[i]));
}
