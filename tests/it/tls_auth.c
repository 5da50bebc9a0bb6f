/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An authentication service at https://: nginx's web server with certificates good and bad,
 * connections that are kept and TLS sessions that are resumed, as its own log tells.
 */
#include "tests/it/lib/secure.h"
#include "tests/it/lib/talk.h"
#include "tests/lib/certs.h"
#include "tests/lib/port.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void beyond_nginx(void)
{
	if (place_is_nginx())
		cr_skip("nginx's mail module asks by http:// only");
}

TestSuite(it_tls_auth, .timeout = 60, .fini = place_fini, .init = beyond_nginx);

#define GOOD_CA "auth_http_ssl_trusted_certificate %C/ca.pem; "
#define REFUSED "451 4.3.2 Internal server error"

/* One line for each request: connection, how many on it, TLS, resumed, name asked for. */
static const char web[] =
	"%s\ndaemon off;\nworker_processes 1;\npid %s/web.pid;\nerror_log %s/web.error;\n"
	"events { worker_connections 200; }\n"
	"http {\n"
	"  log_format told '$connection $connection_requests $ssl_protocol $ssl_session_reused "
	"$ssl_server_name $ssl_client_s_dn';\n"
	"  access_log %s/web.log told;\n  client_body_temp_path %s/t1;\n  proxy_temp_path %s/t2;\n"
	"  fastcgi_temp_path %s/t3;\n  uwsgi_temp_path %s/t4;\n  scgi_temp_path %s/t5;\n"
	"  server {\n    listen 127.0.0.1:%u ssl;\n    ssl_protocols %s;\n"
	"    ssl_certificate %s/%s.pem;\n    ssl_certificate_key %s/%s.key;\n"
	"    ssl_session_cache shared:web:1m;\n    keepalive_requests %u;\n"
	"    ssl_client_certificate %s/ca.pem;\n    ssl_verify_client optional;\n"
	"    location / {\n      add_header Auth-Status OK;\n      add_header Auth-Server "
	"127.0.0.1;\n      add_header Auth-Port %s;\n      return 200;\n    }\n  }\n}\n";

struct web {
	const char *identity;
	const char *protocols;
	unsigned requests; /* on one connection */
	uint16_t port;
	pid_t pid;
};

static void web_start(struct place *p, struct web *w)
{
	char path[256];
	const char *argv[] = {"/usr/sbin/nginx", "-p", p->dir, "-c", path, NULL}, *d = p->dir;
	const char *c = certs_folder();
	uint64_t began = place_now_ms();
	struct talk t;
	FILE *f;

	snprintf(path, sizeof(path), "%s/web.conf", d);
	f = fopen(path, "we");
	cr_assert(f);
	w->port = port_free();
	fprintf(f, web, geteuid() == 0 ? "user root;" : "", d, d, d, d, d, d, d, d, w->port,
		w->protocols ? w->protocols : "TLSv1.2 TLSv1.3", c, w->identity, c, w->identity,
		w->requests ? w->requests : 1000, c, strchr(p->sink_at, ':') + 1);
	fclose(f);
	w->pid = place_start(p, "web", argv);
	while (talk_try(&t, w->port) < 0) {
		cr_assert(waitpid(w->pid, NULL, WNOHANG) == 0 && place_now_ms() - began < 10000,
			  "nginx does not start: %s", place_read(p, "web.err"));
		place_pause();
	}
	talk_close(&t);
}

static void web_stop(const struct web *w)
{
	kill(w->pid, SIGTERM);
	place_wait(w->pid);
}

static void open_before(struct secure *s, struct web *w, const char *directives)
{
	char at[64];

	secure_begin(s, NULL);
	web_start(s->place, w);
	snprintf(at, sizeof(at), "https://localhost:%u", w->port);
	secure_proxy(s, &(struct secure_conf){.auth_at = at, .mail = directives});
}

static void log_in(struct secure *s, const char *want)
{
	struct talk t;

	talk_open(&t, s->place->login);
	talk_expect_code(&t, "220");
	talk_say(&t, "EHLO client.test", "250");
	talk_say(&t, "AUTH PLAIN AGFsaWNlAHNlY3JldA==", want);
	talk_close(&t);
}

/* Waits until so many of the log's lines have this text: they come a little after the answers. */
static void expect_lines(struct place *p, const char *text, int want)
{
	uint64_t began = place_now_ms();
	int n = -1;

	while (n != want) {
		cr_assert(place_now_ms() - began < 10000, "%d times \"%s\", not %d:\n%s", n, text,
			  want, place_read(p, "web.log"));
		n = 0;
		for (const char *at = place_read(p, "web.log"); (at = strstr(at, text)); at++)
			n++;
		if (n != want)
			place_pause();
	}
}

static void try_service(struct web *w, const char *directives, bool good)
{
	struct secure s;

	open_before(&s, w, directives);
	log_in(&s, good ? "235" : REFUSED);
	if (good) {
		expect_lines(s.place, "TLSv1", 1);
	} else {
		place_await_log(s.place, ".*in http auth state.*");
		cr_assert_str_empty(place_read(s.place, "web.log"), "it was asked all the same");
	}
	web_stop(w);
	place_end(s.place, false);
}

Test(it_tls_auth, a_valid_certificate)
{
	try_service(&(struct web){.identity = "ecdsa"}, GOOD_CA, true);
	try_service(&(struct web){.identity = "rsa", .protocols = "TLSv1.2"}, GOOD_CA, true);
	try_service(&(struct web){.identity = "stranger"},
		    GOOD_CA "auth_http_ssl_name elsewhere.test;", true);
}

Test(it_tls_auth, a_wrong_authority)
{
	try_service(&(struct web){.identity = "ecdsa"},
		    "auth_http_ssl_trusted_certificate %C/other-ca.pem;", false);
	/* by default, what the system trusts: not our tests */
	try_service(&(struct web){.identity = "ecdsa"}, "", false);
}

Test(it_tls_auth, a_wrong_name)
{
	try_service(&(struct web){.identity = "stranger"}, GOOD_CA, false);
}

Test(it_tls_auth, an_expired_certificate)
{
	try_service(&(struct web){.identity = "past"}, GOOD_CA, false);
}

Test(it_tls_auth, nobody_asks_where_nothing_is_verified)
{
	try_service(&(struct web){.identity = "past"}, "auth_http_ssl_verify off;", true);
	try_service(&(struct web){.identity = "stranger"}, "auth_http_ssl_verify off;", true);
}

Test(it_tls_auth, a_chain_that_is_too_deep_and_where_it_is_allowed)
{
	struct web w = {.identity = "within"};

	try_service(&w, GOOD_CA "auth_http_ssl_name mx.test; auth_http_ssl_verify_depth 0;", false);
	try_service(&w, GOOD_CA "auth_http_ssl_name mx.test; auth_http_ssl_verify_depth 1;", true);
}

Test(it_tls_auth, a_certificate_that_was_revoked)
{
	struct web w = {.identity = "ecdsa"};

	try_service(&w, GOOD_CA "auth_http_ssl_crl %C/crl.pem;", true);
	try_service(&w, GOOD_CA "auth_http_ssl_crl %C/crl-old.pem;", false);
}

Test(it_tls_auth, versions_and_ciphers_can_be_chosen)
{
#define RSA_ONLY                                                                                   \
	GOOD_CA "auth_http_ssl_protocols TLSv1.2;"                                                 \
		" auth_http_ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;"
	try_service(&(struct web){.identity = "rsa"}, RSA_ONLY, true);
	try_service(&(struct web){.identity = "ecdsa"}, RSA_ONLY, false);
	try_service(&(struct web){.identity = "rsa", .protocols = "TLSv1.3"}, RSA_ONLY, false);
}

Test(it_tls_auth, connections_are_kept)
{
	struct web w = {.identity = "ecdsa"};
	struct secure s;

	open_before(&s, &w, GOOD_CA "auth_http_keepalive 4;");
	for (int i = 0; i < 5; i++)
		log_in(&s, "235");
	expect_lines(s.place, " 5 TLSv1.3 . localhost", 1);
	web_stop(&w);
	place_end(s.place, false);
}

static void resumes(const char *protocol)
{
	struct web w = {.identity = "ecdsa", .protocols = protocol, .requests = 1};
	struct secure s;
	char line[64];

	open_before(&s, &w,
		    GOOD_CA "auth_http_ssl_certificate %C/good.pem;"
			    " auth_http_ssl_certificate_key %C/good.key;");
	for (int i = 0; i < 4; i++)
		log_in(&s, "235");
	snprintf(line, sizeof(line), " 1 %s . localhost", protocol);
	expect_lines(s.place, line, 1);
	snprintf(line, sizeof(line), " 1 %s r localhost", protocol);
	expect_lines(s.place, line, 3);
	cr_assert(strstr(place_read(s.place, "web.log"), "CN=good client"));
	web_stop(&w);
	place_end(s.place, false);
}

Test(it_tls_auth, sessions_are_resumed)
{
	resumes("TLSv1.3");
	resumes("TLSv1.2");
}

Test(it_tls_auth, a_locked_key_and_no_resumption)
{
	struct web w = {.identity = "ecdsa", .requests = 1};
	struct secure s;

	open_before(&s, &w,
		    GOOD_CA "auth_http_ssl_certificate %C/rsa.pem; auth_http_ssl_session_reuse off;"
			    " auth_http_ssl_certificate_key %C/rsa-locked.key;"
			    " auth_http_ssl_password_file %C/password;");
	for (int i = 0; i < 3; i++)
		log_in(&s, "235");
	expect_lines(s.place, " 1 TLSv1.3 . localhost", 3);
	cr_assert(strstr(place_read(s.place, "web.log"), "CN=mx.test"));
	web_stop(&w);
	place_end(s.place, false);
}
