/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of session/session_proxy: whose connection it is, and what the backend is told. Whole
 * conversations are in tests/dialog/smtp/prox*.txt.
 */
#include "tests/lib/rig.h"

#include <criterion/criterion.h>
#include <string.h>

#define V1 "PROXY TCP4 198.51.100.7 203.0.113.9 56324 25\r\n"

static const struct addr_net balancer = {.base = {.family = ADDR_IP4, .ip = {192, 0, 2}},
					 .bits = 24};

static struct rig *proxied(void)
{
	struct rig *r = rig_new();

	r->proxied = true;
	rig_start(r);
	return r;
}

static struct rig *trusting(void)
{
	struct rig *r = rig_new();

	r->proxied = true;
	r->conf.real_ip_from = &balancer;
	r->conf.n_real_ip_from = 1;
	rig_start(r);
	return r;
}

static const char *text_of(const struct addr *a)
{
	static char text[ADDR_TEXT_MAX + 1];
	struct out o;

	out_init(&o, text, ADDR_TEXT_MAX);
	addr_write_port(&o, a);
	text[o.n] = '\0';
	return text;
}

Test(session_proxy, nothing_is_said_before_the_header)
{
	struct rig *r = proxied();

	cr_assert_str_eq(rig_take(r, SIDE_FRONT), "");
	rig_client(r, "PROXY TCP4 198.51.100.7 203.0.113.9 56324 25\r");
	cr_assert_str_eq(rig_take(r, SIDE_FRONT), "");
	rig_client(r, "\n");
	cr_assert_str_eq(rig_take(r, SIDE_FRONT), "220 mx.test ESMTP ready\r\n");
	cr_assert_eq(r->session.phase, PHASE_FRONT);
	rig_done(r);
}

Test(session_proxy, only_a_trusted_header_names_the_client)
{
	struct rig *r = proxied();
	struct auth_http_query q;

	rig_client(r, V1);
	cr_assert_str_eq(text_of(&r->session.client), "192.0.2.1:40000");
	rig_reach(r, PHASE_AUTH);
	session_auth_query(&r->session, &q);
	cr_assert_str_eq(text_of(&q.client), "192.0.2.1:40000");
	cr_assert_str_eq(text_of(&q.proxied->from), "198.51.100.7:56324");
	cr_assert_str_eq(text_of(&q.proxied->to), "203.0.113.9:25");
	rig_done(r);

	r = trusting();
	rig_client(r, V1);
	cr_assert_str_eq(text_of(&r->session.client), "198.51.100.7:56324");
	rig_done(r);
}

Test(session_proxy, a_header_without_addresses_names_nobody)
{
	struct rig *r = trusting();
	struct auth_http_query q;

	rig_client(r, "PROXY UNKNOWN\r\n");
	cr_assert_str_eq(text_of(&r->session.client), "192.0.2.1:40000");
	rig_reach(r, PHASE_AUTH);
	session_auth_query(&r->session, &q);
	cr_assert_eq(q.proxied->from.family, ADDR_NONE);
	rig_done(r);
}

/* What the header said lies where the backend's address will: neither is taken for the other. */
Test(session_proxy, the_upstream_is_logged_once_there_is_one)
{
	struct rig *r = trusting();

	rig_client(r, V1);
	rig_reach(r, PHASE_AUTH_WAIT);
	cr_assert_not(rig_logged(r, "upstream"));
	rig_done(r);

	r = trusting();
	rig_client(r, V1);
	rig_reach(r, PHASE_RELAY);
	cr_assert(rig_logged(r, "client logged in, client: 198.51.100.7, server: 127.0.0.1:25, "
				"login: \"tim\", upstream: 192.0.2.9:2525, "
				"[198.51.100.7:56324-192.0.2.1:25] <=> [unix:-192.0.2.9:2525]"),
		  "%s", r->log.text);
	rig_done(r);
}

Test(session_proxy, an_idle_session_owns_no_desk)
{
	struct rig *r = proxied();

	cr_assert_null(r->session.desk);
	rig_client(r, "PROXY ");
	session_rest(&r->session);
	cr_assert_not_null(r->session.desk);
	rig_client(r, "UNKNOWN\r\n");
	rig_take(r, SIDE_FRONT);
	session_rest(&r->session);
	cr_assert_null(r->session.desk);
	rig_done(r);

	r = rig_new();
	r->proxied = true;
	r->conf.greeting_delay_ms = 1000;
	rig_start(r);
	rig_client(r, "PROXY UNKNOWN\r\n");
	session_rest(&r->session);
	cr_assert_eq(r->session.phase, PHASE_DELAY);
	cr_assert_null(r->session.desk);
	rig_done(r);
}

static void check_broken(const char *bytes, enum reason reason, const char *line)
{
	struct rig *r = proxied();

	rig_client(r, bytes);
	cr_assert(rig_ended(r, reason), "%s", r->log.text);
	cr_assert(rig_logged(r, line), "%s", r->log.text);
	cr_assert_eq(r->log.level, LEVEL_ERR);
	cr_assert_str_eq(rig_take(r, SIDE_FRONT), "");
	cr_assert(rig_wants(r, WANT_CLOSE));
	rig_done(r);
}

Test(session_proxy, what_is_no_header_is_logged)
{
	check_broken("GET / HTTP/1.0\r\n\r\n", REASON_PROXY_BROKEN,
		     "broken header: \"GET / HTTP/1.0\" while reading PROXY protocol, client: "
		     "192.0.2.1, server: 127.0.0.1:25\n");
	check_broken("\r\nx", REASON_PROXY_BROKEN, "broken header: \"__x\" while");
	check_broken("PROXY TCP4 \x1b[1m\n", REASON_PROXY_BROKEN,
		     "broken header: \"PROXY TCP4 \\x1B[1m\" while");
}

Test(session_proxy, the_backend_is_told_first)
{
	struct rig *r = rig_new();

	r->conf.proxy_out = PROXY_OUT_V1;
	rig_reach(r, PHASE_BACK);
	cr_assert(rig_wants(r, WANT_RECV_FRONT | WANT_RECV_BACK | WANT_SEND_BACK));
	cr_assert_str_eq(rig_take(r, SIDE_BACK), "PROXY TCP4 192.0.2.1 192.0.2.1 40000 25\r\n");
	rig_backend(r, "220 back.test\r\n");
	cr_assert_str_eq(rig_take(r, SIDE_BACK), "EHLO mx.test\r\n");
	rig_done(r);
}

Test(session_proxy, the_backend_is_told_in_version_2)
{
	static const char header[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"
				     "\xc0\0\x02\x01\xc0\0\x02\x01\x9c\x40\0\x19";
	struct rig *r = rig_new();

	r->conf.proxy_out = PROXY_OUT_V2;
	rig_reach(r, PHASE_BACK);
	cr_assert(str_eq(session_pending(&r->session, SIDE_BACK),
			 str_of(header, sizeof(header) - 1)));
	rig_done(r);
}

/* The action says how far it came: still connecting, or the header has left. */
Test(session_proxy, the_log_says_whether_the_header_has_left)
{
	for (int sent = 0; sent < 2; sent++) {
		struct rig *r = rig_new();

		r->conf.proxy_out = PROXY_OUT_V1;
		rig_reach(r, PHASE_BACK);
		if (sent)
			rig_take(r, SIDE_BACK);
		rig_pass(r, RIG_TIMEOUT_MS);
		cr_assert(rig_ended(r, REASON_BACK_TIMEOUT));
		cr_assert(rig_logged(r, sent ? "while sending PROXY protocol header to upstream,"
					     : "while connecting to upstream,"));
		rig_done(r);
	}
}
