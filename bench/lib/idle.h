/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * idle: clients that greet the server and then say nothing, held open as long as the caller
 * wants to look at the server's memory. Owns their sockets.
 */
#ifndef BENCH_IDLE_H
#define BENCH_IDLE_H

#include <stdint.h>

struct idle {
	int *fds;
	int n;
};

/* Opens up to `clients` connections that all got their reply to EHLO; how many there are. */
int idle_open(struct idle *, uint16_t port, int clients);
void idle_close(struct idle *);

#endif
