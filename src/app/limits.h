/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits: what the system allows against what the configuration needs, said at start with the
 * numbers and the command that mends it, instead of failing at the busiest hour.
 */
#ifndef APP_LIMITS_H
#define APP_LIMITS_H

#include "app/conf.h"

enum { LIMITS_TEXT_MAX = 512 };

/*
 * In a worker process, while still privileged: worker_rlimit_nofile and worker_rlimit_core, soft
 * limits up to the hard ones, locked memory for the rings.
 */
void limits_raise(const struct conf *conf);

/*
 * In a worker process, as the user that will serve: can a ring be set up? 0, or -1 with one
 * sentence in text[LIMITS_TEXT_MAX] that says what to do.
 */
NODISCARD int limits_ring(char *text);

/* That sentence for an errno of io_uring_setup and the value of kernel.io_uring_disabled (-1: the
 * kernel has no such setting). */
void limits_ring_text(int error, int disabled, char *text);

/* Locked memory that the rings of a worker process need. */
uint64_t limits_locked_bytes(const struct worker_conf *conf);

/* File descriptors the whole worker process may need at its busiest. */
uint64_t limits_files_needed(const struct worker_conf *conf);

/*
 * The start-up report: [notice] lines for what is, [warn] lines for what will not be enough.
 * `memory` is what was reserved; its pages are used when a session first needs them.
 */
void limits_report(const struct conf *conf, size_t memory);

#endif
