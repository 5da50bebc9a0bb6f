/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits_ring: whether io_uring can be used, and one sentence on what to do when it cannot.
 */
#ifndef APP_LIMITS_RING_H
#define APP_LIMITS_RING_H

#include "app/conf.h"

enum { LIMITS_RING_TEXT_MAX = 1024 };

/* What is known of a system call that failed. */
struct limits_ring_failure {
	const char *call; /* "io_uring_setup" */
	int error;
	int disabled;  /* kernel.io_uring_disabled; -1: the kernel has no such setting */
	bool filtered; /* a seccomp filter is in force */
};

/* Can a ring be set up, entered and configured by this process? 0, or -1 with a sentence in
 * text[LIMITS_RING_TEXT_MAX]. */
NODISCARD int limits_ring_try(char *text);

/* The same, but as the user that will serve, in a process made for it. */
NODISCARD int limits_ring_try_as(const struct conf_main *main, char *text);

void limits_ring_text(const struct limits_ring_failure *f, char *text);

#endif
