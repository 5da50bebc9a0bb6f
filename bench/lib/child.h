/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child: the processes that the bench starts. Each is remembered by pid and ended by pid; nothing
 * else on the machine is ever signalled. A child dies with the bench even when that is killed.
 */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* Starts argv (NULL at its end, at most 31 words), stdout and stderr to the file `log`.
 * The pid, or -1 with the reason on stderr. */
pid_t child_start(const char *const *argv, const char *log);

/* Waits for the end of `pid`. Its exit status (128 + signal when killed), or -1 when it is still
 * running after timeout_ms or the bench was asked to stop. */
int child_wait(pid_t pid, int timeout_ms);

/* SIGTERM, and SIGKILL after three seconds. Harmless for a child that is gone. */
void child_stop(pid_t pid);
void child_stop_all(void);

/* SIGKILL, at once. */
void child_kill(pid_t pid);

/* Still there and not a zombie? */
bool child_running(pid_t pid);

#endif
