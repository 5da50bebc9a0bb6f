/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Auth services that are down, slow, broken or malicious: the client gets the reply of the
 * protocol, the log a line, nothing leaks and nothing hangs.
 */
#include "tests/it/lib/fake.h"
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"
#include "tests/lib/port.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(it_hostile_auth, .timeout = 60, .fini = place_fini);

#define ALICE "AUTH PLAIN AGFsaWNlAHNlY3JldA=="

/* A proxy in front of a working sink, its auth service at `at`. */
static struct place *place_at(const char *at)
{
	struct place *p = place_new();

	place_sink(p, NULL);
	place_proxy(p, &(struct place_conf){.mail = "auth_http_timeout 500ms;", .auth_http = at});
	return p;
}

static void greet(struct talk *t, struct place *p)
{
	talk_open(t, p->login);
	talk_expect_code(t, "220");
	talk_say(t, "EHLO client.test", "250");
}

/* One login that must fail as the protocol says, with a line in the log. */
static void fails(struct place *p, const char *log)
{
	struct talk t;

	greet(&t, p);
	talk_send(&t, ALICE "\r\n");
	talk_expect(&t, "451 4.3.2 Internal server error");
	talk_expect_end(&t);
	talk_close(&t);
	place_await_log(p, log);
}

/* The same with a fake service, which is ended by nothing: it just goes on. */
static void fails_with(void (*serve)(struct fake *, int), const char *text, const char *log)
{
	struct place *p = place_at(fake_start(serve, text)->at);
	int fds = place_worker_fds(p);

	for (int i = 0; i < 5; i++)
		fails(p, log);
	place_expect_fds(p, fds);
	place_end(p, false);
}

#define SERVICE "auth http server 127\\.0\\.0\\.1:[0-9]+"
#define TIMEOUT " \\(110: Connection timed out\\)"
#define TAIL    " while in http auth state, client: 127\\.0\\.0\\.1, server: .*, login: \"alice\""

Test(it_hostile_auth, is_down)
{
	char at[32];
	struct place *p;

	snprintf(at, sizeof(at), "127.0.0.1:%u", port_free());
	p = place_at(at);
	for (int i = 0; i < 5; i++)
		fails(p, ".*\\(111: (Connection refused|Unknown error)\\)" TAIL);
	place_end(p, false);
}

Test(it_hostile_auth, says_nothing)
{
	fails_with(fake_silent, NULL, SERVICE " timed out" TIMEOUT TAIL);
}

Test(it_hostile_auth, closes_at_once)
{
	/* What the kernel tells depends on whether the request was faster than the close. */
	fails_with(fake_close_at_once, NULL,
		   place_ours("(connect\\(\\) to )?" SERVICE
			      " (closed connection before its response was complete|failed "
			      "\\(104: Connection reset by peer\\))" TAIL));
}

Test(it_hostile_auth, answers_garbage)
{
	fails_with(fake_http, "\x01\x02\x7fgarbage \xff\r\n: x\r\n\r\n",
		   place_ours(SERVICE " sent invalid header in response" TAIL));
}

Test(it_hostile_auth, answers_an_error_page)
{
	fails_with(fake_http,
		   "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html>no</html>",
		   SERVICE " did not send server or port" TAIL);
}

Test(it_hostile_auth, closes_in_the_middle_of_its_answer)
{
	fails_with(fake_http, "HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Ser",
		   place_ours(SERVICE " closed connection before its response was complete" TAIL));
}

Test(it_hostile_auth, names_no_address)
{
	fails_with(fake_http,
		   "HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: nobody\r\n"
		   "Auth-Port: 25\r\n\r\n",
		   SERVICE " sent invalid server "
			   "address:\"nobody\"" TAIL);
	fails_with(fake_http,
		   "HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: 127.0.0.1\r\n"
		   "Auth-Port: 99999\r\n\r\n",
		   SERVICE " sent invalid server port:\"99999\"" TAIL);
}

static void endless(struct fake *f, int fd)
{
	char line[] = "X-Pad: 0123456789012345678901234567890123456789012345678901234567890\r\n";

	(void)f;
	fake_read_until(fd, "\r\n\r\n");
	fake_write(fd, "HTTP/1.0 200 OK\r\nAuth-Status: OK\r\n");
	for (int i = 0; i < 100000; i++)
		fake_write(fd, line);
}

Test(it_hostile_auth, answers_without_end)
{
	fails_with(endless, NULL, place_ours(SERVICE " sent too long response" TAIL));
}

static void one_line_without_end(struct fake *f, int fd)
{
	(void)f;
	fake_read_until(fd, "\r\n\r\n");
	for (int i = 0; i < 100000; i++)
		fake_write(fd, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

Test(it_hostile_auth, answers_one_line_without_end)
{
	fails_with(one_line_without_end, NULL, place_ours(SERVICE " sent too long response" TAIL));
}

/* A good answer, but for one header of a megabyte. */
static void one_large_header(struct fake *f, int fd)
{
	enum { LINES = 1 << 14 };

	(void)f;
	fake_read_until(fd, "\r\n\r\n");
	fake_write(fd, "HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nX-Large: ");
	for (int i = 0; i < LINES; i++)
		fake_write(fd, "0123456789012345678901234567890123456789012345678901234567890123");
	fake_write(fd, "\r\nAuth-Server: 127.0.0.1\r\nAuth-Port: 25\r\n\r\n");
}

Test(it_hostile_auth, answers_with_a_header_of_a_megabyte)
{
	fails_with(one_large_header, NULL, place_ours(SERVICE " sent too long response" TAIL));
}

Test(it_hostile_auth, answers_without_any_header)
{
	fails_with(fake_http, "HTTP/1.0 200 OK\r\n\r\n",
		   SERVICE " did not send server or port" TAIL);
	fails_with(fake_http, "\r\n\r\n", SERVICE " did not send server or port" TAIL);
}

/* A value that would be two lines to somebody: for the log, the backend, the client. */
Test(it_hostile_auth, hides_lines_in_values)
{
	static const char *const values[] = {
		"Auth-User: alice\rAuth-Server: 6.6.6.6\r\n",
		"Auth-Pass: secret\rRCPT TO:<eve>\r\n",
		"Auth-Status: no\r250 fine\r\n",
		"Auth-Error-Code: 250\r\r\n",
		"Auth-Server: 127.0.0.1\r\r\n",
		"Auth-User: a\x01"
		"b\r\n",
	};
	char text[256];

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(text, sizeof(text), "HTTP/1.0 200 OK\r\n%sAuth-Port: 25\r\n\r\n",
			 values[i]);
		fails_with(fake_http, text,
			   place_ours(SERVICE " sent invalid header in response" TAIL));
	}
}

/* Every byte of a good answer is once the last. */
static void one_byte_more(struct fake *f, int fd)
{
	char text[256];

	snprintf(text, sizeof(text), "%.*s", f->ms++, f->text);
	fake_read_until(fd, "\r\n\r\n");
	fake_write(fd, text);
}

Test(it_hostile_auth, closes_behind_every_byte_of_its_answer)
{
	static const char good[] = "HTTP/1.0 200 OK\r\nAuth-Status: WAIT\r\nAuth-Wait: 9\r\n"
				   "Auth-Status: no such user\r\n\r\n";
	struct fake *f = fake_start(one_byte_more, good);
	struct place *p = place_at(f->at);
	int fds;

	if (place_is_nginx())
		cr_skip("nginx waits for its time-out");
	fds = place_worker_fds(p);
	/* without its last LF, or its last CR LF, it is not whole */
	for (size_t n = 0; n < sizeof(good) - 1; n++)
		fails(p, SERVICE " closed connection before its response was complete" TAIL);
	for (int i = 0; i < 9; i++)
		place_expect_fds(p, fds);
	place_end(p, false);
}

/* A drip of bytes that never becomes an answer: the limit is for the whole request. */
static void drip(struct fake *f, int fd)
{
	(void)f;
	fake_read_until(fd, "\r\n\r\n");
	for (int i = 0; i < 1000; i++) {
		fake_write(fd, "H");
		fake_sleep(20);
	}
}

Test(it_hostile_auth, drips_for_ever)
{
	fails_with(drip, NULL, SERVICE " timed out" TIMEOUT TAIL);
}

/* Good answers in bad manners must still be understood; '@' stands for the backend's port. */
static void succeeds_with(void (*serve)(struct fake *, int), const char *form, int ms)
{
	struct place *p = place_new();
	char text[4096];
	struct fake *f;
	int fds;

	place_sink(p, NULL);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)strcspn(form, "@"), form,
		 strchr(p->sink_at, ':') + 1, strchr(form, '@') + 1);
	f = fake_start(serve, text);
	f->ms = ms;
	place_proxy(p, &(struct place_conf){.auth_http = f->at});
	fds = place_worker_fds(p);
	for (int i = 0; i < 6; i++) {
		struct talk t;

		talk_login(&t, p->login);
		talk_message(&t);
		talk_say(&t, "QUIT", "221");
		talk_expect_end(&t);
		talk_close(&t);
	}
	cr_assert_eq(place_await_sink(p, "messages", 6), 6);
	place_expect_fds(p, fds);
	place_end(p, false);
}

#define GOOD "Auth-Status: OK\r\nAuth-Server: 127.0.0.1\r\nAuth-Port: @\r\n\r\n"

/* The last of several counts, as with NGINX. */
Test(it_hostile_auth, headers_that_come_twice_are_fine)
{
	succeeds_with(fake_http,
		      "HTTP/1.0 200 OK\r\nAuth-Server: 6.6.6.6\r\nAuth-Port: 6\r\n"
		      "Auth-Port: x\r\n" GOOD,
		      0);
}

/* What is not read does not matter. */
Test(it_hostile_auth, a_length_that_nothing_has_is_fine)
{
	succeeds_with(fake_http, "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n" GOOD,
		      0);
	succeeds_with(fake_http,
		      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n" GOOD, 0);
	succeeds_with(fake_http, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n" GOOD, 0);
}

Test(it_hostile_auth, an_answer_before_the_answer_is_fine)
{
	if (place_is_nginx())
		cr_skip("nginx takes it for the answer");
	succeeds_with(fake_http, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" GOOD, 0);
}

/* Answers whoever connects, and only then hears what the question is. */
static void answers_first(struct fake *f, int fd)
{
	fake_write(fd, f->text);
	fake_read_until(fd, "\r\n\r\n");
}

Test(it_hostile_auth, an_answer_before_the_question_is_fine)
{
	succeeds_with(answers_first, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" GOOD, 0);
}

Test(it_hostile_auth, http_1_0_without_keepalive_is_fine)
{
	succeeds_with(fake_http, "HTTP/1.0 200 OK\r\n" GOOD, 0);
}

Test(it_hostile_auth, a_byte_at_a_time_is_fine)
{
	succeeds_with(fake_http_slow, "HTTP/1.0 200 OK\r\n" GOOD, 2);
}

Test(it_hostile_auth, http_1_1_that_closes_without_saying_so_is_fine)
{
	succeeds_with(fake_http, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" GOOD, 0);
}

Test(it_hostile_auth, bare_line_feeds_and_no_status_line_are_fine)
{
	succeeds_with(fake_http,
		      "auth-status:OK\nAUTH-SERVER:   127.0.0.1  \nX-Other: x\nAuth-Port: @\n\n",
		      0);
}

Test(it_hostile_auth, a_long_answer_is_fine)
{
	char text[4096] = "HTTP/1.0 200 OK\r\n";
	size_t n = strlen(text);

	if (place_is_nginx())
		cr_skip("nginx takes 1024 bytes");
	for (int i = 0; i < 30; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "X-Pad: %050d\r\n", i);
	snprintf(text + n, sizeof(text) - n, GOOD);
	succeeds_with(fake_http, text, 0);
}

/* Keeps the connection and sends bytes that nobody asked for, before the next request: in one go,
 * since later they would be the answer to it. */
static void surplus(struct fake *f, int fd)
{
	char both[1024];

	snprintf(both, sizeof(both),
		 "%sHTTP/1.1 200 OK\r\nAuth-Status: no\r\nContent-Length: 0\r\n\r\n", f->text);
	for (int i = 0; i < 10; i++) {
		fake_read_until(fd, "\r\n\r\n");
		fake_write(fd, both);
		fake_sleep(50);
	}
}

Test(it_hostile_auth, answers_that_nobody_asked_for_are_not_believed)
{
	succeeds_with(surplus,
		      "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n" GOOD, 0);
}

Test(it_hostile_auth, request_of_a_client_that_leaves_is_given_up)
{
	struct fake *f = fake_start(fake_silent, NULL);
	struct place *p = place_new();
	int fds;

	if (place_is_nginx())
		cr_skip("nginx notices only when the request ends");
	place_sink(p, NULL);
	place_proxy(p, &(struct place_conf){.auth_http = f->at});
	fds = place_worker_fds(p);
	for (int i = 0; i < 20; i++) {
		struct talk t;

		greet(&t, p);
		talk_send(&t, ALICE "\r\n");
		while (f->connections == 0)
			place_pause();
		talk_reset(&t);
	}
	place_expect_fds(p, fds);
	place_end(p, false);
}

/* Quirk Q1: a service that never says how long is asked once a second, not as fast as it answers,
 * where nginx asks without end. Time that passes without us only makes the limit higher. */
Test(it_hostile_auth, that_says_wait_is_not_asked_at_once)
{
	struct fake *f = fake_start(fake_http, "HTTP/1.0 200 OK\r\nAuth-Status: WAIT\r\n\r\n");
	struct place *p;
	uint64_t began;
	struct talk t;

	if (place_is_nginx())
		cr_skip("quirk Q1");
	p = place_at(f->at);
	greet(&t, p);
	began = place_now_ms();
	talk_send(&t, ALICE "\r\n");
	while (f->connections < 3)
		place_pause();
	cr_assert_geq(place_now_ms() - began, 1900, "two waits of a second each");
	talk_close(&t);
	place_await_log(p, "client closed connection while in (http )?auth state, client: .*");
	place_end(p, false);
}
