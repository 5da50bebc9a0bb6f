/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real mail clients through the real program to the sink: swaks, curl, Python's smtplib, with every
 * way to log in and with none.
 */
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"

#include <criterion/criterion.h>
#include <stdio.h>

TestSuite(it_clients, .timeout = 90, .fini = place_fini);

/* swaks to a listener, with AUTH when a mechanism is named; its exit status. */
static int swaks(struct place *p, uint16_t port, const char *mechanism)
{
	char server[32];
	const char *argv[24] = {"swaks", "--server",    server,      "--from", "a@client.test",
				"--to",  "b@sink.test", "--timeout", "20"};
	int n = 9;

	snprintf(server, sizeof(server), "127.0.0.1:%u", port);
	if (mechanism) {
		argv[n++] = "--auth";
		argv[n++] = mechanism;
		argv[n++] = "--auth-user";
		argv[n++] = "alice";
		argv[n++] = "--auth-password";
		argv[n++] = "secret";
	}
	return place_run(p, "swaks", argv);
}

Test(it_clients, swaks_logs_in_with_plain_login_and_cram_md5)
{
	static const char *const mechanisms[] = {"PLAIN", "LOGIN", "CRAM-MD5"};
	struct place *p = place_usual(NULL);

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(swaks(p, p->login, mechanisms[i]), 0, "%s: %s", mechanisms[i],
			     place_read(p, "swaks.out"));
		cr_assert_eq(swaks(p, p->pass, mechanisms[i]), 0, "%s, proxy_smtp_auth: %s",
			     mechanisms[i], place_read(p, "swaks.out"));
	}
	cr_assert_eq(place_await_sink(p, "messages", 6), 6);
	cr_assert_eq(place_sink_count(p, "auth_accepted"), 3);
	cr_assert_eq(place_sink_count(p, "xclient"), 3);
	cr_assert_eq(place_auth_count(p, "plain"), 4);
	cr_assert_eq(place_auth_count(p, "cram_md5"), 2);
	place_end(p, false);
}

Test(it_clients, swaks_sends_without_login)
{
	struct place *p = place_usual(NULL);

	cr_assert_eq(swaks(p, p->none, NULL), 0, "%s", place_read(p, "swaks.out"));
	cr_assert_eq(place_await_sink(p, "messages", 1), 1);
	cr_assert_eq(place_auth_count(p, "none"), 1);
	place_end(p, false);
}

Test(it_clients, swaks_cannot_send_where_login_is_needed)
{
	struct place *p = place_usual(NULL);

	cr_assert_neq(swaks(p, p->login, NULL), 0);
	cr_assert(place_log_has(p,
				"client was rejected: \"MAIL FROM:<a@client\\.test>__\" while in "
				"auth state, client: 127\\.0\\.0\\.1, server: .*"));
	cr_assert_eq(place_sink_count(p, "sessions"), 0);
	place_end(p, false);
}

static int curl(struct place *p, uint16_t port, const char *user)
{
	char url[64];
	const char *argv[20] = {"curl",
				"-sS",
				"--max-time",
				"20",
				"--mail-from",
				"a@client.test",
				"--mail-rcpt",
				"b@sink.test",
				"-T",
				"conf.example/mail.eml",
				url};
	char file[256];
	int n = 11;
	FILE *f;

	snprintf(url, sizeof(url), "smtp://127.0.0.1:%u/client.test", port);
	snprintf(file, sizeof(file), "%s/mail.eml", p->dir);
	f = fopen(file, "we");
	cr_assert(f);
	for (int i = 0; i < 3000; i++)
		fprintf(f, "%s\r\n.%d dots\r\n", i ? "a line" : "Subject: hello\r\n", i);
	fclose(f);
	argv[9] = file;
	if (user) {
		argv[n++] = "--user";
		argv[n++] = user;
	}
	return place_run(p, "curl", argv);
}

Test(it_clients, curl_sends_with_and_without_login)
{
	struct place *p = place_usual(NULL);

	cr_assert_eq(curl(p, p->login, "alice:secret"), 0, "%s", place_read(p, "curl.err"));
	cr_assert_eq(curl(p, p->none, NULL), 0, "%s", place_read(p, "curl.err"));
	cr_assert_eq(place_await_sink(p, "messages", 2), 2);
	cr_assert_neq(curl(p, p->login, "alice:wrong"), 0);
	place_end(p, false);
}

static int python(struct place *p, uint16_t port, const char *mechanism)
{
	char text[16];
	const char *argv[8] = {"python3", "tests/it/smtplib_client.py", text};

	snprintf(text, sizeof(text), "%u", port);
	if (mechanism) {
		argv[3] = "alice";
		argv[4] = "secret";
		argv[5] = mechanism;
	}
	return place_run(p, "python", argv);
}

Test(it_clients, smtplib_sends_with_every_mechanism_and_with_none)
{
	static const char *const mechanisms[] = {"PLAIN", "LOGIN", "CRAM-MD5"};
	struct place *p = place_usual("smtp_capabilities PIPELINING 8BITMIME;");

	for (int i = 0; i < 3; i++)
		cr_assert_eq(python(p, p->login, mechanisms[i]), 0, "%s: %s", mechanisms[i],
			     place_read(p, "python.err"));
	cr_assert_eq(python(p, p->none, NULL), 0, "%s", place_read(p, "python.err"));
	cr_assert_eq(place_await_sink(p, "messages", 7), 7);
	cr_assert_eq(place_sink_count(p, "ended_early"), 0);
	place_end(p, false);
}

Test(it_clients, sender_messages_of_all_sizes_arrive_byte_for_byte)
{
	struct place *p = place_new();
	char program[256], to[32];
	const char *argv[] = {
		program, "--messages", "60",           "--parallel", "6", "--per-session",
		"3",     "--auth",     "alice:secret", to,           NULL};

	place_sink(p, (const char *const[]){"--verify", NULL});
	place_authd(p, "{\"users\": {\"alice\": {\"password\": \"secret\"}}}", NULL);
	place_proxy(p, &(struct place_conf){0});
	snprintf(program, sizeof(program), "%s/tools/sender",
		 getenv("BUILD") ? getenv("BUILD") : "build/release");
	snprintf(to, sizeof(to), "127.0.0.1:%u", p->login);
	cr_assert_eq(place_run(p, "sender", argv), 0, "%s", place_read(p, "sender.err"));
	cr_assert_eq(place_await_sink(p, "messages", 60), 60);
	cr_assert_eq(place_sink_count(p, "intact"), 60);
	cr_assert_eq(place_sink_count(p, "repeated"), 0);
	place_end(p, false);
}
