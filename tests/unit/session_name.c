/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of session/session_name, and of mail servers that have a name: what the DNS says, and
 * what comes of it.
 */
#include "session/session.h"
#include "tests/lib/rig.h"

#include <criterion/criterion.h>

#include <string.h>

#define LOGGED(r, t)   cr_assert(rig_logged((r), (t)), "%s", (r)->log.text)
#define ENDED(r, why)  cr_assert(rig_ended((r), (why)), "%s", (r)->log.text)
#define TAKES(r, s, t) cr_assert_str_eq(rig_take((r), (s)), (t))
#define GREETING       "220 mx.test ESMTP ready\r\n"
#define LOGIN          "EHLO c\r\nAUTH PLAIN AHRpbQBzZWNyZXQ=\r\n"
#define TAIL           ", client: 192.0.2.1, server: 127.0.0.1:25\n"

static struct rig *resolving(void)
{
	struct rig *r = rig_new();

	rig_resolve(r);
	rig_start(r);
	return r;
}

/* What the auth service would be told, once the client has logged in. */
static void host_is(struct rig *r, const char *host)
{
	struct auth_http_query q;

	TAKES(r, SIDE_FRONT, GREETING);
	rig_client(r, LOGIN);
	session_auth_query(&r->session, &q);
	cr_assert(str_eq(q.client_host, str_cstr(host)), "%.*s", (int)q.client_host.n,
		  (const char *)q.client_host.p);
}

/* ---- the client's name ---- */

Test(session_name, without_a_resolver_is_unavailable)
{
	struct rig *r = rig_new();

	rig_start(r);
	host_is(r, "[UNAVAILABLE]");
	rig_done(r);
}

Test(session_name, is_asked_for_by_address_and_then_checked)
{
	struct rig *r = resolving();
	struct name_query q;

	TAKES(r, SIDE_FRONT, "");
	session_name_query(&r->session, &q);
	cr_assert_eq(q.kind, NAME_OF_ADDRESS);
	cr_assert_eq(q.resolver, r->conf.resolver);
	cr_assert_eq(q.address.family, ADDR_IP4);
	cr_assert_eq(q.address.ip[3], 1);
	rig_name(r, "Mail-1.client.test");
	TAKES(r, SIDE_FRONT, "");
	session_name_query(&r->session, &q);
	cr_assert_eq(q.kind, NAME_ADDRESSES);
	cr_assert_eq(q.families, NAME_IP4);
	cr_assert(str_eq(q.name, STR("Mail-1.client.test")));
	rig_addresses(r, "192.0.2.7 192.0.2.1");
	host_is(r, "Mail-1.client.test");
	cr_assert_eq(r->log.lines, 1, "%s", r->log.text);
	rig_done(r);
}

Test(session_name, of_an_address_that_is_not_the_names_is_unavailable)
{
	static const char *const others[] = {"192.0.2.2", "2001:db8::1 192.0.2.3",
					     "c000:201:: 192.0.3.1"};

	for (size_t i = 0; i < 3; i++) {
		struct rig *r = resolving();

		rig_name(r, "mail.client.test");
		rig_addresses(r, others[i]);
		host_is(r, "[UNAVAILABLE]");
		cr_assert_eq(r->env.names.used, 0);
		rig_done(r);
	}
}

Test(session_name, that_is_not_found_is_unavailable_and_logged)
{
	struct rig *r = resolving();

	rig_nameless(r, NAME_NONE);
	LOGGED(r, "192.0.2.1 could not be resolved (3: Host not found) while in resolving client "
		  "address" TAIL);
	cr_assert_eq(r->log.level, LEVEL_ERR);
	host_is(r, "[UNAVAILABLE]");
	rig_done(r);
	r = resolving();
	rig_name(r, "mail.client.test");
	rig_nameless(r, NAME_NONE);
	LOGGED(r, "\"mail.client.test\" could not be resolved (3: Host not found) while in "
		  "resolving client hostname" TAIL);
	host_is(r, "[UNAVAILABLE]");
	rig_done(r);
}

Test(session_name, that_nobody_can_tell_is_temporarily_unavailable)
{
	struct rig *r = resolving();

	rig_nameless(r, NAME_FAILED);
	LOGGED(r, "192.0.2.1 could not be resolved (110: Operation timed out) while in resolving "
		  "client address" TAIL);
	host_is(r, "[TEMPUNAVAIL]");
	rig_done(r);
	r = resolving();
	rig_name(r, "mail.client.test");
	rig_nameless(r, NAME_FAILED);
	host_is(r, "[TEMPUNAVAIL]");
	rig_done(r);
}

Test(session_name, with_odd_bytes_is_refused)
{
	static const char *const hostile[] = {
		"",
		"a b",
		"a\r\nb",
		"mail_1.test",
		"mail.test\x01",
		"a.test=1",
		"a.test\xc3\xa4",
		"<mail.test>",
		"a/b",
		"a:b",
		"[UNAVAILABLE]",
	};

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct rig *r = resolving();

		rig_name(r, hostile[i]);
		LOGGED(r, "192.0.2.1 resolved to invalid host name \"");
		cr_assert_eq(r->session.phase, PHASE_FRONT);
		host_is(r, "[TEMPUNAVAIL]");
		rig_done(r);
	}
}

Test(session_name, may_have_255_bytes_and_no_more)
{
	char name[258];

	memset(name, 'a', sizeof(name));
	for (size_t n = 255; n <= 256; n++) {
		struct rig *r = resolving();

		name[n] = '\0';
		rig_name(r, name);
		if (n == 255)
			rig_addresses(r, "192.0.2.1");
		host_is(r, n == 255 ? name : "[TEMPUNAVAIL]");
		rig_done(r);
		name[n] = 'a';
	}
}

Test(session_name, of_an_ip6_client)
{
	static const struct {
		const char *client, *address;
		uint8_t families;
	} cases[] = {
		{"2001:db8::1", "192.0.2.1 2001:db8::1", NAME_IP6},
		{"::ffff:192.0.2.1", "192.0.2.1", NAME_IP4},
	};

	for (size_t i = 0; i < 2; i++) {
		struct rig *r = rig_new();
		struct name_query q;

		rig_resolve(r);
		rig_start_from(r, cases[i].client);
		session_name_query(&r->session, &q);
		cr_assert_eq(q.address.family, i ? ADDR_IP4 : ADDR_IP6);
		cr_assert_eq(q.address.ip[3], i ? 1 : 0xb8);
		rig_name(r, "mail.client.test");
		session_name_query(&r->session, &q);
		cr_assert_eq(q.families, cases[i].families);
		rig_addresses(r, cases[i].address);
		host_is(r, "mail.client.test");
		rig_done(r);
	}
}

Test(session_name, of_a_unix_client_is_temporarily_unavailable)
{
	struct rig *r = rig_new();

	rig_resolve(r);
	rig_start_from(r, "unix:");
	host_is(r, "[TEMPUNAVAIL]");
	rig_done(r);
}

Test(session_name, is_no_matter_of_pop3_and_imap)
{
	static const enum protocol others[] = {PROTOCOL_POP3, PROTOCOL_IMAP};

	for (size_t i = 0; i < 2; i++) {
		struct rig *r = rig_new();

		r->conf.front.protocol = others[i];
		rig_resolve(r);
		rig_start(r);
		cr_assert_eq(r->session.phase, PHASE_FRONT);
		rig_done(r);
	}
}

Test(session_name, is_that_of_the_client_behind_a_balancer)
{
	static const struct addr_net trusted = {.base = {.family = ADDR_IP4}};
	struct rig *r = rig_new();
	struct name_query q;

	r->proxied = true;
	r->conf.real_ip_from = &trusted;
	r->conf.n_real_ip_from = 1;
	rig_resolve(r);
	rig_start(r);
	rig_client(r, "PROXY TCP4 198.51.100.7 192.0.2.2 4711 25\r\nEHLO early\r\n");
	session_name_query(&r->session, &q);
	cr_assert_eq(q.address.ip[0], 198);
	TAKES(r, SIDE_FRONT, "");
	rig_nameless(r, NAME_NONE);
	cr_assert_not_null(strstr(rig_take(r, SIDE_FRONT), GREETING "250-mx.test\r\n"));
	rig_done(r);
}

Test(session_name, comes_behind_the_handshake)
{
	struct rig *r = rig_new();

	r->tls = true;
	rig_resolve(r);
	rig_start(r);
	cr_assert_eq(r->session.phase, PHASE_TLS_FRONT);
	rig_pass(r, 1000);
	rig_secured(r, SIDE_FRONT, REASON_NONE, "");
	cr_assert_eq(r->session.phase, PHASE_NAME_CLIENT);
	rig_pass(r, 2 * RIG_TIMEOUT_MS);
	rig_nameless(r, NAME_FAILED);
	cr_assert_eq(r->session.deadline_ms, r->env.now_ms + RIG_TIMEOUT_MS);
	host_is(r, "[TEMPUNAVAIL]");
	rig_done(r);
}

Test(session_name, is_waited_for_without_a_deadline_and_then_time_begins)
{
	struct rig *r = resolving();

	rig_pass(r, 10 * RIG_TIMEOUT_MS);
	cr_assert_eq(r->session.phase, PHASE_NAME_CLIENT);
	rig_name(r, "client.test");
	rig_pass(r, 10 * RIG_TIMEOUT_MS);
	rig_addresses(r, "192.0.2.1");
	cr_assert_eq(r->session.deadline_ms, r->env.now_ms + RIG_TIMEOUT_MS);
	rig_pass(r, RIG_TIMEOUT_MS);
	ENDED(r, REASON_CLIENT_TIMEOUT);
	rig_done(r);
}

Test(session_name, lets_early_talk_wait)
{
	struct rig *r = resolving();

	rig_client(r, "EHLO c\r\n");
	rig_name(r, "client.test");
	rig_client(r, "QUIT\r\n");
	TAKES(r, SIDE_FRONT, "");
	rig_addresses(r, "192.0.2.1");
	TAKES(r, SIDE_FRONT,
	      GREETING "250-mx.test\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n"
		       "221 2.0.0 Bye\r\n");
	ENDED(r, REASON_QUIT);
	rig_done(r);
}

Test(session_name, makes_early_talk_early_where_the_greeting_waits)
{
	struct rig *r = rig_new();

	r->conf.greeting_delay_ms = 1000;
	rig_resolve(r);
	rig_start(r);
	rig_client(r, "EHLO c\r\n");
	rig_nameless(r, NAME_NONE);
	ENDED(r, REASON_CLIENT_EARLY);
	TAKES(r, SIDE_FRONT, "503 5.5.0 Improper use of SMTP command pipelining\r\n");
	rig_done(r);
	r = rig_new();
	r->conf.greeting_delay_ms = 1000;
	rig_resolve(r);
	rig_start(r);
	rig_pass(r, 5000);
	rig_name(r, "client.test");
	rig_addresses(r, "192.0.2.1");
	cr_assert_eq(r->session.phase, PHASE_DELAY);
	cr_assert_eq(r->session.deadline_ms, r->env.now_ms + 1000);
	rig_pass(r, 1000);
	host_is(r, "client.test");
	rig_done(r);
}

Test(session_name, is_given_up_when_the_client_leaves)
{
	for (int phase = PHASE_NAME_CLIENT; phase <= PHASE_NAME_CHECK; phase++) {
		struct rig *r = rig_new();

		rig_reach(r, (enum phase)phase);
		session_on_closed(&r->session, SIDE_FRONT, str_none());
		ENDED(r, REASON_CLIENT_CLOSED);
		cr_assert(rig_wants(r, WANT_CLOSE));
		LOGGED(r, phase == PHASE_NAME_CLIENT
				  ? "client closed connection while in resolving client address"
				  : "client closed connection while in resolving client hostname");
		rig_nameless(r, NAME_FAILED);
		cr_assert_eq(r->session.phase, PHASE_CLOSING);
		rig_done(r);
	}
}

Test(session_name, has_its_half_closed_client_answered)
{
	struct rig *r = resolving();

	rig_client(r, "NOOP\r\n");
	session_on_closed(&r->session, SIDE_FRONT, str_none());
	cr_assert(rig_wants(r, WANT_NAME));
	rig_nameless(r, NAME_NONE);
	TAKES(r, SIDE_FRONT, GREETING "250 2.0.0 OK\r\n");
	ENDED(r, REASON_CLIENT_CLOSED);
	rig_done(r);
}

Test(session_name, costs_no_desk_and_is_forgotten_in_the_relay)
{
	struct rig *r = resolving();

	rig_name(r, "client.test");
	session_rest(&r->session);
	cr_assert_null(r->session.desk);
	rig_addresses(r, "192.0.2.1");
	TAKES(r, SIDE_FRONT, GREETING);
	session_rest(&r->session);
	cr_assert_null(r->session.desk);
	cr_assert_eq(r->env.names.used, 1);
	rig_reach(r, PHASE_RELAY);
	cr_assert_eq(r->env.names.used, 0);
	rig_done(r);
}

Test(session_name, is_passed_on_by_xclient)
{
	struct rig *r = rig_new();

	r->conf.back.xclient = true;
	rig_resolve(r);
	rig_start(r);
	rig_name(r, "client.test");
	rig_addresses(r, "192.0.2.1");
	rig_reach(r, PHASE_BACK);
	rig_backend(r, "220 back.test\r\n");
	TAKES(r, SIDE_BACK, "EHLO mx.test\r\n");
	rig_backend(r, "250 back.test\r\n");
	cr_assert_not_null(strstr(rig_take(r, SIDE_BACK), " NAME=client.test"), "%s", r->sent);
	rig_done(r);
}

/* ---- a mail server's name ---- */

static struct rig *routed(const char *addresses)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_NAME_BACK);
	if (addresses)
		rig_addresses(r, addresses);
	return r;
}

Test(session_name, of_a_mail_server_is_resolved)
{
	struct rig *r = routed(NULL);
	struct name_query q;

	session_name_query(&r->session, &q);
	cr_assert_eq(q.kind, NAME_ADDRESSES);
	cr_assert_eq(q.families, NAME_IP4 | NAME_IP6);
	cr_assert(str_eq(q.name, STR("back.test")));
	cr_assert_eq(r->session.deadline_ms, r->env.now_ms + RIG_TIMEOUT_MS);
	rig_addresses(r, "2001:db8::9");
	cr_assert_eq(r->session.phase, PHASE_DIAL);
	cr_assert_eq(r->session.upstream.family, ADDR_IP6);
	cr_assert_eq(r->session.upstream.port, 2525);
	rig_reach(r, PHASE_RELAY);
	LOGGED(r, "upstream: [2001:db8::9]:2525");
	rig_done(r);
}

Test(session_name, of_a_mail_server_needs_a_resolver)
{
	struct rig *r = rig_new();

	rig_reach(r, PHASE_AUTH);
	rig_route_to(r, "back.test");
	ENDED(r, REASON_AUTH_BAD_SERVER);
	LOGGED(r, "no resolver defined to resolve \"back.test\" while in http auth state");
	LOGGED(r, "auth http server 127.0.0.1:9000 sent invalid server address:\"back.test\" while "
		  "in http auth state, client: 192.0.2.1");
	TAKES(r, SIDE_FRONT, "451 4.3.2 Internal server error\r\n");
	rig_done(r);
}

Test(session_name, of_a_mail_server_that_is_not_found_ends_it)
{
	struct rig *r = routed(NULL);

	rig_nameless(r, NAME_NONE);
	ENDED(r, REASON_BACK_UNRESOLVED);
	LOGGED(r, "\"back.test\" could not be resolved (3: Host not found) while in resolving "
		  "upstream hostname, client: 192.0.2.1, server: 127.0.0.1:25, login: \"tim\"\n");
	TAKES(r, SIDE_FRONT, "451 4.3.2 Internal server error\r\n");
	rig_done(r);
}

Test(session_name, of_a_mail_server_has_the_time_that_the_login_has)
{
	struct rig *r = routed(NULL);

	rig_pass(r, RIG_TIMEOUT_MS - 1);
	rig_addresses(r, "192.0.2.9");
	rig_pass(r, 1);
	ENDED(r, REASON_BACK_TIMEOUT);
	rig_done(r);
	r = routed(NULL);
	rig_pass(r, RIG_TIMEOUT_MS);
	ENDED(r, REASON_BACK_TIMEOUT);
	LOGGED(r, "upstream timed out (110: Connection timed out) while in resolving upstream "
		  "hostname");
	rig_done(r);
}

Test(session_name, with_several_addresses_is_tried_at_each)
{
	struct rig *r = routed("192.0.2.9 2001:db8::9 192.0.2.11");

	session_on_dialled(&r->session, str_none());
	session_on_closed(&r->session, SIDE_BACK, STR("111: Connection refused"));
	LOGGED(r, "connect() failed (111: Connection refused), trying the next address while "
		  "connecting to upstream, client: 192.0.2.1, server: 127.0.0.1:25, login: "
		  "\"tim\", upstream: 192.0.2.9:2525\n");
	cr_assert_eq(r->log.level, LEVEL_WARN);
	cr_assert(rig_wants(r, WANT_RECV_FRONT | WANT_DIAL));
	session_on_closed(&r->session, SIDE_BACK, STR("32: Broken pipe"));
	session_on_dialled(&r->session, STR("101: Network is unreachable"));
	cr_assert(rig_wants(r, WANT_RECV_FRONT | WANT_DIAL));
	cr_assert_eq(r->session.upstream.ip[3], 11);
	cr_assert_eq(r->session.upstream.port, 2525);
	rig_reach(r, PHASE_RELAY);
	rig_done(r);
}

Test(session_name, whose_last_address_refuses_is_down)
{
	struct rig *r = routed("192.0.2.9 192.0.2.10");

	session_on_dialled(&r->session, STR("111: Connection refused"));
	session_on_dialled(&r->session, str_none());
	session_on_closed(&r->session, SIDE_BACK, STR("111: Connection refused"));
	ENDED(r, REASON_BACK_DOWN);
	LOGGED(r, "connect() failed (111: Connection refused) while connecting to upstream, "
		  "client: 192.0.2.1, server: 127.0.0.1:25, login: \"tim\", upstream: "
		  "192.0.2.10:2525\n");
	rig_done(r);
}

Test(session_name, whose_address_closes_without_a_word_is_tried_at_the_next)
{
	struct rig *r = routed("192.0.2.9 192.0.2.10");

	session_on_dialled(&r->session, str_none());
	session_on_closed(&r->session, SIDE_BACK, str_none());
	LOGGED(r, "upstream prematurely closed connection, trying the next address while "
		  "connecting to upstream");
	cr_assert(rig_wants(r, WANT_RECV_FRONT | WANT_DIAL));
	session_on_dialled(&r->session, str_none());
	session_on_closed(&r->session, SIDE_BACK, str_none());
	ENDED(r, REASON_BACK_CLOSED);
	rig_done(r);
}

Test(session_name, is_tried_no_further_once_a_byte_has_come)
{
	struct rig *r = routed("192.0.2.9 192.0.2.10");

	session_on_dialled(&r->session, str_none());
	rig_backend(r, "220");
	session_on_closed(&r->session, SIDE_BACK, STR("104: Connection reset by peer"));
	ENDED(r, REASON_BACK_DOWN);
	rig_done(r);
}

Test(session_name, brings_the_proxy_header_to_each_address)
{
	struct rig *r = rig_new();

	r->conf.proxy_out = PROXY_OUT_V1;
	rig_reach(r, PHASE_NAME_BACK);
	rig_addresses(r, "192.0.2.9 192.0.2.10");
	session_on_dialled(&r->session, str_none());
	cr_assert_gt(session_pending(&r->session, SIDE_BACK).n, 0);
	session_on_sent(&r->session, SIDE_BACK, 3);
	session_on_closed(&r->session, SIDE_BACK, STR("111: Connection refused"));
	cr_assert(rig_wants(r, WANT_RECV_FRONT | WANT_DIAL));
	session_on_dialled(&r->session, str_none());
	TAKES(r, SIDE_BACK, "PROXY TCP4 192.0.2.1 192.0.2.1 40000 25\r\n");
	rig_done(r);
}

Test(session_name, is_tried_further_before_a_handshake_as_well)
{
	struct rig *r = rig_new();

	r->conf.back_tls = BACK_TLS_ON;
	rig_reach(r, PHASE_NAME_BACK);
	rig_addresses(r, "192.0.2.9 192.0.2.10");
	session_on_dialled(&r->session, str_none());
	cr_assert_eq(r->session.phase, PHASE_TLS_BACK);
	session_on_closed(&r->session, SIDE_BACK, STR("111: Connection refused"));
	cr_assert(rig_wants(r, WANT_RECV_FRONT | WANT_DIAL));
	session_on_dialled(&r->session, str_none());
	cr_assert_eq(r->session.phase, PHASE_TLS_BACK);
	rig_done(r);
}

Test(session_name, with_very_many_addresses_is_tried_at_the_first)
{
	struct rig *r = routed("192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 "
			       "192.0.2.7 192.0.2.8 192.0.2.9 192.0.2.10 192.0.2.11 192.0.2.12 "
			       "192.0.2.13 192.0.2.14 192.0.2.15 192.0.2.16 192.0.2.17 192.0.2.18");
	int dials = 0;

	for (; session_wants(&r->session) & WANT_DIAL; dials++)
		session_on_dialled(&r->session, STR("111: Connection refused"));
	cr_assert_eq(dials, 16);
	ENDED(r, REASON_BACK_DOWN);
	rig_done(r);
}
