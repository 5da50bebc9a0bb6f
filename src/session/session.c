/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session: phases, deadlines and wants of one proxied connection. The login itself is in
 * session_login.c, log lines in session_log.c, working memory in desk.c.
 */
#include "session/session.h"

#include "base/machine.h"
#include "base/must.h"
#include "session/desk.h"
#include "session/reason.h"
#include "session/session_debug.h"
#include "session/session_log.h"
#include "session/session_login.h"
#include "session/session_name.h"
#include "session/session_proxy.h"

#include <string.h>

enum {
	/* How long last words may take to leave before the connection is closed over them. */
	CLOSING_MS = 5000,
	/* How long they may take to be read: closing over unread commands of the client would reset
	   the connection and could take the words back. */
	HUSHED_MS = 2000,
	/* How long a client has to close after its backend has. */
	LINGER_MS = 5000,
	/* Room below which a side is not read: one receive may bring that much. */
	READ_ROOM = RELAY_BULK_BYTES,
};

static const struct machine_state phases[PHASE_COUNT] = {
#define AFTER(p) (1U << PHASE_##p)
	[PHASE_PROXY] = {"proxy", 0},
	[PHASE_TLS_FRONT] = {"tls-front", AFTER(PROXY) | AFTER(FRONT)},
	[PHASE_NAME_CLIENT] = {"name-client", AFTER(PROXY) | AFTER(TLS_FRONT)},
	[PHASE_NAME_CHECK] = {"name-check", AFTER(NAME_CLIENT)},
	[PHASE_DELAY] = {"delay",
			 AFTER(PROXY) | AFTER(TLS_FRONT) | AFTER(NAME_CLIENT) | AFTER(NAME_CHECK)},
	[PHASE_FRONT] = {"front", AFTER(PROXY) | AFTER(TLS_FRONT) | AFTER(NAME_CLIENT) |
					  AFTER(NAME_CHECK) | AFTER(DELAY) | AFTER(AUTH) |
					  AFTER(AUTH_WAIT)},
	[PHASE_AUTH] = {"auth", AFTER(FRONT) | AFTER(AUTH_WAIT)},
	[PHASE_AUTH_WAIT] = {"auth-wait", AFTER(AUTH)},
	[PHASE_NAME_BACK] = {"name-back", AFTER(AUTH)},
	[PHASE_DIAL] = {"dial", AFTER(AUTH) | AFTER(NAME_BACK) | AFTER(TLS_BACK) | AFTER(BACK)},
	[PHASE_TLS_BACK] = {"tls-back", AFTER(DIAL) | AFTER(BACK)},
	[PHASE_BACK] = {"back", AFTER(DIAL) | AFTER(TLS_BACK)},
	[PHASE_RELAY] = {"relay", AFTER(BACK)},
	[PHASE_CLOSING] = {"closing", AFTER(CLOSING) - 1},
	[PHASE_LINGER] = {"linger", AFTER(CLOSING)},
};

MACHINE(machine, "session", phases);

void session_enter(struct session *s, enum phase to)
{
	uint8_t from = s->phase;

	machine_enter(&machine, &s->phase, to);
	if (session_debug_on(s))
		session_debug_phase(s, phases[from].name, phases[to].name);
}

size_t session_desk_bytes(const struct session_sizes *sizes)
{
	return desk_bytes(sizes);
}

struct desk *session_desk(struct session *s)
{
	if (!s->desk)
		s->desk = desk_get(s->env);
	return s->desk;
}

static void greet(struct session *s)
{
	/* With TLS its time has begun with the handshake. */
	if (s->phase != PHASE_TLS_FRONT)
		s->deadline_ms = s->env->now_ms + s->conf->timeout_ms;
	session_enter(s, PHASE_FRONT);
	front_greet(&s->u.front, &session_desk(s)->to_front.out);
}

/* Greet, or make it wait. */
static void welcome(struct session *s)
{
	if (!s->conf->greeting_delay_ms) {
		greet(s);
		return;
	}
	session_enter(s, PHASE_DELAY);
	s->deadline_ms = s->env->now_ms + s->conf->greeting_delay_ms;
}

/* It can be spoken with, once its name is known. */
static void reached(struct session *s)
{
	if (!session_name_ask(s))
		welcome(s);
}

/* It is known who comes. */
static void arrived(struct session *s)
{
	if (s->u.front.secured)
		session_enter(s, PHASE_TLS_FRONT);
	else
		reached(s);
}

void session_start(struct session *s, struct session_env *env, const struct session_start *start)
{
	memset(s, 0, sizeof(*s)); /* PHASE_PROXY, if only for a moment */
	s->env = env;
	s->conf = start->conf;
	s->listening = start->listening;
	s->number = start->number;
	s->client = start->client;
	s->local = start->local;
	s->deadline_ms = env->now_ms + s->conf->timeout_ms;
	front_init(&s->u.front, &s->conf->front, start->nonce);
	s->u.front.secured = start->tls;
	env->counters->accepted++;
	s->traced = session_log_traces(s->conf, &s->client);
	session_log_connected(s);
	if (!start->proxied)
		arrived(s);
}

static bool is_ending(const struct session *s)
{
	return s->phase == PHASE_CLOSING || s->phase == PHASE_LINGER;
}

void session_end_said(struct session *s, enum reason reason, struct str detail)
{
	if (is_ending(s))
		return;
	session_log_reason(s, reason, detail);
	s->env->counters->ended[reason]++;
	s->reason = (uint8_t)reason;
	s->lingers = !s->front_gone && !s->front_ended && s->phase != PHASE_RELAY &&
		     reason != REASON_SHUTDOWN && session_pending(s, SIDE_FRONT).n;
	if (s->phase != PHASE_RELAY)
		s->u.front.login = (struct login){0};
	if (s->desk)
		desk_drop(s->desk, s->phase == PHASE_RELAY);
	session_enter(s, PHASE_CLOSING);
	s->deadline_ms = s->env->now_ms + CLOSING_MS;
}

static void say_last(struct session *s, enum reason reason)
{
	struct str words = reason_row(reason)->words[s->conf->front.protocol];

	if (words.n)
		out_str(&session_desk(s)->to_front.out, words);
}

void session_end(struct session *s, enum reason reason, struct str detail)
{
	/* In the midst of a handshake there are no words for the client. */
	if (!is_ending(s) && s->phase != PHASE_RELAY && s->phase != PHASE_TLS_FRONT)
		say_last(s, reason);
	session_end_said(s, reason, detail);
}

static bool front_waiting(const struct session *s)
{
	return s->desk && buf_len(&s->desk->in[SIDE_FRONT]);
}

/* What the client has said before it was greeted. */
static void hear_early(struct session *s)
{
	if (!front_waiting(s))
		return;
	if (s->phase == PHASE_DELAY)
		session_login_early(s, buf_data(&s->desk->in[SIDE_FRONT]));
	else if (s->phase == PHASE_FRONT)
		session_login_resume(s);
}

/* What comes behind the header is the client's, or its handshake's: that is not for us. */
static size_t proxy_front(struct session *s, struct str bytes)
{
	struct buf *in = &session_desk(s)->in[SIDE_FRONT];
	size_t kept = buf_append(in, bytes);

	if (!session_proxy_read(s))
		return kept;
	arrived(s);
	if (s->phase == PHASE_TLS_FRONT) {
		kept -= buf_len(in);
		buf_wipe(in);
	}
	hear_early(s);
	return kept;
}

size_t session_on_front(struct session *s, struct str bytes)
{
	switch ((enum phase)s->phase) {
	case PHASE_PROXY:
		return proxy_front(s, bytes);
	case PHASE_TLS_FRONT:
		/* Plaintext behind STARTTLS is dropped, whoever said it. */
		return s->starttls ? bytes.n : 0;
	case PHASE_DELAY:
		session_login_early(s, bytes);
		return bytes.n;
	case PHASE_FRONT:
		return session_login_front(s, bytes);
	case PHASE_NAME_CLIENT:
	case PHASE_NAME_CHECK:
	case PHASE_AUTH:
	case PHASE_AUTH_WAIT:
	case PHASE_NAME_BACK:
	case PHASE_DIAL:
	case PHASE_TLS_BACK:
	case PHASE_BACK:
		return buf_append(&session_desk(s)->in[SIDE_FRONT], bytes);
	case PHASE_CLOSING:
	case PHASE_LINGER:
		return bytes.n;
	case PHASE_RELAY:
	case PHASE_COUNT:
		break;
	}
	must_never("bytes of the relay pass by the session");
	return 0;
}

size_t session_on_back(struct session *s, struct str bytes)
{
	must(s->phase != PHASE_RELAY);
	/* Plaintext where a handshake is due at once is for the handshake to judge. */
	if (s->phase == PHASE_TLS_BACK && back_is_silent(&s->desk->back))
		return 0;
	if (s->phase != PHASE_BACK && s->phase != PHASE_TLS_BACK)
		return bytes.n;
	return session_login_back(s, bytes);
}

/* In the relay: after the backend's end nothing is a failure any more. */
static enum reason or_done(const struct session *s, enum reason reason)
{
	return relay_is_done(&s->u.past.relay) ? REASON_DONE : reason;
}

/* Replies that wait will reach nobody. */
static void drop_words(struct session *s)
{
	if (s->desk)
		desk_sent(&s->desk->to_front, desk_pending(&s->desk->to_front).n);
}

/* As NGINX logs it. */
static void handshake_closed(struct session *s, struct str failed)
{
	uint8_t text[128];
	struct out o;

	out_init(&o, text, sizeof(text));
	if (failed.n) {
		out_lit(&o, " (");
		out_str(&o, str_first(failed, sizeof(text) - 3));
		out_byte(&o, ')');
	}
	session_end_said(s, REASON_CLIENT_TLS_CLOSED, out_data(&o));
}

static void front_closed(struct session *s, struct str failed)
{
	switch ((enum phase)s->phase) {
	case PHASE_NAME_CLIENT:
	case PHASE_NAME_CHECK:
	case PHASE_AUTH:
	case PHASE_AUTH_WAIT:
	case PHASE_NAME_BACK:
	case PHASE_DIAL:
	case PHASE_TLS_BACK:
	case PHASE_BACK:
		/* A client that pipelined its commands and closed its sending side still wants its
		   replies; one that left no commands behind is gone. */
		if (!failed.n && front_waiting(s)) {
			s->front_ended = true;
			return;
		}
		break;
	case PHASE_FRONT:
		if (!failed.n && s->front_full) {
			s->front_ended = true;
			return;
		}
		break;
	case PHASE_RELAY:
		session_end_said(s, or_done(s, REASON_RELAY_CLIENT_RESET), failed);
		break;
	case PHASE_TLS_FRONT:
		handshake_closed(s, failed);
		break;
	case PHASE_PROXY:
		if (!failed.n)
			session_proxy_closed(s);
		break;
	case PHASE_DELAY:
	case PHASE_CLOSING:
	case PHASE_LINGER:
	case PHASE_COUNT:
		break;
	}
	s->front_gone = true;
	session_end_said(s, REASON_CLIENT_CLOSED, str_none());
	/* Half-closed or gone, nobody can be told apart here: replies that wait still leave unless
	   the connection has failed. */
	if (failed.n)
		drop_words(s);
}

/* Nothing at all has come from the backend. */
static bool is_back_silent(const struct session *s)
{
	const struct desk *d = s->desk;

	return back_is_silent(&d->back) &&
	       (s->phase == PHASE_TLS_BACK || d->peer.tls != BACK_TLS_ON);
}

static void back_closed(struct session *s, struct str failed)
{
	bool speaks = s->phase == PHASE_BACK || s->phase == PHASE_TLS_BACK;

	if (s->phase == PHASE_RELAY)
		session_end_said(s, or_done(s, REASON_RELAY_BACK_RESET), failed);
	else if (speaks && is_back_silent(s))
		session_login_refused(s, failed);
	else if (speaks)
		session_end(s, REASON_BACK_CLOSED, str_none());
}

void session_on_closed(struct session *s, enum side side, struct str failed)
{
	if (side == SIDE_FRONT)
		front_closed(s, failed);
	else
		back_closed(s, failed);
}

void session_on_sent(struct session *s, enum side side, size_t n)
{
	struct desk *d = s->desk;
	size_t rest;

	must(d != NULL);
	rest = desk_sent(side == SIDE_FRONT ? &d->to_front : &d->to_back, n);
	/* A session that ended meanwhile has dropped those bytes already. */
	if (rest && s->phase == PHASE_RELAY)
		buf_consume(&d->in[side_other(side)], rest);
	if (side == SIDE_FRONT && s->phase == PHASE_FRONT && s->front_full &&
	    !desk_pending(&d->to_front).n)
		session_login_resume(s);
	if (side == SIDE_BACK && s->phase == PHASE_BACK && buf_len(&d->in[SIDE_BACK]) &&
	    !desk_pending(&d->to_back).n)
		session_login_resume_back(s);
}

void session_on_verdict(struct session *s, const struct verdict *v)
{
	if (s->phase == PHASE_AUTH)
		session_login_verdict(s, v);
}

void session_on_dialled(struct session *s, struct str failed)
{
	if (s->phase != PHASE_DIAL)
		return;
	session_login_dialled(s, failed);
	if (s->phase == PHASE_TLS_BACK || s->phase == PHASE_BACK)
		session_proxy_write(s);
}

void session_on_named(struct session *s, const struct name_answer *a)
{
	if (s->phase == PHASE_NAME_BACK) {
		session_login_named(s, a);
	} else if ((s->phase == PHASE_NAME_CLIENT || s->phase == PHASE_NAME_CHECK) &&
		   session_name_take(s, a)) {
		welcome(s);
		hear_early(s);
	}
}

static void front_secured_as(struct session *s, const struct session_tls *how)
{
	bool up = how->reason == REASON_CLIENT_CERT_BAD || how->reason == REASON_CLIENT_CERT_NONE;

	if (up)
		say_last(s, how->reason);
	if (how->reason != REASON_NONE)
		session_end_said(s, how->reason, how->detail);
	else if (s->starttls)
		session_login_secured(s);
	else
		reached(s);
}

void session_on_secured(struct session *s, enum side side, const struct session_tls *how)
{
	unsigned want = side == SIDE_FRONT ? WANT_TLS_FRONT : WANT_TLS_BACK;

	if (!(session_wants(s) & want))
		return;
	/* Plaintext that has not left yet would leave in TLS. */
	must(how->reason != REASON_NONE || !session_pending(s, side).n);
	if (how->reason == REASON_NONE && session_debug_on(s))
		session_debug_secured(s, side, how->detail);
	if (side == SIDE_FRONT)
		front_secured_as(s, how);
	else
		session_login_secured_back(s, how);
}

void session_on_tick(struct session *s)
{
	if (!s->deadline_ms || s->env->now_ms < s->deadline_ms)
		return;
	switch ((enum phase)s->phase) {
	case PHASE_DELAY:
		greet(s);
		break;
	case PHASE_PROXY:
	case PHASE_TLS_FRONT:
	case PHASE_FRONT:
		session_end(s, REASON_CLIENT_TIMEOUT, str_none());
		break;
	case PHASE_AUTH_WAIT:
		session_login_waited(s);
		break;
	case PHASE_NAME_BACK:
	case PHASE_DIAL:
	case PHASE_TLS_BACK:
	case PHASE_BACK:
		session_end(s, REASON_BACK_TIMEOUT, str_none());
		break;
	case PHASE_RELAY:
		session_end(s, or_done(s, REASON_RELAY_TIMEOUT), str_none());
		break;
	case PHASE_CLOSING:
	case PHASE_LINGER:
		s->front_gone = true;
		drop_words(s);
		break;
	case PHASE_NAME_CLIENT:
	case PHASE_NAME_CHECK:
	case PHASE_AUTH:
	case PHASE_COUNT:
		break;
	}
}

void session_on_hushed(struct session *s)
{
	must(s->phase == PHASE_CLOSING);
	session_enter(s, PHASE_LINGER);
	s->deadline_ms = s->env->now_ms + HUSHED_MS;
}

void session_on_moved(struct session *s)
{
	const struct relay *r = &s->u.past.relay;
	uint64_t ms = s->conf->proxy_timeout_ms;

	if (relay_is_done(r))
		ms = LINGER_MS;
	else if (r->way[SIDE_FRONT].ended && s->conf->timeout_ms < ms)
		ms = s->conf->timeout_ms;
	s->deadline_ms = s->env->now_ms + ms;
}

void session_on_shut(struct session *s, enum side from)
{
	relay_shut(&s->u.past.relay, from);
	session_on_moved(s);
}

void session_on_relayed(struct session *s)
{
	must(s->phase == PHASE_RELAY);
	session_end_said(s, REASON_DONE, str_none());
}

static bool has_room(const struct session *s, enum side side)
{
	return !s->desk || buf_room(&s->desk->in[side]) >= READ_ROOM;
}

unsigned session_wants(const struct session *s)
{
	unsigned wants = 0;

	if (session_pending(s, SIDE_FRONT).n)
		wants |= WANT_SEND_FRONT;
	if (s->phase == PHASE_RELAY)
		return wants | WANT_RELAY;
	if (s->phase == PHASE_LINGER)
		return s->front_gone ? WANT_CLOSE : WANT_RECV_FRONT;
	if (s->phase == PHASE_CLOSING && !wants)
		return s->lingers && !s->front_gone ? WANT_SHUT : WANT_CLOSE;
	if (s->phase == PHASE_CLOSING)
		return wants;
	if (s->phase == PHASE_TLS_FRONT)
		wants |= WANT_TLS_FRONT;
	else if (!s->front_ended && !s->front_full && has_room(s, SIDE_FRONT))
		wants |= WANT_RECV_FRONT;
	if (s->phase == PHASE_AUTH)
		wants |= WANT_AUTH;
	if (s->phase == PHASE_NAME_CLIENT || s->phase == PHASE_NAME_CHECK ||
	    s->phase == PHASE_NAME_BACK)
		wants |= WANT_NAME;
	if (s->phase == PHASE_DIAL)
		return wants | WANT_DIAL;
	if (s->phase == PHASE_TLS_BACK)
		wants |= WANT_TLS_BACK;
	if (s->phase == PHASE_BACK && has_room(s, SIDE_BACK))
		wants |= WANT_RECV_BACK;
	if (session_pending(s, SIDE_BACK).n)
		wants |= WANT_SEND_BACK;
	return wants;
}

struct str session_pending(const struct session *s, enum side side)
{
	const struct desk *d = s->desk;
	struct str pending;

	if (!d)
		return str_none();
	pending = desk_pending(side == SIDE_FRONT ? &d->to_front : &d->to_back);
	if (!pending.n && s->phase == PHASE_RELAY)
		pending = buf_data(&d->in[side_other(side)]);
	return pending;
}

void session_auth_query(const struct session *s, struct auth_http_query *q)
{
	const struct login *l = &s->u.front.login;

	must(s->phase == PHASE_AUTH);
	*q = (struct auth_http_query){
		.login = l,
		.protocol = s->conf->front.protocol,
		.need_password = back_needs_password(&s->conf->back, l->method) &&
				 !auth_method_has_password(l->method),
		.client = s->client,
		.client_host = session_name_host(s),
		.proxied = &s->claimed,
	};
}

struct buf *session_kept(struct session *s, enum side from)
{
	must(s->phase == PHASE_RELAY);
	return &session_desk(s)->in[from];
}

size_t session_keep(struct session *s, enum side from, struct str bytes)
{
	return buf_append(session_kept(s, from), bytes);
}

void session_rest(struct session *s)
{
	bool front = s->phase <= PHASE_FRONT;

	if (!s->desk || !desk_clear(s->desk))
		return;
	if (s->phase > PHASE_FRONT && s->phase < PHASE_RELAY)
		return;
	if (front && !front_idle(&s->u.front))
		return;
	if (front)
		front_lend(&s->u.front, NULL);
	desk_put(s->env, s->desk);
	s->desk = NULL;
}

void session_done(struct session *s)
{
	if (s->desk)
		desk_put(s->env, s->desk);
	session_name_forget(s);
	buf_wipe_memory(s, sizeof(*s));
}
