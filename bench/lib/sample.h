/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sample: what one run of one workload against one target gave. Plain data; units are in the
 * names.
 */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include <stdbool.h>

enum metric {
	METRIC_CPU,  /* us of CPU of the proxy per message */
	METRIC_RATE, /* messages per second of wall time   */
	METRIC_P50,  /* session time, us                   */
	METRIC_P99,
	METRIC_IDLE,       /* bytes of user memory added per idle client         */
	METRIC_IDLE_WHOLE, /* all private memory of the process per idle client  */
	METRIC_N,
};

struct sample {
	bool done;   /* false: never ran */
	bool failed; /* then `why` says what happened and no value counts */
	char why[120];
	double value[METRIC_N]; /* NAN: not measured by this workload */
};

/* As the JSON file names it. */
const char *sample_metric_name(enum metric);

#endif
