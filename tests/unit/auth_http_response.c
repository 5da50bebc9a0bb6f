/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of auth_http_response: verdicts as the NGINX mail module 1.22 gives them (checked
 * against it), broken answers, limits, and what becomes of the connection. Every answer is read
 * whole and in pieces.
 */
#include "proto/auth_http.h"

#include "../lib/feed.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct auth_http_response r;
	struct arena store;
	struct feed feed;
	uint8_t *room;
	size_t verdicts;
};

static void reading_init(struct reading *g, bool need_password)
{
	*g = (struct reading){.room = malloc(AUTH_HTTP_RESPONSE_MAX)};
	cr_assert(g->room);
	arena_init(&g->store, g->room, AUTH_HTTP_RESPONSE_MAX);
	auth_http_response_init(&g->r, &g->store, need_password);
}

static void reading_done(struct reading *g)
{
	feed_done(&g->feed);
	free(g->room);
}

/* Everything in pieces; bytes after the end of the response are offered too. */
static void read_all(struct reading *g, struct str bytes, size_t piece)
{
	for (size_t at = 0; at < bytes.n; at += piece) {
		struct buf *in = feed_open(&g->feed, str_first(str_from(bytes, at), piece));
		bool was_done = g->r.done;
		uint32_t before = buf_len(in);

		if (auth_http_response_next(&g->r, in) == AUTH_HTTP_VERDICT)
			g->verdicts++;
		cr_assert(!was_done || buf_len(in) == before);
		cr_assert(g->verdicts || !g->r.done);
	}
}

enum { PIECES_MAX = 40 };

/* The answer read whole; the same in pieces must give the same. The caller ends with reading_done.
 */
static void answer(struct reading *g, struct str bytes, bool need_password)
{
	reading_init(g, need_password);
	read_all(g, bytes, bytes.n + 1);
	for (size_t piece = 1; piece <= PIECES_MAX; piece++) {
		struct reading other;
		const struct verdict *v = &g->r.verdict, *w = &other.r.verdict;

		reading_init(&other, need_password);
		read_all(&other, bytes, piece);
		cr_assert_eq(other.verdicts, g->verdicts);
		cr_assert_eq(other.r.done, g->r.done);
		cr_assert_eq(other.r.reusable, g->r.reusable);
		cr_assert_eq(other.r.status, g->r.status);
		cr_assert_eq(w->kind, v->kind);
		cr_assert_eq(w->reason, v->reason);
		cr_assert_eq(w->wait_s, v->wait_s);
		cr_assert_eq(w->tls, v->tls);
		cr_assert_eq(memcmp(&w->server, &v->server, sizeof(v->server)), 0);
		cr_assert(str_eq(w->detail, v->detail));
		cr_assert(str_eq(w->error_text, v->error_text));
		cr_assert(str_eq(w->error_code, v->error_code));
		cr_assert(str_eq(w->user, v->user) && !w->user.p == !v->user.p);
		cr_assert(str_eq(w->pass, v->pass) && !w->pass.p == !v->pass.p);
		cr_assert_eq(buf_len(&other.feed.in), buf_len(&g->feed.in));
		reading_done(&other);
	}
}

#define H "HTTP/1.0 200 OK\r\n"
#define S "Auth-Server: 127.0.0.1\r\nAuth-Port: 2525\r\n"

/* Accepted, to 127.0.0.1:2525 unless the case says otherwise. */
static const struct {
	const char *bytes, *server, *user, *pass;
} accepted[] = {
	{H "Auth-Status: OK\r\n" S "\r\n", NULL, NULL, NULL},
	{"Auth-Status: OK\r\n" S "\r\n", NULL, NULL, NULL},
	{"Auth-Status:   OK  \nauth-server:127.0.0.1\nAUTH-PORT: 2525\n\n", NULL, NULL, NULL},
	{"HTTP/1.1 502 Bad Gateway\r\nAuth-Status: OK\r\n" S "\r\n<html>", NULL, NULL, NULL},
	{"HTTP/\r\nAuth-Status: OK\r\n" S "\r\n", NULL, NULL, NULL},
	{H S "\r\n", NULL, NULL, NULL},
	{H "Auth-Status: OK\r\nAuth-Server: 1.1.1.1\r\nAuth-Port: 1\r\n" S "\r\n", NULL, NULL,
	 NULL},
	{H "Auth-Status: OK\r\nAuth-Server: ::1\r\nAuth-Port: 65535\r\n\r\n", "[::1]:65535", NULL,
	 NULL},
	{H "Auth-Status: OK\r\nAuth-Server: [2001:db8::7]\r\nAuth-Port: 1\r\n\r\n",
	 "[2001:db8::7]:1", NULL, NULL},
	{H "Auth-Status: OK\r\nAuth-Server: 127.0.0.1\r\nAuth-Port: 002525\r\n\r\n", NULL, NULL,
	 NULL},
	{H "Auth-Status: OK\r\nAuth-User: u1\r\nAuth-User: u 2 \r\n" S "\r\n", NULL, "u 2", NULL},
	{H "Auth-Status: OK\r\nAuth-User: \r\nAuth-Pass:\r\n" S "\r\n", NULL, "", ""},
	{H "Auth-Status: OK\r\nAuth-User\r\nAuth-Pass: p\x01\x7f\xff:\r\n" S "\r\n", NULL, "",
	 "p\x01\x7f\xff:"},
	{H "Auth-Status: OK\r\nAuth-Wait: 5\r\nX: \x01\r\nX-Y-9\r\n9: :\r\n" S "\r\n", NULL, NULL,
	 NULL},
	{H "Auth-Status: OK\r\nAuth-Statu: no\r\nAuth-Statuss: no\r\n" S "\r\n", NULL, NULL, NULL},
	{H "Auth-Status: OK\r\n" S "Auth-Error-Code: 550\r\n\r\n", NULL, NULL, NULL},
};

Test(auth_http_response, accepts)
{
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		struct reading g;
		uint8_t text[ADDR_TEXT_MAX];
		const struct verdict *v = &g.r.verdict;
		struct out o;

		answer(&g, str_cstr(accepted[i].bytes), false);
		cr_assert_eq(g.verdicts, 1, "case %zu", i);
		cr_assert_eq(v->kind, VERDICT_OK, "case %zu", i);
		out_init(&o, text, sizeof(text));
		addr_write_port(&o, &v->server);
		cr_assert(str_eq(out_data(&o), accepted[i].server ? str_cstr(accepted[i].server)
								  : STR("127.0.0.1:2525")),
			  "case %zu", i);
		cr_assert_eq(v->user.p != NULL, accepted[i].user != NULL, "case %zu", i);
		cr_assert_eq(v->pass.p != NULL, accepted[i].pass != NULL, "case %zu", i);
		cr_assert(str_eq(v->user, str_cstr(accepted[i].user)), "case %zu", i);
		cr_assert(str_eq(v->pass, str_cstr(accepted[i].pass)), "case %zu", i);
		reading_done(&g);
	}
}

/* How to speak with the server: as the last of its headers says. Ours, NGINX has no such thing. */
Test(auth_http_response, the_servers_tls)
{
	static const struct {
		const char *bytes;
		enum back_tls tls;
	} cases[] = {
		{H S "\r\n", BACK_TLS_UNSAID},
		{H S "Auth-Server-SSL: off\r\n\r\n", BACK_TLS_OFF},
		{H "auth-server-ssl:On \r\n" S "\r\n", BACK_TLS_ON},
		{H "Auth-Server-SSL: STARTTLS\r\n" S "\r\n", BACK_TLS_STARTTLS},
		{H S "Auth-Server-SSL: ?\r\nAuth-Server-SSL: on\r\n\r\n", BACK_TLS_ON},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading g;

		answer(&g, str_cstr(cases[i].bytes), false);
		cr_assert_eq(g.r.verdict.kind, VERDICT_OK, "case %zu", i);
		cr_assert_eq(g.r.verdict.tls, cases[i].tls, "case %zu", i);
		reading_done(&g);
	}
}

/* Where nobody is to be connected to, it does not matter. */
Test(auth_http_response, the_tls_of_no_server)
{
	struct reading g;

	answer(&g, STR("Auth-Status: no\r\nAuth-Server-SSL: ?\r\n\r\n"), false);
	cr_assert_eq(g.r.verdict.kind, VERDICT_ERROR);
	cr_assert_eq(g.r.verdict.tls, BACK_TLS_UNSAID);
	reading_done(&g);
}

static const struct {
	const char *bytes, *text, *code;
	uint64_t wait_s;
} refused[] = {
	{H "Auth-Status: nope\r\n\r\n", "nope", "", 0},
	{H "Auth-Status:  two  words  \r\nAuth-Wait: 3\r\n\r\n", "two  words", "", 3},
	{H "Auth-Status: ok\r\n" S "\r\n", "ok", "", 0},
	{H "Auth-Status: Ok\r\n" S "\r\n", "Ok", "", 0},
	{H "Auth-Status: OKAY\r\n" S "\r\n", "OKAY", "", 0},
	{H "Auth-Status:\tOK\r\n" S "\r\n", "\tOK", "", 0},
	{H "Auth-Status: wait\r\nAuth-Wait: 9\r\n\r\n", "wait", "", 9},
	{H "Auth-Status: bad one\r\nAuth-Status: OK\r\n" S "\r\n", "bad one", "", 0},
	{H "Auth-Status: OK\r\nAuth-Status: bad two\r\n" S "\r\n", "bad two", "", 0},
	{H "Auth-Status: one\r\nAuth-Status: two\r\n\r\n", "two", "", 0},
	{H "Auth-Status: WAIT\r\nAuth-Status: two\r\nAuth-Wait: 1\r\n\r\n", "two", "", 1},
	{H "Auth-Status: no\r\nAuth-Error-Code: 454 4.7.0\r\nAuth-Error-Code: 550\r\n\r\n", "no",
	 "550", 0},
	{H "Auth-Status: no\r\nAuth-Error-Code:\r\nAuth-Wait: 1\r\n\r\n", "no", "", 1},
	{H "Auth-Status: no\r\nAuth-Wait: 1x\r\n\r\n", "no", "", 0},
	{H "Auth-Status: no\r\nAuth-Wait: -1\r\nAuth-Wait:\r\n\r\n", "no", "", 0},
	{H "Auth-Status: no\r\nAuth-Wait: 4\r\nAuth-Wait: x\r\n\r\n", "no", "", 4},
	{H "Auth-Status: no\r\nAuth-Wait: 99999999999999999999\r\n\r\n", "no", "", 0},
	{H "Auth-Status: no\r\nAuth-Wait: 86400\r\n\r\n", "no", "", 86400},
	{H "Auth-Status: no\r\nAuth-Wait: 86401\r\n\r\n", "no", "", 86400},
	{H "Auth-Status: no\r\nAuth-Wait: 9223372036854775807\r\n\r\n", "no", "", 86400},
	/* stricter than NGINX, which takes an empty status for an OK */
	{H "Auth-Status:\r\n" S "\r\n", "", "", 0},
	{H "Auth-Status\r\n" S "\r\n", "", "", 0},
};

Test(auth_http_response, refuses)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct reading g;
		const struct verdict *v = &g.r.verdict;

		answer(&g, str_cstr(refused[i].bytes), true);
		cr_assert_eq(g.verdicts, 1, "case %zu", i);
		cr_assert_eq(v->kind, VERDICT_ERROR, "case %zu", i);
		cr_assert(str_eq(v->error_text, str_cstr(refused[i].text)), "case %zu", i);
		cr_assert(str_eq(v->error_code, str_cstr(refused[i].code)), "case %zu", i);
		cr_assert_eq(v->wait_s, refused[i].wait_s, "case %zu", i);
		reading_done(&g);
	}
}

Test(auth_http_response, waits_at_least_a_second_and_at_most_a_day)
{
	static const struct {
		const char *bytes;
		uint64_t wait_s;
	} cases[] = {
		{H "Auth-Status: WAIT\r\n\r\n", 1},
		{H "Auth-Status: WAIT\r\nAuth-Wait: 0\r\n\r\n", 1},
		{H "Auth-Status: WAIT\r\nAuth-Wait: soon\r\n\r\n", 1},
		{H "Auth-Status: WAIT\r\nAuth-Wait: 30\r\n\r\n", 30},
		{H "Auth-Wait: 30\r\nAuth-Status: WAIT\r\nAuth-Status: OK\r\n" S "\r\n", 30},
		{H "Auth-Status: WAIT\r\nAuth-Wait: 1000000\r\n\r\n", 86400},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading g;

		answer(&g, str_cstr(cases[i].bytes), true);
		cr_assert_eq(g.r.verdict.kind, VERDICT_WAIT, "case %zu", i);
		cr_assert_eq(g.r.verdict.wait_s, cases[i].wait_s, "case %zu", i);
		reading_done(&g);
	}
}

#define OK_TO(server, port)                                                                        \
	H "Auth-Status: OK\r\nAuth-Server: " server "\r\nAuth-Port: " port "\r\n\r\n"

static const struct {
	const char *bytes;
	enum reason reason;
	const char *detail;
} broken[] = {
	{H "Auth-Status: OK\r\n\r\n", REASON_AUTH_NO_SERVER, ""},
	{H "Auth-Status: OK\r\nAuth-Server: 127.0.0.1\r\n\r\n", REASON_AUTH_NO_SERVER, ""},
	{H "Auth-Status: OK\r\nAuth-Port: 25\r\n\r\n", REASON_AUTH_NO_SERVER, ""},
	{OK_TO("", "25"), REASON_AUTH_NO_SERVER, ""},
	{"HTTP/1.1 502 Bad Gateway\r\n\r\n", REASON_AUTH_NO_SERVER, ""},
	{"\r\n" OK_TO("127.0.0.1", "25"), REASON_AUTH_NO_SERVER, ""},
	{OK_TO("127.0.0.1:25", "25"), REASON_AUTH_BAD_SERVER, "127.0.0.1:25"},
	{OK_TO("[127.0.0.1]", "25"), REASON_AUTH_BAD_SERVER, "[127.0.0.1]"},
	{OK_TO("[]", "25"), REASON_AUTH_BAD_SERVER, "[]"},
	{OK_TO("[", "25"), REASON_AUTH_BAD_SERVER, "["},
	{OK_TO("[::1", "25"), REASON_AUTH_BAD_SERVER, "[::1"},
	{OK_TO("unix:/run/x", "25"), REASON_AUTH_BAD_SERVER, "unix:/run/x"},
	{OK_TO("a b", "x"), REASON_AUTH_BAD_SERVER, "a b"},
	{OK_TO("127.0.0.1", "0"), REASON_AUTH_BAD_PORT, "0"},
	{OK_TO("127.0.0.1", "65536"), REASON_AUTH_BAD_PORT, "65536"},
	{OK_TO("127.0.0.1", "+25"), REASON_AUTH_BAD_PORT, "+25"},
	{OK_TO("127.0.0.1", "25x"), REASON_AUTH_BAD_PORT, "25x"},
	{OK_TO("127.0.0.1", "-1"), REASON_AUTH_BAD_PORT, "-1"},
	{OK_TO("127.0.0.1", "18446744073709551641"), REASON_AUTH_BAD_PORT, "18446744073709551641"},
	{H S "Auth-Server-SSL: yes\r\n\r\n", REASON_AUTH_BAD_TLS, "yes"},
	{H S "Auth-Server-SSL: on off\r\n\r\n", REASON_AUTH_BAD_TLS, "on off"},
	{H S "Auth-Server-SSL: on\r\nAuth-Server-SSL:\r\n\r\n", REASON_AUTH_BAD_TLS, ""},
	{H S "Auth-Server-SSL: on\x01\r\n\r\n", REASON_AUTH_INVALID, "Auth-Server-SSL"},
	{"!!!\r\n\r\n", REASON_AUTH_INVALID, "!!!"},
	{"-a: b\r\n\r\n", REASON_AUTH_INVALID, "-a"},
	{": b\r\n\r\n", REASON_AUTH_INVALID, ""},
	{H "Auth Status: OK\r\n" S "\r\n", REASON_AUTH_INVALID, "Auth Status"},
	{H "Auth_Status: OK\r\n" S "\r\n", REASON_AUTH_INVALID, "Auth_Status"},
	{H "Auth-Status : OK\r\n" S "\r\n", REASON_AUTH_INVALID, "Auth-Status "},
	{H "X: y\r\n folded\r\n\r\n", REASON_AUTH_INVALID, " folded"},
	{H H "\r\n", REASON_AUTH_INVALID, "HTTP/1.0 200 OK"},
	{"HTTPX/1.0 200\r\n" S "\r\n", REASON_AUTH_INVALID, "HTTPX/1.0 200"},
	{"http/1.0 200 OK\r\n" S "\r\n", REASON_AUTH_INVALID, "http/1.0 200 OK"},
	{"HTTP/1.0 200\rX\r\n" S "\r\n", REASON_AUTH_INVALID, "HTTP/1.0 200\rX"},
	{H "Auth-Status: a\rb\r\n\r\n", REASON_AUTH_INVALID, "Auth-Status"},
	{H "Auth-Status: a\r\r\n\r\n", REASON_AUTH_INVALID, "Auth-Status"},
	{H "Auth-Status: a\x01\r\n\r\n", REASON_AUTH_INVALID, "Auth-Status"},
	{H "Auth-Error-Code: 5\x1b\r\n\r\n", REASON_AUTH_INVALID, "Auth-Error-Code"},
	{H "Auth-User: \x7f\r\n\r\n", REASON_AUTH_INVALID, "Auth-User"},
	{H "Auth-Pass: secret\rX\r\n\r\n", REASON_AUTH_INVALID, "Auth-Pass"},
	{H "\r\r\n", REASON_AUTH_INVALID, "\r"},
	{"\x16\x03\x01\n", REASON_AUTH_INVALID, "\x16\x03\x01"},
};

Test(auth_http_response, broken_answers_have_their_reasons)
{
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct reading g;
		const struct verdict *v = &g.r.verdict;

		answer(&g, str_cstr(broken[i].bytes), false);
		cr_assert_eq(g.verdicts, 1, "case %zu", i);
		cr_assert_eq(v->kind, VERDICT_BROKEN, "case %zu", i);
		cr_assert_eq(v->reason, broken[i].reason, "case %zu", i);
		cr_assert(str_eq(v->detail, str_cstr(broken[i].detail)), "case %zu", i);
		cr_assert(!v->user.p && !v->pass.p && v->server.port == 0);
		if (v->reason == REASON_AUTH_INVALID)
			cr_assert(g.r.done && !g.r.reusable);
		reading_done(&g);
	}
}

/* Of all 256 bytes in each value that goes on to somebody, none that could end a line. */
Test(auth_http_response, values_hold_no_line_ends_and_no_nul)
{
	static const struct {
		struct str name;
		bool password;
	} fields[] = {
		{STR_INIT("Auth-Status: a"), false},
		{STR_INIT("Auth-Error-Code: a"), false},
		{STR_INIT("Auth-User: a"), false},
		{STR_INIT("Auth-Pass: a"), true},
	};

	for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
		for (int c = 0; c < 256; c++) {
			bool ctl = (c < 0x20 && c != '\t') || c == 0x7f;
			struct reading g;
			uint8_t bytes[64];
			struct out o;

			if (c == '\n')
				continue; /* the line's end, whatever we wish */
			out_init(&o, bytes, sizeof(bytes));
			out_str(&o, fields[f].name);
			out_byte(&o, (uint8_t)c);
			out_lit(&o, "b\r\n\r\n");
			reading_init(&g, false);
			read_all(&g, out_data(&o), 64);
			cr_assert_eq(g.r.verdict.reason == REASON_AUTH_INVALID,
				     fields[f].password ? c == 0 || c == '\r' : ctl, "byte %d", c);
			reading_done(&g);
		}
	}
}

Test(auth_http_response, a_password_is_asked_for_where_none_is_known)
{
	struct reading g;

	answer(&g, STR(H "Auth-Status: OK\r\n" S "\r\n"), true);
	cr_assert_eq(g.r.verdict.reason, REASON_AUTH_NO_PASSWORD);
	reading_done(&g);
	answer(&g, STR(H "Auth-Status: OK\r\nAuth-Pass: x\r\n" S "\r\n"), true);
	cr_assert_eq(g.r.verdict.kind, VERDICT_OK);
	reading_done(&g);
	answer(&g, STR(H "Auth-Status: OK\r\nAuth-Pass:\r\n" S "\r\n"), true);
	cr_assert_eq(g.r.verdict.kind, VERDICT_OK);
	reading_done(&g);
	answer(&g, STR(H "Auth-Status: OK\r\nAuth-Server: x\r\nAuth-Port: 1\r\n\r\n"), true);
	cr_assert_eq(g.r.verdict.reason, REASON_AUTH_NO_PASSWORD);
	reading_done(&g);
}

/* ---- limits and ends ---- */

/* A head of exactly n bytes: status line, one long header, the empty line. */
static struct str head_of(uint8_t *room, size_t n, bool one_line)
{
	struct out o;
	size_t fixed = STR(H "X: \r\nAuth-Status: no\r\n\r\n").n;

	out_init(&o, room, n);
	out_lit(&o, H "X: ");
	for (size_t i = fixed; i < n; i++)
		out_byte(&o, one_line || (i - fixed) % 7 || n - i < 8 ? 'x' : '\n');
	out_lit(&o, "\r\nAuth-Status: no\r\n\r\n");
	cr_assert(!out_overflow(&o) && o.n == n);
	return out_data(&o);
}

Test(auth_http_response, the_head_may_be_as_long_as_the_limit)
{
	static uint8_t room[AUTH_HTTP_RESPONSE_MAX + 1];
	static const size_t pieces[] = {1, 7, 1000, AUTH_HTTP_RESPONSE_MAX + 1};

	for (size_t p = 0; p < 4; p++) {
		for (int one = 0; one < 2; one++) {
			struct reading g;

			reading_init(&g, false);
			read_all(&g, head_of(room, AUTH_HTTP_RESPONSE_MAX, one), pieces[p]);
			cr_assert_eq(g.r.verdict.kind, VERDICT_ERROR);
			cr_assert_eq(g.verdicts, 1);
			reading_done(&g);
			reading_init(&g, false);
			read_all(&g, head_of(room, AUTH_HTTP_RESPONSE_MAX + 1, one), pieces[p]);
			cr_assert_eq(g.r.verdict.kind, VERDICT_BROKEN);
			cr_assert_eq(g.r.verdict.reason, REASON_AUTH_TOO_LONG);
			cr_assert_eq(g.verdicts, 1);
			cr_assert(g.r.done && !g.r.reusable);
			reading_done(&g);
		}
	}
}

Test(auth_http_response, repeated_long_values_fit_the_store)
{
	static uint8_t room[AUTH_HTTP_RESPONSE_MAX];
	struct reading g;
	struct out o;

	out_init(&o, room, sizeof(room) - 64);
	while (!out_overflow(&o))
		out_lit(&o, "Auth-User:uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu\n");
	o.size = sizeof(room);
	o.overflow = false;
	out_lit(&o, "Auth-Status:no\n\n");
	reading_init(&g, false);
	read_all(&g, out_data(&o), 4096);
	cr_assert_eq(g.r.verdict.kind, VERDICT_ERROR);
	reading_done(&g);
}

Test(auth_http_response, a_small_store_breaks_the_answer_and_nothing_else)
{
	static const char text[] = "Auth-Status: OK\r\nAuth-User: someone\r\n" S "\r\n";

	for (size_t size = 0; size < 32; size++) {
		struct reading g;

		reading_init(&g, false);
		arena_init(&g.store, g.room, size);
		read_all(&g, str_of(text, sizeof(text) - 1), sizeof(text));
		cr_assert_eq(g.verdicts, 1);
		cr_assert_eq(g.r.verdict.reason, size < STR("someone127.0.0.12525").n
							 ? REASON_AUTH_TOO_LONG
							 : REASON_NONE);
		reading_done(&g);
	}
}

Test(auth_http_response, a_detail_is_cut_and_may_be_left_out)
{
	static uint8_t name[1000];
	struct reading g;

	memset(name, '!', sizeof(name));
	name[sizeof(name) - 1] = '\n';
	for (size_t size = 0; size <= 512; size += 128) {
		reading_init(&g, false);
		arena_init(&g.store, g.room, size);
		read_all(&g, str_of(name, sizeof(name)), 100);
		cr_assert_eq(g.r.verdict.reason, REASON_AUTH_INVALID);
		cr_assert_eq(g.r.verdict.detail.n, size < 256 ? 0 : 256);
		reading_done(&g);
	}
}

Test(auth_http_response, a_close_at_any_byte_of_the_head_breaks_it)
{
	static const char text[] = H "Auth-Status: OK\r\nAuth-User: u\r\nAuth-Pass: p\r\n" S "\r\n";

	for (size_t n = 0; n < sizeof(text); n++) {
		bool whole = n == sizeof(text) - 1;
		struct reading g;

		reading_init(&g, false);
		read_all(&g, str_of(text, n), 5);
		auth_http_response_eof(&g.r);
		cr_assert(g.r.done && !g.r.reusable);
		cr_assert_eq(g.verdicts, whole ? 1 : 0);
		cr_assert_eq(g.r.verdict.kind, whole ? VERDICT_OK : VERDICT_BROKEN);
		cr_assert_eq(g.r.verdict.reason, whole ? REASON_NONE : REASON_AUTH_CLOSED);
		if (!whole)
			cr_assert(!g.r.verdict.user.p && !g.r.verdict.pass.p);
		reading_done(&g);
	}
}

/* ---- the connection ---- */

#define OK   "Auth-Status: no\r\n"
#define LEN0 "Content-Length: 0\r\n"
#define KEEP "Connection: keep-alive\r\n"

enum after { REUSE, SHUT, READ_ON };

static const struct {
	const char *bytes;
	enum after after;
} connections[] = {
	{"HTTP/1.1 200 OK\r\n" OK LEN0 "\r\n", REUSE},
	{"HTTP/1.1 200 OK\r\n" OK LEN0 KEEP "\r\n", REUSE},
	{"HTTP/1.1 200 OK\r\n" OK "Connection: close\r\n" LEN0 "\r\n", SHUT},
	{"HTTP/1.1 200 OK\r\n" OK "Connection: Upgrade, CLOSE\r\n" LEN0 "\r\n", SHUT},
	{"HTTP/1.1 200 OK\r\n" OK KEEP "Connection: close\r\n" LEN0 "\r\n", SHUT},
	{"HTTP/1.1 200 OK\r\n" OK "Connection: closed\r\n" LEN0 "\r\n", REUSE},
	{"HTTP/1.0 200 OK\r\n" OK LEN0 "\r\n", SHUT},
	{"HTTP/1.0 200 OK\r\n" OK LEN0 KEEP "\r\n", REUSE},
	{"HTTP/1.0 200 OK\r\n" OK LEN0 "connection: x, Keep-Alive\r\n\r\n", REUSE},
	{"HTTP/1.0 200 OK\r\n" OK LEN0 "Connection: close, keep-alive\r\n\r\n", SHUT},
	{"HTTP/1.1 204 No Content\r\n" OK "\r\n", REUSE},
	{"HTTP/1.1 304 Not Modified\r\n" OK "Content-Length: 7\r\n\r\n", REUSE},
	{"HTTP/1.1 200 OK\r\n" OK "\r\n", SHUT},
	{OK LEN0 KEEP "\r\n", SHUT},
	{"HTTP/2.0 200 OK\r\n" OK LEN0 KEEP "\r\n", SHUT},
	{"HTTP/1.1 OK\r\n" OK LEN0 KEEP "\r\n", SHUT},
	{"HTTP/1.1 2000 OK\r\n" OK LEN0 KEEP "\r\n", SHUT},
	{"HTTP/1.1\r\n" OK LEN0 KEEP "\r\n", SHUT},
	{"HTTP/1.1 200\r\n" OK LEN0 "\r\n", REUSE},
	{"HTTP/1.1 200 OK\r\n" OK "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", SHUT},
	{"HTTP/1.1 200 OK\r\n" OK LEN0 "Transfer-Encoding: gzip\r\n\r\n", SHUT},
	{"HTTP/1.1 200 OK\r\n" OK "Content-Length: 5\r\n\r\n", READ_ON},
	{"HTTP/1.1 200 OK\r\n" OK "Content-Length: 5\r\n\r\nhell", READ_ON},
	{"HTTP/1.1 200 OK\r\n" OK "Content-Length: 5\r\n\r\nhello", REUSE},
	{"HTTP/1.1 200 OK\r\n" OK "Content-Length: 5\r\n\r\nhello!", SHUT},
	{"HTTP/1.1 200 OK\r\n" OK LEN0 "\r\n\r\n", SHUT},
	{"HTTP/1.1 200 OK\r\n" OK LEN0 "Content-Length: 0\r\n\r\n", REUSE},
	{"HTTP/1.1 200 OK\r\n" OK LEN0 "Content-Length: 1\r\n\r\n", SHUT},
	{"HTTP/1.1 200 OK\r\n" OK "Content-Length: 0x0\r\n\r\n", SHUT},
	{"HTTP/1.1 200 OK\r\n" OK "Content-Length: -1\r\n\r\n", SHUT},
	{"HTTP/1.1 200 OK\r\n" OK "Content-Length:\r\n\r\n", SHUT},
	{"HTTP/1.1 200 OK\r\n" OK "Content-Length: 65536\r\n\r\n", READ_ON},
	{"HTTP/1.1 200 OK\r\n" OK "Content-Length: 65537\r\n\r\n", SHUT},
	{"HTTP/1.1 200 OK\r\n" OK "Content-Length: 18446744073709551615\r\n\r\n", SHUT},
	{"HTTP/1.1 200 OK\r\n" OK "Content-Length: 18446744073709551616\r\n\r\n", SHUT},
	/* an answer that is no use, in a response that is well formed */
	{"HTTP/1.1 502 Bad Gateway\r\n" LEN0 "\r\n", REUSE},
	{"HTTP/1.1 200 OK\r\nAuth-Server: x\r\nAuth-Port: 1\r\n" LEN0 "\r\n", REUSE},
};

Test(auth_http_response, connections_are_reused_when_the_end_is_certain)
{
	for (size_t i = 0; i < sizeof(connections) / sizeof(connections[0]); i++) {
		struct reading g;

		answer(&g, str_cstr(connections[i].bytes), false);
		cr_assert_eq(g.verdicts, 1, "case %zu", i);
		cr_assert_eq(g.r.done, connections[i].after != READ_ON, "case %zu", i);
		cr_assert_eq(g.r.reusable, connections[i].after == REUSE, "case %zu", i);
		auth_http_response_eof(&g.r);
		cr_assert(g.r.done && !g.r.reusable);
		cr_assert_neq(g.r.verdict.reason, REASON_AUTH_CLOSED);
		reading_done(&g);
	}
}

Test(auth_http_response, the_status_is_kept_for_the_log)
{
	static const struct {
		const char *bytes;
		unsigned status;
	} cases[] = {
		{"HTTP/1.1 502 Bad Gateway\r\n\r\n", 502},
		{"HTTP/1.0 200\r\n\r\n", 200},
		{"HTTP/1.0 2x0\r\n\r\n", 0},
		{"Auth-Status: no\r\n\r\n", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading g;

		answer(&g, str_cstr(cases[i].bytes), false);
		cr_assert_eq(g.r.status, cases[i].status, "case %zu", i);
		cr_assert_eq(g.r.verdict.status, cases[i].status, "case %zu", i);
		reading_done(&g);
	}
}
