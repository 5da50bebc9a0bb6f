/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf: what TLS comes to in a whole configuration: which server has it, who
 * shares what with whom, and that nothing is left when it goes.
 */
#include "app/conf.h"
#include "tests/lib/certs.h"
#include "tls/library.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CERT "ssl_certificate rsa.pem; ssl_certificate_key rsa.key; "

/* Servers on ports 1000, 1001, ... with these texts in them, below one for the mail block. The main
 * file is where the certificates are. */
static struct conf *try_load(const char *mail, const char *const *servers, struct conf_error *e)
{
	char path[512], text[4096];
	struct options o = {.conf = path, .prefix = "/"};
	struct conf *c;
	size_t n;
	FILE *f;

	cr_assert(certs_folder());
	n = (size_t)snprintf(text, sizeof(text), "mail { auth_http 127.0.0.1:9; %s\n", mail);
	for (unsigned i = 0; servers[i]; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "server { listen 127.0.0.1:%u; %s }\n", 1000 + i, servers[i]);
	snprintf(path, sizeof(path), "%s/conf.%d", certs_folder(), (int)getpid());
	f = fopen(path, "we");
	cr_assert(f && fprintf(f, "%s}\n", text) > 0 && !fclose(f));
	c = conf_load(&o, e);
	unlink(path);
	return c;
}

static struct conf *load(const char *mail, const char *const *servers)
{
	struct conf_error e;
	struct conf *c = try_load(mail, servers, &e);

	cr_assert(c, "%s", e.text);
	return c;
}

static const struct server_conf *server(const struct conf *c, uint32_t i)
{
	return &c->servers[i]->session;
}

Test(conf_tls, who_asks_for_it_has_it)
{
	static const char *const servers[] = {
		"protocol smtp;",
		"protocol smtp; starttls on;",
		"protocol imap; listen 127.0.0.1:2000 ssl; proxy_ssl starttls;",
		"protocol pop3; ssl on; listen 127.0.0.1:2001; proxy_ssl on;",
		"protocol pop3; starttls only; listen 127.0.0.1:2002 ssl;",
		NULL,
	};
	static const enum front_starttls starttls[] = {STARTTLS_OFF, STARTTLS_ON, STARTTLS_OFF,
						       STARTTLS_OFF, STARTTLS_ONLY};
	static const enum back_tls back[] = {BACK_TLS_OFF, BACK_TLS_OFF, BACK_TLS_STARTTLS,
					     BACK_TLS_ON, BACK_TLS_OFF};
	static const bool ssl[] = {false, false, false, true, true, true, false, true};
	struct conf *c = load(CERT, servers);

	for (uint32_t i = 0; i < 5; i++) {
		cr_expect_eq(server(c, i)->acceptor != NULL, i > 0, "server %u", i);
		cr_expect(server(c, i)->connector, "server %u", i);
		cr_expect_eq(server(c, i)->front.starttls, starttls[i], "server %u", i);
		cr_expect_eq(server(c, i)->back_tls, back[i], "server %u", i);
	}
	cr_assert_eq(c->worker.n_listens, sizeof(ssl) / sizeof(ssl[0]));
	for (uint32_t i = 0; i < c->worker.n_listens; i++)
		cr_expect_eq(c->worker.listens[i].ssl, ssl[i], "listen %u", i);
	conf_free(c);
}

/* Pairs of servers: is it one acceptor, one connector, one service? */
static const struct {
	const char *mail, *one, *other;
	bool acceptor, connector, service;
} pairs[] = {
	{"", "starttls on;", "ssl on;", true, true, true},
	{"", "starttls on;", "starttls only; ssl_protocols TLSv1.2;", false, true, true},
	{"", "starttls on;", "starttls on; ssl_verify_client optional_no_ca;", false, true, true},
	{"", "starttls on;", "starttls on; protocol imap;", false, true, true},
	{"", "starttls on;", "starttls on; " CERT, false, true, true},
	{"ssl_server_name a { " CERT "}", "ssl on;", "ssl on;", true, true, true},
	{"ssl_server_name a { " CERT "}", "ssl on;", "ssl on; ssl_server_name b { " CERT "}", false,
	 true, true},
	{"", "ssl on;", "ssl on; proxy_ssl on;", true, true, true},
	{"", "ssl on;", "ssl on; proxy_ssl_name x;", true, false, true},
	{"", "ssl on;", "ssl on; proxy_ssl_session_reuse off;", true, false, true},
	{"", "ssl on;", "ssl on; auth_http_ssl_verify off;", true, true, true},
	{"auth_http https://127.0.0.1:9; auth_http_ssl_trusted_certificate ca.pem;", "ssl on;",
	 "ssl on;", true, true, true},
	{"auth_http https://127.0.0.1:9; auth_http_ssl_trusted_certificate ca.pem;", "ssl on;",
	 "ssl on; auth_http_ssl_verify off;", true, true, false},
	{"auth_http https://127.0.0.1:9; auth_http_ssl_trusted_certificate ca.pem;", "ssl on;",
	 "ssl on; auth_http_ssl_name x;", true, true, false},
	{"", "ssl on;", "ssl on; auth_http_pass_client_cert on;", true, true, false},
};

Test(conf_tls, servers_that_say_the_same_share_it)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char one[512], other[512], mail[512];
		const char *const servers[] = {one, other, NULL};
		bool https = *pairs[i].mail == 'a';
		struct conf *c;

		snprintf(mail, sizeof(mail), CERT "%s", pairs[i].mail);
		snprintf(one, sizeof(one), "protocol smtp; %s", pairs[i].one);
		snprintf(other, sizeof(other), "%s%s",
			 strstr(pairs[i].other, "protocol imap") ? "" : "protocol smtp; ",
			 pairs[i].other);
		c = load(mail, servers);
		cr_expect_eq(server(c, 0)->acceptor == server(c, 1)->acceptor, pairs[i].acceptor,
			     "%zu: acceptor", i);
		cr_expect_eq(server(c, 0)->connector == server(c, 1)->connector, pairs[i].connector,
			     "%zu: connector", i);
		cr_expect_eq(server(c, 0)->auth == server(c, 1)->auth, pairs[i].service,
			     "%zu: service", i);
		cr_expect_eq(server(c, 0)->auth->connector != NULL, https, "%zu: https", i);
		conf_free(c);
	}
}

Test(conf_tls, the_service_at_https_has_its_port_and_name)
{
	static const char *const servers[] = {
		"protocol smtp; auth_http https://127.0.0.1/x;",
		"protocol smtp; auth_http https://[::1]:9;",
		"protocol smtp; auth_http https://unix:/tmp/x:/y;",
		NULL,
	};
	static const struct {
		struct str name, host, uri;
	} wanted[] = {
		{STR_INIT("127.0.0.1:443"), STR_INIT("127.0.0.1"), STR_INIT("/x")},
		{STR_INIT("[::1]:9"), STR_INIT("[::1]"), STR_INIT("/")},
		{STR_INIT("unix:/tmp/x"), STR_INIT("localhost"), STR_INIT("/y")},
	};
	struct conf *c = load("auth_http_ssl_verify off;", servers);

	for (uint32_t i = 0; i < 3; i++) {
		cr_expect(str_eq(server(c, i)->auth->name, wanted[i].name));
		cr_expect(str_eq(server(c, i)->auth->http.host, wanted[i].host));
		cr_expect(str_eq(server(c, i)->auth->http.uri, wanted[i].uri));
		cr_expect(server(c, i)->auth->connector);
	}
	conf_free(c);
}

Test(conf_tls, nothing_is_left_when_it_goes)
{
	static const char *const servers[] = {
		"protocol smtp; ssl on; ssl_verify_client on; ssl_client_certificate ca.pem; "
		"ssl_crl crl.pem; ssl_dhparam dh.pem; ssl_session_cache shared:a:1m;",
		"protocol imap; ssl_session_cache builtin shared:a:1m; starttls on; "
		"ssl_certificate ecdsa.pem; ssl_certificate_key "
		"ecdsa.key; ssl_certificate rsa.pem; ssl_certificate_key rsa-locked.key; "
		"ssl_password_file password; ssl_session_ticket_key ticket-1.key;",
		"protocol pop3; auth_http https://127.0.0.1:9; "
		"auth_http_ssl_trusted_certificate ca.pem; proxy_ssl_verify on; "
		"proxy_ssl_trusted_certificate ca.pem; proxy_ssl_certificate good.pem; "
		"proxy_ssl_certificate_key good.key;",
		NULL,
	};
	uint64_t once = 0;

	for (unsigned i = 0; i < 20; i++) {
		conf_free(load(CERT "ssl_server_name a { " CERT "}", servers));
		if (!i)
			once = library_memory();
		cr_assert_eq(library_memory(), once, "after %u", i);
	}
}

/* What has been opened is closed again when a later server is at fault. */
static const char *const late[] = {
	"protocol smtp; ssl on; ssl_session_cache shared:a:1m;",
	"protocol imap; ssl on; ssl_ecdh_curve nonsense;",
	NULL,
};

Test(conf_tls, nothing_is_left_of_one_that_cannot_be)
{
	struct conf_error e;
	uint64_t once = 0;

	for (unsigned i = 0; i < 10; i++) {
		cr_assert_null(try_load(CERT, late, &e));
		cr_assert(strstr(e.text, "nonsense"), "%s", e.text);
		if (!i)
			once = library_memory();
		cr_assert_eq(library_memory(), once, "after %u", i);
	}
}
