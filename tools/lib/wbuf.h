/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wbuf: bytes waiting to be written to a socket; grows on the heap, keeps a small room of its own.
 */
#ifndef TOOLS_LIB_WBUF_H
#define TOOLS_LIB_WBUF_H

#include <stddef.h>
#include <stdint.h>

struct wbuf {
	uint8_t *p;
	size_t n, room;
	size_t sent; /* of n, already written */
};

void wbuf_add(struct wbuf *w, const void *p, size_t n);
void wbuf_text(struct wbuf *w, const char *z);
void wbuf_printf(struct wbuf *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes what it can: 1 when nothing is left, 0 when the socket is full, -1 when it is broken. */
int wbuf_flush(struct wbuf *w, int fd);

/* Drops the first n bytes: for a wbuf that collects what was read. */
void wbuf_eat(struct wbuf *w, size_t n);

void wbuf_free(struct wbuf *w);

#endif
