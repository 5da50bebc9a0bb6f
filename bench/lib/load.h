/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load: the bench's own sender, for what smtp-source does not tell: how long a session takes.
 * One-message sessions, in lock-step, TCP_NODELAY, one thread, no busy waiting.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stddef.h>
#include <stdint.h>

struct load {
	uint16_t port;
	int sessions;   /* in all */
	int parallel;   /* at once; open loop: a bound that is never meant to be reached */
	int per_second; /* open loop: started per second, 0: closed loop */
	size_t bytes;   /* of the message */
};

struct load_result {
	uint64_t wall_ns;
	double p50_us, p99_us; /* connect to 221; open loop: from the moment it was due */
	int failed;            /* sessions */
	char why[120];         /* of the first that failed */
};

void load_run(const struct load *, struct load_result *);

#endif
