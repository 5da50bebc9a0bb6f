/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * children: the worker processes of a master: started, listened to, told to go, reaped.
 *
 * Knows nothing of reloads and back-off; the master decides. At most one child per generation
 * serves, any number of older ones may still be leaving.
 */
#ifndef APP_CHILDREN_H
#define APP_CHILDREN_H

#include "app/generation.h"

enum { CHILDREN_MAX = 128 };

enum child_state {
	CHILD_NONE = 0,
	CHILD_STARTING, /* has not said that it serves */
	CHILD_SERVING,
	CHILD_LEAVING, /* told to go */
};

struct child {
	enum child_state state;
	pid_t pid;
	int control_fd; /* -1: closed */
	struct generation *generation;
	uint64_t started_ms;
	uint64_t kill_at_ms; /* SIGKILL if it is still there, 0: never */
	int status;          /* waitpid()'s, of a reaped child */
};

struct children {
	struct child all[CHILDREN_MAX];
};

struct child_start {
	struct generation *generation;
	const struct generation
		*other; /* one whose sockets and logs are not the child's, or NULL */
	bool detached, report;
	const int *close_fds; /* of the master, -1 ends the list */
};

/* CLOCK_MONOTONIC. */
uint64_t children_now_ms(void);

/* Forks. NULL after logging why. The child does not return. */
NODISCARD struct child *children_start(struct children *c, const struct child_start *start);

/* Reads what a child says on its control_fd, which became readable. True: it serves now. */
bool children_hear(struct child *child);

/* Process `pid` has ended, with waitpid()'s status: the child that it was, `state` as it was when
 * it did, or NULL. Free it with children_forget. */
NODISCARD struct child *children_ended(struct children *c, pid_t pid, int status);
void children_forget(struct child *child);

/* Children of one generation, of all but one, or all (both NULL). */
struct children_who {
	const struct generation *only, *except;
};

/* Sends SIGTERM or SIGQUIT; who is still there after kill_ms (0: never) is killed. */
void children_tell(struct children *c, struct children_who who, int signal, uint64_t kill_ms);

/* SIGKILL to those whose time is over. Returns when the next one is due, UINT64_MAX: none. */
uint64_t children_kill_late(struct children *c, uint64_t now_ms);

/* Opens the log files anew, here and in every child. */
void children_reopen_logs(struct children *c, const struct generation *current);

unsigned children_count(const struct children *c, struct children_who who);

#endif
