/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/auth_http_response: mail servers that the auth service names, instead of
 * giving their address.
 */
#include "proto/auth_http.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct reading {
	struct verdict verdict;
	struct arena store;
	uint8_t bytes[AUTH_HTTP_RESPONSE_MAX];
};

static void read_server(struct reading *g, const char *server, const char *port)
{
	struct auth_http_response r;
	struct buf in;
	char text[1024];

	snprintf(text, sizeof(text),
		 "HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: %s\r\nAuth-Port: %s\r\n\r\n",
		 server, port);
	in = buf_view(str_cstr(text));
	arena_init(&g->store, g->bytes, sizeof(g->bytes));
	auth_http_response_init(&r, &g->store, false);
	cr_assert_eq(auth_http_response_next(&r, &in), AUTH_HTTP_VERDICT);
	memset(text, 0xdd, sizeof(text));
	g->verdict = r.verdict;
}

Test(auth_http_server_name, is_taken)
{
	static const char *const names[] = {
		"localhost",    "mail.example.test", "mail.example.test.",
		"mail_backend", "3com.test",         "-a-",
		"MX1",          LABEL_63 ".test",
	};
	static struct reading g;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		read_server(&g, names[i], "2525");
		cr_assert_eq(g.verdict.kind, VERDICT_OK, "%s", names[i]);
		cr_assert(str_eq(g.verdict.server_name, str_cstr(names[i])));
		cr_assert_eq(g.verdict.server.family, ADDR_NONE);
		cr_assert_eq(g.verdict.server.port, 2525);
	}
}

Test(auth_http_server_name, is_none_where_there_is_an_address)
{
	static const char *const addresses[] = {"127.0.0.1", "2001:db8::1", "[2001:db8::1]"};
	static struct reading g;

	for (size_t i = 0; i < 3; i++) {
		read_server(&g, addresses[i], "25");
		cr_assert_eq(g.verdict.kind, VERDICT_OK);
		cr_assert_eq(g.verdict.server_name.n, 0);
		cr_assert_eq(g.verdict.server.family, i ? ADDR_IP6 : ADDR_IP4);
	}
}

Test(auth_http_server_name, is_refused_where_it_is_none)
{
	static const char *const others[] = {
		"mail.test:25",
		"127.0.0.256",
		"127.0.0.1.",
		"mail.test.1",
		".mail.test",
		"mail..test",
		"mail.test..",
		".",
		"mail/test",
		"m\xc3\xa4il.test",
		"256",
		"a b",
		LABEL_63 "x.ab",
		"[localhost]",
		"mail.test,b.test",
		LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63,
	};
	static struct reading g;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		read_server(&g, others[i], "25");
		cr_assert_eq(g.verdict.kind, VERDICT_BROKEN, "%s", others[i]);
		cr_assert_eq(g.verdict.reason, REASON_AUTH_BAD_SERVER);
		cr_assert_eq(g.verdict.server_name.n, 0);
	}
}

Test(auth_http_server_name, needs_a_port)
{
	static struct reading g;

	read_server(&g, "mail.test", "0");
	cr_assert_eq(g.verdict.kind, VERDICT_BROKEN);
	cr_assert_eq(g.verdict.reason, REASON_AUTH_BAD_PORT);
	cr_assert_eq(g.verdict.server_name.n, 0);
}
