/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stat: median, range and quantiles of a few or of many numbers.
 * Pure arithmetic on arrays of the caller.
 */
#ifndef BENCH_STAT_H
#define BENCH_STAT_H

#include <stddef.h>

struct spread {
	double median, min, max;
	int n; /* how many numbers stand behind it; 0: the others mean nothing */
};

/* Of values[0..n-1]; sorts them. */
struct spread stat_spread(double *values, int n);

/* The q-quantile (0..1) of n > 0 sorted values, nearest rank. */
double stat_quantile(const double *sorted, size_t n, double q);

void stat_sort(double *values, size_t n);

#endif
