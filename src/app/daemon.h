/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * daemon: into the background, with the caller waiting until the daemon serves.
 *
 * So `ringpost && something` finds the ports open, and a start that fails has an exit status.
 */
#ifndef APP_DAEMON_H
#define APP_DAEMON_H

enum daemon_side { DAEMON_SELF, DAEMON_CALLER };

/*
 * DAEMON_SELF in the background process, in a session of its own, still with the caller's standard
 * error. DAEMON_CALLER in the caller, when the daemon serves (*status 0) or has ended (1); also
 * when there could be none, after logging why.
 */
enum daemon_side daemon_fork(int *status);

/* The daemon serves: lets the caller go and gives up the standard streams. Nothing without fork. */
void daemon_ready(void);

/* The descriptor that keeps the caller waiting, for children to close; -1: none. */
int daemon_pipe(void);

/* Standard streams to /dev/null. */
void daemon_detach(void);

#endif
