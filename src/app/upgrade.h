/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * upgrade: USR2, a new binary beside the running one, with the same listening sockets.
 *
 * The new master is a child of the old one as long as both are there. The sockets are handed over
 * by number in an environment variable, together with the pids of both, so that a variable that is
 * meant for another process opens nothing. Owns the ".oldbin" name of the pid file.
 */
#ifndef APP_UPGRADE_H
#define APP_UPGRADE_H

#include "app/conf.h"
#include "app/listeners.h"

struct upgrade {
	pid_t pid;  /* the new master while it is there, 0: none */
	int said;   /* what it writes to its standard error, -1: that is ours */
	char *path; /* of our pid file; ours again when the new master is gone */
	char *old_path;
};

/* First of all, with main()'s argument: what is to be started by USR2. */
void upgrade_remember(char **argv);

struct upgrade_start {
	const struct conf_main *main;
	const char *pid_path; /* where our pid file is */
	const struct listeners *listeners;
	bool detached; /* our standard error leads nowhere: hear what the new one has to say */
};

/* Renames the pid file, starts the new binary. -1 after logging why; then nothing has changed. */
NODISCARD int upgrade_begin(struct upgrade *u, const struct upgrade_start *start);

/* Process `pid` has ended: true when it was the new master. Then the pid file is ours again. */
bool upgrade_ended(struct upgrade *u, pid_t pid, int status);

/* At our own end: takes our pid file away under the name that it has now. */
void upgrade_done(struct upgrade *u);

/*
 * In a new master, once: the sockets that it was started with, as an `old` for listeners_open();
 * none when there are none. The old master's pid, 0 without one. Takes the variable away.
 */
pid_t upgrade_inherit(struct listeners *l);

#endif
