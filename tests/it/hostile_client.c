/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients that leave at any byte, send lines without end and bytes that no command has, or say
 * nothing in great numbers: others are served on, and nothing leaks.
 */
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

TestSuite(it_hostile_client, .timeout = 120, .fini = place_fini);

static const char dialogue[] = "EHLO client.test\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"
			       "MAIL FROM:<a@client.test>\r\nRCPT TO:<b@sink.test>\r\nDATA\r\n"
			       "Subject: x\r\n\r\nhello\r\n.\r\nQUIT\r\n";

/* A good session works; afterwards. */
static void serves(struct place *p)
{
	struct talk t;

	talk_login(&t, p->login);
	talk_message(&t);
	talk_say(&t, "QUIT", "221");
	talk_expect_end(&t);
	talk_close(&t);
}

static void leave_everywhere(uint16_t port, void (*leave)(struct talk *), bool wait_greeting)
{
	struct talk t;

	for (size_t n = 0; n < sizeof(dialogue); n++) {
		talk_open(&t, port);
		if (wait_greeting)
			talk_expect_code(&t, "220");
		talk_push(&t, dialogue, n);
		leave(&t);
	}
}

static void leave_half(struct talk *t)
{
	char rest[16384];

	talk_finish(t);
	talk_read_all(t, rest, sizeof(rest));
}

Test(it_hostile_client, leaving_at_any_byte_leaks_nothing)
{
	struct place *p = place_usual(NULL);
	pid_t worker = place_worker(p);
	int fds;

	serves(p);
	fds = place_worker_fds(p);
	leave_everywhere(p->login, talk_close, false);
	leave_everywhere(p->login, talk_close, true);
	leave_everywhere(p->login, talk_reset, false);
	leave_everywhere(p->login, talk_reset, true);
	leave_everywhere(p->login, leave_half, true);
	serves(p);
	/* connections to the auth service may be kept */
	place_expect_fds(p, fds + 64);
	cr_assert_eq(place_worker(p), worker, "the worker process was replaced");
	place_end(p, false);
}

/* Descriptors before and after must be the same: without kept connections nothing may remain. */
Test(it_hostile_client, every_descriptor_comes_back)
{
	struct place *p;
	int fds;

	if (place_is_nginx())
		cr_skip("nginx notices some ends only when its timeout is over");
	p = place_usual("auth_http_keepalive 0;");
	serves(p);
	fds = place_worker_fds(p);
	leave_everywhere(p->login, talk_close, true);
	leave_everywhere(p->login, talk_reset, false);
	leave_everywhere(p->none, talk_reset, false);
	leave_everywhere(p->pass, talk_reset, true);
	for (int i = 0; i < 200; i++)
		serves(p);
	place_expect_fds(p, fds);
	place_end(p, false);
}

Test(it_hostile_client, line_without_end_is_refused)
{
	struct place *p = place_usual(NULL);
	char bytes[4096];
	struct talk t;

	memset(bytes, 'A', sizeof(bytes));
	for (int i = 0; i < 10; i++) {
		talk_open(&t, p->login);
		talk_expect_code(&t, "220");
		for (int j = 0; j < 50 && talk_push(&t, bytes, sizeof(bytes)); j++)
			;
		talk_close(&t);
	}
	place_await_log(
		p, place_ours("client sent too long command \"A*\" while in auth state, client: "
			      "127\\.0\\.0\\.1, server: 127\\.0\\.0\\.1:[0-9]+"));
	talk_open(&t, p->login);
	talk_expect_code(&t, "220");
	talk_push(&t, "EHLO ", 5);
	talk_push(&t, bytes, sizeof(bytes));
	talk_expect(&t, "500 5.5.1 Invalid command");
	talk_expect_end(&t);
	serves(p);
	place_end(p, false);
}

Test(it_hostile_client, control_characters_are_refused)
{
	static const char nul[] = "MAIL FROM:<a\0b@client.test>\r\n";
	struct place *p = place_usual(NULL);
	struct talk t;

	if (place_is_nginx())
		cr_skip("nginx passes control characters on");
	talk_open(&t, p->none);
	talk_expect_code(&t, "220");
	talk_say(&t, "EHLO client\x01.test", "501");
	talk_say(&t, "HELO client\x7f.test", "501");
	talk_say(&t, "EHLO client.test", "250");
	talk_send_bytes(&t, nul, sizeof(nul) - 1);
	talk_expect_code(&t, "501");
	talk_say(&t, "MAIL FROM:<a@client.test>", "250");
	talk_say(&t, "RCPT TO:<b\x1b@sink.test>", "501");
	talk_say(&t, "RCPT TO:<b@sink.test>", "250");
	talk_say(&t, "QUIT", "221");
	cr_assert_eq(place_auth_count(p, "none"), 1);
	place_end(p, false);
}

Test(it_hostile_client, random_bytes_end_in_a_refusal)
{
	struct place *p = place_usual(NULL);
	pid_t worker = place_worker(p);
	unsigned seed = 1;
	struct talk t;

	for (int i = 0; i < 300; i++) {
		unsigned char bytes[512];

		for (size_t j = 0; j < sizeof(bytes); j++) {
			seed = seed * 1103515245 + 12345;
			bytes[j] = (unsigned char)(seed >> 16);
		}
		talk_open(&t, i % 2 ? p->login : p->none);
		talk_push(&t, bytes, sizeof(bytes));
		talk_push(&t, "\r\n\r\n\r\n\r\n\r\nQUIT\r\n", 16);
		leave_half(&t);
	}
	serves(p);
	cr_assert_eq(place_worker(p), worker, "the worker process was replaced");
	place_end(p, false);
}

Test(it_hostile_client, too_many_errors_are_the_last)
{
	struct place *p = place_usual("max_errors 3;");
	struct talk t;

	talk_open(&t, p->login);
	talk_expect_code(&t, "220");
	for (int i = 0; i < 3; i++)
		talk_say(&t, "NONSENSE", "500");
	talk_expect_end(&t);
	place_await_log(p, "client sent too many invalid commands while in auth state, client: "
			   "127\\.0\\.0\\.1, server: 127\\.0\\.0\\.1:[0-9]+");
	place_end(p, false);
}

/* --- many
 * --------------------------------------------------------------------------------------------- */

/* As many silent clients as the limit of open files allows, at most `want`. */
static unsigned silent_clients(unsigned want)
{
	struct rlimit files;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	return files.rlim_cur > want + 2000 ? want : (unsigned)files.rlim_cur / 2;
}

static void fini_many(void)
{
	place_fini();
}

Test(it_hostile_client, thousands_that_say_nothing_disturb_nobody, .fini = fini_many)
{
	unsigned n = silent_clients(8000);
	struct place *p = place_new();
	int *fds = calloc(n, sizeof(*fds));
	struct talk t;
	int before;

	place_sink(p, NULL);
	place_authd(p, "{\"users\": {\"alice\": {\"password\": \"secret\"}}}", NULL);
	place_proxy(p, &(struct place_conf){.connections = n + 1000, .rlimit_nofile = n + 1500});
	serves(p);
	before = place_worker_fds(p);
	for (unsigned i = 0; i < n; i++) {
		talk_open(&t, p->login);
		fds[i] = t.fd;
	}
	for (unsigned i = 0; i < n; i++) {
		t = (struct talk){.fd = fds[i]};
		talk_expect_code(&t, "220");
	}
	for (int i = 0; i < 20; i++)
		serves(p);
	for (unsigned i = 0; i < n; i++) {
		t = (struct talk){.fd = fds[i]};
		talk_close(&t);
	}
	place_expect_fds(p, before);
	serves(p);
	free(fds);
	place_end(p, false);
}

Test(it_hostile_client, more_than_worker_connections_are_told_421)
{
	enum { ROOM = 50, TRIED = 80 };
	struct place *p = place_new();
	struct talk t, held[TRIED];
	int taken = 0, refused = 0;

	if (place_is_nginx())
		cr_skip("nginx closes without a word");
	place_sink(p, NULL);
	place_authd(p, "{\"users\": {\"alice\": {\"password\": \"secret\"}}}", NULL);
	place_proxy(p, &(struct place_conf){.connections = ROOM});
	serves(p);
	for (int i = 0; i < TRIED; i++) {
		talk_open(&held[i], p->login);
		if (taken < ROOM) {
			talk_expect_code(&held[i], "220");
			taken++;
		} else {
			talk_expect_code(&held[i], "421");
			talk_expect_end(&held[i]);
			refused++;
		}
	}
	cr_assert_eq(refused, TRIED - ROOM);
	place_await_log(p, "worker_connections are not enough.*|50 worker_connections are not "
			   "enough.*");
	for (int i = 0; i < TRIED; i++)
		talk_close(&held[i]);
	/* a place is free again as soon as its session has ended */
	for (uint64_t began = place_now_ms();; place_pause()) {
		talk_open(&t, p->login);
		if (talk_is_line(&t, "220"))
			break;
		talk_close(&t);
		cr_assert(place_now_ms() - began < 10000);
	}
	talk_close(&t);
	serves(p);
	place_end(p, false);
}
