/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file: the program's descriptors and what is behind them, and the listening sockets.
 *
 * A number is free again as soon as it is closed, lowest first, as in Linux: a late use of it
 * meets somebody else's file. The file itself lives until the last operation on it is over.
 */
#include "tests/sim/state.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 3, TABLE_MAX = 65536, LISTENERS_MAX = 64 };

static struct {
	struct file *table[TABLE_MAX];
	int used;   /* past the highest one ever taken */
	int lowest; /* none below it is free */
	uint32_t n;
	struct file *listeners[LISTENERS_MAX];
} files;

/* ---- numbers ---- */

struct file *file_of(int fd, const char *call)
{
	struct file *f = fd >= 0 && fd < files.used ? files.table[fd] : NULL;

	if (!f)
		kernel_violation("bad-descriptor", "%s of descriptor %d, which is not open", call,
				 fd);
	return f;
}

static struct file *install(enum file_kind kind)
{
	struct file *f;
	int fd = files.lowest > FIRST ? files.lowest : FIRST;

	while (fd < files.used && files.table[fd])
		fd++;
	if (fd == TABLE_MAX)
		return NULL;
	files.lowest = fd + 1;
	if (fd >= files.used)
		files.used = fd + 1;
	f = alarm_memory(sizeof(*f));
	f->kind = kind;
	f->fd = fd;
	list_init(&f->ops);
	files.table[fd] = f;
	return f;
}

struct file *file_new(enum file_kind kind)
{
	bool full = sky.fds_max && files.n >= sky.fds_max;
	struct file *f;

	/* What a thread opens at its start has a fault of its own. */
	if (full || (kind != FILE_WAKE && chance_of(sky.no_fd)))
		return NULL;
	f = install(kind);
	if (f)
		files.n++;
	return f;
}

uint32_t file_open_count(void)
{
	return files.n;
}

struct file *file_new_socket(struct end *e)
{
	struct file *f = file_new(FILE_SOCKET);

	if (f) {
		f->end = e;
		e->file = f;
	}
	return f;
}

/* ---- the end of a file ---- */

static void drop_pipe(struct file *f)
{
	if (--f->pipe->ends)
		return;
	free(f->pipe->bytes);
	free(f->pipe);
}

static void drop_listener(struct file *f)
{
	free(f->listener->queue);
	free(f->listener);
}

static void destroy(struct file *f)
{
	switch (f->kind) {
	case FILE_SOCKET:
		stream_close(f->end, false);
		break;
	case FILE_LISTENER:
		drop_listener(f);
		break;
	case FILE_PIPE:
		drop_pipe(f);
		break;
	case FILE_WAKE:
		break;
	}
	free(f);
}

void file_close(struct file *f)
{
	if (f->in_flight)
		kernel_violation("close-in-flight",
				 "descriptor %d is closed with %u operations in flight", f->fd,
				 f->in_flight);
	files.table[f->fd] = NULL;
	if (f->fd < files.lowest)
		files.lowest = f->fd;
	if (f->kind != FILE_LISTENER)
		files.n--;
	f->fd = -1;
	if (!f->in_flight)
		destroy(f);
}

void file_release(struct file *f)
{
	if (--f->in_flight == 0 && f->fd == -1)
		destroy(f);
}

void file_clear(void)
{
	for (int i = 0; i < files.used; i++)
		if (files.table[i]) {
			files.table[i]->in_flight = 0;
			file_close(files.table[i]);
		}
	memset(files.listeners, 0, sizeof(files.listeners));
	files.used = files.lowest = 0;
	files.n = 0;
}

/* ---- what poll(2) says ---- */

unsigned file_poll(const struct file *f)
{
	switch (f->kind) {
	case FILE_SOCKET:
		return stream_poll(f->end);
	case FILE_LISTENER:
		return f->listener->n ? POLLIN : 0;
	case FILE_PIPE:
		if (f->writes)
			return f->pipe->slots < f->pipe->slots_max ? POLLOUT : 0;
		return f->pipe->n ? POLLIN : 0;
	case FILE_WAKE:
		return f->count ? POLLIN | POLLOUT : POLLOUT;
	}
	return 0;
}

/* ---- listeners ---- */

int kernel_listener(uint32_t index, const struct addr *at, uint32_t backlog)
{
	struct file *f = install(FILE_LISTENER);

	if (!f || index >= LISTENERS_MAX)
		abort();
	f->nonblocking = true;
	f->listener = alarm_memory(sizeof(*f->listener));
	f->listener->queue = alarm_memory(backlog * sizeof(struct end *));
	f->listener->backlog = backlog;
	f->listener->at = *at;
	files.listeners[index] = f;
	return f->fd;
}

static void queue_up(void *arg)
{
	struct end *e = arg;
	struct file *f = files.listeners[e->listener];
	struct listener_state *l = f->listener;

	l->coming--;
	l->queue[(l->first + l->n++) % l->backlog] = e;
	kernel_progress();
	ring_sim_wake(f, POLLIN);
}

struct end *kernel_connect(uint32_t index, const struct addr *from, const struct end_events *events,
			   void *arg)
{
	struct file *f = index < LISTENERS_MAX ? files.listeners[index] : NULL;
	struct end *e;
	uint64_t in_us;

	if (!f || f->listener->n + f->listener->coming >= f->listener->backlog)
		return NULL;
	e = stream_new();
	e->here = f->listener->at;
	e->far->here = *from;
	end_listen(e->far, events, arg);
	in_us = sky_latency_us();
	stream_hold(e, kernel_now_us() + in_us);
	e->listener = index;
	f->listener->coming++;
	kernel_after(in_us, queue_up, e);
	return e->far;
}

struct end *file_accept(struct file *f)
{
	struct listener_state *l = f->listener;
	struct end *e;

	if (!l->n)
		return NULL;
	e = l->queue[l->first];
	l->first = (l->first + 1) % l->backlog;
	l->n--;
	kernel_progress();
	return e;
}
