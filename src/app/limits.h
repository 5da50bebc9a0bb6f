/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits: what the system allows against what the configuration needs, said by -t and at start with
 * the figures and the command that mends it, instead of failing at the busiest hour.
 *
 * limits_found.c reads the system, limits_judge.c compares, limits_ring.c tries io_uring.
 */
#ifndef APP_LIMITS_H
#define APP_LIMITS_H

#include "app/conf.h"

/* Where sentences go: the log, or standard error of -t. */
typedef void limits_say(enum log_level level, const char *text);

/*
 * In a worker process, while still privileged, and in -t: worker_rlimit_nofile and
 * worker_rlimit_core, soft limits up to the hard ones, locked memory for the rings. What the system
 * refuses is said as NGINX does.
 */
void limits_raise(const struct conf *conf, limits_say *say);

/*
 * Every limit with both figures: LEVEL_WARN with the remedy for what is too low, LEVEL_NOTICE for
 * the rest. `memory` is what is reserved; its pages are used when a session first needs them.
 */
void limits_list(const struct conf *conf, size_t memory, limits_say *say);

/* The same for a start: what is high enough shares one line. */
void limits_report(const struct conf *conf, size_t memory, limits_say *say);

#endif
