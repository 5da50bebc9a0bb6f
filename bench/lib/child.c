/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child: start, wait for and end processes. Owns the list of pids that are ours.
 * Never signals a pid that it did not start, nor one that it has already reaped.
 */
#include "bench/lib/child.h"
#include "bench/lib/clock.h"
#include "bench/lib/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN_MAX = 64, WORDS_MAX = 31, GRACE_MS = 3000 };

static pid_t children[CHILDREN_MAX];

static int slot_of(pid_t pid)
{
	for (int i = 0; i < CHILDREN_MAX; i++)
		if (children[i] == pid)
			return i;
	return -1;
}

static void become(const char *const *argv, const char *log)
{
	char *words[WORDS_MAX + 1] = {NULL};
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (int i = 0; i < WORDS_MAX && argv[i]; i++)
		words[i] = strdup(argv[i]);
	/* a group of its own: Ctrl-C reaches the bench only, which then ends its children */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (fd < 0 || null < 0 || dup2(null, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(126);
	execvp(words[0], words);
	fprintf(stderr, "%s: %s\n", words[0], strerror(errno));
	_exit(127);
}

pid_t child_start(const char *const *argv, const char *log)
{
	int slot = slot_of(0);
	pid_t pid = slot < 0 ? -1 : fork();

	if (pid == 0)
		become(argv, log);
	if (pid < 0)
		fprintf(stderr, "bench: cannot start %s: %s\n", argv[0], strerror(errno));
	else
		children[slot] = pid;
	return pid;
}

/* The exit status once reaped, -1 while it runs. */
static int reap(pid_t pid)
{
	int slot = slot_of(pid), status = 0;

	if (slot < 0 || waitpid(pid, &status, WNOHANG) != pid)
		return -1;
	children[slot] = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int wait_on(pid_t pid, int timeout_ms, bool heed_stop)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	uint64_t end_ns = clock_now_ns() + (uint64_t)timeout_ms * 1000000u;
	int status = reap(pid);

	while (fd >= 0 && status < 0 && clock_now_ns() < end_ns && !(heed_stop && stop_asked())) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		poll(&p, 1, (int)((end_ns - clock_now_ns()) / 1000000u) + 1);
		status = reap(pid);
	}
	if (fd >= 0)
		close(fd);
	return status;
}

int child_wait(pid_t pid, int timeout_ms)
{
	return wait_on(pid, timeout_ms, true);
}

bool child_running(pid_t pid)
{
	return pid > 0 && reap(pid) < 0 && slot_of(pid) >= 0;
}

void child_stop(pid_t pid)
{
	if (!child_running(pid))
		return;
	kill(pid, SIGTERM);
	if (wait_on(pid, GRACE_MS, false) >= 0)
		return;
	fprintf(stderr, "bench: process %d did not end on SIGTERM, killed\n", (int)pid);
	kill(pid, SIGKILL);
	wait_on(pid, GRACE_MS, false);
}

void child_kill(pid_t pid)
{
	if (!child_running(pid))
		return;
	kill(pid, SIGKILL);
	wait_on(pid, GRACE_MS, false);
}

void child_stop_all(void)
{
	for (int i = 0; i < CHILDREN_MAX; i++)
		child_stop(children[i]);
}
