/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * laws_auth_response: the adapter between laws.c and auth_http_response. Reports the verdict with
 * every field, and at the end what would become of the connection.
 */
#include "laws_auth_response.h"

struct self {
	struct auth_http_response r;
	struct arena store;
	bool judged;
};

static void begin(struct laws_world *w, struct out *out)
{
	const struct laws_auth_response *conf = w->conf;
	struct self *s = w->self;
	size_t n = conf->store_max ? conf->store_max : w->store.size;

	(void)out;
	arena_init(&s->store, w->store.base + (w->store.size - n), n);
	s->judged = false;
	auth_http_response_init(&s->r, &s->store, conf->need_password);
}

/* A value, or nothing; and what is to be said on a line stays on it. */
static void trace_value(struct laws_world *w, const char *name, struct str s)
{
	laws_hold(w, str_find(s, '\n') == s.n && str_find(s, '\r') == s.n && str_find(s, 0) == s.n,
		  "injection: a value holds a line end");
	laws_trace_str(w, name, s);
	laws_trace_u64(w, "sent", s.p != NULL);
}

static void trace_verdict(struct laws_world *w, const struct verdict *v)
{
	static const char *const kinds[] = {
		[VERDICT_OK] = "ok",
		[VERDICT_WAIT] = "wait",
		[VERDICT_ERROR] = "error",
		[VERDICT_BROKEN] = "broken",
	};

	out_str(&w->trace, str_cstr(kinds[v->kind]));
	laws_trace_u64(w, "reason", v->reason);
	laws_trace_str(w, "detail", v->detail);
	trace_value(w, "text", v->error_text);
	trace_value(w, "code", v->error_code);
	trace_value(w, "user", v->user);
	trace_value(w, "pass", v->pass);
	laws_trace_u64(w, "wait", v->wait_s);
	laws_trace_u64(w, "tls", v->tls);
	out_byte(&w->trace, ' ');
	addr_write_port(&w->trace, &v->server);
	laws_hold(w, v->wait_s <= AUTH_HTTP_WAIT_MAX_S, "no wait is endless");
	laws_hold(w, v->kind == VERDICT_OK || v->tls == BACK_TLS_UNSAID,
		  "only a server can be spoken with over TLS");
	laws_hold(w, v->kind != VERDICT_WAIT || v->wait_s, "a wait is at least a second");
	trace_value(w, "name", v->server_name);
	laws_hold(w,
		  v->kind != VERDICT_OK ||
			  (v->server.port && !v->server.family == (v->server_name.n > 0)),
		  "an OK names a server");
	laws_hold(w, (v->kind == VERDICT_BROKEN) == (v->reason != REASON_NONE),
		  "what is broken has a reason, and only that");
}

static enum laws_turn turn(struct laws_world *w, struct buf *in, struct out *out)
{
	struct self *s = w->self;
	bool was_done = s->r.done;
	uint32_t n = buf_len(in);

	(void)out;
	if (auth_http_response_next(&s->r, in) == AUTH_HTTP_VERDICT) {
		laws_hold(w, !s->judged, "one verdict");
		s->judged = true;
	}
	laws_hold(w, s->judged || !s->r.done, "no end without a verdict");
	laws_hold(w, !was_done || buf_len(in) == n, "bytes behind the end are not ours");
	laws_hold(w, !s->r.reusable || (s->r.done && buf_len(in) == 0),
		  "only a connection with nothing on it is reused");
	return LAWS_MORE;
}

static void eof(struct laws_world *w, struct out *out)
{
	struct self *s = w->self;

	(void)out;
	/* Not in turn(): how much body the same call took depends on the cutting. */
	if (s->judged)
		trace_verdict(w, &s->r.verdict);
	out_lit(&w->trace, " end");
	laws_trace_u64(w, "done", s->r.done);
	laws_trace_u64(w, "reusable", s->r.reusable);
	laws_trace_u64(w, "status", s->r.status);
	laws_trace_u64(w, "body", s->r.body_left);
	auth_http_response_eof(&s->r);
	trace_verdict(w, &s->r.verdict);
	laws_hold(w, s->r.done && !s->r.reusable, "a closed connection is done");
}

const struct laws_engine laws_auth_response_engine = {
	.name = "auth_http_response",
	.self_size = sizeof(struct self),
	.store_size = AUTH_HTTP_RESPONSE_MAX,
	.out_size = 1,
	.begin = begin,
	.turn = turn,
	.eof = eof,
};
