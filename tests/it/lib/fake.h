/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake: a server that behaves as badly as a test wants: it listens on a port of its own and runs a
 * function of the test for every connection, each in a thread.
 */
#ifndef TESTS_IT_LIB_FAKE_H
#define TESTS_IT_LIB_FAKE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct fake {
	char at[64]; /* "127.0.0.1:PORT" */
	uint16_t port;
	atomic_int connections;
	int listener;
	/* owns fd until it returns, after which it is closed */
	void (*serve)(struct fake *, int fd);
	const char *text; /* for serve */
	size_t n;
	atomic_int ms;
};

/* Starts listening; lives as long as the test process. */
struct fake *fake_start(void (*serve)(struct fake *, int fd), const char *text);

/* The same at that address and port. */
struct fake *fake_start_at(const char *at, void (*serve)(struct fake *, int fd), const char *text);

/* For serve(): reads until `end` has come (or the peer has gone) and drops what it read. */
void fake_read_until(int fd, const char *end);
void fake_write(int fd, const char *text);
void fake_sleep(int ms);

/* Ready-made servers. */
void fake_silent(struct fake *f, int fd);        /* takes everything, says nothing */
void fake_close_at_once(struct fake *f, int fd); /* accepts, closes */
void fake_http(struct fake *f, int fd);          /* one request, answers f->text, closes */
void fake_http_slow(struct fake *f, int fd);     /* the same, a byte every f->ms */
void fake_talker(struct fake *f, int fd);        /* says f->text at once, then reads to the end */

#endif
