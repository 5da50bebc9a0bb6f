/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load: sends one-message sessions from an epoll loop and times each of them.
 *
 * A session is a row of the script below: wait for a reply with the expected digit, send the
 * next line. In the open loop a session's time counts from the moment it was due, so that a
 * stall is charged to every session that it delayed. Owns its sockets; keeps nothing between runs.
 */
#include "bench/lib/load.h"
#include "bench/lib/clock.h"
#include "bench/lib/loopback.h"
#include "bench/lib/stat.h"
#include "bench/lib/stop.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUIET_NS (20ull * 1000000000u) /* nothing at all for so long: given up */

enum { EVENTS_MAX = 256, STEP_BODY = 4, STEP_LAST = 6 };

/* What each reply must begin with, and what is said then. */
static const struct {
	char expect;
	const char *say;
} script[] = {
	{'2', "EHLO bench.test\r\n"},
	{'2', "MAIL FROM:<from@bench.test>\r\n"},
	{'2', "RCPT TO:<to@bench.test>\r\n"},
	{'2', "DATA\r\n"},
	{'3', NULL}, /* the message */
	{'2', "QUIT\r\n"},
	{'2', NULL},
};

struct client {
	int fd, step;
	uint64_t start_ns;
	size_t n;
	char reply[1024];
};

struct crowd {
	const struct load *load;
	struct load_result *result;
	struct client *clients; /* load->parallel of them */
	int *spare, n_spare;    /* indices of clients without a session */
	int started, ended, epoll;
	uint64_t begin_ns;
	double *times_us;
	int n_times;
	char *message;
	size_t message_n;
};

static void end_session(struct crowd *c, struct client *cl, const char *why)
{
	if (why && !c->result->failed++)
		snprintf(c->result->why, sizeof(c->result->why), "%s", why);
	if (!why)
		c->times_us[c->n_times++] = (double)(clock_now_ns() - cl->start_ns) / 1000;
	if (cl->fd >= 0)
		close(cl->fd);
	cl->fd = -1;
	c->spare[c->n_spare++] = (int)(cl - c->clients);
	c->ended++;
}

static void start_session(struct crowd *c, uint64_t due_ns)
{
	struct client *cl = &c->clients[c->spare[--c->n_spare]];
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = cl};

	cl->start_ns = due_ns;
	cl->step = 0;
	cl->n = 0;
	cl->fd = loopback_connect_start(c->load->port);
	c->started++;
	if (cl->fd < 0 || epoll_ctl(c->epoll, EPOLL_CTL_ADD, cl->fd, &e))
		end_session(c, cl, "connect failed");
}

/* Is there a whole reply, its last line without a hyphen? */
static bool reply_whole(const struct client *cl)
{
	const char *line = cl->reply, *end;

	while ((end = memchr(line, '\n', cl->n - (size_t)(line - cl->reply)))) {
		if (end - line < 4 || line[3] != '-')
			return true;
		line = end + 1;
	}
	return false;
}

static void on_reply(struct crowd *c, struct client *cl)
{
	const char *say = script[cl->step].say;
	size_t n = say ? strlen(say) : c->message_n;
	char why[120];

	if (cl->reply[0] != script[cl->step].expect) {
		snprintf(why, sizeof(why), "reply at step %d: %.*s", cl->step,
			 (int)strcspn(cl->reply, "\r\n"), cl->reply);
		end_session(c, cl, why);
		return;
	}
	if (cl->step == STEP_LAST) {
		end_session(c, cl, NULL);
		return;
	}
	if (cl->step == STEP_BODY)
		say = c->message;
	if (send(cl->fd, say, n, MSG_NOSIGNAL) != (ssize_t)n) {
		end_session(c, cl, "send failed");
		return;
	}
	cl->step++;
	cl->n = 0;
}

static void on_readable(struct crowd *c, struct client *cl)
{
	ssize_t n = recv(cl->fd, cl->reply + cl->n, sizeof(cl->reply) - 1 - cl->n, 0);

	if (n <= 0) {
		end_session(c, cl, n ? "connection reset" : "connection closed early");
		return;
	}
	cl->n += (size_t)n;
	cl->reply[cl->n] = '\0';
	if (reply_whole(cl))
		on_reply(c, cl);
	else if (cl->n == sizeof(cl->reply) - 1)
		end_session(c, cl, "reply without end");
}

/* Starts what is due. The time to wait for until the next one is due, or one second. */
static uint64_t start_due(struct crowd *c)
{
	const struct load *l = c->load;

	while (c->started < l->sessions && c->n_spare > 0) {
		uint64_t now_ns = clock_now_ns(), due_ns = now_ns;

		if (l->per_second)
			due_ns = c->begin_ns +
				 (uint64_t)c->started * 1000000000u / (uint64_t)l->per_second;
		if (due_ns > now_ns)
			return due_ns - now_ns;
		start_session(c, due_ns);
	}
	return 1000000000u;
}

static void turn(struct crowd *c)
{
	struct epoll_event events[EVENTS_MAX];
	uint64_t last_ns = clock_now_ns();

	while (c->ended < c->load->sessions && !stop_asked()) {
		uint64_t wait_ns = start_due(c);
		struct timespec wait = {.tv_sec = (time_t)(wait_ns / 1000000000u),
					.tv_nsec = (long)(wait_ns % 1000000000u)};
		int n = epoll_pwait2(c->epoll, events, EVENTS_MAX, &wait, NULL);

		for (int i = 0; i < n; i++)
			on_readable(c, events[i].data.ptr);
		if (n > 0)
			last_ns = clock_now_ns();
		if (clock_now_ns() - last_ns > QUIET_NS)
			return;
	}
}

/* Ends what is still open; every session that did not end by itself has failed. */
static void give_up(struct crowd *c)
{
	for (int i = 0; i < c->load->parallel; i++)
		if (c->clients[i].fd >= 0)
			end_session(c, &c->clients[i],
				    stop_asked() ? "interrupted" : "no reply for 20 s");
	c->result->failed += c->load->sessions - c->ended;
}

static bool crowd_open(struct crowd *c, const struct load *l)
{
	size_t parallel = (size_t)l->parallel;

	c->clients = calloc(parallel, sizeof(*c->clients));
	c->spare = calloc(parallel, sizeof(*c->spare));
	c->times_us = calloc((size_t)l->sessions, sizeof(*c->times_us));
	c->message = malloc(l->bytes + 8);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!c->clients || !c->spare || !c->times_us || !c->message || c->epoll < 0)
		return false;
	for (int i = l->parallel; i-- > 0; c->clients[i].fd = -1)
		c->spare[c->n_spare++] = i;
	for (size_t i = 0; i < l->bytes; i++)
		c->message[i] = i % 80 == 78 ? '\r' : i % 80 == 79 ? '\n' : (char)('a' + i % 26);
	memcpy(c->message + l->bytes, "\r\n.\r\n", 5);
	c->message_n = l->bytes + 5;
	c->begin_ns = clock_now_ns();
	return true;
}

static void crowd_close(struct crowd *c)
{
	if (c->epoll >= 0)
		close(c->epoll);
	free(c->clients);
	free(c->spare);
	free(c->times_us);
	free(c->message);
}

void load_run(const struct load *l, struct load_result *r)
{
	struct crowd c = {.load = l, .result = r};

	*r = (struct load_result){0};
	if (crowd_open(&c, l)) {
		turn(&c);
		r->wall_ns = clock_now_ns() - c.begin_ns;
		give_up(&c);
	} else {
		r->failed = l->sessions;
		snprintf(r->why, sizeof(r->why), "no memory");
	}
	if (c.n_times > 0) {
		stat_sort(c.times_us, (size_t)c.n_times);
		r->p50_us = stat_quantile(c.times_us, (size_t)c.n_times, 0.50);
		r->p99_us = stat_quantile(c.times_us, (size_t)c.n_times, 0.99);
	}
	crowd_close(&c);
}
