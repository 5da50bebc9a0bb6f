/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker_process: the process that serves: drops privileges, runs one ring thread per core, obeys
 * signals, ends when they have drained.
 *
 * With `master_process off` it is the only process there is.
 */
#ifndef APP_WORKER_PROCESS_H
#define APP_WORKER_PROCESS_H

#include "app/conf.h"
#include "app/listeners.h"
#include "app/log_set.h"

struct worker_start {
	const struct conf *conf;
	const struct log_set *logs;
	struct listeners *listeners; /* closed when we are told to drain and nothing waits */
	int control_fd;              /* to the master (SOCK_SEQPACKET), -1 without one */
	pid_t master;                /* dies with it; 0 without one */
	bool detached;               /* give up standard error once it serves */
	bool report;                 /* say what the limits are */
	/* Called once it serves, before signals are obeyed; without a master only. May be NULL. */
	void (*ready)(void);
};

/* Exit status when serving could not begin. The reason has been logged. */
enum { WORKER_PROCESS_CANNOT_START = 2 };

/* What the worker tells the master on control_fd: one byte. */
enum { WORKER_PROCESS_READY = 'R' };

/* Returns the exit status, with all signals blocked. */
int worker_process_run(const struct worker_start *start);

/* Master's side of control_fd: give the worker a newly opened file for output `index`. Closes
 * nothing. -1 when the worker does not take it. */
NODISCARD int worker_process_send_log(int control_fd, unsigned index, int fd);

#endif
