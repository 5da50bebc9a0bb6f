/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PROXY protocol with real balancers: HAProxy in front and behind, both versions, headers in
 * pieces, unix sockets, backends that are not there.
 */
#include "tests/it/lib/balancer.h"
#include "tests/it/lib/talk.h"
#include "tests/lib/port.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(it_proxied, .timeout = 90, .fini = place_fini);

#define USERS "{\"users\": {\"alice\": {\"password\": \"secret\"}}}"
#define MAGIC "\r\n\r\n\0\r\nQUIT\n"

struct proxied {
	struct place *place;
	uint16_t login, none; /* listeners with proxy_protocol */
	struct balancer balancer;
};

/* Sink, balancer behind, auth service that routes to it, proxy, balancer in front. */
static void proxied_open(struct proxied *x, const char *send, const char *directives)
{
	struct place *p = x->place = place_new();
	char mail[1024], behind[32];

	x->login = port_free();
	x->none = port_free();
	balancer_choose(&x->balancer);
	x->balancer.send = send;
	x->balancer.proxy = x->none;
	place_sink(p, (const char *const[]){"--verify-source", "2000", NULL});
	x->balancer.to = p->sink_at;
	snprintf(behind, sizeof(behind), "127.0.0.1:%u", x->balancer.behind);
	place_authd(p, USERS, (const char *const[]){"--backend", behind, NULL});
	snprintf(mail, sizeof(mail),
		 "%s\n"
		 "server { listen 127.0.0.1:%u proxy_protocol; protocol smtp; }\n"
		 "server { listen 127.0.0.1:%u proxy_protocol; listen unix:%s/proxied "
		 "proxy_protocol; protocol smtp; smtp_auth none; }\n",
		 directives, x->login, x->none, p->dir);
	place_proxy(p, &(struct place_conf){.mail = mail});
	balancer_start(p, &x->balancer);
}

static void await_balancer(struct place *p, const char *line)
{
	uint64_t began = place_now_ms();

	while (!strstr(place_read(p, "haproxy.out"), line)) {
		cr_assert(place_now_ms() - began < 10000, "no line \"%s\" in:\n%s", line,
			  place_read(p, "haproxy.out"));
		place_pause();
	}
}

static uint16_t port_of(const struct talk *t)
{
	struct sockaddr_in a;
	socklen_t n = sizeof(a);

	cr_assert_eq(getsockname(t->fd, (struct sockaddr *)&a, &n), 0);
	return ntohs(a.sin_port);
}

static void send_message(struct talk *t)
{
	talk_expect(t, "220 mx.test ESMTP ready");
	talk_message(t);
	talk_say(t, "QUIT", "221");
	talk_expect_end(t);
}

/* What one balancer says of the client, the other one hears. */
static void check_passed_on(const char *send, const char *directives)
{
	char line[96];
	struct proxied x;
	struct talk t;
	uint16_t port;

	proxied_open(&x, send, directives);
	talk_open(&t, x.balancer.front);
	port = port_of(&t);
	send_message(&t);
	snprintf(line, sizeof(line), "127.0.0.1:%u to 127.0.0.1:%u", port, x.none);
	await_balancer(x.place, line);
	talk_close(&t);
	place_end(x.place, false);
}

Test(it_proxied, version_1_through_and_through)
{
	check_passed_on("send-proxy", "set_real_ip_from 127.0.0.1; proxy_protocol on;");
}

Test(it_proxied, version_2_through_and_through)
{
	if (place_is_nginx())
		cr_skip("nginx 1.22 knows no proxy_protocol v2");
	check_passed_on("send-proxy-v2 proxy-v2-options crc32c,unique-id",
			"set_real_ip_from 127.0.0.1; proxy_protocol v2;");
}

Test(it_proxied, a_hundred_messages_through_two_balancers)
{
	char to[32];
	const char *argv[] = {"smtp-source", "-s", "10",          "-m", "100", "-l",
			      "2000",        "-M", "client.test", to,   NULL};
	struct proxied x;

	proxied_open(&x, "send-proxy-v2", "set_real_ip_from 127.0.0.0/8; proxy_protocol on;");
	snprintf(to, sizeof(to), "127.0.0.1:%u", x.balancer.front);
	setenv("PATH", "/usr/sbin:/usr/bin:/bin:/sbin:/usr/local/bin", 1);
	cr_assert_eq(place_run(x.place, "smtp-source", argv), 0, "%s",
		     place_read(x.place, "smtp-source.err"));
	cr_assert_eq(place_await_sink(x.place, "intact", 100), 100);
	cr_assert_eq(place_sink_count(x.place, "damaged"), 0);
	place_end(x.place, false);
}

static void pieces(struct talk *t, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		talk_send_bytes(t, bytes + i, 1);
		if (i % 5 == 0)
			place_pause();
	}
}

/* Quirk Q16: nginx wants all of it in its first read. */
Test(it_proxied, headers_in_pieces)
{
	static const char v1[] = "PROXY TCP6 2001:db8::1 2001:db8::2 56324 25\r\n";
	static const char v2[] = MAGIC "\x21\x11\0\x13\xc0\0\x02\x01\xc6\x33\x64\x01\xdc\x04\0\x19"
				       "\x04\0\x04skip";
	struct proxied x;
	struct talk t;

	if (place_is_nginx())
		cr_skip("nginx refuses a header that comes in pieces");
	proxied_open(&x, "send-proxy", "set_real_ip_from 127.0.0.1; proxy_protocol on;");
	talk_open(&t, x.none);
	pieces(&t, v1, sizeof(v1) - 1);
	send_message(&t);
	await_balancer(x.place, "2001:db8::1:56324 to ::ffff:127.0.0.1:");
	talk_close(&t);
	talk_open(&t, x.none);
	pieces(&t, v2, sizeof(v2) - 1);
	send_message(&t);
	await_balancer(x.place, "192.0.2.1:56324 to 127.0.0.1:");
	place_await_log(x.place, "client logged in, client: 192\\.0\\.2\\.1, server: .*");
	talk_close(&t);
	place_end(x.place, false);
}

Test(it_proxied, a_balancer_on_a_unix_socket)
{
	char at[192];
	struct proxied x;
	struct talk t;

	proxied_open(&x, "send-proxy", "set_real_ip_from unix:; proxy_protocol on;");
	snprintf(at, sizeof(at), "unix:%s/proxied", x.place->dir);
	talk_open_at(&t, at);
	talk_send(&t, "PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\r\n");
	talk_expect(&t, "220 mx.test ESMTP ready");
	place_await_log(x.place, "client unix: connected to unix:.*");
	if (!place_is_nginx()) /* which writes a header that nobody understands */
		talk_message(&t);
	talk_close(&t);
	if (!place_is_nginx())
		await_balancer(x.place, "192.0.2.1:56324 to 0.0.0.0:0");
	place_end(x.place, false);
}

Test(it_proxied, who_speaks_without_a_header_gets_no_answer)
{
	struct proxied x;
	struct talk t;

	proxied_open(&x, "send-proxy", "");
	talk_open(&t, x.login);
	talk_send(&t, "GET / HTTP/1.0");
	talk_expect_end(&t);
	place_await_log(x.place,
			"broken header: \"GET / HTTP/1\\.0\" while reading PROXY protocol, "
			"client: 127\\.0\\.0\\.1, server: 127\\.0\\.0\\.1:[0-9]+");
	talk_close(&t);
	place_end(x.place, false);
}

/* The header is on its way before it is known whether anybody is there to read it. */
Test(it_proxied, a_backend_that_is_not_there)
{
	struct place *p = place_new();
	char dead[32];
	struct talk t;

	snprintf(dead, sizeof(dead), "127.0.0.1:%u", port_free());
	place_authd(p, USERS, (const char *const[]){"--backend", dead, NULL});
	place_proxy(p, &(struct place_conf){.mail = "proxy_protocol on;"});
	for (int i = 0; i < 20; i++) {
		talk_open(&t, p->login);
		talk_expect(&t, "220 mx.test ESMTP ready");
		talk_send(&t, "AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n");
		talk_expect(&t, "451 4.3.2 Internal server error");
		talk_expect_end(&t);
		talk_close(&t);
	}
	place_await_log(p, place_ours("connect\\(\\) failed \\(111: Connection refused\\) while "
				      "connecting to upstream, client: .*"));
	cr_assert_not(place_log_has(p, place_is_nginx() ? "x" : ".*Broken pipe.*"));
	place_end(p, false);
}
