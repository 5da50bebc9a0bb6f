/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mail over TLS: swaks, curl, Python's mail libraries (tls_mail.py) and smtp-source behind HAProxy
 * through the real program to the sink and to a real Dovecot, plain or with TLS on its side; big
 * messages byte for byte, slow readers, many sessions at a time.
 */
#include "tests/it/lib/balancer.h"
#include "tests/it/lib/dovecot.h"
#include "tests/it/lib/secure.h"
#include "tests/lib/certs.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(it_tls_mail, .timeout = 120, .fini = place_fini);

#define PROGRAM "tls_mail.py"

/* A proxy in front of the sink and of a Dovecot; with its own `identity` that wants TLS. */
static void open_mail(struct secure *s, const char *identity, const char *mail)
{
	struct dovecot d = {.identity = identity};
	char users[512];

	if (!dovecot_is_known())
		cr_skip("Dovecot is not 2.3, which these tests configure");
	secure_begin(s, NULL);
	dovecot_start(s->place, &d);
	snprintf(users, sizeof(users),
		 "{\"imap\": {\"server\": \"127.0.0.1\", \"port\": %u},"
		 " \"pop3\": {\"server\": \"127.0.0.1\", \"port\": %u},"
		 " \"users\": {\"alice\": {\"password\": \"secret\", \"login\": \"alice@inside\","
		 " \"backend_password\": \"%s\"}}}",
		 identity ? d.imaps : d.imap, identity ? d.pop3s : d.pop3, DOVECOT_PASSWORD);
	secure_proxy(s, &(struct secure_conf){.users = users, .mail = mail});
}

Test(it_tls_mail, pythons_libraries_at_once_and_with_starttls)
{
	struct secure s;

	open_mail(&s, NULL, NULL);
	SECURE_PYTHON(&s, PROGRAM, "clients");
	cr_assert_eq(place_await_sink(s.place, "messages", 6), 6);
	place_end(s.place, false);
}

static void curl(struct secure *s, const char *const *options)
{
	char ca[4200];
	const char *argv[32] = {"curl", "-sS",       "--max-time", "20",           "--cacert",  ca,
				"-o",   "/dev/null", "--user",     "alice:secret", "--ssl-reqd"};
	int n = 11;

	snprintf(ca, sizeof(ca), "%s/ca.pem", certs_folder());
	while (*options)
		argv[n++] = *options++;
	cr_assert_eq(place_run(s->place, "curl", argv), 0, "%s: %s", argv[11],
		     place_read(s->place, "curl.err"));
}

static void curl_all(struct secure *s)
{
	const struct {
		const char *scheme;
		uint16_t port;
	} ways[] = {{"smtps", s->smtps}, {"smtp", s->smtp},   {"imaps", s->imaps},
		    {"imap", s->imap},   {"pop3s", s->pop3s}, {"pop3", s->pop3}};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		char url[64];
		const char *options[] = {url,           "--mail-from", "a@client.test",
					 "--mail-rcpt", "b@sink.test", "-T",
					 "README.md",   NULL};

		snprintf(url, sizeof(url), "%s://localhost:%u/", ways[i].scheme, ways[i].port);
		if (i >= 2)
			options[1] = NULL;
		curl(s, options);
	}
}

Test(it_tls_mail, curl_speaks_all_six)
{
	struct secure s;

	open_mail(&s, NULL, NULL);
	curl_all(&s);
	cr_assert_eq(place_await_sink(s.place, "messages", 2), 2);
	place_end(s.place, false);
}

Test(it_tls_mail, swaks_with_tls_and_tls_on_connect)
{
	const char *ways[] = {"--tls", "--tls-on-connect"};
	char server[32], ca[4200];
	const char *argv[] = {"swaks",
			      "--server",
			      server,
			      "--from",
			      "a@client.test",
			      "--to",
			      "b@sink.test",
			      "--timeout",
			      "20",
			      "--auth",
			      "PLAIN",
			      "--auth-user",
			      "alice",
			      "--auth-password",
			      "secret",
			      "--tls-verify",
			      "--tls-ca-path",
			      ca,
			      NULL,
			      NULL};
	struct secure s;

	secure_open(&s, &(struct secure_conf){0});
	snprintf(ca, sizeof(ca), "%s/ca.pem", certs_folder());
	for (int i = 0; i < 2; i++) {
		snprintf(server, sizeof(server), "localhost:%u", i ? s.smtps : s.smtp);
		argv[18] = ways[i];
		cr_assert_eq(place_run(s.place, "swaks", argv), 0, "%s: %s", ways[i],
			     place_read(s.place, "swaks.out"));
	}
	cr_assert_eq(place_await_sink(s.place, "messages", 2), 2);
	place_end(s.place, false);
}

/* --- big ones, byte for byte ---------------------------------------------------------------------
 */

Test(it_tls_mail, ten_megabytes_there_and_back_from_a_plain_backend)
{
	struct secure s;

	open_mail(&s, NULL, NULL);
	SECURE_PYTHON(&s, PROGRAM, "big");
	place_end(s.place, false);
}

Test(it_tls_mail, ten_megabytes_there_and_back_from_a_backend_with_tls)
{
	struct secure s;

	if (place_is_nginx())
		cr_skip("nginx's mail module speaks no TLS to backends");
	open_mail(&s, "ecdsa",
		  "proxy_ssl on; proxy_ssl_verify on; proxy_ssl_name mx.test;"
		  " proxy_ssl_trusted_certificate %C/ca.pem;");
	SECURE_PYTHON(&s, PROGRAM, "big");
	dovecot_await_log(s.place, "tls=<TLSv1.3");
	place_end(s.place, false);
}

Test(it_tls_mail, a_slow_reader_gets_every_byte)
{
	struct secure s;

	open_mail(&s, NULL, NULL);
	SECURE_PYTHON(&s, PROGRAM, "slow");
	place_end(s.place, false);
}

/* smtp-source speaks no TLS, so HAProxy does it for it, and for the sink behind `both`. */
static void flood(const char *messages, const char *size, const char *parallel, bool both)
{
	struct balancer_tls b = {.identity = "rsa"};
	char users[128] = "{}", to[32];
	const char *argv[] = {"smtp-source", "-s", parallel,      "-m", messages, "-l",
			      size,          "-M", "client.test", to,   NULL};
	json_int_t want = strtoll(messages, NULL, 10);
	struct secure s;

	secure_begin(&s, (const char *const[]){"--verify-source", size, NULL});
	balancer_choose_tls(&b);
	b.tls_to = s.smtps;
	b.plain_to = s.place->sink_at;
	if (both)
		snprintf(users, sizeof(users),
			 "{\"smtp\": {\"server\": \"127.0.0.1\", \"port\": %u}}", b.tls);
	balancer_start_tls(s.place, &b);
	secure_proxy(&s,
		     &(struct secure_conf){.users = users, .mail = both ? "proxy_ssl on;" : NULL});
	snprintf(to, sizeof(to), "127.0.0.1:%u", b.plain);
	setenv("PATH", "/usr/sbin:/usr/bin:/bin:/sbin:/usr/local/bin", 1);
	cr_assert_eq(place_run(s.place, "smtp-source", argv), 0, "%s",
		     place_read(s.place, "smtp-source.err"));
	cr_assert_eq(place_await_sink(s.place, "intact", want), want);
	cr_assert_eq(place_sink_count(s.place, "damaged"), 0);
	place_end(s.place, false);
}

Test(it_tls_mail, two_hundred_sessions_at_a_time)
{
	flood("1000", "4096", "200", false);
}

Test(it_tls_mail, big_messages)
{
	flood("8", "10000000", "4", false);
}

Test(it_tls_mail, sessions_with_tls_on_both_sides)
{
	if (place_is_nginx())
		cr_skip("nginx's mail module speaks no TLS to backends");
	flood("300", "70000", "50", true);
}
