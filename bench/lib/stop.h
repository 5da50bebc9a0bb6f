/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stop: Ctrl-C and SIGTERM as a flag that every loop of the bench asks, so that the way out is
 * always the ordinary one: children ended by pid, temporary folder removed.
 */
#ifndef BENCH_STOP_H
#define BENCH_STOP_H

#include <stdbool.h>

/* Call once, before the first child. */
void stop_install(void);
bool stop_asked(void);

#endif
