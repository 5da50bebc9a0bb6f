/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage: what all targets share: a temporary folder, the auth service and the mail sink.
 * stage_open starts them, stage_close ends them and removes the folder.
 */
#ifndef BENCH_STAGE_H
#define BENCH_STAGE_H

#include "bench/lib/options.h"

#include <stdint.h>
#include <sys/types.h>

struct stage {
	const struct options *options;
	char folder[64];
	uint16_t auth_port, sink_port;
	uint16_t control_port; /* tells the sink's counts; 0: that sink has none */
	pid_t auth, sink;
};

struct stage_path {
	char text[128];
};

/* 0, or -1 with the reason on stderr (close it all the same). */
int stage_open(struct stage *, const struct options *);
void stage_close(struct stage *);

/* The path of a file in the folder. */
struct stage_path stage_path(const struct stage *, const char *name);

/* Writes a whole file into the folder; 0 or -1 with the reason on stderr. */
int stage_write(const struct stage *, const char *name, const char *text);

/* Prints the last lines of a file in the folder, to explain a failure. */
void stage_show(const struct stage *, const char *name);

#endif
