/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of auth_http_response: answers that come before the answer (RFC 9110 section 15.2) are
 * passed over, whatever they say; but not for ever.
 */
#include "proto/auth_http.h"

#include "../lib/feed.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define SERVER   "Auth-Server: 127.0.0.1\r\nAuth-Port: 2525\r\n"

static uint8_t room[AUTH_HTTP_RESPONSE_MAX];

/* The answer, read in pieces; how many verdicts there were. */
static unsigned answer(struct auth_http_response *r, struct str bytes, size_t piece)
{
	static struct arena store;
	struct feed feed = {0};
	unsigned verdicts = 0;

	arena_init(&store, room, sizeof(room));
	auth_http_response_init(r, &store, false);
	for (size_t at = 0; at < bytes.n; at += piece) {
		struct buf *in = feed_open(&feed, str_first(str_from(bytes, at), piece));

		verdicts += auth_http_response_next(r, in) == AUTH_HTTP_VERDICT;
	}
	feed_done(&feed);
	return verdicts;
}

Test(auth_http_interim, is_passed_over)
{
	static const char *const interim[] = {
		CONTINUE,
		CONTINUE "HTTP/1.1 102 Processing\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\nAuth-Status: no\r\nAuth-Server: 6.6.6.6\r\n"
		"Auth-User: eve\r\nContent-Length: 7\r\nConnection: close\r\n\r\n",
	};
	struct auth_http_response r;
	char bytes[512];

	for (size_t i = 0; i < sizeof(interim) / sizeof(interim[0]); i++) {
		snprintf(bytes, sizeof(bytes),
			 "%sHTTP/1.1 200 OK\r\nContent-Length: 0\r\n" SERVER "\r\n", interim[i]);
		for (size_t piece = 1; piece < sizeof(bytes); piece++) {
			cr_assert_eq(answer(&r, str_cstr(bytes), piece), 1);
			cr_assert_eq(r.verdict.kind, VERDICT_OK, "case %zu", i);
			cr_assert_eq(r.verdict.server.ip[0], 127);
			cr_assert_null(r.verdict.user.p);
			cr_assert_eq(r.verdict.status, 200);
			cr_assert(r.done && r.reusable);
		}
	}
}

Test(auth_http_interim, has_an_end)
{
	static char bytes[AUTH_HTTP_RESPONSE_MAX + sizeof(CONTINUE)];
	struct auth_http_response r;

	for (size_t n = 0; n < AUTH_HTTP_RESPONSE_MAX; n += strlen(CONTINUE))
		memcpy(bytes + n, CONTINUE, strlen(CONTINUE));
	cr_assert_eq(answer(&r, str_of((uint8_t *)bytes, AUTH_HTTP_RESPONSE_MAX), 1000), 1);
	cr_assert_eq(r.verdict.reason, REASON_AUTH_TOO_LONG);
}

Test(auth_http_interim, is_not_a_change_of_protocol)
{
	struct auth_http_response r;

	cr_assert_eq(answer(&r, STR("HTTP/1.1 101 Switching Protocols\r\n\r\n"), 100), 1);
	cr_assert_eq(r.verdict.reason, REASON_AUTH_NO_SERVER);
}
