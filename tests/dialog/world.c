/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world: see world.h.
 */
#include "tests/dialog/world.h"

#include "base/must.h"
#include "tests/lib/conf_try.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 1 << 20, REQUEST_MAX = 65536, START_MS = 1000 };

static const char *const level_names[] = {
	[LEVEL_EMERG] = "emerg", [LEVEL_ALERT] = "alert", [LEVEL_CRIT] = "crit",
	[LEVEL_ERR] = "error",   [LEVEL_WARN] = "warn",   [LEVEL_NOTICE] = "notice",
	[LEVEL_INFO] = "info",   [LEVEL_DEBUG] = "debug",
};

static void world_append(uint8_t **p, size_t *n, struct str s)
{
	*p = realloc(*p, *n + s.n + 1);
	if (!*p)
		abort();
	if (s.n)
		memcpy(*p + *n, s.p, s.n);
	*n += s.n;
}

static void world_write_log(struct logger *self, const struct log_line *line)
{
	struct world_log *log = (struct world_log *)(void *)self;
	const char *level = level_names[line->level];
	size_t n = strlen(level) + line->message.n + 3;

	log->lines = realloc(log->lines, log->n + n);
	if (!log->lines)
		abort();
	snprintf(log->lines + log->n, n, "%s %.*s\n", level, (int)line->message.n,
		 (const char *)line->message.p);
	log->n += strlen(log->lines + log->n);
}

/* ---- set up ---- */

/* As the directives, but without certificates: a session only looks whether there is somebody. */
static void world_configure_tls(struct server_conf *conf, const struct script *script)
{
	static const max_align_t somebodys[1];

	if (!script->starttls[0])
		return;
	conf->front.starttls = strcmp(script->starttls, "only") ? STARTTLS_ON : STARTTLS_ONLY;
	conf->acceptor = (const struct acceptor *)somebodys;
}

static int world_configure(struct world *w, const struct script *script)
{
	struct str plain = script_expand(str_cstr(script->conf), &w->vars);
	bool service = strstr(script->conf, "\tauth_http ") != NULL;
	struct conf_error e;
	char text[8192];

	snprintf(text, sizeof(text),
		 "error_log stderr info;\nmail {\nserver_name mx.example;\nauth_http_keepalive 0;\n"
		 "server {\nlisten 127.0.0.1:%u%s;\nprotocol %s;\n%s%u%s%s}\n}\n",
		 w->vars.listen_port, script->listen, script->protocol,
		 service ? "# " : "auth_http 127.0.0.1:", w->vars.auth_port,
		 service ? "\n" : "/auth;\n", (const char *)plain.p);
	free((void *)(uintptr_t)plain.p);
	w->conf = conf_try(text, &e);
	if (!w->conf) {
		fprintf(stderr, "%s\n", e.text);
		return -1;
	}
	w->conf->servers[0]->session.log_level = LEVEL_INFO;
	world_configure_tls(&w->conf->servers[0]->session, script);
	w->server = &w->conf->servers[0]->session;
	return 0;
}

static void world_make_memory(struct world *w)
{
	size_t slot;

	w->env.sizes = (struct session_sizes){w->conf->worker.client_buffer_max,
					      w->conf->worker.proxy_buffer_max};
	slot = session_desk_bytes(&w->env.sizes);
	w->desk_bytes = slab_bytes(1, slot);
	w->desk_memory = aligned_alloc(64, (w->desk_bytes + 63) & ~(size_t)63);
	w->page =
		mmap(NULL, PAGE + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!w->desk_memory || w->page == MAP_FAILED || mprotect(w->page + PAGE, 4096, PROT_NONE))
		abort();
	memset(w->desk_memory, 0, w->desk_bytes);
	slab_init(&w->env.desks, w->desk_memory, 1, slot);
	arena_init(&w->answer, w->answer_bytes, AUTH_HTTP_RESPONSE_MAX);
	buf_init(&w->answer_in, w->answer_bytes + AUTH_HTTP_RESPONSE_MAX, AUTH_HTTP_RESPONSE_MAX);
}

int world_init(struct world *w, const struct script *script)
{
	memset(w, 0, sizeof(*w));
	w->vars = (struct script_vars){.port = 2626,
				       .dead_port = 2727,
				       .auth_port = 2828,
				       .listen_port = 2525,
				       .client_port = 40000};
	if (world_configure(w, script))
		return -1;
	world_make_memory(w);
	w->log.logger.write = world_write_log;
	w->env.logger = &w->log.logger;
	w->env.counters = &w->counters;
	return 0;
}

void world_done(struct world *w)
{
	free(w->desk_memory);
	if (w->page)
		munmap(w->page, PAGE + 4096);
	conf_free(w->conf);
}

void world_start(struct world *w, enum world_steps steps)
{
	struct session_start start = {.conf = w->server,
				      .listening = STR("127.0.0.1:2525"),
				      .number = 1,
				      .nonce = STR("1804289383.1700000000"),
				      .proxied = w->conf->worker.listens[0].proxy_protocol};

	w->steps = steps;
	w->env.now_ms = START_MS;
	w->over = w->asking = false;
	w->auth_deadline_ms = 0;
	w->vars.salt[0] = w->vars.salt64[0] = '\0';
	must(!addr_parse(STR("127.0.0.1"), &start.client));
	start.local = start.client;
	start.client.port = (uint16_t)w->vars.client_port;
	start.local.port = (uint16_t)w->vars.listen_port;
	w->wires[SCRIPT_CLIENT].open = true;
	session_start(&w->session, &w->env, &start);
	world_settle(w);
}

void world_stop(struct world *w)
{
	if (!w->over)
		session_done(&w->session);
	for (int i = 0; i < SCRIPT_WIRES; i++) {
		free(w->wires[i].to);
		free(w->wires[i].from);
		w->wires[i] = (struct world_wire){0};
	}
	free(w->log.lines);
	w->log.lines = NULL;
	w->log.n = 0;
}

/* ---- the auth service ---- */

static void world_release_auth(struct world *w)
{
	w->asking = false;
	w->auth_deadline_ms = 0;
	w->wires[SCRIPT_AUTH].closed = !w->server->auth->keepalive;
}

static void world_verdict(struct world *w, const struct verdict *v)
{
	world_release_auth(w);
	session_on_verdict(&w->session, v);
}

static void world_ask(struct world *w)
{
	static uint8_t bytes[REQUEST_MAX];
	struct world_wire *wire = &w->wires[SCRIPT_AUTH];
	static const struct auth_http_tls facts = {.protocol = STR_INIT("TLSv1.3"),
						   .cipher = STR_INIT("TLS_AES_128_GCM_SHA256")};
	struct auth_http_query q;
	struct out out;

	w->asking = true;
	w->auth_deadline_ms = w->env.now_ms + w->server->auth->timeout_ms;
	if (ntohs(w->server->auth->addresses[0].ip4.sin_port) == w->vars.dead_port) {
		world_verdict(w, &(struct verdict){.kind = VERDICT_BROKEN,
						   .reason = REASON_AUTH_DOWN,
						   .detail = STR("connection refused")});
		return;
	}
	session_auth_query(&w->session, &q);
	if (w->session.starttls)
		q.tls = &facts;
	out_init(&out, bytes, sizeof(bytes));
	auth_http_request(&w->server->auth->http, &q, &out);
	must(!out_overflow(&out));
	world_append(&wire->from, &wire->from_n, out_data(&out));
	wire->open = true;
	wire->ended = wire->told = wire->closed = false;
	arena_reset_to(&w->answer, 0);
	buf_clear(&w->answer_in);
	auth_http_response_init(&w->response, &w->answer, q.need_password);
}

static void world_drop(struct world_wire *wire, size_t n)
{
	memmove(wire->to, wire->to + n, wire->to_n - n);
	wire->to_n -= n;
}

static size_t world_portion(const struct world *w, enum script_wire which)
{
	const struct world_wire *wire = &w->wires[which];
	bool ones = w->steps == WORLD_ALL_ONES ||
		    (w->steps == WORLD_CLIENT_ONES && which == SCRIPT_CLIENT);
	size_t n = ones ? 1 : wire->to_n;

	return n < wire->to_n ? n : wire->to_n;
}

static bool world_auth_turn(struct world *w)
{
	struct world_wire *wire = &w->wires[SCRIPT_AUTH];
	size_t n = world_portion(w, SCRIPT_AUTH);
	bool wanted = !w->over && session_wants(&w->session) & WANT_AUTH;

	if (w->asking && !wanted) {
		world_release_auth(w);
		wire->closed = true;
		return true;
	}
	if (!w->asking && wanted) {
		world_ask(w);
		return true;
	}
	if (w->asking && n) {
		size_t took = buf_append(&w->answer_in, str_of(wire->to, n));

		world_drop(wire, took ? took : n);
		if (auth_http_response_next(&w->response, &w->answer_in) == AUTH_HTTP_VERDICT)
			world_verdict(w, &w->response.verdict);
		return true;
	}
	if (w->asking && wire->ended) {
		auth_http_response_eof(&w->response);
		world_verdict(w, &w->response.verdict);
		return true;
	}
	wire->to_n = 0; /* behind the verdict nobody reads */
	return false;
}

/* ---- client and backend ---- */

static enum side world_side(enum script_wire which)
{
	return which == SCRIPT_CLIENT ? SIDE_FRONT : SIDE_BACK;
}

static struct world_wire *world_wire(struct world *w, enum side side)
{
	return &w->wires[side == SIDE_FRONT ? SCRIPT_CLIENT : SCRIPT_BACK];
}

/* Offer bytes at the edge of the mapped page, and take the page away behind them. */
static size_t world_offer(struct world *w, enum side side, struct str bytes)
{
	uint8_t *at;
	size_t took;

	bytes = str_first(bytes, PAGE);
	at = w->page + PAGE - bytes.n;
	memcpy(at, bytes.p, bytes.n);
	if (side == SIDE_FRONT)
		took = session_on_front(&w->session, str_of(at, bytes.n));
	else
		took = session_on_back(&w->session, str_of(at, bytes.n));
	must(took <= bytes.n);
	memset(at, 0xdb, bytes.n);
	return took;
}

/* Where a handshake is due: what has come already is offered, and what the session leaves would be
 * the handshake's; then the handshake itself, or that nobody is there to make one. */
static bool world_handshake(struct world *w, enum script_wire which)
{
	struct world_wire *wire = &w->wires[which];
	enum side side = world_side(which);

	if (session_pending(&w->session, side).n)
		return false;
	if (wire->to_n) {
		(void)!world_offer(w, side, str_of(wire->to, wire->to_n));
		wire->to_n = 0;
		return true;
	}
	if (wire->shakes) {
		wire->shakes = false;
		session_on_secured(&w->session, side, &(struct session_tls){0});
		return true;
	}
	if (!wire->ended || wire->told)
		return false;
	wire->told = true;
	session_on_closed(&w->session, side, str_none());
	return true;
}

static bool world_receive(struct world *w, enum script_wire which)
{
	struct world_wire *wire = &w->wires[which];
	enum side side = world_side(which);
	unsigned want = side == SIDE_FRONT ? WANT_RECV_FRONT : WANT_RECV_BACK;
	unsigned handshake = side == SIDE_FRONT ? WANT_TLS_FRONT : WANT_TLS_BACK;
	size_t n = world_portion(w, which);

	if (session_wants(&w->session) & handshake)
		return world_handshake(w, which);
	if (!(session_wants(&w->session) & want))
		return false;
	if (n) {
		n = world_offer(w, side, str_of(wire->to, n));
		world_drop(wire, n);
		return n > 0;
	}
	if (!wire->ended || wire->told)
		return false;
	wire->told = true;
	session_on_closed(&w->session, side, str_none());
	return true;
}

static bool world_transmit(struct world *w, enum side side)
{
	struct str bytes = session_pending(&w->session, side);
	struct world_wire *wire = world_wire(w, side);

	if (!bytes.n)
		return false;
	if (w->steps == WORLD_ALL_ONES)
		bytes = str_first(bytes, 1);
	world_append(&wire->from, &wire->from_n, bytes);
	session_on_sent(&w->session, side, bytes.n);
	return true;
}

static void world_dial(struct world *w)
{
	struct world_wire *wire = &w->wires[SCRIPT_BACK];

	if (w->session.upstream.port == w->vars.dead_port) {
		session_on_dialled(&w->session, str_none());
		session_on_closed(&w->session, SIDE_BACK, STR("connection refused"));
		return;
	}
	wire->open = true;
	session_on_dialled(&w->session, str_none());
}

/* One way of the relay. */
static bool world_relay_way(struct world *w, enum side from)
{
	struct relay *r = &w->session.u.past.relay;
	struct world_wire *src = world_wire(w, from), *dst = world_wire(w, side_other(from));

	if (session_pending(&w->session, side_other(from)).n)
		return world_transmit(w, side_other(from));
	if (src->to_n) {
		world_append(&dst->from, &dst->from_n, str_of(src->to, src->to_n));
		relay_read(r, from, str_of(src->to, src->to_n));
		w->session.deadline_ms = w->env.now_ms + w->server->proxy_timeout_ms;
		src->to_n = 0;
		return true;
	}
	if (src->ended && !r->way[from].ended)
		relay_ended(r, from);
	if (!r->way[from].ended || r->way[from].shut)
		return false;
	dst->closed = true;
	session_on_shut(&w->session, from);
	if (relay_over(r))
		session_on_relayed(&w->session);
	return true;
}

static bool world_close(struct world *w)
{
	for (int i = 0; i < SCRIPT_WIRES; i++) {
		w->wires[i].closed = true;
		w->wires[i].to_n = 0;
	}
	session_done(&w->session);
	w->over = true;
	return true;
}

/* One thing that can happen now; false when there is none. */
static bool world_turn(struct world *w)
{
	unsigned wants;

	if (w->over)
		return world_auth_turn(w);
	wants = session_wants(&w->session);
	if (wants & WANT_RELAY)
		return world_relay_way(w, SIDE_FRONT) ||
		       (session_wants(&w->session) & WANT_RELAY && world_relay_way(w, SIDE_BACK));
	if (world_transmit(w, SIDE_FRONT))
		return true;
	if (wants & WANT_SHUT) {
		/* Clients of the scripts close when they are closed to. */
		session_on_hushed(&w->session);
		session_on_closed(&w->session, SIDE_FRONT, str_none());
		return true;
	}
	if (wants & WANT_CLOSE)
		return world_close(w);
	if (wants & WANT_DIAL) {
		world_dial(w);
		return true;
	}
	return world_transmit(w, SIDE_BACK) || world_auth_turn(w) ||
	       world_receive(w, SCRIPT_CLIENT) || world_receive(w, SCRIPT_BACK);
}

void world_settle(struct world *w)
{
	while (world_turn(w))
		if (!w->over && !(session_wants(&w->session) & WANT_CLOSE))
			session_rest(&w->session);
}

/* ---- what peers do ---- */

void world_send(struct world *w, enum script_wire which, struct str bytes)
{
	struct world_wire *wire = &w->wires[which];

	if (wire->ended || (w->over && which != SCRIPT_AUTH))
		return;
	world_append(&wire->to, &wire->to_n, bytes);
	world_settle(w);
}

void world_shake_hands(struct world *w, enum script_wire which)
{
	w->wires[which].shakes = true;
	world_settle(w);
}

void world_hang_up(struct world *w, enum script_wire which, enum script_kind how)
{
	struct world_wire *wire = &w->wires[which];

	wire->ended = true;
	if (how == SCRIPT_RESET && !w->over && which != SCRIPT_AUTH && !wire->told) {
		wire->told = true;
		wire->to_n = 0;
		session_on_closed(&w->session, world_side(which), STR("connection reset"));
	}
	if (how != SCRIPT_SHUT)
		wire->open = false;
	world_settle(w);
}

/* ---- time ---- */

uint64_t world_next_ms(const struct world *w)
{
	uint64_t at = UINT64_MAX;

	if (!w->over && w->session.deadline_ms)
		at = w->session.deadline_ms;
	if (w->auth_deadline_ms && w->auth_deadline_ms < at)
		at = w->auth_deadline_ms;
	return at;
}

void world_pass(struct world *w, uint64_t until_ms)
{
	uint64_t at;

	while ((at = world_next_ms(w)) <= until_ms) {
		w->env.now_ms = at > w->env.now_ms ? at : w->env.now_ms;
		if (w->auth_deadline_ms && w->auth_deadline_ms <= w->env.now_ms)
			world_verdict(w, &(struct verdict){.kind = VERDICT_BROKEN,
							   .reason = REASON_AUTH_TIMEOUT});
		if (!w->over)
			session_on_tick(&w->session);
		world_settle(w);
	}
	w->env.now_ms = until_ms;
}

/* ---- looking at it ---- */

struct str world_unread(const struct world *w, enum script_wire which)
{
	const struct world_wire *wire = &w->wires[which];

	return wire->from ? str_of(wire->from + wire->used, wire->from_n - wire->used) : str_none();
}

/* What is left of the memory when runs of zeroes are one zero: nearly nothing of a lot, which every
 * play looks at. */
static struct str world_rests(const struct world *w, uint8_t *rest, size_t size)
{
	enum { STEP = 512 / 8 };
	static const uint64_t zeroes[STEP];
	const uint64_t *words = w->desk_memory;
	size_t n = 0, all = w->desk_bytes / 8;

	for (size_t i = 0; i < all; i++) {
		if (n + sizeof(w->session) + 8 > size)
			break;
		while ((!n || !rest[n - 1]) && i + STEP < all &&
		       !memcmp(&words[i], zeroes, sizeof(zeroes)))
			i += STEP;
		if (words[i])
			memcpy(rest + n, &words[i], 8);
		else if (n && rest[n - 1])
			rest[n] = 0;
		else
			continue;
		n += words[i] ? 8 : 1;
	}
	memcpy(rest + n, &w->session, sizeof(w->session));
	return str_of(rest, n + sizeof(w->session));
}

bool world_remembers(const struct world *w, const struct str *secrets, size_t n)
{
	static uint8_t rest[262144];
	struct str s = world_rests(w, rest, sizeof(rest));

	for (size_t i = 0; i < n; i++)
		if (memmem(s.p, s.n, secrets[i].p, secrets[i].n))
			return true;
	return false;
}
