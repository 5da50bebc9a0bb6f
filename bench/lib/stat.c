/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stat: the little statistics that the report needs. Medians because one disturbed round must
 * not move the result; the whole range beside them because it must not be hidden either.
 */
#include "bench/lib/stat.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void stat_sort(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
}

struct spread stat_spread(double *values, int n)
{
	struct spread s = {.median = NAN, .min = NAN, .max = NAN, .n = n};

	if (n <= 0)
		return s;
	stat_sort(values, (size_t)n);
	s.median = (values[(n - 1) / 2] + values[n / 2]) / 2;
	s.min = values[0];
	s.max = values[n - 1];
	return s;
}

double stat_quantile(const double *sorted, size_t n, double q)
{
	size_t rank = (size_t)ceil(q * (double)n);

	return sorted[rank > 0 ? rank - 1 : 0];
}
