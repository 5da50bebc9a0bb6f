/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crowd: clients by chance. Owns the process that it forks, which dies with the test.
 */
#include "tests/it/lib/crowd.h"

#include "tests/it/lib/talk.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST "\r\n.\r\nQUIT\r\n"

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
	return n + data + (size_t)snprintf(to + n + data, room - n - data, LAST);
}

static void read_some(struct talk *t, int ms)
{
	struct pollfd wait = {.fd = t->fd, .events = POLLIN};

	if (poll(&wait, 1, ms) == 1 && recv(t->fd, t->in, sizeof(t->in), 0) < 0)
		t->n = 0;
}

/* Says a part of a dialogue in pieces, hears some of the answers, and is gone. */
static void misbehave(const struct crowd *c, unsigned *state)
{
	static char dialogue[210000];
	size_t n = write_dialogue(dialogue, sizeof(dialogue), state), at = 0;
	size_t most = c->hard ? n - strlen(LAST) : n;
	size_t part = next_random(state) % (most + 1), step = 1 + next_random(state) % 20000;
	unsigned how = c->hard ? 3 : next_random(state) % 4;
	struct talk t;

	if (talk_try(&t, c->port) < 0)
		return;
	/* However it ends, be it with its process: nothing goes on being sent for it. */
	if (c->hard)
		setsockopt(t.fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
			   sizeof(struct linger));
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

pid_t crowd_start(const struct crowd *c)
{
	unsigned state = c->seed;
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 0; !c->sessions || i < c->sessions; i++)
			misbehave(c, &state);
		_exit(0);
	}
	return pid;
}

void crowd_wait(const pid_t *pids, int n)
{
	for (int i = 0; i < n; i++) {
		int status = -1;

		waitpid(pids[i], &status, 0);
		cr_assert_eq(status, 0);
	}
}

void crowd_stop(const pid_t *pids, int n)
{
	for (int i = 0; i < n; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}
