/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_try: a ring that is tried out by one case: its events, the descriptors it opened, and what
 * was not as it must be. What is open when a case ends is closed by ring_cases_run().
 */
#ifndef TESTS_LIB_RING_TRY_H
#define TESTS_LIB_RING_TRY_H

#include "io/net.h"
#include "io/ring.h"
#include "tests/lib/far.h"

enum { BUFFERS = 4, BUFFER_BYTES = 64, EVENTS = 64, WAIT_MS = 5000, QUIET_MS = 10 };

struct ring_try {
	struct ring *ring;
	struct ring_event events[EVENTS];
	unsigned n;
	int fds[16];
	unsigned n_fds;
	char why[300];
};

extern struct ring_try try_at;

#define CHECK(x)                                                                                   \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			try_say_why(__FILE__, __LINE__, #x);                                       \
			return;                                                                    \
		}                                                                                  \
	} while (0)

void try_say_why(const char *file, int line, const char *what);
int try_keep(int fd);
/* Closes one that try_keep() knows. */
void try_let_go(int fd);
void try_open_with(uint32_t completions, uint32_t recv_max);
struct far *try_pair(int *fd);
bool try_quiet(void);
/* Turns until so many events have come, and then once more for one too many. */
bool try_come(unsigned n);
bool try_is(unsigned i, uint64_t tag, int res, bool more);
bool try_comes(uint64_t tag, int res, bool more);
/* It has these bytes; gives its buffer back. */
bool try_brings(unsigned i, const char *text);
void try_give_back_all(void);
void try_say(struct far *f, const char *text);
bool try_hears(struct far *f, const char *text);
long try_reads(struct far *f);
size_t try_send_text(int fd, const char *text, uint64_t tag);

#endif
