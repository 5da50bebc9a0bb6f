/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Login as a client sees it and as the log shows it: refusals and their delays, what the auth
 * service is asked, what the backend is told, pipelining, half-closes, log lines byte for byte.
 */
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(it_login, .timeout = 60, .fini = place_fini);

#define ALICE  "AUTH PLAIN AGFsaWNlAHNlY3JldA==" /* \0alice\0secret */
#define WRONG  "AUTH PLAIN AGFsaWNlAHdyb25n"     /* \0alice\0wrong */
#define LOCKED "AUTH PLAIN AGxvY2tlZAB4"         /* \0locked\0x */
#define BUSY   "AUTH PLAIN AGJ1c3kAeA=="         /* \0busy\0x */
#define USERS                                                                                      \
	"{\"users\": {\"alice\": {\"password\": \"secret\"},"                                      \
	" \"locked\": {\"error\": \"Account is locked\", \"code\": \"550 5.7.9\", \"wait_s\": 1}," \
	" \"busy\": {\"password\": \"x\", \"waits\": 1, \"wait_s\": 1}}}"

static struct place *place_with(const char *users, const char *mail, const char *const *sink)
{
	struct place *p = place_new();

	place_sink(p, sink);
	place_authd(p, users, NULL);
	place_proxy(p, &(struct place_conf){.mail = mail});
	return p;
}

static void greet(struct talk *t, uint16_t port)
{
	talk_open(t, port);
	talk_expect(t, "220 mx.test ESMTP ready");
	talk_say(t, "EHLO client.test", "250");
}

Test(it_login, wrong_password_gets_the_service_text_and_the_door)
{
	struct place *p = place_with(USERS, NULL, NULL);
	char line[256];
	struct talk t;

	greet(&t, p->login);
	talk_send(&t, WRONG "\r\n");
	talk_expect(&t, "535 5.7.0 Invalid login or password");
	talk_expect_end(&t);
	snprintf(line, sizeof(line),
		 "client login failed: \"Invalid login or password\" while in http auth state, "
		 "client: 127\\.0\\.0\\.1, server: 127\\.0\\.0\\.1:%u, login: \"alice\"",
		 p->login);
	place_await_log(p, line);
	place_end(p, false);
}

Test(it_login, auth_wait_delays_the_refusal_and_keeps_the_session)
{
	struct place *p = place_with(USERS, NULL, NULL);
	uint64_t began;
	struct talk t;

	greet(&t, p->login);
	began = place_now_ms();
	talk_send(&t, LOCKED "\r\n");
	talk_expect(&t, "550 5.7.9 Account is locked");
	cr_assert_geq(place_now_ms() - began, 950);
	talk_say(&t, ALICE, "235");
	talk_message(&t);
	talk_say(&t, "QUIT", "221");
	talk_expect_end(&t);
	cr_assert(strstr(place_read(p, "authd.out"), "plain user=\"alice\" rcpt=\"\" attempt=2"));
	place_end(p, false);
}

Test(it_login, wait_repeats_the_same_request)
{
	struct place *p = place_with(USERS, NULL, NULL);
	struct talk t;

	greet(&t, p->login);
	talk_say(&t, BUSY, "235");
	talk_close(&t);
	cr_assert_eq(place_auth_count(p, "waits"), 1);
	cr_assert_eq(place_auth_count(p, "accepted"), 1);
	cr_assert_not(strstr(place_read(p, "authd.out"), "attempt=2"));
	place_end(p, false);
}

Test(it_login, requests_share_kept_alive_connections)
{
	struct place *p = place_with(USERS, NULL, NULL);

	if (place_is_nginx())
		cr_skip("nginx makes a connection for each request");
	for (int i = 0; i < 10; i++) {
		struct talk t;

		talk_login(&t, p->login);
		talk_close(&t);
	}
	cr_assert_eq(place_auth_count(p, "accepted"), 10);
	/* the last one is that of the question */
	cr_assert_leq(place_auth_count(p, "connections"), 3);
	place_end(p, false);
}

Test(it_login, keepalive_0_makes_a_connection_for_each_request)
{
	struct place *p;

	if (place_is_nginx())
		cr_skip("nginx has no auth_http_keepalive");
	p = place_with(USERS, "auth_http_keepalive 0;", NULL);
	for (int i = 0; i < 5; i++) {
		struct talk t;

		talk_login(&t, p->login);
		talk_close(&t);
	}
	cr_assert_eq(place_auth_count(p, "connections"), 6);
	place_end(p, false);
}

static struct place *place_with_transcript(const char *mail)
{
	struct place *p = place_new();
	char path[256];

	snprintf(path, sizeof(path), "%s/transcript", p->dir);
	place_sink(p, (const char *const[]){"--transcript", path, NULL});
	place_authd(p, USERS, NULL);
	place_proxy(p, &(struct place_conf){.mail = mail});
	return p;
}

Test(it_login, backend_is_told_who_the_client_is)
{
	struct place *p = place_with_transcript(NULL);
	struct talk t;

	talk_login(&t, p->login);
	talk_message(&t);
	talk_say(&t, "QUIT", "221");
	talk_expect_end(&t);
	cr_assert(strstr(place_read(p, "transcript"), " C: EHLO mx.test\n"), "%s",
		  place_read(p, "transcript"));
	cr_assert(strstr(place_read(p, "transcript"),
			 " C: XCLIENT ADDR=127.0.0.1 LOGIN=alice NAME=[UNAVAILABLE] PORT="),
		  "%s", place_read(p, "transcript"));
	cr_assert(strstr(place_read(p, "transcript"), " C: EHLO client.test\n"), "%s",
		  place_read(p, "transcript"));
	place_end(p, false);
}

Test(it_login, proxy_smtp_auth_logs_in_at_the_backend)
{
	struct place *p = place_with_transcript(NULL);
	struct talk t;

	talk_login(&t, p->pass);
	talk_message(&t);
	talk_say(&t, "QUIT", "221");
	cr_assert(strstr(place_read(p, "transcript"), " C: AUTH PLAIN AGFsaWNlAHNlY3JldA==\n"),
		  "%s", place_read(p, "transcript"));
	cr_assert_eq(place_sink_count(p, "auth_accepted"), 1);
	cr_assert_eq(place_sink_count(p, "xclient"), 0);
	place_end(p, false);
}

Test(it_login, backend_refusal_is_451_or_passed_on)
{
	static const char *const refuse[] = {"--reply", "auth=535 5.7.8 Not here", NULL};
	struct place *p = place_with(USERS, NULL, refuse);
	struct talk t;

	greet(&t, p->pass);
	talk_send(&t, ALICE "\r\n");
	talk_expect(&t, "451 4.3.2 Internal server error");
	talk_expect_end(&t);
	place_await_log(p, "upstream sent invalid response: \"535 5\\.7\\.8 Not here\" while "
			   "reading response from upstream, client: 127\\.0\\.0\\.1, server: .*");
	place_end(p, false);

	p = place_with(USERS, "proxy_pass_error_message on;", refuse);
	greet(&t, p->pass);
	talk_send(&t, ALICE "\r\n");
	talk_expect(&t, "535 5.7.8 Not here");
	talk_expect_end(&t);
	place_end(p, false);
}

Test(it_login, first_recipient_decides_and_its_refusal_is_passed_on)
{
	struct place *p = place_with("{\"domains\": {\"no.test\": {\"error\": \"No such domain\", "
				     "\"code\": \"550 5.1.2\", \"wait_s\": 1}}}",
				     NULL, (const char *const[]){"--refuse-rcpt", "nobody", NULL});
	struct talk t;

	greet(&t, p->none);
	talk_say(&t, "MAIL FROM:<a@client.test>", "250");
	talk_send(&t, "RCPT TO:<x@no.test>\r\n");
	talk_expect(&t, "550 5.1.2 No such domain");
	talk_send(&t, "RCPT TO:<nobody@sink.test>\r\n");
	talk_expect(&t, "550 5.1.1 No such mailbox");
	talk_say(&t, "RCPT TO:<b@sink.test>", "250");
	talk_say(&t, "DATA", "354");
	talk_say(&t, "x\r\n.", "250");
	talk_say(&t, "QUIT", "221");
	talk_expect_end(&t);
	cr_assert_eq(place_auth_count(p, "none"), 2);
	place_end(p, false);
}

Test(it_login, whole_dialogue_in_one_write)
{
	struct place *p = place_with(USERS, NULL, NULL);
	struct talk t;

	talk_open(&t, p->login);
	talk_expect_code(&t, "220");
	talk_send(&t, "EHLO client.test\r\n" ALICE "\r\nMAIL FROM:<a@client.test>\r\n"
		      "RCPT TO:<b@sink.test>\r\nDATA\r\nSubject: x\r\n\r\n..hello\r\n.\r\n"
		      "QUIT\r\n");
	talk_expect_code(&t, "250");
	talk_expect_code(&t, "235");
	talk_expect_code(&t, "250");
	talk_expect_code(&t, "250");
	talk_expect_code(&t, "354");
	talk_expect_code(&t, "250");
	talk_expect_code(&t, "221");
	talk_expect_end(&t);
	cr_assert_eq(place_sink_count(p, "messages"), 1);
	place_end(p, false);
}

Test(it_login, one_byte_at_a_time)
{
	static const char text[] = "EHLO client.test\r\n" ALICE "\r\nMAIL FROM:<a@client.test>\r\n"
				   "RCPT TO:<b@sink.test>\r\nDATA\r\n.\r\nQUIT\r\n";
	static const char *const codes[] = {"250", "235", "250", "250", "354", "250", "221"};
	struct place *p = place_with(USERS, NULL, NULL);
	struct talk t;

	talk_open(&t, p->login);
	talk_expect_code(&t, "220");
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		talk_send_bytes(&t, text + i, 1);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		talk_expect_code(&t, codes[i]);
	talk_expect_end(&t);
	place_end(p, false);
}

Test(it_login, half_closed_client_still_hears_its_221)
{
	struct place *p = place_with(USERS, NULL, (const char *const[]){"--slow-ms", "100", NULL});
	struct talk t;

	if (place_is_nginx())
		cr_skip("nginx ends a session at the first end of input");
	talk_login(&t, p->login);
	talk_send(&t, "MAIL FROM:<a@client.test>\r\nRCPT TO:<b@sink.test>\r\nQUIT\r\n");
	talk_finish(&t);
	talk_expect_code(&t, "250");
	talk_expect_code(&t, "250");
	talk_expect_code(&t, "221");
	talk_expect_end(&t);
	place_end(p, false);
}

Test(it_login, log_shows_a_session_in_nginx_words)
{
	struct place *p = place_with(USERS, NULL, NULL);
	unsigned sink = (unsigned)strtoul(strchr(p->sink_at, ':') + 1, NULL, 10);
	char line[512];
	struct talk t;

	talk_login(&t, p->login);
	talk_say(&t, "QUIT", "221");
	talk_expect_end(&t);
	snprintf(line, sizeof(line),
		 "client 127\\.0\\.0\\.1:[0-9]+ connected to 127\\.0\\.0\\.1:%u", p->login);
	place_await_log(p, line);
	snprintf(line, sizeof(line),
		 "client logged in, client: 127\\.0\\.0\\.1, server: 127\\.0\\.0\\.1:%u, login: "
		 "\"alice\", upstream: 127\\.0\\.0\\.1:%u%s",
		 p->login, sink,
		 place_is_nginx() ? ""
				  : ", \\[127\\.0\\.0\\.1:[0-9]+-127\\.0\\.0\\.1:[0-9]+\\] <=> "
				    "\\[127\\.0\\.0\\.1:[0-9]+-127\\.0\\.0\\.1:[0-9]+\\]");
	place_await_log(p, line);
	snprintf(
		line, sizeof(line),
		"proxied session done, client: 127\\.0\\.0\\.1, server: 127\\.0\\.0\\.1:%u, login: "
		"\"alice\", upstream: 127\\.0\\.0\\.1:%u",
		p->login, sink);
	place_await_log(p, line);
	place_end(p, false);
}

Test(it_login, silent_client_is_let_go_without_a_word)
{
	struct place *p = place_with(USERS, "timeout 500ms;", NULL);
	char line[256];
	struct talk t;

	greet(&t, p->login);
	talk_expect_end(&t);
	snprintf(line, sizeof(line),
		 "client timed out \\(110: Connection timed out\\) while in auth state, client: "
		 "127\\.0\\.0\\.1, server: 127\\.0\\.0\\.1:%u",
		 p->login);
	place_await_log(p, line);
	place_end(p, false);
}

Test(it_login, client_that_talks_before_the_greeting_is_refused)
{
	struct place *p = place_with(USERS, "smtp_greeting_delay 400ms;", NULL);
	char line[256];
	uint64_t began = place_now_ms();
	struct talk t;

	talk_open(&t, p->login);
	talk_expect_code(&t, "220");
	cr_assert_geq(place_now_ms() - began, 350);
	talk_close(&t);
	talk_open(&t, p->login);
	talk_send(&t, "EHLO early\r\n");
	talk_expect(&t, "503 5.5.0 Improper use of SMTP command pipelining");
	talk_expect_end(&t);
	snprintf(line, sizeof(line),
		 "client was rejected before greeting: \"EHLO early__\" while in delay pipelining "
		 "state, client: 127\\.0\\.0\\.1, server: 127\\.0\\.0\\.1:%u",
		 p->login);
	place_await_log(p, line);
	place_end(p, false);
}
