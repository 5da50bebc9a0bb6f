/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chaos: clients that leave in the middle of anything, in crowds and in every way there is,
 * backends and reloads that come between; beside them mail goes through, whole and once.
 */
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(it_chaos, .timeout = 180, .fini = place_fini);

#define USERS                                                                                      \
	"{\"users\": {\"alice\": {\"password\": \"secret\"}, \"slow\": {\"delay_ms\": 30,"         \
	" \"password\": \"secret\"}}}"

static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 8;
}

/* A whole dialogue with a message of up to 200 KB; its length. */
static size_t write_dialogue(char *to, size_t room, unsigned *state)
{
	static const char *const logins[] = {"AGFsaWNlAHNlY3JldA==", "AHNsb3cAc2VjcmV0",
					     "AGFsaWNlAHdyb25n"};
	size_t data = next_random(state) % 4 ? next_random(state) % 2000 : 200000, n;

	n = (size_t)snprintf(to, room,
			     "EHLO client.test\r\nAUTH PLAIN %s\r\nMAIL FROM:<a@client.test>\r\n"
			     "RCPT TO:<b@sink.test>\r\nDATA\r\n",
			     logins[next_random(state) % 3]);
	memset(to + n, 'x', data);
	return n + data + (size_t)snprintf(to + n + data, room - n - data, "\r\n.\r\nQUIT\r\n");
}

static void read_some(struct talk *t, int ms)
{
	struct pollfd wait = {.fd = t->fd, .events = POLLIN};

	if (poll(&wait, 1, ms) == 1 && recv(t->fd, t->in, sizeof(t->in), 0) < 0)
		t->n = 0;
}

/* Says a part of a dialogue in pieces, hears some of the answers, and is gone. */
static void misbehave(uint16_t port, unsigned *state)
{
	static char dialogue[210000];
	size_t n = write_dialogue(dialogue, sizeof(dialogue), state), at = 0;
	size_t part = next_random(state) % (n + 1), step = 1 + next_random(state) % 20000;
	unsigned how = next_random(state) % 4;
	struct talk t;

	if (talk_try(&t, port) < 0)
		return;
	while (at < part) {
		size_t piece = part - at < step ? part - at : step;

		if (!talk_push(&t, dialogue + at, piece))
			break;
		at += piece;
		if (next_random(state) % 3 == 0)
			read_some(&t, (int)(next_random(state) % 5));
	}
	if (how == 0) {
		talk_finish(&t);
		for (int i = 0; i < 20; i++)
			read_some(&t, 5);
	}
	if (how <= 1)
		talk_close(&t);
	else
		talk_reset(&t);
}

static pid_t start_crowd(uint16_t port, unsigned seed, int sessions)
{
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 0; i < sessions; i++)
			misbehave(port, &seed);
		_exit(0);
	}
	return pid;
}

static void wait_crowd(const pid_t *pids, int n)
{
	for (int i = 0; i < n; i++) {
		int status = -1;

		waitpid(pids[i], &status, 0);
		cr_assert_eq(status, 0);
	}
}

/* Mail through the login listener; all of it must be taken. */
static void send_mail(struct place *p, const char *messages)
{
	char program[256], to[32];
	const char *argv[] = {program,      "--messages", messages, "--parallel",   "8",
			      "--size-max", "300000",     "--auth", "alice:secret", to,
			      NULL};

	snprintf(program, sizeof(program), "%s/tools/sender",
		 getenv("BUILD") ? getenv("BUILD") : "build/release");
	snprintf(to, sizeof(to), "127.0.0.1:%u", p->login);
	cr_assert_eq(place_run(p, "sender", argv), 0, "%s", place_read(p, "sender.err"));
}

static struct place *place_verifying(const char *mail)
{
	struct place *p = place_new();

	place_sink(p, (const char *const[]){"--verify", NULL});
	place_authd(p, USERS, NULL);
	place_proxy(p, &(struct place_conf){.mail = mail});
	return p;
}

Test(it_chaos, crowds_that_leave_do_not_touch_the_mail_of_others)
{
	enum { CROWDS = 6, KEPT = 80 }; /* descriptors that may be kept: auth service, pipes */
	struct place *p = place_verifying(place_ours("auth_http_keepalive 8;"));
	pid_t worker = place_worker(p), pids[CROWDS];
	int fds = place_worker_fds(p);

	for (int i = 0; i < CROWDS; i++)
		pids[i] = start_crowd(i % 3 == 2 ? p->pass : p->login, (unsigned)i * 7919 + 1, 250);
	send_mail(p, "300");
	wait_crowd(pids, CROWDS);
	send_mail(p, "50");
	cr_assert_geq(place_sink_count(p, "intact"), 350);
	cr_assert_eq(place_sink_count(p, "damaged"), 0);
	place_expect_fds(p, fds + KEPT);
	cr_assert_eq(place_worker(p), worker, "the worker process was replaced");
	place_end(p, false);
}

Test(it_chaos, reloads_lose_no_session)
{
	struct place *p = place_verifying(NULL);
	pid_t mail = fork(), done = 0;
	int status = -1;

	if (mail == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		send_mail(p, "1500");
		_exit(0);
	}
	for (int i = 0; i < 8 && done == 0; i++) {
		json_int_t before = place_sink_count(p, "messages");

		kill(p->proxy, SIGHUP);
		while (place_sink_count(p, "messages") < before + 100 &&
		       (done = waitpid(mail, &status, WNOHANG)) == 0)
			place_pause();
	}
	if (done == 0)
		waitpid(mail, &status, 0);
	cr_assert_eq(status, 0, "%s", place_read(p, "sender.err"));
	cr_assert_eq(place_await_sink(p, "messages", 1500), 1500);
	cr_assert_eq(place_sink_count(p, "intact"), 1500);
	place_end(p, false);
}

Test(it_chaos, auth_service_on_a_unix_socket)
{
	struct place *p = place_new();
	char listen_at[160], auth_http[200];

	snprintf(listen_at, sizeof(listen_at), "unix:%s/authd", p->dir);
	snprintf(auth_http, sizeof(auth_http), "unix:%s/authd:", p->dir);
	place_sink(p, (const char *const[]){"--verify", NULL});
	place_authd(p, USERS, (const char *const[]){"--listen", listen_at, NULL});
	place_proxy(p, &(struct place_conf){.auth_http = auth_http});
	send_mail(p, "50");
	cr_assert_eq(place_await_sink(p, "intact", 50), 50);
	cr_assert_eq(place_auth_count(p, "accepted"), 50);
	place_end(p, false);
}
