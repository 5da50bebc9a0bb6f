/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of auth_http_request(): requests byte for byte as the NGINX mail module 1.22 sends
 * them (recorded from it), escaping, and values that must not end their line.
 */
#include "proto/auth_http.h"

#include <criterion/criterion.h>
#include <string.h>

struct ask {
	struct auth_http_conf conf;
	struct auth_http_query query;
	struct login login;
	uint8_t bytes[4096];
	struct out out;
};

static void ask_init(struct ask *a)
{
	*a = (struct ask){
		.conf = {.uri = STR("/auth/x?y=1"), .host = STR("127.0.0.1")},
		.query = {.protocol = PROTOCOL_SMTP, .client_host = STR("[UNAVAILABLE]")},
		.login = {.method = AUTH_PLAIN,
			  .attempt = 1,
			  .user = STR("user"),
			  .pass = STR("pw")},
	};
	cr_assert_eq(addr_parse(STR("127.0.0.1"), &a->query.client), 0);
	a->query.login = &a->login;
}

static const char *request(struct ask *a)
{
	static char text[sizeof(a->bytes) + 1];

	out_init(&a->out, a->bytes, sizeof(a->bytes));
	auth_http_request(&a->conf, &a->query, &a->out);
	cr_assert(!out_overflow(&a->out));
	memset(text, 0, sizeof(text));
	memcpy(text, a->bytes, a->out.n);
	return text;
}

Test(auth_http_request, plain_with_configured_headers)
{
	struct ask a;

	ask_init(&a);
	a.conf.headers = STR("X-One: one\r\nX-Two: two 2\r\n");
	a.login.user = STR("u+=\x01 x\xe9");
	a.login.pass = STR("p w%\r\n");
	cr_assert_str_eq(request(&a), "GET /auth/x?y=1 HTTP/1.0\r\n"
				      "Host: 127.0.0.1\r\n"
				      "Auth-Method: plain\r\n"
				      "Auth-User: u+=%01%20x\xe9\r\n"
				      "Auth-Pass: p%20w%25%0D%0A\r\n"
				      "Auth-Protocol: smtp\r\n"
				      "Auth-Login-Attempt: 1\r\n"
				      "Client-IP: 127.0.0.1\r\n"
				      "Client-Host: [UNAVAILABLE]\r\n"
				      "X-One: one\r\n"
				      "X-Two: two 2\r\n"
				      "\r\n");
}

Test(auth_http_request, what_the_proxy_header_said)
{
	struct proxy_ends ends = {0};
	struct ask a;

	ask_init(&a);
	a.query.proxied = &ends;
	cr_assert_not(strstr(request(&a), "Proxy-Protocol"));
	cr_assert_eq(addr_parse(STR("2001:db8::1"), &ends.from), 0);
	cr_assert_eq(addr_parse(STR("2001:db8::2"), &ends.to), 0);
	ends.from.port = 56324;
	ends.to.port = 25;
	a.login.method = AUTH_NONE;
	cr_assert(strstr(request(&a), "Client-IP: 127.0.0.1\r\n"
				      "Client-Host: [UNAVAILABLE]\r\n"
				      "Proxy-Protocol-Addr: 2001:db8::1\r\n"
				      "Proxy-Protocol-Port: 56324\r\n"
				      "Proxy-Protocol-Server-Addr: 2001:db8::2\r\n"
				      "Proxy-Protocol-Server-Port: 25\r\n"
				      "Auth-SMTP-Helo: \r\n"));
}

Test(auth_http_request, none_with_the_envelope)
{
	struct ask a;

	ask_init(&a);
	a.login = (struct login){
		.method = AUTH_NONE,
		.attempt = 3,
		.helo = STR("c"),
		.mail_from = STR("MAIL FROM:<a@b> SIZE=1"),
		.rcpt_to = STR("RCPT TO:<c@d>"),
	};
	a.conf.headers = STR("X-One: one\r\n");
	cr_assert_str_eq(request(&a), "GET /auth/x?y=1 HTTP/1.0\r\n"
				      "Host: 127.0.0.1\r\n"
				      "Auth-Method: none\r\n"
				      "Auth-User: \r\n"
				      "Auth-Pass: \r\n"
				      "Auth-Protocol: smtp\r\n"
				      "Auth-Login-Attempt: 3\r\n"
				      "Client-IP: 127.0.0.1\r\n"
				      "Client-Host: [UNAVAILABLE]\r\n"
				      "Auth-SMTP-Helo: c\r\n"
				      "Auth-SMTP-From: MAIL FROM:<a@b> SIZE=1\r\n"
				      "Auth-SMTP-To: RCPT TO:<c@d>\r\n"
				      "X-One: one\r\n"
				      "\r\n");
	a.login.helo = str_none();
	cr_assert(strstr(request(&a), "\r\nAuth-SMTP-Helo: \r\nAuth-SMTP-From: MAIL"));
}

Test(auth_http_request, kept_alive_connections_add_one_line)
{
	struct ask a;

	ask_init(&a);
	a.conf.keepalive = true;
	cr_assert(strstr(request(&a),
			 "\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\nAuth-Method: "));
}

Test(auth_http_request, methods_and_protocols_have_nginx_names)
{
	static const char *const methods[] = {"plain",   "apop",        "cram-md5", "external",
					      "xoauth2", "oauthbearer", "none"};
	static const char *const protocols[] = {"smtp", "pop3", "imap"};
	struct ask a;

	for (size_t m = 0; m < 5; m++) {
		for (size_t p = 0; p < 3; p++) {
			char want[64];
			size_t n;
			struct out o;

			ask_init(&a);
			a.login.method = (enum auth_method)m;
			a.query.protocol = (enum protocol)p;
			out_init(&o, want, sizeof(want) - 1);
			out_lit(&o, "\r\nAuth-Method: ");
			out_str(&o, str_cstr(methods[m]));
			out_lit(&o, "\r\n");
			want[n = o.n] = 0;
			cr_assert(strstr(request(&a), want));
			out_reset(&o);
			out_lit(&o, "\r\nAuth-Protocol: ");
			out_str(&o, str_cstr(protocols[p]));
			out_lit(&o, "\r\n");
			want[n = o.n] = 0;
			cr_assert(strstr(request(&a), want));
			cr_assert_eq(strstr(request(&a), "Client-Host") != NULL, p == 0);
		}
	}
}

Test(auth_http_request, the_salt_goes_with_its_methods)
{
	struct ask a;

	for (int m = AUTH_PLAIN; m <= AUTH_NONE; m++) {
		bool salted = m == AUTH_APOP || m == AUTH_CRAM_MD5;
		const char *text;

		ask_init(&a);
		a.login.method = (enum auth_method)m;
		a.login.salt = STR("<123.456@proxy.test>");
		text = request(&a);
		cr_assert_eq(strstr(text, "\r\nAuth-Pass: pw\r\nAuth-Salt: <123.456@proxy.test>\r\n"
					  "Auth-Protocol: ") != NULL,
			     salted);
		cr_assert_eq(strstr(text, "Auth-Salt") != NULL, salted);
	}
}

Test(auth_http_request, client_addresses_of_each_family)
{
	struct ask a;

	ask_init(&a);
	cr_assert_eq(addr_parse(STR("2001:db8::1"), &a.query.client), 0);
	cr_assert(strstr(request(&a), "\r\nClient-IP: 2001:db8::1\r\n"));
	a.query.client = (struct addr){.family = ADDR_UNIX};
	cr_assert(strstr(request(&a), "\r\nClient-IP: unix:\r\n"));
	a.query.client_host = str_none();
	cr_assert(!strstr(request(&a), "Client-Host"));
}

#define ALICE "CN=alice\\ ,O=M\\C3\\BCller \\\"und\\\" S\\C3\\B6hne,C=DE"
#define LINE  "MIIBXjCCAQMCAwobLDAKBggqhkjOPQQDAjA2MQswCQYDVQQGEwJERTEWMBQGA1UE"

/* A client with a certificate, and one that was asked for one and has none. */
Test(auth_http_request, clients_with_tls)
{
	struct auth_http_tls tls = {
		.protocol = STR("TLSv1.2"),
		.cipher = STR("ECDHE-ECDSA-AES256-GCM-SHA384"),
		.verify = STR("SUCCESS"),
		.subject = STR(ALICE),
		.issuer = STR("CN=The CA,O=Test CA\\, Inc.,C=DE"),
		.serial = STR("0A1B2C"),
		.fingerprint = STR("ecb73002fb0ad4effe290bf62ffe40acca6c5486"),
		.certificate = STR("-----BEGIN CERTIFICATE-----\n" LINE "\n4t6b/0AUC6zEB6qJO\n"
				   "-----END CERTIFICATE-----\n"),
	};
	struct ask a;

	ask_init(&a);
	a.query.tls = &tls;
	a.conf.headers = STR("X-Key: secret\r\n");
	cr_assert(!strstr(request(&a), "Auth-SSL-Cert"), "nobody wants it");
	a.conf.pass_cert = true;
	cr_assert_str_eq(request(&a),
			 "GET /auth/x?y=1 HTTP/1.0\r\n"
			 "Host: 127.0.0.1\r\n"
			 "Auth-Method: plain\r\n"
			 "Auth-User: user\r\n"
			 "Auth-Pass: pw\r\n"
			 "Auth-Protocol: smtp\r\n"
			 "Auth-Login-Attempt: 1\r\n"
			 "Client-IP: 127.0.0.1\r\n"
			 "Client-Host: [UNAVAILABLE]\r\n"
			 "Auth-SSL: on\r\n"
			 "Auth-SSL-Protocol: TLSv1.2\r\n"
			 "Auth-SSL-Cipher: ECDHE-ECDSA-AES256-GCM-SHA384\r\n"
			 "Auth-SSL-Verify: SUCCESS\r\n"
			 "Auth-SSL-Subject: " ALICE "\r\n"
			 "Auth-SSL-Issuer: CN=The CA,O=Test CA\\, Inc.,C=DE\r\n"
			 "Auth-SSL-Serial: 0A1B2C\r\n"
			 "Auth-SSL-Fingerprint: ecb73002fb0ad4effe290bf62ffe40acca6c5486\r\n"
			 "Auth-SSL-Cert: -----BEGIN%20CERTIFICATE-----%0A" LINE
			 "%0A4t6b/0AUC6zEB6qJO%0A-----END%20CERTIFICATE-----%0A\r\n"
			 "X-Key: secret\r\n"
			 "\r\n");
	tls = (struct auth_http_tls){.protocol = STR("TLSv1.3"), .verify = STR("NONE")};
	cr_assert(strstr(request(&a), "\r\nAuth-SSL: on\r\nAuth-SSL-Protocol: TLSv1.3\r\n"
				      "Auth-SSL-Verify: NONE\r\nX-Key: secret\r\n\r\n"));
	a.login.method = AUTH_NONE;
	cr_assert(strstr(request(&a), "Auth-SMTP-To: \r\nAuth-SSL: on\r\n"));
	tls = (struct auth_http_tls){.protocol = str_none()};
	cr_assert(strstr(request(&a), "\r\nAuth-SSL: on\r\nX-Key: secret\r\n\r\n"));
	a.query.tls = NULL;
	cr_assert(!strstr(request(&a), "Auth-SSL"));
}

/* A fact that has a control character is not said at all; in PEM they are escaped. */
Test(auth_http_request, no_fact_about_tls_ends_its_line)
{
	struct auth_http_tls tls = {.protocol = str_none()};
	struct str *const facts[] = {
		&tls.protocol, &tls.cipher, &tls.verify,      &tls.subject,
		&tls.issuer,   &tls.serial, &tls.fingerprint,
	};
	struct ask a;

	ask_init(&a);
	a.query.tls = &tls;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		for (int c = 0; c < 256; c++) {
			uint8_t bytes[] = {'a', (uint8_t)c, 'b'};
			bool ctl = c < 0x20 || c == 0x7f;
			size_t n = strlen(request(&a));

			*facts[i] = str_of(bytes, sizeof(bytes));
			cr_assert_eq(strlen(request(&a)) == n, ctl, "fact %zu, byte %d", i, c);
			*facts[i] = str_none();
		}
	}
	a.conf.pass_cert = true;
	tls.certificate = STR("\r\nAuth-User: root\r\n\0\x7f");
	cr_assert(
		strstr(request(&a), "Auth-SSL-Cert: %0D%0AAuth-User:%20root%0D%0A%00\x7f\r\n\r\n"));
}

static size_t lines_in(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Every byte in every value: the request keeps its number of lines, and no NUL gets in. */
Test(auth_http_request, no_value_ends_its_line)
{
	struct ask a;
	struct str *const values[] = {
		&a.login.user,      &a.login.pass,    &a.login.salt,        &a.login.helo,
		&a.login.mail_from, &a.login.rcpt_to, &a.query.client_host,
	};
	static const enum auth_method methods[] = {AUTH_CRAM_MD5, AUTH_NONE};

	for (size_t m = 0; m < 2; m++) {
		for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
			for (int c = 0; c < 256; c++) {
				uint8_t bytes[] = {'a', (uint8_t)c, 'b'};
				size_t lines;

				ask_init(&a);
				a.login.method = methods[m];
				lines = lines_in(request(&a));
				*values[v] = str_of(bytes, sizeof(bytes));
				cr_assert_eq(lines_in(request(&a)), lines);
				cr_assert_eq(str_find(out_data(&a.out), 0), a.out.n);
			}
		}
	}
}

Test(auth_http_request, too_little_room_is_noticed)
{
	struct ask a;
	size_t n;

	ask_init(&a);
	n = strlen(request(&a));
	for (size_t room = 0; room <= n; room++) {
		out_init(&a.out, a.bytes, room);
		auth_http_request(&a.conf, &a.query, &a.out);
		cr_assert_eq(out_overflow(&a.out), room < n);
	}
}
