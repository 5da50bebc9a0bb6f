/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unrest: clients as a bad day brings them: whole runs of smtp-source, runs that are killed in the
 * middle, connections that are reset anywhere in a session, and clients that come and say nothing.
 */
#ifndef BENCH_UNREST_H
#define BENCH_UNREST_H

#include "bench/lib/stage.h"

#include <stdint.h>

enum { UNREST_IDLE_MAX = 200 };

struct unrest {
	const struct stage *stage;
	uint16_t port;
	int idle[UNREST_IDLE_MAX];
	int n_idle;
	uint64_t runs, killed, resets, idlers; /* of each kind, so far */
	uint64_t promised;                     /* messages of runs that ended well */
	uint64_t failed;                       /* runs that were not killed and yet failed */
	char why[120];                         /* of the last that failed */
};

/* As many of everything at once as unrest_step() ever brings: what grows with load grows now. */
void unrest_peak(struct unrest *);

/* One burst by chance. */
void unrest_step(struct unrest *);

/* Idle clients leave. */
void unrest_end(struct unrest *);

#endif
