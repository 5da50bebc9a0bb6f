/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logs: what a proxy wrote to its error log during one run, and whether the transcript's L: lines
 * are there in their order.
 */
#ifndef TESTS_TWIN_LOGS_H
#define TESTS_TWIN_LOGS_H

#include <stdbool.h>

struct player;

/* Size of the log so far: where a run's lines begin. */
long logs_size(const char *path);

/* True when all expected lines are there. If not, and `last`, the run fails. */
bool logs_check(struct player *p, bool last);

#endif
