/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wbuf: a growing byte queue in front of a socket. Gives big rooms back when they are empty, so
 * that thousands of idle connections stay small.
 */
#include "tools/lib/wbuf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SMALL 4096

static void reserve(struct wbuf *w, size_t more)
{
	size_t room = w->room ? w->room : 256;

	while (room < w->n + more)
		room *= 2;
	if (room == w->room)
		return;
	w->p = realloc(w->p, room);
	if (!w->p) {
		perror("memory");
		exit(1);
	}
	w->room = room;
}

void wbuf_add(struct wbuf *w, const void *p, size_t n)
{
	if (n == 0)
		return;
	reserve(w, n);
	memcpy(w->p + w->n, p, n);
	w->n += n;
}

void wbuf_text(struct wbuf *w, const char *z)
{
	wbuf_add(w, z, strlen(z));
}

void wbuf_printf(struct wbuf *w, const char *format, ...)
{
	va_list ap;
	char line[4096];
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (n > 0)
		wbuf_add(w, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

int wbuf_flush(struct wbuf *w, int fd)
{
	while (w->sent < w->n) {
		ssize_t n = send(fd, w->p + w->sent, w->n - w->sent, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		w->sent += (size_t)n;
	}
	w->n = w->sent = 0;
	if (w->room > SMALL)
		wbuf_free(w);
	return 1;
}

void wbuf_eat(struct wbuf *w, size_t n)
{
	memmove(w->p, w->p + n, w->n - n);
	w->n -= n;
}

void wbuf_free(struct wbuf *w)
{
	free(w->p);
	memset(w, 0, sizeof(*w));
}
