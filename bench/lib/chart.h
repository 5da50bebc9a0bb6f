/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chart: the results as one SVG picture, readable without anything else beside it.
 * Writes one file and nothing else.
 */
#ifndef BENCH_CHART_H
#define BENCH_CHART_H

#include "bench/lib/grid.h"

/* `caption` goes below the title (plain text). 0, or -1 with the reason on stderr. */
int chart_write(const struct grid *, const char *caption, const char *path);

#endif
