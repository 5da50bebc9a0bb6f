/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pidfile: writes, reads and removes the master's pid. A file that names another process by now is
 * left alone.
 */
#include "app/pidfile.h"

#include "app/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int pidfile_write(const char *path)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", getpid());
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0) {
		log_put(LEVEL_EMERG, "open() \"%s\" failed (%d: %s)", path, errno, strerror(errno));
		return -1;
	}
	if (write(fd, text, (size_t)n) != n) {
		log_put(LEVEL_EMERG, "write() to \"%s\" failed (%d: %s)", path, errno,
			strerror(errno));
		close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

pid_t pidfile_read(const char *path)
{
	char text[32];
	uint64_t pid;
	struct str s;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text));
	close(fd);
	errno = 0;
	s = str_of(text, n > 0 ? (size_t)n : 0);
	s = str_first(s, str_find(s, '\n'));
	return str_u64(s, 1 << 22, &pid) == 0 ? (pid_t)pid : 0;
}

void pidfile_remove(const char *path)
{
	if (pidfile_read(path) == getpid() && unlink(path) != 0)
		log_put(LEVEL_ALERT, "unlink() \"%s\" failed (%d: %s)", path, errno,
			strerror(errno));
}
