/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * daemon: fork, setsid, and a pipe on which the caller waits. Owns that pipe.
 */
#include "app/daemon.h"

#include "app/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int ready_fd = -1;

static enum daemon_side give_up(const char *call, int *status)
{
	log_put(LEVEL_EMERG, "%s failed (%d: %s)", call, errno, strerror(errno));
	*status = 1;
	return DAEMON_CALLER;
}

static enum daemon_side wait_for(int fd, int *status)
{
	ssize_t n;
	char word;

	do
		n = read(fd, &word, 1);
	while (n < 0 && errno == EINTR);
	close(fd);
	*status = n == 1 ? 0 : 1;
	return DAEMON_CALLER;
}

enum daemon_side daemon_fork(int *status)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return give_up("pipe()", status);
	pid = fork();
	if (pid < 0)
		return give_up("fork()", status);
	if (pid > 0) {
		close(ends[1]);
		return wait_for(ends[0], status);
	}
	close(ends[0]);
	ready_fd = ends[1];
	setsid();
	umask(022);
	log_forked();
	return DAEMON_SELF;
}

void daemon_ready(void)
{
	if (ready_fd < 0)
		return;
	daemon_detach();
	if (write(ready_fd, "R", 1) != 1)
		log_put(LEVEL_NOTICE, "whoever started us did not wait");
	close(ready_fd);
	ready_fd = -1;
}

int daemon_pipe(void)
{
	return ready_fd;
}

void daemon_detach(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}
