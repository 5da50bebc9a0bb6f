/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report: the tables and verdicts as text on stdout. Shows what is in the grid and nothing
 * else; failed runs included.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench/lib/grid.h"

void report_print(const struct grid *);

#endif
