/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * save: the results as JSON: every single sample, and the medians, ratios and verdicts.
 * Writes one file and nothing else.
 */
#ifndef BENCH_SAVE_H
#define BENCH_SAVE_H

#include "bench/lib/grid.h"
#include "bench/lib/host.h"

/* 0, or -1 with the reason on stderr. */
int save_json(const struct grid *, const struct host *, const struct options *, const char *path);

#endif
