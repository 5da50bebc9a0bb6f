/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_try: turning a ring under test, and saying what its events were. Owns what a case opens.
 */
#include "tests/lib/ring_try.h"

#include <stdio.h>
#include <string.h>

struct ring_try try_at;

void try_say_why(const char *file, int line, const char *what)
{
	size_t n;

	if (try_at.why[0])
		return;
	snprintf(try_at.why, sizeof(try_at.why), "%s:%d: %s; events:", file, line, what);
	for (unsigned i = 0; i < try_at.n && i < 6; i++) {
		n = strlen(try_at.why);
		snprintf(try_at.why + n, sizeof(try_at.why) - n, " [%d: %d%s]",
			 (int)try_at.events[i].tag, try_at.events[i].res,
			 try_at.events[i].more ? " more" : "");
	}
}

int try_keep(int fd)
{
	if (fd >= 0)
		try_at.fds[try_at.n_fds++] = fd;
	return fd;
}

void try_let_go(int fd)
{
	for (unsigned i = 0; i < try_at.n_fds; i++)
		if (try_at.fds[i] == fd)
			try_at.fds[i] = try_at.fds[--try_at.n_fds];
	net_close(fd);
}

void try_open_with(uint32_t completions, uint32_t recv_max)
{
	struct ring_conf conf = {.submissions = 8,
				 .completions = completions,
				 .buffers = BUFFERS,
				 .buffer_size = BUFFER_BYTES,
				 .recv_max = recv_max};
	char error[256] = "";

	try_at.ring = ring_open(&conf, error, sizeof(error));
	if (!try_at.ring)
		try_say_why(__FILE__, __LINE__, error);
}

struct far *try_pair(int *fd)
{
	struct far *f = far_pair(fd);

	try_keep(*fd);
	return f;
}

/* ---- turning ---- */

bool try_quiet(void)
{
	try_at.n = ring_turn(try_at.ring, QUIET_MS, try_at.events, EVENTS);
	return try_at.n == 0;
}

bool try_come(unsigned n)
{
	unsigned got;

	far_settle();
	try_at.n = 0;
	while (try_at.n < n) {
		got = ring_turn(try_at.ring, WAIT_MS, try_at.events + try_at.n, EVENTS - try_at.n);
		if (!got)
			return false;
		try_at.n += got;
	}
	try_at.n += ring_turn(try_at.ring, QUIET_MS, try_at.events + try_at.n, EVENTS - try_at.n);
	return try_at.n == n;
}

bool try_is(unsigned i, uint64_t tag, int res, bool more)
{
	const struct ring_event *e = &try_at.events[i];

	return i < try_at.n && e->tag == tag && e->res == res && e->more == more;
}

bool try_comes(uint64_t tag, int res, bool more)
{
	return try_come(1) && try_is(0, tag, res, more);
}

bool try_brings(unsigned i, const char *text)
{
	const struct ring_event *e = &try_at.events[i];
	bool ok = i < try_at.n && e->has_buffer && e->res == (int)strlen(text) &&
		  memcmp(ring_buffer(try_at.ring, e->buffer), text, strlen(text)) == 0;

	if (i < try_at.n && e->has_buffer)
		ring_put_buffer(try_at.ring, e->buffer);
	return ok;
}

void try_give_back_all(void)
{
	for (unsigned i = 0; i < try_at.n; i++)
		if (try_at.events[i].has_buffer)
			ring_put_buffer(try_at.ring, try_at.events[i].buffer);
}

void try_say(struct far *f, const char *text)
{
	if (far_write(f, str_cstr(text)) != strlen(text))
		try_say_why(__FILE__, __LINE__, "the far end could not write");
	far_settle();
}

bool try_hears(struct far *f, const char *text)
{
	uint8_t bytes[4096];
	long n;

	far_settle();
	n = far_read(f, bytes, sizeof(bytes));
	return n == (long)strlen(text) && memcmp(bytes, text, strlen(text)) == 0;
}

long try_reads(struct far *f)
{
	uint8_t byte;

	far_settle();
	return far_read(f, &byte, 1);
}

size_t try_send_text(int fd, const char *text, uint64_t tag)
{
	struct str s = str_cstr(text);

	return ring_send(try_at.ring, &(struct ring_send){.fd = fd, .n = 1, .parts = &s}, tag);
}
