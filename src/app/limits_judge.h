/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits_judge: needed against found, in figures and words. Pure: asks the system nothing.
 */
#ifndef APP_LIMITS_JUDGE_H
#define APP_LIMITS_JUDGE_H

#include "base/out.h"

#include "app/limits_found.h"

enum { LIMITS_ROWS = 12 };

/* What this configuration may need at its busiest, of the worker process alone. */
struct limits_need {
	uint64_t files, locked_bytes, address_bytes, backlog, dials, pipe_pages, maps;
	uint64_t memory_bytes, tasks;
	struct str backlog_of; /* the address with the longest accept queue */
	uint32_t sources;      /* fewest addresses that a server dials from */
	uint64_t nofile_max;   /* worker_rlimit_nofile, 0: not said */
};

struct limits_row {
	char text[128]; /* what it is, and where the system keeps it */
	char mend[320]; /* what to do; empty unless low */
	uint64_t found, need;
	uint8_t shift;    /* figures are shown so many bits shorter ... */
	const char *unit; /* ... and with this behind them */
	bool low;
};

/* `memory` is what is reserved for all threads. */
void limits_judge_need(struct limits_need *need, const struct conf *conf, size_t memory);

/* Locked memory that the rings of a worker process need. */
uint64_t limits_judge_locked_bytes(const struct worker_conf *conf);

/* Rows for all that is known, in a fixed order; how many. */
uint32_t limits_judge_all(const struct limits_found *found, const struct limits_need *need,
			  struct limits_row rows[LIMITS_ROWS]);

/* One figure of a row: "20000", "448 KiB", "unlimited". */
void limits_judge_figure(struct out *o, const struct limits_row *row, uint64_t value);

#endif
