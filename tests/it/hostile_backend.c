/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backends that refuse, are down, slow, broken or malicious, before login and in the relay.
 */
#include "tests/it/lib/fake.h"
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"
#include "tests/lib/port.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(it_hostile_backend, .timeout = 60, .fini = place_fini);

#define USERS "{\"users\": {\"alice\": {\"password\": \"secret\"}}}"
#define ALICE "AUTH PLAIN AGFsaWNlAHNlY3JldA=="
#define TAIL                                                                                       \
	", client: 127\\.0\\.0\\.1, server: 127\\.0\\.0\\.1:[0-9]+, login: \"alice\", upstream: "  \
	"127\\.0\\.0\\.1:[0-9]+"

/* A proxy whose auth service sends everyone to `backend`. */
static struct place *place_before(const char *backend, const char *mail)
{
	struct place *p = place_new();

	snprintf(p->sink_at, sizeof(p->sink_at), "%s", backend);
	place_authd(p, USERS, NULL);
	place_proxy(p, &(struct place_conf){.mail = mail});
	return p;
}

static void login_gets(struct place *p, const char *reply)
{
	struct talk t;

	talk_open(&t, p->login);
	talk_expect_code(&t, "220");
	talk_say(&t, "EHLO client.test", "250");
	talk_send(&t, ALICE "\r\n");
	talk_expect(&t, reply);
	talk_expect_end(&t);
	talk_close(&t);
}

static void fails(struct place *p, const char *log)
{
	int fds;

	login_gets(p, "451 4.3.2 Internal server error");
	place_await_log(p, log);
	fds = place_worker_fds(p);
	for (int i = 0; i < 5; i++)
		login_gets(p, "451 4.3.2 Internal server error");
	place_expect_fds(p, fds);
	place_end(p, false);
}

Test(it_hostile_backend, is_down)
{
	char at[32];

	snprintf(at, sizeof(at), "127.0.0.1:%u", port_free());
	fails(place_before(at, NULL), place_ours("connect\\(\\) failed \\(111: (Connection "
						 "refused|Unknown error)\\) while connecting "
						 "to upstream" TAIL));
}

Test(it_hostile_backend, says_nothing)
{
	fails(place_before(fake_start(fake_silent, NULL)->at, "timeout 300ms;"),
	      "upstream timed out \\(110: Connection timed out\\) while [a-zA-Z ]+" TAIL);
}

Test(it_hostile_backend, closes_at_once)
{
	fails(place_before(fake_start(fake_close_at_once, NULL)->at, NULL),
	      place_ours(".*upstream.* while [a-zA-Z ]+" TAIL));
}

Test(it_hostile_backend, refuses_in_its_greeting)
{
	struct fake *f = fake_start(fake_talker, "554 5.3.2 Go away\r\n");
	struct place *p = place_before(f->at, "proxy_pass_error_message on;");

	login_gets(p, "554 5.3.2 Go away");
	place_end(p, false);
	fails(place_before(f->at, NULL), "upstream sent invalid response: \"554 5\\.3\\.2 Go "
					 "away\" while reading response from "
					 "upstream" TAIL);
}

Test(it_hostile_backend, greets_with_garbage)
{
	fails(place_before(fake_start(fake_talker, "\x01 hello?\r\n")->at, NULL),
	      "upstream sent invalid response: \".*hello\\?\" while [a-zA-Z ]+" TAIL);
}

static void endless(struct fake *f, int fd)
{
	(void)f;
	for (int i = 0; i < 100000; i++)
		fake_write(fd, "220-one more line, there is always one more line\r\n");
}

Test(it_hostile_backend, greets_without_end)
{
	fails(place_before(fake_start(endless, NULL)->at, NULL),
	      place_ours("upstream sent too long response line: .*" TAIL));
}

static void long_line(struct fake *f, int fd)
{
	(void)f;
	fake_write(fd, "220 ");
	for (int i = 0; i < 100000; i++)
		fake_write(fd, "one long line, there is always more of it");
}

Test(it_hostile_backend, greets_with_a_line_without_end)
{
	fails(place_before(fake_start(long_line, NULL)->at, NULL),
	      place_ours("upstream sent too long response line: .*" TAIL));
}

/* Answers up to and with the EHLO, then goes away. */
static void leaves_early(struct fake *f, int fd)
{
	(void)f;
	fake_write(fd, "220 sink\r\n");
	fake_read_until(fd, "\r\n");
	fake_write(fd, "250-sink\r\n250 XCLIENT\r\n");
	fake_read_until(fd, "\r\n");
	fake_write(fd, "22");
}

Test(it_hostile_backend, leaves_in_the_middle_of_a_reply)
{
	fails(place_before(fake_start(leaves_early, NULL)->at, NULL),
	      place_ours(".*upstream.*" TAIL));
}

/* A good login, a byte at a time; then `text` and the end. */
static void says_after_login(struct fake *f, int fd)
{
	static const char *const replies[] = {"220 sink\r\n", "250-sink\r\n250 XCLIENT\r\n",
					      "220 sink\r\n", "250 sink\r\n"};

	for (int i = 0; i < 4; i++) {
		if (i)
			fake_read_until(fd, "\r\n");
		for (const char *at = replies[i]; *at; at++) {
			char byte[2] = {*at, '\0'};

			fake_write(fd, byte);
			fake_sleep(1);
		}
	}
	fake_read_until(fd, "\r\n");
	fake_write(fd, f->text);
}

Test(it_hostile_backend, slow_replies_are_put_together)
{
	struct place *p = place_before(fake_start(says_after_login, "250 done\r\n")->at, NULL);
	struct talk t;

	talk_login(&t, p->login);
	talk_send(&t, "NOOP\r\n");
	talk_expect(&t, "250 done");
	talk_expect_end(&t);
	place_end(p, false);
}

/* Many bytes and an end at once: none of them may be lost. */
static void floods(struct fake *f, int fd)
{
	struct fake quiet = *f;

	quiet.text = "";
	says_after_login(&quiet, fd);
	for (int i = 0; i < 20000; i++)
		fake_write(fd,
			   "250-0123456789012345678901234567890123456789012345678901234567\r\n");
	fake_write(fd, "250 end\r\n");
}

Test(it_hostile_backend, everything_said_before_the_end_arrives)
{
	struct place *p = place_before(fake_start(floods, NULL)->at, NULL);
	struct talk t;

	talk_login(&t, p->login);
	talk_send(&t, "NOOP\r\n");
	for (int i = 0; i < 20000; i++)
		cr_assert(talk_is_line(&t, "250-0123456789"), "line %d", i);
	talk_expect(&t, "250 end");
	talk_expect_end(&t);
	place_end(p, false);
}

/* Sends a message until the connection breaks. */
static void send_until_cut(struct place *p)
{
	char chunk[8192];
	struct talk t;

	memset(chunk, 'x', sizeof(chunk));
	talk_login(&t, p->login);
	talk_say(&t, "MAIL FROM:<a@client.test>", "250");
	talk_say(&t, "RCPT TO:<b@sink.test>", "250");
	talk_say(&t, "DATA", "354");
	for (int i = 0; i < 1000 && talk_push(&t, chunk, sizeof(chunk)); i++)
		;
	talk_close(&t);
}

Test(it_hostile_backend, leaves_in_the_middle_of_a_message)
{
	enum { PIPES = 8 }; /* descriptors of pipes that are kept for the next bulk message */
	struct place *p = place_new();
	struct talk t;
	int fds;

	place_sink(p, (const char *const[]){"--close-after", "100000", NULL});
	place_authd(p, USERS, NULL);
	place_proxy(p, &(struct place_conf){0});
	fds = place_worker_fds(p);
	for (int i = 0; i < 20; i++)
		send_until_cut(p);
	place_expect_fds(p, fds + PIPES);
	talk_login(&t, p->login);
	talk_message(&t);
	place_end(p, false);
}

Test(it_hostile_backend, stops_reading)
{
	struct fake *f = fake_start(says_after_login, "");
	struct place *p = place_before(f->at, "proxy_timeout 600ms;");
	uint64_t began = place_now_ms();
	char chunk[65536];
	struct talk t;

	memset(chunk, 'x', sizeof(chunk));
	talk_login(&t, p->login);
	/* the backend reads one line and is gone: the client learns it, and soon */
	talk_send(&t, "NOOP\r\n");
	while (talk_push(&t, chunk, sizeof(chunk)))
		cr_assert(place_now_ms() - began < 15000, "the proxy swallows without end");
	place_end(p, false);
}
