/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_output: opening, reopening and writing the files and sockets of error_log.
 *
 * Files are opened O_APPEND, so that several threads and processes, old and new ones during a
 * reload, write whole lines side by side. Reopening goes through dup2(): the number stays, thus no
 * thread has to be stopped for it.
 */
#include "app/log_output.h"

#include "app/log_syslog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

/* A description of our own for a pipe or terminal, since O_NONBLOCK would be set for its other
 * users too; whatever else stderr is, it is taken as it comes. */
static int open_stderr(void)
{
	struct stat st;
	int fd = -1;

	if (fstat(STDERR_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		fd = open("/proc/self/fd/2",
			  O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd >= 0 ? fd : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
}

/* A FIFO that nobody reads yet is opened all the same: what it holds is there for who comes. */
static int open_file(const char *path)
{
	int fd = open(path, OPEN_FLAGS, 0644);

	return fd < 0 && errno == ENXIO ? open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK) : fd;
}

static int open_it(const struct log_output *o)
{
	switch (o->kind) {
	case LOG_OUTPUT_FILE:
		return open_file(o->path);
	case LOG_OUTPUT_STDERR:
		return open_stderr();
	case LOG_OUTPUT_SYSLOG:
		return log_syslog_open(o->syslog);
	}
	return -1;
}

const char *log_output_name(const struct log_output *o)
{
	switch (o->kind) {
	case LOG_OUTPUT_FILE:
		return o->path;
	case LOG_OUTPUT_STDERR:
		break;
	case LOG_OUTPUT_SYSLOG:
		return o->syslog->text;
	}
	return "stderr";
}

int log_output_open_all(const struct log_outputs *all, char *error, size_t error_size)
{
	for (unsigned i = 0; i < all->n; i++) {
		struct log_output *o = all->items[i];

		if (o->fd >= 0)
			continue;
		o->fd = open_it(o);
		if (o->fd < 0) {
			snprintf(error, error_size, "open() \"%s\" failed (%d: %s)%s",
				 log_output_name(o), errno, strerror(errno),
				 errno == ENOENT ? ": make its folder, or name another file "
						   "with error_log"
						 : "");
			return -1;
		}
	}
	return 0;
}

void log_output_close_all(const struct log_outputs *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		if (all->items[i]->fd >= 0)
			close(all->items[i]->fd);
		all->items[i]->fd = -1;
	}
}

int log_output_reopened(const struct log_output *o)
{
	return open_it(o);
}

void log_output_replace(struct log_output *o, int fd)
{
	if (o->fd >= 0)
		dup3(fd, o->fd, O_CLOEXEC);
	close(fd);
}

static uint64_t lines_in(struct str s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

static void count_lost(struct log_output *o, uint64_t lines, int why)
{
	atomic_fetch_add_explicit(&o->lost, lines, memory_order_relaxed);
	atomic_store_explicit(&o->lost_errno, why, memory_order_relaxed);
}

static ssize_t write_once(int fd, struct str s)
{
	ssize_t n;

	do
		n = write(fd, s.p, s.n);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Bytes of s that could be written; *why is the errno of what stopped it. */
static size_t write_most(int fd, struct str s, int *why)
{
	size_t done = 0;
	ssize_t n;

	*why = ENOSPC;
	while (done < s.n && (n = write_once(fd, str_from(s, done))) != 0) {
		if (n < 0) {
			*why = errno;
			break;
		}
		done += (size_t)n;
	}
	return done;
}

static size_t write_file(struct log_output *o, uint8_t *lines, size_t n)
{
	struct str all = str_of(lines, n);
	size_t rest_n;
	int why;
	size_t done = write_most(o->fd, all, &why);

	if (done == n)
		return 0;
	if (done == 0 || lines[done - 1] == '\n') {
		count_lost(o, lines_in(str_from(all, done)), why);
		return 0;
	}
	rest_n = str_find(str_from(all, done), '\n') + 1;
	count_lost(o, lines_in(str_from(all, done + rest_n)), why);
	memmove(lines, lines + done, rest_n);
	return rest_n;
}

/* One datagram. Refused twice in a row, it is not the server but something on the way there. */
static enum log_syslog_fate send_line(struct log_output *o, struct str line)
{
	int why;
	enum log_syslog_fate fate = log_syslog_send(o, line, &why);

	if (fate == LOG_SYSLOG_REFUSED) {
		count_lost(o, 1, why);
		fate = log_syslog_send(o, line, &why);
	}
	if (fate == LOG_SYSLOG_LATER)
		count_lost(o, 0, why);
	else if (fate != LOG_SYSLOG_SENT)
		count_lost(o, 1, why);
	return fate;
}

/* Whole lines only; what is to come later moves to the front. */
static size_t send_lines(struct log_output *o, uint8_t *lines, size_t n)
{
	size_t done = 0;

	while (done < n) {
		struct str rest = str_of(lines + done, n - done);
		struct str line = str_first(rest, str_find(rest, '\n'));

		if (send_line(o, line) == LOG_SYSLOG_LATER) {
			memmove(lines, rest.p, rest.n);
			return rest.n;
		}
		done += line.n + 1;
	}
	return 0;
}

size_t log_output_write(struct log_output *o, uint8_t *lines, size_t n)
{
	return o->kind == LOG_OUTPUT_SYSLOG ? send_lines(o, lines, n) : write_file(o, lines, n);
}

void log_output_forget(struct log_output *o, struct str lines)
{
	count_lost(o, lines_in(lines), atomic_load(&o->lost_errno));
}
