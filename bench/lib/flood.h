/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flood: load from Postfix's smtp-source, bounded in messages and in time. It is the load that
 * everybody can repeat by hand; what it cannot tell (session times) is left to load.h.
 */
#ifndef BENCH_FLOOD_H
#define BENCH_FLOOD_H

#include "bench/lib/stage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flood {
	uint16_t port;
	int parallel, messages;
	size_t bytes;
	bool persistent;
};

struct flood_result {
	uint64_t wall_ns;
	bool failed;
	char why[120];
};

/* Just starts it: the pid of a child, or -1. */
pid_t flood_start(const struct stage *, const struct flood *);

void flood_run(const struct stage *, const struct flood *, struct flood_result *);

#endif
