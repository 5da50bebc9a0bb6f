/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client: the scripted mail client of one guest: writes its lines and its payload at its pace,
 * holds every reply to the script and every byte of the relay to the payload.
 *
 * Each event and each alarm ends in client_act(), which does all that can be done now.
 */
#include "tests/sim/world.h"

#include <string.h>

enum { READ_BYTES = 16384, WILD_BYTES_MAX = 300000, TALKS_ON_ENOUGH = 300000 };

static void client_act(void *arg);

static void later(struct guest *g, uint64_t us)
{
	if (!g->client.alarm && !g->client.over)
		g->client.alarm = kernel_after(us, client_act, g);
}

static void over(struct guest *g)
{
	struct client *c = &g->client;

	if (c->over)
		return;
	c->over = true;
	if (c->alarm)
		kernel_forget(c->alarm);
	c->alarm = NULL;
	world_over(g);
}

static void close_end(struct guest *g)
{
	kernel_trace(g->id, "client closes");
	wire_close(&g->client.wire);
	over(g);
}

/* ---- replies ---- */

static bool is_wild(const struct guest *g)
{
	return g->client_trick == CLIENT_GARBAGE || g->client_trick == CLIENT_ENDLESS;
}

/* The steps before the first that waits for its reply: what a client that waits may have sent. */
static uint32_t unanswered(const struct guest *g)
{
	uint32_t left = g->client.answered, i = 0;

	if (!left)
		return 0;
	for (left--; i < g->n_steps; i++)
		if (g->steps[i].code && !left--)
			break;
	return i;
}

static void not_expected(struct guest *g, const struct step *s)
{
	const struct client *c = &g->client;
	const char *check = s && s->attempt ? "polite-client" : "reply-code";

	if (g->last_guest)
		check = "last-guest";
	kernel_violation(check, "guest %u: %u instead of %u: %s", g->id, c->replies.code,
			 s ? s->code : 220, c->replies.text);
}

static bool is_ours(const char *text)
{
	return !strncmp(text, "451 4.3.2 ", 10) || !strncmp(text, "421 4.3.2 ", 10);
}

static void on_greeting(struct guest *g)
{
	struct client *c = &g->client;

	if (c->replies.code == 220) {
		g->world->greeted++;
	} else if (!strncmp(c->replies.text, "421 4.3.2 Too many", 18)) {
		g->full = true;
		g->world->fulls++;
		c->final = true;
		if (!g->world->scarce && !kernel_fault_hit())
			kernel_violation("full", "guest %u: %s", g->id, c->replies.text);
	} else if (c->replies.code == 503 && (g->client_trick == CLIENT_EARLY || is_wild(g))) {
		c->final = true;
	} else if (!(c->replies.code == 421 && g->world->told)) {
		not_expected(g, NULL);
	}
}

/* Its backend speaks out of turn or nonsense, some of which is passed on. */
static bool is_twisted(const struct guest *g)
{
	return g->back_trick >= BACK_SURPLUS && g->back_trick <= BACK_GARBAGE;
}

/* The reply to the last line of a login. */
static void on_outcome(struct guest *g, const struct step *s)
{
	struct client *c = &g->client;
	bool last = s->attempt == g->attempts && g->admitted;
	bool passed = g->login == LOGIN_NONE && !is_ours(c->replies.text) && g->back.ready &&
		      g->back_step == g->back.steps && c->replies.code;

	bool ours = g->login == LOGIN_NONE || !strcmp(c->replies.text, "235 2.0.0 OK");

	if (last && ((c->replies.code == s->code && ours) || passed)) {
		if (g->barred)
			kernel_violation("barred", "guest %u is in", g->id);
		c->relay = g->logged_in = true;
		kernel_trace(g->id, "client is in");
		g->login_us = g->active_us = kernel_now_us();
	} else if (c->replies.code != s->code) {
		if (!world_excuses(g))
			not_expected(g, s);
		c->final = true;
	}
}

/* Under TLS nothing was said yet: what is answered was said before it, by anybody. */
static bool answers_plaintext(const struct guest *g)
{
	const struct client *c = &g->client;

	return g->client_trick == CLIENT_INJECTS && c->wire.plan && c->step_at == c->tls_at &&
	       c->replies.code != 421;
}

static void on_starttls(struct guest *g)
{
	struct client *c = &g->client;

	c->step_at = c->tls_at; /* plain text that has not left does not */
	if (g->client_trick == CLIENT_INJECTS)
		c->wire.check = "starttls-executed";
	c->hush_us = kernel_now_us() + (g->client_trick == CLIENT_INJECTS ? SECONDS(2) : 0);
	wire_secure(&c->wire, TOY_CLIENT, &g->wire);
}

static void on_reply(struct guest *g)
{
	struct client *c = &g->client;
	uint32_t at = unanswered(g);

	kernel_trace(g->id, "client got \"%s\"", c->replies.text);
	if (c->replies.broken && !is_twisted(g))
		kernel_violation("reply-grammar", "guest %u: %s: %s", g->id, c->replies.broken,
				 c->replies.text);
	if (c->final)
		kernel_violation("reply-twice", "guest %u: after the last reply: %s", g->id,
				 c->replies.text);
	c->last_code = c->replies.code;
	if (answers_plaintext(g))
		kernel_violation("starttls-executed", "guest %u: %s", g->id, c->replies.text);
	if (g->barred && c->replies.code == 421 && strstr(c->replies.text, "certificate")) {
		c->final = true;
		return;
	}
	if (!c->answered++) {
		on_greeting(g);
		return;
	}
	if (c->answered > c->lines + 1 + (c->replies.code == 421) + is_wild(g))
		kernel_violation("reply-twice", "guest %u: reply %u to %u lines: %s", g->id,
				 c->answered - 1, c->lines, c->replies.text);
	if (c->replies.code == 421 && g->world->told) {
		c->final = true;
		return;
	}
	if (!g->exact)
		return;
	if (at >= g->n_steps) {
		kernel_violation("reply-twice", "guest %u: nobody asked: %s", g->id,
				 c->replies.text);
		return;
	}
	if (g->steps[at].attempt)
		on_outcome(g, &g->steps[at]);
	else if (g->steps[at].code != c->replies.code)
		not_expected(g, &g->steps[at]);
	else if (g->steps[at].tls)
		on_starttls(g);
	if (g->steps[at].last)
		c->final = true;
}

/* ---- reading ---- */

static struct str ending_words(const struct guest *g)
{
	if (g->back_trick == BACK_STOPS_WITH_WORDS)
		return STR("452 4.3.1 full\r\n");
	return g->ending == END_QUIT ? STR("221 bye\r\n") : str_none();
}

static void take_relay(struct guest *g, struct str bytes)
{
	struct talk *t = &g->client.talk;
	uint32_t left = g->back.talk.say - t->heard;
	struct str words = ending_words(g), body = str_first(bytes, left);
	size_t good;

	if (g->back_trick == BACK_SURPLUS || g->back_trick == BACK_HASTY) {
		t->heard += (uint32_t)bytes.n;
		return;
	}
	good = payload_match((struct payload){g->id, 1, t->heard}, body);
	t->heard += (uint32_t)good;
	if (good < body.n) {
		kernel_violation("relay-order", "guest %u: to the client, byte %u is wrong: %.*s",
				 g->id, t->heard, body.n - good < 40 ? (int)(body.n - good) : 40,
				 (const char *)body.p + good);
		return;
	}
	bytes = str_from(bytes, body.n);
	if (!bytes.n)
		return;
	if (bytes.n > words.n - t->tail || memcmp(bytes.p, words.p + t->tail, bytes.n) != 0) {
		kernel_violation("relay-order", "guest %u: to the client, behind the end: %.*s",
				 g->id, bytes.n < 40 ? (int)bytes.n : 40, (const char *)bytes.p);
		return;
	}
	t->tail = (uint8_t)(t->tail + bytes.n);
}

static void take(struct guest *g, struct str bytes)
{
	struct client *c = &g->client;
	bool plain = !c->wire.plan;

	g->active_us = kernel_now_us();
	while (bytes.n) {
		size_t n = bytes.n;

		if (plain && c->wire.plan)
			break;
		if (c->relay)
			take_relay(g, bytes);
		else if (replies_next(&c->replies, bytes, &n))
			on_reply(g);
		bytes = str_from(bytes, n);
	}
	if (bytes.n)
		wire_feed(&c->wire, bytes);
}

static void on_end(struct guest *g, bool reset)
{
	struct client *c = &g->client;

	kernel_trace(g->id, "client sees %s", reset ? "a reset" : "the end");
	c->saw_end = true;
	if (c->replies.n && !reset && !end_was_hit(c->wire.end) && !g->world->told &&
	    !kernel_fault_hit())
		kernel_violation("reply-grammar", "guest %u: the end within a reply", g->id);
	if (!reset && g->client_trick == CLIENT_HANGS && !c->relay) {
		later(g, SECONDS(1 + chance_below(30)));
		return;
	}
	if (!reset && c->relay && g->ending == END_BACK_SHUTS && c->talk.said < c->talk.say &&
	    !c->mute && !c->shut)
		return;
	close_end(g);
}

/* Until nothing is left; a pause of the plan, or being deaf, leaves the rest for later. */
static void read_all(struct guest *g)
{
	struct client *c = &g->client;
	struct talk *t = &c->talk;
	uint8_t bytes[READ_BYTES];

	while (!c->over && !c->saw_end && !(c->relay && t->paused)) {
		size_t max = sizeof(bytes);
		long n;

		if (c->relay && t->pause.for_us && t->heard < t->pause.at &&
		    t->pause.at - t->heard < max)
			max = t->pause.at - t->heard;
		n = wire_read(&c->wire, bytes, max);
		if (n == -2)
			return;
		if (n <= 0) {
			on_end(g, n < 0);
			return;
		}
		take(g, str_of(bytes, (size_t)n));
		if (c->relay && t->pause.for_us && t->heard >= t->pause.at) {
			t->paused = true;
			later(g, t->pause.for_us);
		}
	}
}

/* ---- writing ---- */

/* Bytes of the script that may be on their way by now. */
static uint32_t allowed(const struct guest *g)
{
	uint32_t i;

	if ((!g->client.answered && g->client_trick != CLIENT_EARLY) ||
	    g->client.hush_us > kernel_now_us())
		return 0;
	if (g->client.tls_at && !g->client.wire.plan && g->pace == PACE_PIPELINING)
		return g->client.tls_at;
	if (g->pace == PACE_PIPELINING)
		return g->lines_n;
	i = unanswered(g);
	return i < g->n_steps ? g->steps[i].at + (uint32_t)g->steps[i].n : g->lines_n;
}

/* Where what a client injects is parted; UINT32_MAX: behind us. */
static uint32_t split_at(const struct guest *g)
{
	uint32_t i = 0;

	while (i < g->n_steps && !g->steps[i].tls)
		i++;
	if (g->client_trick != CLIENT_INJECTS || i == g->n_steps ||
	    g->client.step_at >= g->steps[i].at + g->split)
		return UINT32_MAX;
	return g->steps[i].at + g->split;
}

static size_t next_payload(struct guest *g, uint8_t *to, size_t max)
{
	static const char quit[] = "QUIT\r\n";
	struct talk *t = &g->client.talk;
	size_t n = t->say - t->said;

	if (n > t->chunk)
		n = t->chunk;
	if (n > max)
		n = max;
	if (n) {
		payload_fill((struct payload){g->id, 0, t->said}, to, n);
		return n;
	}
	if (g->ending != END_QUIT)
		return 0;
	n = sizeof(quit) - 1 - t->parted;
	memcpy(to, quit + t->parted, n);
	return n;
}

static size_t next_wild(struct guest *g, uint8_t *to, size_t max)
{
	size_t n = 1 + chance_below((uint32_t)max);

	if (g->client.wrote >= g->client.talk.say)
		return 0;
	for (size_t i = 0; i < n; i++) {
		to[i] = g->client_trick == CLIENT_ENDLESS ? 'A' : (uint8_t)chance_u64();
		if (g->client_trick == CLIENT_GARBAGE && chance_of(200))
			to[i] = '\n';
	}
	return n;
}

/* What comes next of all that the client has to say. */
static size_t next_bytes(struct guest *g, uint8_t *to, size_t max)
{
	struct client *c = &g->client;
	uint32_t until = allowed(g);
	size_t n = 0;

	if (c->mute || c->final || c->shut)
		return 0;
	if (is_wild(g))
		return c->answered || chance_of(5000) ? next_wild(g, to, max) : 0;
	if (split_at(g) < until)
		until = split_at(g);
	if (c->step_at < until) {
		n = until - c->step_at;
		memcpy(to, g->lines + c->step_at, n < max ? n : max);
	} else if (c->step_at == g->lines_n && (c->relay || g->eager)) {
		n = next_payload(g, to, max);
	}
	if (n > max)
		n = max;
	if (g->pace == PACE_BYTES && !c->relay && n > 1)
		n = 1;
	return n;
}

static void wrote(struct guest *g, struct str bytes)
{
	struct client *c = &g->client;
	struct talk *t = &c->talk;

	c->wrote += (uint32_t)bytes.n;
	g->active_us = kernel_now_us();
	if (!is_wild(g) && c->step_at == g->lines_n) {
		if (t->said < t->say)
			t->said += (uint32_t)bytes.n;
		else
			t->parted = (uint8_t)(t->parted + bytes.n);
		return;
	}
	for (size_t i = 0; i < bytes.n; i++)
		c->lines += bytes.p[i] == '\n';
	if (!is_wild(g))
		c->step_at += (uint32_t)bytes.n;
}

static void leave(struct guest *g)
{
	struct client *c = &g->client;

	kernel_trace(g->id, "client leaves: %d", g->leave);
	g->leave_at = UINT32_MAX;
	c->left = true;
	if (c->saw_end) {
		close_end(g);
		return;
	}
	switch (g->leave) {
	case LEAVE_CLOSE:
		close_end(g);
		break;
	case LEAVE_RESET:
		wire_reset(&c->wire);
		over(g);
		break;
	case LEAVE_SHUT:
		wire_shut(&c->wire);
		c->shut = true;
		break;
	case LEAVE_SILENT:
		c->mute = true;
		break;
	}
}

/* One write. False when there is nothing to be done now. */
static bool write_some(struct guest *g)
{
	struct client *c = &g->client;
	uint8_t bytes[READ_BYTES];
	size_t n;
	long took;

	if (c->wrote >= g->leave_at) {
		leave(g);
		return false;
	}
	if (c->hush_us > kernel_now_us())
		later(g, c->hush_us - kernel_now_us());
	n = next_bytes(g, bytes, sizeof(bytes));
	if (n > g->leave_at - c->wrote)
		n = g->leave_at - c->wrote;
	if (!n)
		return false;
	took = wire_write(&c->wire, str_of(bytes, n));
	if (took > 0)
		wrote(g, str_of(bytes, (size_t)took));
	else if (took < 0 && c->saw_end)
		close_end(g);
	return took == (long)n;
}

/* All is said: what the client does about it. */
static void finish(struct guest *g)
{
	struct client *c = &g->client;
	struct talk *t = &c->talk;

	if (c->shut || c->mute || c->final || !(c->relay || g->eager) || t->said < t->say)
		return;
	if (g->ending == END_SHUT && c->step_at == g->lines_n) {
		kernel_trace(g->id, "client half-closes");
		wire_shut(&c->wire);
		c->shut = true;
	} else if (g->ending == END_CLIENT_CLOSES && c->relay && t->heard >= g->back.talk.say) {
		close_end(g);
	} else if (c->saw_end) {
		close_end(g);
	}
}

static uint64_t think_us(const struct guest *g)
{
	if (g->steady && g->client.relay)
		return MILLIS(1);
	if (g->client.relay)
		return chance_of(9000) ? 0 : chance_between(0, MILLIS(3));
	if (g->pace == PACE_BYTES)
		return chance_between(0, MILLIS(3));
	return chance_of(7000) ? 0 : chance_between(0, MILLIS(20));
}

static void client_act(void *arg)
{
	struct guest *g = arg;
	struct client *c = &g->client;

	c->alarm = NULL;
	if (c->over)
		return;
	if (c->talk.paused) {
		c->talk.paused = false;
		c->talk.pause.for_us = 0;
	}
	if (c->saw_end && g->client_trick == CLIENT_HANGS) {
		close_end(g);
		return;
	}
	read_all(g);
	if (!c->over && write_some(g))
		later(g, think_us(g));
	if (!c->over)
		finish(g);
	if (!c->over && g->back_trick == BACK_TALKS_ON && c->talk.heard > TALKS_ON_ENOUGH)
		close_end(g);
}

static void on_event(void *arg)
{
	struct guest *g = arg;

	if (g->client.over)
		return;
	if (g->client.talk.paused) /* its alarm is the pause */
		return;
	if (g->client.alarm)
		read_all(g);
	else
		client_act(g);
	if (!g->client.over)
		later(g, think_us(g));
}

static const struct end_events client_events = {on_event, on_event};

static void connect_now(void *arg)
{
	struct guest *g = arg;
	struct wire *w = &g->client.wire;
	bool connected;

	g->client.alarm = NULL;
	g->struck_before = kernel_fault_hit();
	w->who = g->id;
	w->events = &client_events;
	w->arg = g;
	connected = wire_connect(w, g->listen, &g->from);
	kernel_trace(g->id, "client connects%s", connected ? "" : ": refused");
	if (!connected) {
		/* The listener's queue is full: nobody's fault. */
		g->fair = g->last_guest;
		over(g);
		return;
	}
	end_name(w->end, g->id);
	if (g->tls == GUEST_IMPLICIT)
		wire_secure(w, TOY_CLIENT, &g->wire);
	later(g, think_us(g));
}

void client_start(struct guest *g)
{
	g->client.alarm = kernel_after(g->start_us, connect_now, g);
}
