/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage: the io floor in small. Receives and sends complete when the script says so; what the
 * session does not take waits, sends are cut short, bytes of the relay wait in receive buffers or,
 * for a reader that has stopped, with the session.
 */
#include "tests/lib/stage.h"

#include "base/must.h"
#include "session/desk.h"
#include "tests/lib/stage_laws.h"
#include "tests/lib/stage_told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEEP_AT_A_TIME = 16 * 1024, TOLD_MAX = 500 };

static void *fresh(size_t n)
{
	void *p = malloc(n ? n : 1);

	must(p != NULL);
	return p;
}

void stage_stream_add(struct stage_stream *s, struct str bytes)
{
	bytes = str_first(bytes, STAGE_STREAM_MAX - s->n);
	if (bytes.n)
		memcpy(s->bytes + s->n, bytes.p, bytes.n);
	s->n += bytes.n;
}

static void write_log(struct logger *logger, const struct log_line *line)
{
	struct stage *st =
		(struct stage *)(void *)((uint8_t *)logger - offsetof(struct stage, logger));

	stage_laws_hold(!str_has_ctl(line->message), "log: no control bytes in a message");
	stage_laws_hold(line->message.n <= LOG_MESSAGE_MAX, "log: a message has its limit");
	for (int i = 0; i < STAGE_ACTORS; i++) {
		if (st->actor[i].playing && st->actor[i].number == line->conn) {
			stage_stream_add(&st->actor[i].log, line->message);
			stage_stream_add(&st->actor[i].log, STR("\n"));
		}
	}
}

static uint8_t *kept(uint8_t *old)
{
	return old ? old : fresh(STAGE_STREAM_MAX);
}

/* All gone but the memory. */
static void reset_actor(struct stage_actor *a)
{
	struct stage_actor old = *a;

	memset(a, 0, sizeof(*a));
	for (int side = 0; side < 2; side++) {
		a->end[side].said.bytes = kept(old.end[side].said.bytes);
		a->end[side].heard.bytes = kept(old.end[side].heard.bytes);
		a->end[side].flight = kept(old.end[side].flight);
	}
	a->replies.bytes = kept(old.replies.bytes);
	a->auth.bytes = kept(old.auth.bytes);
	a->log.bytes = kept(old.log.bytes);
}

static struct stage the_stage;

struct stage *stage_open(const struct session_sizes *sizes)
{
	struct stage *st = &the_stage;
	size_t slot = session_desk_bytes(sizes), bytes = slab_bytes(STAGE_ACTORS, slot);

	for (int i = 0; i < STAGE_ACTORS; i++)
		reset_actor(&st->actor[i]);
	if (st->desks_bytes != bytes) {
		free(st->desks);
		st->desks = aligned_alloc(64, bytes);
		must(st->desks != NULL);
		memset(st->desks, 0, bytes);
	}
	st->desks_bytes = bytes;
	st->env = (struct session_env){.sizes = *sizes, .now_ms = STAGE_START_MS};
	slab_init(&st->env.desks, st->desks, STAGE_ACTORS, slot);
	slab_init(&st->env.names, st->names, STAGE_ACTORS, sizeof(st->names[0]));
	st->counters = (struct session_counters){0};
	st->env.counters = &st->counters;
	st->logger = (struct logger){.write = write_log};
	st->env.logger = &st->logger;
	st->longest_ms = AUTH_HTTP_WAIT_MAX_S * 1000;
	st->started = st->relayed = 0;
	return st;
}

/* ---- the io floor ---- */

static struct relay *relay_of(const struct stage_actor *a)
{
	return &a->session->u.past.relay;
}

static bool in_relay(const struct stage_actor *a)
{
	return a->session->phase == PHASE_RELAY;
}

static bool shakes_hands(const struct stage_actor *a, enum side side)
{
	return session_wants(a->session) & (side == SIDE_FRONT ? WANT_TLS_FRONT : WANT_TLS_BACK);
}

/* A call of the session is over: has it read a login, or handed over? */
static void follow(struct stage *st, struct stage_actor *a, enum phase before)
{
	if (before == PHASE_PROXY && a->session->phase != PHASE_PROXY) {
		stage_laws_proxied(a);
		before = PHASE_FRONT;
	}
	if ((before == PHASE_DELAY || before == PHASE_TLS_FRONT) && !a->greeted &&
	    a->session->phase == PHASE_FRONT)
		stage_laws_greeted(a);
	if (before == PHASE_FRONT && a->session->phase == PHASE_TLS_FRONT && a->session->starttls)
		stage_laws_starttls(a);
	if (before == PHASE_FRONT && a->session->phase == PHASE_AUTH)
		stage_laws_login(a);
	if (before != PHASE_RELAY && in_relay(a))
		stage_laws_relay(st, a);
}

/* From a block of exactly these bytes that is gone when the session has looked at it. */
static size_t offer(struct stage *st, struct stage_actor *a, enum side side)
{
	struct stage_end *e = &a->end[side];
	enum phase before = (enum phase)a->session->phase;
	unsigned want = side == SIDE_FRONT ? WANT_RECV_FRONT : WANT_RECV_BACK;
	bool wanted = session_wants(a->session) & want;
	size_t n = e->got - e->done, taken;
	uint8_t *block = fresh(n);

	memcpy(block, e->said.bytes + e->done, n);
	if (side == SIDE_FRONT)
		taken = session_on_front(a->session, str_of(block, n));
	else
		taken = session_on_back(a->session, str_of(block, n));
	memset(block, 0xdd, n);
	free(block);
	stage_laws_hold(taken <= n, "bounds: takes more than it was given");
	stage_laws_hold(taken || !wanted, "progress: wants bytes and takes none");
	e->done += taken;
	follow(st, a, before);
	return taken;
}

static void tell_end(struct stage *st, struct stage_actor *a, enum side side)
{
	struct stage_end *e = &a->end[side];
	enum phase before = (enum phase)a->session->phase;

	if (!e->ended || e->told || (e->done < e->got && !in_relay(a)))
		return;
	e->told = true;
	if (in_relay(a)) {
		relay_ended(relay_of(a), side);
		return;
	}
	session_on_closed(a->session, side, str_none());
	follow(st, a, before);
}

static void offer_again(struct stage *st, struct stage_actor *a)
{
	for (int side = 0; side < 2; side++) {
		struct stage_end *e = &a->end[side];

		/* The kernel is sending from these buffers. */
		if (a->end[!side].asked && a->end[!side].own)
			continue;
		while (e->done < e->got && !in_relay(a))
			if (!offer(st, a, (enum side)side))
				break;
		if (shakes_hands(a, (enum side)side))
			e->done = e->got;
		tell_end(st, a, (enum side)side);
	}
}

static void send(struct stage_end *to, struct str bytes, bool own)
{
	memcpy(to->flight, bytes.p, bytes.n);
	to->asked = bytes.n;
	to->p = bytes.p;
	to->own = own;
}

static struct str queue_of(const struct stage_end *e)
{
	return str_of(e->said.bytes + e->done, e->got - e->done);
}

static void transmit(struct stage_actor *a, enum side to)
{
	struct stage_end *e = &a->end[to];
	struct str bytes = session_pending(a->session, to);

	if (e->open && bytes.n && !e->asked && !e->stalled)
		send(e, bytes, false);
}

static size_t waiting(const struct stage_actor *a, enum side from)
{
	return queue_of(&a->end[from]).n + session_pending(a->session, side_other(from)).n;
}

static void set_aside(struct stage_actor *a, enum side from)
{
	struct stage_end *src = &a->end[from];

	while (a->end[side_other(from)].stalled && src->done < src->got) {
		struct str some = str_first(queue_of(src), KEEP_AT_A_TIME);
		size_t n = session_keep(a->session, from, some);

		stage_laws_hold(n <= some.n, "bounds: keeps more than it was given");
		if (!n)
			break;
		src->done += n;
	}
}

static void pump_way(struct stage_actor *a, enum side from)
{
	struct stage_end *src = &a->end[from], *dst = &a->end[side_other(from)];
	const struct relay_way *way = &relay_of(a)->way[from];

	transmit(a, side_other(from));
	if (!dst->asked && !dst->stalled && src->done < src->got)
		send(dst, queue_of(src), true);
	if (!dst->asked)
		set_aside(a, from);
	if (!way->ended || way->shut || waiting(a, from) || dst->asked)
		return;
	stage_laws_passed(a, from);
	session_on_shut(a->session, from);
}

static void pump(struct stage_actor *a)
{
	pump_way(a, SIDE_FRONT);
	pump_way(a, SIDE_BACK);
	if (relay_over(relay_of(a)))
		session_on_relayed(a->session);
}

/* Make the kernel match what the session wants. */
static void reconcile(struct stage *st, struct stage_actor *a)
{
	offer_again(st, a);
	if (session_wants(a->session) & WANT_RELAY) {
		pump(a);
	} else if (!(session_wants(a->session) & WANT_CLOSE)) {
		if (session_wants(a->session) & WANT_SHUT)
			session_on_hushed(a->session);
		transmit(a, SIDE_FRONT);
		transmit(a, SIDE_BACK);
	}
	stage_laws_step(st, a);
	if (!(session_wants(a->session) & WANT_CLOSE))
		session_rest(a->session);
	stage_laws_step(st, a);
}

/* ---- what happens ---- */

void stage_start(struct stage *st, struct stage_actor *a, const struct server_conf *conf,
		 struct stage_listen how)
{
	struct session_start start = {
		.conf = &a->conf,
		.listening = STR("127.0.0.1:25"),
		.number = ++st->started,
		.client = {.family = ADDR_IP4, .ip = {192, 0, 2, 1}, .port = 40000},
		.local = {.family = ADDR_IP4, .ip = {192, 0, 2, 2}, .port = 25},
		.nonce = STR("1804289383.1700000000"),
		.proxied = how.proxied,
		.tls = how.tls,
	};
	size_t store = 4 * st->env.sizes.client_buffer + 1024;

	must(!a->playing);
	reset_actor(a);
	a->playing = true;
	a->number = start.number;
	a->conf = *conf;
	a->session = fresh(sizeof(*a->session));
	memset(a->session, 0xa5, sizeof(*a->session));
	a->end[SIDE_FRONT].open = true;
	front_init(&a->front, &a->conf.front, start.nonce);
	a->front.secured = how.tls;
	arena_init(&a->store, fresh(store), store);
	front_lend(&a->front, &a->store);
	session_start(a->session, &st->env, &start);
	if (a->session->phase == PHASE_FRONT)
		stage_laws_greeted(a);
	reconcile(st, a);
}

void stage_leave(struct stage *st, struct stage_actor *a)
{
	enum reason reason = (enum reason)a->session->reason;

	if (!(session_wants(a->session) & WANT_CLOSE) || a->end[0].asked || a->end[1].asked)
		return;
	session_done(a->session);
	stage_laws_done(st, a, reason);
	free(a->session);
	free(a->store.base);
	a->session = NULL;
	a->playing = false;
}

void stage_say(struct stage_actor *a, enum side from, struct str bytes)
{
	struct stage_end *e = &a->end[from];

	if (e->open && !e->closing)
		stage_stream_add(&e->said, str_first(bytes, STAGE_SAID_MAX - e->said.n));
}

void stage_hang_up(struct stage_actor *a, enum side from)
{
	a->end[from].closing = true;
}

static bool may_receive(const struct stage_actor *a, enum side from)
{
	if (in_relay(a))
		return waiting(a, from) < RELAY_HELD_MAX;
	if (shakes_hands(a, from)) /* its end; what it says is for the channel */
		return a->end[from].got == a->end[from].said.n;
	return session_wants(a->session) & (from == SIDE_FRONT ? WANT_RECV_FRONT : WANT_RECV_BACK);
}

static void relay_some(struct stage_actor *a, enum side from, size_t n)
{
	struct stage_end *src = &a->end[from], *dst = &a->end[side_other(from)];
	struct str bytes = str_of(src->said.bytes + src->got, n);

	if (relay_is_bulk(relay_of(a), from) && !waiting(a, from) && !dst->asked) {
		relay_received(relay_of(a), from, n);
		stage_stream_add(&dst->heard, bytes);
		src->done += n;
	} else {
		relay_read(relay_of(a), from, bytes);
	}
	src->got += n;
	session_on_moved(a->session);
}

static void arrive(struct stage *st, struct stage_actor *a, enum side from, size_t n)
{
	struct stage_end *e = &a->end[from];

	if (!e->open || e->ended)
		return;
	if (n > e->said.n - e->got)
		n = e->said.n - e->got;
	if (n && in_relay(a))
		relay_some(a, from, n);
	else if (n)
		e->got += n;
	else if (e->closing)
		e->ended = true;
	tell_end(st, a, from);
	reconcile(st, a);
}

void stage_receive(struct stage *st, struct stage_actor *a, enum side from, size_t n)
{
	if (may_receive(a, from))
		arrive(st, a, from, n);
}

void stage_receive_late(struct stage *st, struct stage_actor *a, enum side from)
{
	arrive(st, a, from, STAGE_STREAM_MAX);
}

void stage_sent(struct stage *st, struct stage_actor *a, enum side to, size_t n)
{
	struct stage_end *e = &a->end[to];
	enum phase before = (enum phase)a->session->phase;
	size_t asked = e->asked;

	if (n > asked)
		n = asked;
	e->stalled = n < asked;
	if (!e->own && asked && !a->session->front_gone)
		stage_laws_hold(memcmp(e->p, e->flight, asked) == 0,
				"bounds: bytes that are being sent stay where they are");
	stage_stream_add(&e->heard, str_of(e->flight, n));
	e->asked = 0;
	if (n && e->own)
		a->end[!to].done += n;
	else if (n)
		session_on_sent(a->session, to, n);
	follow(st, a, before);
	reconcile(st, a);
}

void stage_fail(struct stage *st, struct stage_actor *a, enum side side, struct str why)
{
	if (!a->end[side].open)
		return;
	a->end[side].asked = 0;
	a->end[side].closing = a->end[side].ended = a->end[side].told = true;
	a->end[side].open = false;
	session_on_closed(a->session, side, why);
	reconcile(st, a);
}

void stage_secured(struct stage *st, struct stage_actor *a, enum side side, enum reason reason)
{
	struct session_tls how = {reason, STR("18:self-signed certificate")};
	enum phase before = (enum phase)a->session->phase;

	if (!shakes_hands(a, side) || session_pending(a->session, side).n || a->end[side].asked)
		return;
	session_on_secured(a->session, side, &how);
	if (side == SIDE_FRONT && reason == REASON_NONE)
		stage_laws_secured(a);
	follow(st, a, before);
	reconcile(st, a);
}

/* Nothing is left of a connection before. */
static void connect_back(struct stage_end *e)
{
	struct stage_end fresh_end = {.open = true, .flight = e->flight};

	fresh_end.said.bytes = e->said.bytes;
	fresh_end.heard.bytes = e->heard.bytes;
	*e = fresh_end;
}

void stage_dialled(struct stage *st, struct stage_actor *a, struct str failed)
{
	if (a->session->phase == PHASE_DIAL && a->end[SIDE_BACK].asked)
		return;
	if (a->session->phase == PHASE_DIAL && !failed.n)
		connect_back(&a->end[SIDE_BACK]);
	session_on_dialled(a->session, failed);
	reconcile(st, a);
}

void stage_named(struct stage *st, struct stage_actor *a, const struct name_answer *answer)
{
	enum phase before = (enum phase)a->session->phase, after;
	struct name_query q;

	if (!(session_wants(a->session) & WANT_NAME))
		return;
	session_name_query(a->session, &q);
	stage_told_name(a, &q, answer);
	session_on_named(a->session, answer);
	after = (enum phase)a->session->phase;
	if (before < PHASE_DELAY && after != PHASE_NAME_CHECK && !a->conf.greeting_delay_ms) {
		stage_laws_greeted(a);
		before = PHASE_FRONT;
	}
	follow(st, a, before);
	reconcile(st, a);
}

void stage_answer(struct stage *st, struct stage_actor *a, struct str response)
{
	uint8_t *memory = fresh(AUTH_HTTP_RESPONSE_MAX);
	bool asked = a->session->phase == PHASE_AUTH;
	struct arena store;
	struct verdict v;

	arena_init(&store, memory, AUTH_HTTP_RESPONSE_MAX);
	v = stage_told_verdict(a, &store, response);
	if (asked) {
		stage_stream_add(&a->auth, response);
		stage_laws_secret(a, v.pass, 0, 1);
		if (v.kind == VERDICT_ERROR)
			stage_told_refusal(a, &v);
	}
	session_on_verdict(a->session, &v);
	memset(memory, 0xdd, AUTH_HTTP_RESPONSE_MAX);
	free(memory);
	if (asked && v.kind == VERDICT_ERROR && !v.wait_s) {
		stage_laws_refused(a);
		follow(st, a, PHASE_FRONT);
	}
	reconcile(st, a);
}

void stage_shutdown(struct stage *st, struct stage_actor *a)
{
	session_end(a->session, REASON_SHUTDOWN, str_none());
	reconcile(st, a);
}

static void tick(struct stage *st, struct stage_actor *a)
{
	struct session *s = a->session;
	enum phase before = (enum phase)s->phase;
	bool due = s->deadline_ms && st->env.now_ms >= s->deadline_ms;
	bool refuses = due && before == PHASE_AUTH_WAIT && !s->retry_auth;
	uint64_t deadline_ms = s->deadline_ms;

	session_on_tick(s);
	stage_laws_hold(!due || s->phase != before || s->deadline_ms > deadline_ms ||
				session_wants(s) & WANT_CLOSE,
			"progress: a deadline passes and nothing changes");
	if (refuses) {
		stage_laws_refused(a);
		before = PHASE_FRONT;
	}
	follow(st, a, before);
	reconcile(st, a);
}

void stage_pass(struct stage *st, uint64_t ms)
{
	st->env.now_ms += ms;
	for (int i = 0; i < STAGE_ACTORS; i++)
		if (st->actor[i].playing)
			tick(st, &st->actor[i]);
}

/* Nobody does anything any more: time alone must end it. */
static void abandon(struct stage *st, struct stage_actor *a)
{
	enum { ROUNDS_MAX = 12 };

	for (int i = 0; !(session_wants(a->session) & WANT_CLOSE); i++) {
		stage_laws_hold(i < ROUNDS_MAX, "progress: silence does not end it");
		if (session_wants(a->session) & WANT_AUTH)
			stage_answer(st, a, STR(""));
		else if (a->session->phase < PHASE_DELAY && session_wants(a->session) & WANT_NAME)
			stage_named(st, a, &(struct name_answer){.outcome = NAME_FAILED});
		else
			stage_pass(st, a->session->deadline_ms - st->env.now_ms);
	}
	a->end[SIDE_FRONT].asked = a->end[SIDE_BACK].asked = 0;
	stage_leave(st, a);
}

void stage_close(struct stage *st)
{
	for (int i = 0; i < STAGE_ACTORS; i++)
		if (st->actor[i].playing)
			abandon(st, &st->actor[i]);
	stage_laws_close(st);
}

static void tell(const char *what, const struct stage_stream *s)
{
	static uint8_t text[4 * TOLD_MAX];
	struct out o;

	out_init(&o, text, sizeof(text));
	out_escaped(&o, str_first(stage_stream_all(s), TOLD_MAX));
	fprintf(stderr, "    %s (%zu): %.*s\n", what, s->n, (int)o.n, (const char *)text);
}

void stage_tell(void)
{
	for (int i = 0; i < STAGE_ACTORS; i++) {
		const struct stage_actor *a = &the_stage.actor[i];

		fprintf(stderr, "session %d, in phase %d, for reason %d:\n", i, (int)a->seen,
			(int)a->reason);
		tell("client said ", &a->end[SIDE_FRONT].said);
		tell("client heard", &a->end[SIDE_FRONT].heard);
		tell("engine alone", &a->replies);
		tell("auth service", &a->auth);
		tell("backend said", &a->end[SIDE_BACK].said);
		tell("backend heard", &a->end[SIDE_BACK].heard);
		tell("log", &a->log);
	}
}
