/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host: what the machine is and which versions were measured, so that a saved result can be
 * judged later. Only reads; an answer that cannot be had is an empty string.
 */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include "bench/lib/options.h"

#include <jansson.h>

struct host {
	char cpu[128], kernel[128], system[128];
	char nginx[64], haproxy[64], postfix[64], liburing[64], ringpost[64];
	long cpus;
	double load_average; /* of the last minute, before the bench began */
};

void host_read(struct host *, const struct options *);
void host_print(const struct host *);
/* A new reference for the caller. */
json_t *host_json(const struct host *);

#endif
