/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * authd: the auth services of a world. Holds each request to NGINX's form byte for byte, finds the
 * guest in it, and answers as the guest's plan has it. A connection serves one request after the
 * other for as long as both sides like.
 */
#include "base/codec.h"
#include "base/must.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_MAX = 8192, ANSWER_MAX = 20000 };

struct call {
	struct call *next; /* of all in this world */
	struct world *world;
	const struct auth_service_conf *service;
	struct wire wire;
	struct wire_plan plan;
	struct alarm *alarm;
	struct guest *guest;
	char in[REQUEST_MAX];
	uint32_t in_n;
	struct out out;
	uint32_t out_at;
	bool by_bytes, close_after, reset_after, mute, over, answered, early;
	uint8_t bytes[ANSWER_MAX];
};

static struct call *calls;

static void call_act(void *arg);

static void later(struct call *c, uint64_t us)
{
	if (!c->alarm && !c->over)
		c->alarm = kernel_after(us, call_act, c);
}

static void over(struct call *c, bool reset)
{
	if (c->over)
		return;
	if (c->alarm)
		kernel_forget(c->alarm);
	c->alarm = NULL;
	c->over = true;
	if (reset)
		wire_reset(&c->wire);
	else
		wire_close(&c->wire);
}

/* ---- the request ---- */

static const char *method_of(const struct guest *g)
{
	switch (g->login) {
	case LOGIN_CRAM_MD5:
		return "cram-md5";
	case LOGIN_EXTERNAL:
	case LOGIN_EXTERNAL_ASKED:
		return "external";
	case LOGIN_NONE:
		return "none";
	case LOGIN_PLAIN:
	case LOGIN_PLAIN_ASKED:
	case LOGIN_LOGIN:
	case LOGIN_LOGIN_INITIAL:
	case LOGIN_KINDS:
		break;
	}
	return "plain";
}

static void write_credentials(const struct guest *g, unsigned attempt, struct out *o)
{
	uint8_t bytes[256];
	struct out text;

	out_init(&text, bytes, sizeof(bytes));
	if (g->login != LOGIN_NONE)
		lines_user(g, &text);
	out_lit(o, "Auth-User: ");
	codec_percent(o, out_data(&text));
	out_lit(o, "\r\nAuth-Pass: ");
	out_reset(&text);
	if (g->login == LOGIN_CRAM_MD5)
		out_lit(&text, "0123456789abcdef0123456789abcdef");
	else if (g->login < LOGIN_CRAM_MD5)
		lines_password(g, attempt, &text);
	codec_percent(o, out_data(&text));
	out_lit(o, "\r\n");
}

static void write_tls(const struct guest *g, struct out *o)
{
	const struct toy *t = &g->client.wire.toy;
	bool asked = g->conf->acceptor->verify != TLS_VERIFY_OFF;
	bool came = g->wire.toy.certificate != 0;

	out_lit(o, "Auth-SSL: on\r\nAuth-SSL-Protocol: ");
	out_str(o, t->two_trips ? STR("TLSv1.2") : STR("TLSv1.3"));
	out_lit(o, "\r\nAuth-SSL-Cipher: TOY-WITH-NOTHING\r\n");
	if (!asked)
		return;
	out_lit(o, "Auth-SSL-Verify: ");
	out_str(o, came ? STR("SUCCESS\r\nAuth-SSL-Subject: CN=guest\r\n") : STR("NONE\r\n"));
}

/* Up to the salt, which only the program knows, and from behind it. */
static void write_request(const struct call *c, unsigned attempt, struct out *o, struct out *o2)
{
	const struct guest *g = c->guest;

	out_lit(o, "GET ");
	out_str(o, c->service->http.uri);
	out_lit(o, " HTTP/1.0\r\nHost: ");
	out_str(o, c->service->http.host);
	if (c->service->http.keepalive)
		out_lit(o, "\r\nConnection: keep-alive");
	out_lit(o, "\r\nAuth-Method: ");
	out_str(o, str_cstr(method_of(g)));
	out_lit(o, "\r\n");
	write_credentials(g, attempt, o);
	out_lit(o2, "Auth-Protocol: smtp\r\nAuth-Login-Attempt: ");
	out_u64(o2, attempt);
	out_lit(o2, "\r\nClient-IP: ");
	addr_write(o2, &g->from);
	out_lit(o2, "\r\nClient-Host: ");
	dns_sim_host(g, o2);
	out_lit(o2, "\r\n");
	if (g->login == LOGIN_NONE) {
		out_lit(o2, "Auth-SMTP-Helo: ");
		if (g->helo_said)
			out_str(o2, lines_helo(g));
		out_lit(o2, "\r\nAuth-SMTP-From: ");
		lines_mail(g, o2);
		out_lit(o2, "\r\nAuth-SMTP-To: ");
		lines_rcpt(g, o2);
		out_lit(o2, "\r\n");
	}
	if (g->tls != GUEST_PLAIN)
		write_tls(g, o2);
	out_lit(o2, "\r\n");
}

static unsigned attempt_of(const char *in)
{
	const char *at = strstr(in, "\r\nAuth-Login-Attempt: ");

	return at ? (unsigned)strtoul(at + 22, NULL, 10) : 0;
}

static bool is_exact(const struct call *c, unsigned attempt)
{
	uint8_t first[2048], second[2048];
	struct out o, o2;
	size_t n = c->in_n;
	const char *salt = strstr(c->in, "\r\nAuth-Salt: <");

	out_init(&o, first, sizeof(first));
	out_init(&o2, second, sizeof(second));
	write_request(c, attempt, &o, &o2);
	if (n < o.n + o2.n || memcmp(c->in, first, o.n) != 0 ||
	    memcmp(c->in + n - o2.n, second, o2.n) != 0)
		return false;
	if (c->guest->login != LOGIN_CRAM_MD5)
		return n == o.n + o2.n;
	return salt && salt + 2 == c->in + o.n && !memchr(c->in + o.n, '\n', n - o2.n - o.n - 1);
}

/* "Auth-User: g12...", or "Auth-SMTP-From: MAIL FROM:<g12@...". 0: not there yet. */
static uint32_t who_asks(const char *in)
{
	const char *user = strstr(in, "\r\nAuth-User: g");
	const char *from = strstr(in, "MAIL FROM:<g");

	if (user && strstr(user + 2, "\r\n"))
		return (uint32_t)strtoul(user + 14, NULL, 10);
	return from && strstr(from, "@") ? (uint32_t)strtoul(from + 12, NULL, 10) : 0;
}

/* ---- the answer ---- */

static void write_page(struct call *c, const char *status, struct str headers, struct str body)
{
	out_str(&c->out, str_cstr(status));
	out_lit(&c->out, "\r\n");
	out_str(&c->out, headers);
	if (c->service->http.keepalive && !c->close_after) {
		out_lit(&c->out, "Connection: keep-alive\r\nContent-Length: ");
		out_u64(&c->out, body.n);
		out_lit(&c->out, "\r\n");
	}
	out_lit(&c->out, "\r\n");
	out_str(&c->out, body);
}

static void write_back_tls(const struct guest *g, struct out *o)
{
	static const struct str words[] = {[BACK_TLS_OFF] = STR_INIT("off"),
					   [BACK_TLS_ON] = STR_INIT("on"),
					   [BACK_TLS_STARTTLS] = STR_INIT("starttls")};

	if (g->back_tls_said == BACK_TLS_UNSAID)
		return;
	out_lit(o, "Auth-Server-SSL: ");
	out_str(o, words[g->back_tls_said]);
	out_lit(o, "\r\n");
}

static void write_ok(struct call *c)
{
	struct guest *g = c->guest;
	uint8_t bytes[1024];
	struct out o;

	out_init(&o, bytes, sizeof(bytes));
	out_lit(&o, "Auth-Status: OK\r\nAuth-Server: ");
	dns_sim_server(g, &o);
	out_lit(&o, "\r\nAuth-Port: ");
	out_u64(&o, BACK_PORT + g->id);
	out_lit(&o, "\r\n");
	write_back_tls(g, &o);
	if (lines_replaced(g)) {
		out_lit(&o, "Auth-User: ");
		lines_final_user(g, &o);
		out_lit(&o, "\r\n");
	}
	if (lines_replaced(g) || g->login >= LOGIN_CRAM_MD5) {
		out_lit(&o, "Auth-Pass: ");
		lines_final_password(g, &o);
		out_lit(&o, "\r\n");
	}
	write_page(c, g->id % 2 ? "HTTP/1.1 200 OK" : "HTTP/1.0 200 OK", out_data(&o),
		   g->id % 4 ? str_none() : STR("a body that nobody needs"));
}

static void write_refusal(struct call *c, bool stays)
{
	struct guest *g = c->guest;
	uint8_t bytes[256];
	struct out o;

	out_init(&o, bytes, sizeof(bytes));
	out_lit(&o, "Auth-Status: Wrong password\r\n");
	if (lines_refusal(g) != 535)
		out_lit(&o, "Auth-Error-Code: 454 4.7.0\r\n");
	if (stays) {
		out_lit(&o, "Auth-Wait: 2\r\n");
		g->wait_us = SECONDS(2);
	}
	write_page(c, "HTTP/1.1 200 OK", out_data(&o), str_none());
}

static void write_wait(struct call *c)
{
	write_page(c, "HTTP/1.1 200 OK", STR("Auth-Status: WAIT\r\nAuth-Wait: 1\r\n"), str_none());
	c->guest->wait_us = SECONDS(1);
}

static void write_odd(struct call *c, enum auth_trick trick)
{
	switch (trick) {
	case AUTH_NO_HEADERS:
		write_page(c, chance_of(5000) ? "HTTP/1.1 302 Found" : "HTTP/1.1 502 Bad Gateway",
			   STR("Location: http://elsewhere.test/\r\n"), STR("<html>"));
		break;
	case AUTH_ENDLESS:
		out_lit(&c->out, "HTTP/1.1 200 OK\r\n");
		while (out_room(&c->out) > 64)
			out_lit(&c->out, "X-Padding: and so on and so on\r\n");
		break;
	case AUTH_GARBAGE:
		out_lit(&c->out, "\x16\x03\x01\0\xff\r\r\n: :\r\n\r\n");
		break;
	case AUTH_BAD_SERVER:
		write_page(c, "HTTP/1.1 200 OK",
			   chance_of(5000)
				   ? STR("Auth-Status: OK\r\nAuth-Server: a.b\r\nAuth-Port: 1\r\n")
				   : STR("Auth-Status: OK\r\nAuth-Server: 1.2.3.4\r\n"
					 "Auth-Port: 65536\r\n"),
			   str_none());
		break;
	case AUTH_CORRECT:
	case AUTH_SLOW:
	case AUTH_BYTES:
	case AUTH_CLOSES_AFTER:
	case AUTH_CLOSES_IDLE:
	case AUTH_EARLY:
	case AUTH_WAITS:
	case AUTH_CLOSES_BEFORE:
	case AUTH_CLOSES_WITHIN:
	case AUTH_RESETS:
	case AUTH_WAITS_ON:
	case AUTH_NEVER:
	case AUTH_TRICKS:
		break;
	}
}

static void decide(struct call *c, unsigned attempt)
{
	struct guest *g = c->guest;
	enum auth_trick t = g->auth_trick;
	bool waits = t == AUTH_WAITS_ON || (t == AUTH_WAITS && g->waits);

	c->by_bytes = t == AUTH_BYTES;
	c->close_after = t == AUTH_CLOSES_AFTER || t == AUTH_CLOSES_WITHIN || t == AUTH_ENDLESS ||
			 t == AUTH_GARBAGE;
	c->mute = t == AUTH_NEVER;
	c->reset_after = t == AUTH_RESETS;
	if (c->mute || c->reset_after || t == AUTH_CLOSES_BEFORE) {
		c->close_after = !c->mute;
	} else if (waits) {
		if (t == AUTH_WAITS)
			g->waits--;
		write_wait(c);
	} else if (t >= AUTH_NO_HEADERS && t <= AUTH_BAD_SERVER) {
		write_odd(c, t);
	} else if (attempt == g->attempts && g->admitted) {
		write_ok(c);
	} else {
		write_refusal(c, attempt < g->attempts || g->stays);
	}
	if (t == AUTH_CLOSES_WITHIN && c->out.n)
		c->out.n = chance_below((uint32_t)c->out.n);
	later(c, t == AUTH_SLOW ? chance_between(0, SECONDS(2)) : chance_between(0, MILLIS(3)));
}

/* ---- checks of the order of things ---- */

static void look_at(struct call *c, unsigned attempt)
{
	struct guest *g = c->guest;

	g->asked++;
	if (g->client_trick == CLIENT_INJECTS)
		kernel_violation("starttls-executed", "guest %u: asked the auth service", g->id);
	if (attempt < 1 || attempt > g->attempts || attempt < g->attempt_asked ||
	    attempt > g->attempt_asked + 1)
		kernel_violation("auth-request", "guest %u: attempt %u after %u", g->id, attempt,
				 g->attempt_asked);
	g->attempt_asked = attempt;
	if (!c->early && !is_exact(c, attempt))
		kernel_violation("auth-request", "guest %u: %.*s", g->id, (int)c->in_n, c->in);
}

static void on_request(struct call *c, uint32_t who)
{
	unsigned attempt;

	c->guest = world_guest(c->world, who);
	if (!c->guest) {
		kernel_violation("auth-request", "who is this: %.*s", (int)c->in_n, c->in);
		over(c, false);
		return;
	}
	c->wire.who = who;
	end_name(c->wire.end, who);
	attempt = c->early ? 1 : attempt_of(c->in);
	kernel_trace(who, "auth service %s asked, attempt %u", (const char *)c->service->name.p,
		     attempt);
	look_at(c, attempt);
	c->answered = true;
	out_init(&c->out, c->bytes, sizeof(c->bytes));
	c->out_at = 0;
	decide(c, attempt);
}

static void read_request(struct call *c)
{
	const char *end;
	uint32_t who;

	c->in[c->in_n] = '\0';
	if (strlen(c->in) != c->in_n) {
		kernel_violation("auth-request", "a NUL in it");
		return;
	}
	if (c->answered)
		return;
	end = strstr(c->in, "\r\n\r\n");
	who = who_asks(c->in);
	if (end && end + 4 != c->in + c->in_n) {
		kernel_violation("auth-request", "something behind it: %s", end + 4);
	} else if (end) {
		on_request(c, who);
	} else if (who && c->in_n > 40) {
		struct guest *g = world_guest(c->world, who);

		if (!g || g->auth_trick != AUTH_EARLY)
			return;
		c->early = true;
		on_request(c, who);
	}
}

/* ---- reading and writing ---- */

static void read_all(struct call *c)
{
	/* One that answers early has heard enough. */
	while (!c->over && !c->early) {
		long n = wire_read(&c->wire, (uint8_t *)c->in + c->in_n, REQUEST_MAX - 1 - c->in_n);

		if (n == -2)
			return;
		if (n <= 0 || c->in_n + (uint32_t)n == REQUEST_MAX - 1) {
			over(c, false);
			return;
		}
		c->in_n += (uint32_t)n;
		read_request(c);
	}
}

static void next_request(struct call *c)
{
	bool idles = c->guest->auth_trick == AUTH_CLOSES_IDLE;

	if (c->close_after || c->reset_after || c->early || !c->service->http.keepalive) {
		over(c, c->reset_after);
		return;
	}
	c->in_n = 0;
	c->answered = false;
	out_reset(&c->out);
	c->out_at = 0;
	c->close_after = idles;
	if (idles)
		later(c, chance_between(0, MILLIS(200)));
}

static void call_act(void *arg)
{
	struct call *c = arg;
	struct str rest;
	long took;

	c->alarm = NULL;
	if (c->over)
		return;
	if (!c->answered) {
		/* It has been idle long enough, unless a request is on its way in. */
		if (c->close_after && !c->in_n)
			over(c, false);
		c->close_after = false;
		return;
	}
	if (c->mute)
		return;
	rest = str_from(out_data(&c->out), c->out_at);
	if (c->by_bytes)
		rest = str_first(rest, 1);
	took = rest.n ? wire_write(&c->wire, rest) : 0;
	if (took < 0) {
		over(c, false);
		return;
	}
	c->out_at += (uint32_t)took;
	if (c->out_at == c->out.n)
		next_request(c);
	else if (took == (long)rest.n)
		later(c, chance_between(0, MILLIS(2)));
}

static void on_readable(void *arg)
{
	read_all(arg);
}

static void on_writable(void *arg)
{
	later(arg, 0);
}

static const struct end_events call_events = {on_readable, on_writable};

void authd_dialled(struct world *w, unsigned service, struct end *e)
{
	struct call *c = calloc(1, sizeof(*c));

	must(c != NULL);
	c->next = calls;
	calls = c;
	c->world = w;
	c->service = &w->services[service];
	c->wire.events = &call_events;
	c->wire.arg = c;
	wire_accept(&c->wire, e);
	if (!c->service->connector)
		return;
	plan_wire(&c->plan);
	c->plan.by_bytes &= !w->brief;
	if (w->auth_spoilt && !w->last && chance_of(3000))
		plan_wire_trick(&c->plan);
	wire_secure(&c->wire, TOY_SERVER, &c->plan);
}

void authd_done(void)
{
	while (calls) {
		struct call *c = calls;

		calls = c->next;
		free(c);
	}
}
