/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_login: from the first command to the hand-over (RFC 5321 sections 3.1 to 3.3, 4.1.4).
 *
 * Owns nothing; moves bytes between the desk and the two engines and turns their events into
 * phases. At the hand-over our own last reply goes first; what the backend has said and the client
 * has pipelined stays in in[], as the relay's first bytes.
 */
#include "session/session_login.h"

#include "base/must.h"
#include "session/desk.h"
#include "session/session_debug.h"
#include "session/session_log.h"
#include "session/session_name.h"

#include <string.h>

static void ask(struct session *s)
{
	session_enter(s, PHASE_AUTH);
	if (session_debug_on(s))
		session_debug_question(s);
	/* The auth client has its own time-out, auth_http_timeout. */
	s->deadline_ms = 0;
}

/* What the client has said behind STARTTLS may be somebody else's words. */
static void start_tls(struct session *s)
{
	if (s->front_ended) {
		session_end_said(s, REASON_CLIENT_CLOSED, str_none());
		return;
	}
	buf_wipe(&s->desk->in[SIDE_FRONT]);
	s->starttls = true;
	session_enter(s, PHASE_TLS_FRONT);
}

void session_login_secured(struct session *s)
{
	front_secured(&s->u.front);
	session_enter(s, PHASE_FRONT);
}

/* Feed the front engine until it wants something that only time can give. */
static void front_turn(struct session *s, struct buf *in)
{
	struct front *f = &s->u.front;
	struct out *out = &s->desk->to_front.out;
	uint8_t state = f->state;
	enum front_ev ev;

	while ((ev = front_next(f, in, out)) == FRONT_NOTE)
		session_log_note(s);
	if (f->state != state && session_debug_on(s))
		session_debug_dialogue(s, SIDE_FRONT);
	s->front_full = ev == FRONT_FULL;
	switch (ev) {
	case FRONT_MORE:
		if (s->front_ended)
			session_end_said(s, REASON_CLIENT_CLOSED, str_none());
		break;
	case FRONT_NOTE:
	case FRONT_WAIT:
	case FRONT_FULL:
		break;
	case FRONT_LOGIN:
		ask(s);
		break;
	case FRONT_TLS:
		start_tls(s);
		break;
	case FRONT_QUIT:
		session_end_said(s, REASON_QUIT, str_none());
		break;
	case FRONT_FAIL:
		session_end_said(s, (enum reason)f->reason, f->refused);
		break;
	}
}

static void lend(struct session *s)
{
	struct desk *d = session_desk(s);

	if (!s->u.front.store)
		front_lend(&s->u.front, &d->store);
}

void session_login_resume(struct session *s)
{
	lend(s);
	front_turn(s, &s->desk->in[SIDE_FRONT]);
}

/* A refused login: say so; close, or let the client try again. */
static void refuse(struct session *s, const struct front_answer *a)
{
	enum front_ev ev = front_verdict(&s->u.front, a, &s->desk->to_front.out);

	buf_forget(&s->desk->in[SIDE_FRONT]);
	if (ev == FRONT_FAIL) {
		session_end_said(s, REASON_CLIENT_REFUSED, str_none());
		return;
	}
	session_enter(s, PHASE_FRONT);
	s->waits = 0;
	s->deadline_ms = s->env->now_ms + s->conf->timeout_ms;
	session_login_resume(s);
}

enum { WAITS_MAX = 100 }; /* of one login: beyond, the service does not know what it wants */

static void wait_for_it(struct session *s, const struct verdict *v)
{
	if (v->kind == VERDICT_WAIT && ++s->waits > WAITS_MAX) {
		session_end(s, REASON_AUTH_WAITS, str_none());
		return;
	}
	s->retry_auth = v->kind == VERDICT_WAIT;
	session_enter(s, PHASE_AUTH_WAIT);
	s->deadline_ms = s->env->now_ms + v->wait_s * 1000;
}

void session_login_waited(struct session *s)
{
	struct desk *d = s->desk;

	if (s->retry_auth) {
		ask(s);
		return;
	}
	refuse(s, &d->refusal);
	if (s->desk)
		arena_reset_to(&s->desk->answer, 0);
}

static void error_verdict(struct session *s, const struct verdict *v)
{
	struct front_answer a = {
		.outcome = FRONT_REFUSED,
		.code = v->error_code,
		.text = v->error_text,
		.sasl = v->error_sasl,
		.closes = !v->wait_s,
	};
	struct desk *d = s->desk;

	session_log_refused(s, v->error_text);
	if (!v->wait_s) {
		refuse(s, &a);
		return;
	}
	arena_reset_to(&d->answer, 0);
	d->refusal = a;
	if (arena_copy(&d->answer, a.code, &d->refusal.code) < 0 ||
	    arena_copy(&d->answer, a.text, &d->refusal.text) < 0 ||
	    arena_copy(&d->answer, a.sasl, &d->refusal.sasl) < 0) {
		session_end(s, REASON_AUTH_TOO_LONG, str_none());
		return;
	}
	wait_for_it(s, v);
}

/* Replacements of the verdict over what the client said. */
static int take_login(struct session *s, const struct verdict *v)
{
	struct desk *d = s->desk;

	arena_reset_to(&d->answer, 0);
	d->login = s->u.front.login;
	if (v->user.p && arena_copy(&d->answer, v->user, &d->login.user) < 0)
		return -1;
	if (v->pass.p && arena_copy(&d->answer, v->pass, &d->login.pass) < 0)
		return -1;
	if (arena_copy(&d->answer, v->server_name, &d->server_name) < 0)
		return -1;
	return 0;
}

/* Where the client has connected to: the one who passed it on knows, if it is believed. */
static struct addr destination(const struct session *s)
{
	return s->believed ? s->claimed.to : s->local;
}

static void describe_peer(struct session *s, const struct verdict *v)
{
	struct desk *d = s->desk;

	d->peer = (struct back_peer){
		.login = &d->login,
		.client = s->client,
		.local = destination(s),
		.session = front_session(&s->u.front),
		.hops = (uint8_t)(d->login.hops - 1),
		.client_host = session_name_host(s),
		.tls = v->tls == BACK_TLS_UNSAID ? s->conf->back_tls : v->tls,
	};
}

static void ok_verdict(struct session *s, const struct verdict *v)
{
	if (take_login(s, v) < 0) {
		session_end(s, REASON_AUTH_TOO_LONG, str_none());
		return;
	}
	s->u.front.login.user = s->desk->login.user;
	if (!back_can_say(&s->conf->back, &s->desk->login)) {
		session_end(s, REASON_CLIENT_UNSAFE, str_none());
		return;
	}
	if (v->server_name.n && !s->conf->resolver) {
		session_log_unknown_server(s, v->server_name);
		session_end(s, REASON_AUTH_BAD_SERVER, v->server_name);
		return;
	}
	describe_peer(s, v);
	s->upstream = v->server;
	s->back_local = (struct addr){0};
	s->desk->n_servers = 0;
	session_enter(s, v->server_name.n ? PHASE_NAME_BACK : PHASE_DIAL);
	s->deadline_ms = s->env->now_ms + s->conf->timeout_ms;
}

/* NGINX does not look at it, and neither do we: but who reads the log may want to know. */
static bool is_odd_status(unsigned status)
{
	return status && (status < 200 || status > 299);
}

void session_login_verdict(struct session *s, const struct verdict *v)
{
	if (is_odd_status(v->status))
		session_log_status(s, v->status);
	if (session_debug_on(s))
		session_debug_verdict(s, v);
	switch (v->kind) {
	case VERDICT_OK:
		ok_verdict(s, v);
		break;
	case VERDICT_WAIT:
		wait_for_it(s, v);
		break;
	case VERDICT_ERROR:
		error_verdict(s, v);
		break;
	case VERDICT_BROKEN:
		session_end(s, v->reason, v->detail);
		break;
	}
}

static void choose_server(struct session *s, uint32_t i)
{
	struct desk *d = s->desk;
	uint16_t port = s->upstream.port;

	d->server = i;
	s->upstream = d->servers[i];
	s->upstream.port = port;
	s->back_local = (struct addr){0};
	if (s->phase != PHASE_DIAL)
		session_enter(s, PHASE_DIAL);
}

void session_login_named(struct session *s, const struct name_answer *a)
{
	struct desk *d = s->desk;

	if (a->outcome != NAME_FOUND) {
		session_log_unresolved(s, d->server_name, a);
		session_end(s, REASON_BACK_UNRESOLVED, str_none());
		return;
	}
	d->n_servers = a->n_addresses < DESK_SERVERS_MAX ? a->n_addresses : DESK_SERVERS_MAX;
	memcpy(d->servers, a->addresses, d->n_servers * sizeof(d->servers[0]));
	choose_server(s, 0);
}

void session_login_refused(struct session *s, struct str why)
{
	struct desk *d = s->desk;
	enum reason reason = why.n ? REASON_BACK_DOWN : REASON_BACK_CLOSED;

	if (d->server + 1 >= d->n_servers || buf_len(&d->in[SIDE_BACK])) {
		session_end(s, reason, why);
		return;
	}
	session_log_next(s, reason, why);
	choose_server(s, d->server + 1);
}

void session_login_dialled(struct session *s, struct str failed)
{
	struct desk *d = s->desk;

	if (failed.n) {
		session_login_refused(s, failed);
		return;
	}
	if (d->peer.local.family == ADDR_NONE)
		d->peer.local = s->local;
	if (session_debug_on(s))
		session_debug_dialled(s);
	/* What was for an address that has refused is not for this one. */
	(void)desk_sent(&d->to_back, desk_pending(&d->to_back).n);
	session_enter(s, d->peer.tls == BACK_TLS_ON ? PHASE_TLS_BACK : PHASE_BACK);
	back_init(&d->back, &s->conf->back, &d->peer);
}

static void hand_over(struct session *s)
{
	struct desk *d = s->desk;
	struct str user = str_first(d->login.user, SESSION_USER_MAX);
	struct front_answer a = {.outcome = FRONT_ACCEPTED};
	uint8_t kept[SESSION_USER_MAX];

	session_log_login(s);
	s->env->counters->logged_in++;
	if (user.n)
		memcpy(kept, user.p, user.n);
	(void)front_verdict(&s->u.front, &a, &d->to_front.out);
	arena_reset_to(&d->store, 0);
	arena_reset_to(&d->answer, 0);
	buf_forget(&d->in[SIDE_FRONT]);
	d->login = (struct login){0};
	session_name_forget(s);

	/* The front engine ends here: its memory serves the relay. */
	buf_wipe_memory(&s->u, sizeof(s->u));
	s->u.past.user_n = (uint8_t)user.n;
	memcpy(s->u.past.user, kept, user.n);
	if (s->front_ended)
		relay_ended(&s->u.past.relay, SIDE_FRONT);
	session_enter(s, PHASE_RELAY);
	s->deadline_ms = s->env->now_ms + s->conf->proxy_timeout_ms;
}

/* One line end less at the end: log lines and last words bring their own. */
static struct str without_line_end(struct str s)
{
	if (s.n && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

static void back_failed(struct session *s)
{
	enum { SHORTEST = 4 /* with its line end; less is no reply, as for NGINX */ };
	struct back *b = &s->desk->back;
	enum reason reason = (enum reason)b->reason;
	bool passes = reason == REASON_BACK_INVALID && b->reply.n >= SHORTEST;

	if (s->conf->pass_error_message && passes) {
		out_str(&s->desk->to_front.out, b->reply);
		session_end_said(s, REASON_BACK_REFUSED, without_line_end(b->shown));
		return;
	}
	session_end(s, reason, without_line_end(b->shown));
}

static void back_turn(struct session *s, struct buf *in)
{
	struct desk *d = s->desk;
	uint8_t state = d->back.state;
	enum back_ev ev = back_next(&d->back, in, &d->to_back.out);

	if (d->back.state != state && session_debug_on(s))
		session_debug_dialogue(s, SIDE_BACK);
	switch (ev) {
	case BACK_MORE:
	case BACK_FULL:
		break;
	case BACK_TLS:
		session_enter(s, PHASE_TLS_BACK);
		break;
	case BACK_READY:
		hand_over(s);
		break;
	case BACK_FAIL:
		back_failed(s);
		break;
	}
}

void session_login_secured_back(struct session *s, const struct session_tls *how)
{
	struct desk *d = s->desk;

	if (how->reason != REASON_NONE) {
		session_end(s, how->reason, how->detail);
		return;
	}
	session_enter(s, PHASE_BACK);
	if (d->back.awaits_tls && back_secured(&d->back, &d->to_back.out) == BACK_FAIL)
		back_failed(s);
}

void session_login_resume_back(struct session *s)
{
	back_turn(s, &s->desk->in[SIDE_BACK]);
}

/* Fresh bytes of one side for its engine; what it leaves waits in the desk. */
static size_t feed(struct session *s, enum side from, struct str bytes)
{
	void (*turn)(struct session *, struct buf *) = from == SIDE_FRONT ? front_turn : back_turn;
	struct buf *in = &s->desk->in[from];
	struct buf fresh = buf_view(bytes);
	size_t kept;

	if (buf_len(in)) {
		kept = buf_append(in, bytes);
		turn(s, in);
		return kept;
	}
	/* Usual case: whole lines, parsed where they were received. */
	turn(s, &fresh);
	if (s->phase == PHASE_CLOSING)
		return bytes.n;
	/* Also at the hand-over: a reply to RCPT is the relay's first bytes. */
	kept = buf_append(in, buf_data(&fresh));
	return bytes.n - buf_len(&fresh) + kept;
}

size_t session_login_front(struct session *s, struct str bytes)
{
	lend(s);
	return feed(s, SIDE_FRONT, bytes);
}

size_t session_login_back(struct session *s, struct str bytes)
{
	return feed(s, SIDE_BACK, bytes);
}

/* The log shows one line of it at most, and none that may hold a password. */
void session_login_early(struct session *s, struct str bytes)
{
	struct str line = str_first(bytes, str_find(bytes, '\n') + 1);

	if (str_starts_nocase(str_trim_sp(line), STR("AUTH")))
		line = str_none();
	session_end(s, REASON_CLIENT_EARLY, line);
}
