/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confine: what a container or a shell may do to ringpost, done to a child between fork and exec:
 * seccomp filters and resource limits. For struct program and struct place_conf.
 */
#ifndef TESTS_IT_LIB_CONFINE_H
#define TESTS_IT_LIB_CONFINE_H

/* All calls but this one, which fails as in a container of Docker. */
void confine_no_setup(void); /* io_uring_setup */
void confine_no_enter(void); /* io_uring_enter */

/* Exactly what tools/seccomp-ringpost.json allows. Where that says EPERM the process is killed, so
 * that no call is missed in silence. */
void confine_profile(void);

/* The profile, compiled into a filter that is not loaded: what is wrong with it, or NULL. */
const char *confine_check_profile(void);

/* RLIMIT_NOFILE 64 and 16, RLIMIT_MEMLOCK 64 KiB and 0, RLIMIT_AS 100 MB; hard and soft. */
void confine_few_files(void);
void confine_no_files(void);
void confine_little_locked(void);
void confine_no_locked(void);
void confine_little_space(void);

#endif
