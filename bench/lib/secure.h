/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * secure: load over TLS 1.3 with TLS at once, one epoll loop in the bench's own process, whose CPU
 * counts for no target. The TLS is ringpost's own (tls/channel.h), for all targets alike: X25519,
 * AES-128-GCM, the server's certificate not verified.
 */
#ifndef BENCH_SECURE_H
#define BENCH_SECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secure {
	uint16_t port;
	int sessions; /* in all */
	int parallel; /* at once */
	bool resume;  /* all but the first ones resume the latest session, else none does */
	bool hold;    /* stay after EHLO, until secure_done() */
	size_t bytes; /* of the message in each session; 0: greeting, QUIT and nothing else */
};

struct secure_result {
	uint64_t wall_ns;
	int good, resumed;
	char why[120]; /* of the first that failed */
};

struct secure_crowd;

/* Runs all sessions; with `hold` the open ones stay in what is returned. NULL: no memory, or the
 * TLS library does not start (r->why). */
struct secure_crowd *secure_run(const struct secure *l, struct secure_result *r);
void secure_done(struct secure_crowd *c);

#endif
