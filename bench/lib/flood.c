/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flood: runs smtp-source. It gives up at the first refused connection or bad reply, so a run
 * either sent every message or failed; there is nothing in between to hide.
 */
#include "bench/lib/flood.h"
#include "bench/lib/child.h"
#include "bench/lib/clock.h"
#include "bench/lib/stop.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG "smtp-source.log"

enum { FLOOD_TIMEOUT_MS = 60000 };

/* The last line that smtp-source wrote: its reason. */
static void last_line(const char *path, char *line, size_t n)
{
	char next[200];
	FILE *f = fopen(path, "re");

	while (f && fgets(next, sizeof(next), f)) {
		next[strcspn(next, "\n")] = '\0';
		if (next[0])
			snprintf(line, n, "%.110s", next);
	}
	if (f)
		fclose(f);
}

pid_t flood_start(const struct stage *s, const struct flood *f)
{
	struct stage_path log = stage_path(s, LOG);
	char sessions[16], messages[16], length[16], server[32];
	const char *argv[] = {"smtp-source",
			      "-4",
			      "-s",
			      sessions,
			      "-m",
			      messages,
			      "-l",
			      length,
			      "-f",
			      "from@bench.test",
			      "-t",
			      "to@bench.test",
			      f->persistent ? "-d" : server,
			      f->persistent ? server : NULL,
			      NULL};

	snprintf(sessions, sizeof(sessions), "%d", f->parallel);
	snprintf(messages, sizeof(messages), "%d", f->messages);
	snprintf(length, sizeof(length), "%zu", f->bytes);
	snprintf(server, sizeof(server), "127.0.0.1:%u", f->port);
	unlink(log.text);
	return child_start(argv, log.text);
}

void flood_run(const struct stage *s, const struct flood *f, struct flood_result *r)
{
	struct stage_path log = stage_path(s, LOG);
	uint64_t start_ns = clock_now_ns();
	pid_t pid = flood_start(s, f);
	int status = pid > 0 ? child_wait(pid, FLOOD_TIMEOUT_MS) : 127;

	*r = (struct flood_result){.wall_ns = clock_now_ns() - start_ns};
	child_stop(pid);
	if (status == 0)
		return;
	r->failed = true;
	snprintf(r->why, sizeof(r->why), "smtp-source ended with %d", status);
	if (status < 0)
		snprintf(r->why, sizeof(r->why), "%s",
			 stop_asked() ? "interrupted" : "not done after 60 s");
	last_line(log.text, r->why, sizeof(r->why));
}
