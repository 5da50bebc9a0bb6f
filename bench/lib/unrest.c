/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unrest: bursts of clients by chance. Owns the idle clients' sockets; the processes are child.c's.
 * Never signals anything but the smtp-source that it started.
 */
#include "bench/lib/unrest.h"
#include "bench/lib/child.h"
#include "bench/lib/clock.h"
#include "bench/lib/flood.h"
#include "bench/lib/loopback.h"
#include "bench/lib/stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PARALLEL_MAX = 60, RESETS_MAX = 40, BURST_BYTES = 40 * 1000 * 1000 };

static int below(int n)
{
	return (int)(random() % n);
}

static void by_chance(const struct unrest *u, struct flood *f)
{
	static const size_t sizes[] = {100, 1000, 4096, 20000, 150000, 1000000, 5000000};
	int most;

	*f = (struct flood){.port = u->port,
			    .parallel = 1 + below(PARALLEL_MAX),
			    .bytes = sizes[below(sizeof(sizes) / sizeof(sizes[0]))],
			    .persistent = below(2)};
	most = BURST_BYTES / (int)f->bytes;
	f->messages = 1 + below(most > 200 ? 200 : most);
}

static void run_whole(struct unrest *u, const struct flood *f)
{
	struct flood_result r;

	flood_run(u->stage, f, &r);
	u->runs++;
	if (!r.failed) {
		u->promised += (uint64_t)f->messages;
		return;
	}
	if (stop_asked())
		return;
	u->failed++;
	snprintf(u->why, sizeof(u->why), "%s", r.why);
}

/* In the middle of whatever it is at then. */
static void run_killed(struct unrest *u, const struct flood *f)
{
	pid_t pid = flood_start(u->stage, f);

	clock_pause_ms((unsigned)below(300));
	child_kill(pid);
	u->killed++;
}

/* The linger option with no time makes close() a reset. */
static void reset(int fd)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void speak_and_reset(struct unrest *u)
{
	static const char session[] = "EHLO bench.test\r\nMAIL FROM:<a@bench.test>\r\n"
				      "RCPT TO:<b@bench.test>\r\nDATA\r\nSubject: none\r\n\r\n"
				      "and a body that nobody ends\r\n";
	int fd = loopback_connect(u->port);

	if (fd < 0)
		return;
	(void)!send(fd, session, (size_t)below(sizeof(session)), MSG_NOSIGNAL);
	if (below(2))
		clock_pause_ms((unsigned)below(20));
	reset(fd);
	u->resets++;
}

static void leave_one(struct unrest *u)
{
	int i = below(u->n_idle), fd = u->idle[i];

	u->idle[i] = u->idle[--u->n_idle];
	if (below(2))
		reset(fd);
	else
		close(fd);
}

static void come(struct unrest *u, int clients)
{
	for (int i = 0; i < clients && u->n_idle < UNREST_IDLE_MAX; i++) {
		int fd = loopback_connect(u->port);

		if (fd < 0)
			return;
		u->idle[u->n_idle++] = fd;
		u->idlers++;
	}
}

static void come_and_go(struct unrest *u)
{
	come(u, below(40));
	for (int n = below(40); n > 0 && u->n_idle > 0; n--)
		leave_one(u);
}

void unrest_peak(struct unrest *u)
{
	struct flood bulk = {.port = u->port,
			     .parallel = PARALLEL_MAX,
			     .messages = 2 * PARALLEL_MAX,
			     .bytes = 5000000};
	struct flood many = bulk;

	many.bytes = 1000;
	many.messages = 20 * PARALLEL_MAX;
	come(u, UNREST_IDLE_MAX);
	run_whole(u, &many);
	run_whole(u, &bulk);
	unrest_end(u);
}

void unrest_step(struct unrest *u)
{
	struct flood f;

	by_chance(u, &f);
	switch (below(6)) {
	case 0:
	case 1:
		run_killed(u, &f);
		break;
	case 2:
		for (int n = below(RESETS_MAX); n > 0; n--)
			speak_and_reset(u);
		break;
	case 3:
		come_and_go(u);
		break;
	default:
		run_whole(u, &f);
	}
}

void unrest_end(struct unrest *u)
{
	while (u->n_idle > 0)
		leave_one(u);
}
