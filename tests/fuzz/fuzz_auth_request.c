/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_auth_request: requests to the auth service about logins of arbitrary bytes. Whatever the
 * strings hold, the request has the header lines that the method calls for, in order, and no
 * other; credentials come back from their escapes; strings that go as they are either do so
 * whole or are left out. Input: two bytes of choices, then strings, each behind its length.
 */
#include "base/must.h"
#include "proto/auth_http.h"
#include "tests/lib/guard.h"
#include "tests/lib/reference.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct auth_http_conf confs[] = {
	{.uri = STR_INIT("/auth"), .host = STR_INIT("127.0.0.1")},
	{
		.uri = STR_INIT("/a?b=c"),
		.host = STR_INIT("auth.example"),
		.headers = STR_INIT("X-Auth-Key: one\r\nX-Other: two\r\n"),
		.keepalive = true,
		.pass_cert = true,
	},
};

/* What is left of a request to be read. */
static struct str rest;

static struct str next_line(void)
{
	size_t n = str_find(rest, '\n');
	struct str line = str_first(rest, n);

	must(n < rest.n && n > 0 && line.p[n - 1] == '\r');
	line.n--;
	must(str_find(line, '\r') == line.n);
	rest = str_from(rest, n + 1);
	return line;
}

static void expect(struct str line)
{
	must(str_eq(next_line(), line));
}

static struct str value_of(struct str name)
{
	struct str line = next_line();

	must(str_starts(line, name));
	return str_from(line, name.n);
}

static void expect_escaped(struct str name, struct str value)
{
	struct str text = value_of(name);
	uint8_t *plain = malloc(text.n + 1);
	size_t n = 0;

	must(plain && !memchr(text.n ? text.p : plain, ' ', text.n));
	must(reference_unescape(text, STR("%"), plain, &n) == 0 && str_eq(str_of(plain, n), value));
	free(plain);
}

static void expect_raw(struct str name, struct str value)
{
	must(str_eq(value_of(name), str_has_ctl(value) ? str_none() : value));
}

static void check_login(const struct auth_http_query *q)
{
	static const char *const methods[] = {"plain",   "apop",        "cram-md5", "external",
					      "xoauth2", "oauthbearer", "none"};
	const struct login *l = q->login;

	must(str_eq(value_of(STR("Auth-Method: ")), str_cstr(methods[l->method])));
	expect_escaped(STR("Auth-User: "), l->user);
	expect_escaped(STR("Auth-Pass: "), l->pass);
	if (l->method == AUTH_APOP || l->method == AUTH_CRAM_MD5)
		expect_raw(STR("Auth-Salt: "), l->salt);
}

static void check_end(struct str name, struct str port_name, const struct addr *a)
{
	struct addr named;
	uint64_t port;

	must(addr_parse(value_of(name), &named) == 0 &&
	     memcmp(named.ip, a->ip, sizeof(a->ip)) == 0);
	must(str_u64(value_of(port_name), 65535, &port) == 0 && port == a->port);
}

static void check_proxied(const struct proxy_ends *ends)
{
	if (!ends || ends->from.family == ADDR_NONE)
		return;
	check_end(STR("Proxy-Protocol-Addr: "), STR("Proxy-Protocol-Port: "), &ends->from);
	check_end(STR("Proxy-Protocol-Server-Addr: "), STR("Proxy-Protocol-Server-Port: "),
		  &ends->to);
}

static void expect_fact(struct str name, struct str value)
{
	if (value.n && !str_has_ctl(value))
		must(str_eq(value_of(name), value));
}

static void check_tls(const struct auth_http_conf *conf, const struct auth_http_tls *tls)
{
	if (!tls)
		return;
	expect(STR("Auth-SSL: on"));
	expect_fact(STR("Auth-SSL-Protocol: "), tls->protocol);
	expect_fact(STR("Auth-SSL-Cipher: "), tls->cipher);
	expect_fact(STR("Auth-SSL-Verify: "), tls->verify);
	expect_fact(STR("Auth-SSL-Subject: "), tls->subject);
	expect_fact(STR("Auth-SSL-Issuer: "), tls->issuer);
	expect_fact(STR("Auth-SSL-Serial: "), tls->serial);
	expect_fact(STR("Auth-SSL-Fingerprint: "), tls->fingerprint);
	if (conf->pass_cert && tls->certificate.n)
		expect_escaped(STR("Auth-SSL-Cert: "), tls->certificate);
}

static void check(const struct auth_http_conf *conf, const struct auth_http_query *q)
{
	static const char *const protocols[] = {"smtp", "pop3", "imap"};
	uint64_t attempt;

	must(str_starts(value_of(STR("GET ")), conf->uri));
	must(str_eq(value_of(STR("Host: ")), conf->host));
	if (conf->keepalive)
		expect(STR("Connection: keep-alive"));
	check_login(q);
	must(str_eq(value_of(STR("Auth-Protocol: ")), str_cstr(protocols[q->protocol])));
	must(str_u64(value_of(STR("Auth-Login-Attempt: ")), UINT32_MAX, &attempt) == 0);
	must(attempt == q->login->attempt && value_of(STR("Client-IP: ")).n);
	if (q->protocol == PROTOCOL_SMTP && q->client_host.n)
		expect_raw(STR("Client-Host: "), q->client_host);
	check_proxied(q->proxied);
	if (q->login->method == AUTH_NONE) {
		expect_raw(STR("Auth-SMTP-Helo: "), q->login->helo);
		expect_raw(STR("Auth-SMTP-From: "), q->login->mail_from);
		expect_raw(STR("Auth-SMTP-To: "), q->login->rcpt_to);
	}
	check_tls(conf, q->tls);
	must(str_starts(rest, conf->headers));
	rest = str_from(rest, conf->headers.n);
	must(str_eq(rest, STR("\r\n")));
}

/* Into its exact room, and into less, where what fits is a beginning. */
static void write_and_check(const struct auth_http_conf *conf, const struct auth_http_query *q)
{
	static struct guard memory;
	static uint8_t whole[65536];
	struct out o;
	size_t n, less;

	out_init(&o, whole, sizeof(whole));
	auth_http_request(conf, q, &o);
	if (out_overflow(&o))
		return;
	n = o.n;
	rest = out_data(&o);
	check(conf, q);
	less = n - 1 - (q->login->user.n * 7) % n;
	out_init(&o, guard_room(&memory, less), less);
	auth_http_request(conf, q, &o);
	must(out_overflow(&o) && memcmp(o.base, whole, o.n) == 0);
	out_init(&o, guard_room(&memory, n), n);
	auth_http_request(conf, q, &o);
	must(!out_overflow(&o) && o.n == n && memcmp(o.base, whole, n) == 0);
}

/* A length byte and so many bytes of the input. */
static struct str take(struct str *input)
{
	size_t n = input->n ? input->p[0] : 0;
	struct str s = str_first(str_from(*input, 1), n);

	*input = str_from(*input, 1 + s.n);
	return s;
}

static void take_tls(struct str *input, struct auth_http_tls *tls)
{
	tls->protocol = take(input);
	tls->cipher = take(input);
	tls->verify = take(input);
	tls->subject = take(input);
	tls->issuer = take(input);
	tls->serial = take(input);
	tls->fingerprint = take(input);
	tls->certificate = take(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct guard source;
	struct auth_http_tls tls;
	struct login l = {0};
	struct proxy_ends ends = {.from = {ADDR_IP4, {192, 0, 2, 7}, 65535},
				  .to = {.family = ADDR_IP4}};
	struct auth_http_query q = {.login = &l};
	struct str input;

	if (n < 2)
		return 0;
	input = guard_copy(&source, str_of(data + 2, n - 2));
	l.method = (enum auth_method)(data[0] % 7);
	q.protocol = (enum protocol)(data[0] / 7 % 3);
	q.client.family = data[0] & 128 ? ADDR_IP6 : ADDR_IP4;
	l.attempt = data[1] >> 2;
	q.proxied = data[1] & 2 ? &ends : NULL;
	l.user = take(&input);
	l.pass = take(&input);
	l.salt = take(&input);
	l.helo = take(&input);
	l.mail_from = take(&input);
	l.rcpt_to = take(&input);
	q.client_host = take(&input);
	if (data[0] & 64) {
		take_tls(&input, &tls);
		q.tls = &tls;
	}
	write_and_check(&confs[data[1] & 1], &q);
	return 0;
}
