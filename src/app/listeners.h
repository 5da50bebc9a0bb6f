/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listeners: the listening sockets of one configuration, bound by the master, inherited by its
 * worker processes.
 *
 * Every thread has its own SO_REUSEPORT socket per address; unix sockets are shared by the threads.
 * A reload takes over the sockets of addresses that stay, so nothing queued on them is lost.
 */
#ifndef APP_LISTENERS_H
#define APP_LISTENERS_H

#include "io/conf.h"

struct listeners {
	const struct listen_conf *confs; /* the configuration's; it outlives us */
	uint32_t n;                      /* addresses */
	uint32_t threads;
	int *fds; /* [thread * n + i], -1: not open */
};

/*
 * Binds and listens on everything the configuration names, except what `old` (NULL: nothing) has
 * already: those descriptors then are in both. Logs why and returns -1 on failure, with `old` as
 * it was. Waits up to 2 s for addresses in use.
 */
NODISCARD int listeners_open(struct listeners *l, const struct worker_conf *conf,
			     const struct listeners *old);

/* Closes what `keep` (NULL: nothing) does not have as well, and forgets the rest. Sockets stop
 * listening even if older worker processes still hold them; unix sockets lose their file. */
void listeners_shut(struct listeners *l, const struct listeners *keep);

/* In a worker process: closes the same, but for itself only. */
void listeners_forget(struct listeners *l, const struct listeners *keep);

/* In a worker process: the sockets of one thread, for struct thread_start. */
const int *listeners_of_thread(const struct listeners *l, uint32_t thread);

/* How many sockets are open. */
uint32_t listeners_count(const struct listeners *l);

#endif
