/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listeners: the listening sockets of one configuration, bound by the master, inherited by its
 * worker processes and by a new binary.
 *
 * Every thread has its own SO_REUSEPORT socket per address; unix sockets are shared by the threads.
 * A reload or upgrade takes over all sockets of addresses that stay, so nothing queued on them is
 * lost: with fewer threads than before, a thread has several of an address.
 */
#ifndef APP_LISTENERS_H
#define APP_LISTENERS_H

#include "io/conf.h"
#include "io/thread.h"

/* One open socket. */
struct listeners_socket {
	int fd;           /* -1: closed by listeners_mute() */
	uint32_t address; /* in confs */
};

struct listeners {
	const struct listen_conf *confs; /* the configuration's; it outlives us */
	struct listen_conf *own_confs;   /* or ours, of inherited sockets */
	uint32_t n;                      /* addresses */
	uint32_t threads;
	struct listeners_socket *sockets; /* ordered by address */
	uint32_t n_sockets;
	struct thread_listen
		*shares; /* thread t's: from shares[first[t]] to shares[first[t + 1]] */
	uint32_t *first;
};

/*
 * Binds and listens on everything the configuration names, except what `old` (NULL: nothing) has
 * already: those descriptors then are in both. Logs why and returns -1 on failure, with `old` as
 * it was. Waits up to 2 s for addresses in use.
 */
NODISCARD int listeners_open(struct listeners *l, const struct worker_conf *conf,
			     const struct listeners *old);

/* Makes an `old` for listeners_open of descriptors that were inherited: those that are listening
 * stream sockets, become close-on-exec. -1 at the first that is not: `bad` is its place, the ones
 * before it are in l. */
NODISCARD int listeners_inherit(struct listeners *l, const int *fds, uint32_t n, uint32_t *bad);

/* Closes what `keep` (NULL: nothing) does not have as well, and forgets the rest. Unix sockets lose
 * their file. A socket ends when the last process that holds it has closed it, see
 * listeners_mute(). */
void listeners_shut(struct listeners *l, const struct listeners *keep);

/* The same, but for this process only: others go on with the sockets. */
void listeners_forget(struct listeners *l, const struct listeners *keep);

/* In a worker process that does not accept any more: closes its sockets, from any thread. */
void listeners_mute(struct listeners *l);

/* In a worker process: the sockets of one thread, for struct thread_start. */
const struct thread_listen *listeners_of_thread(const struct listeners *l, uint32_t thread,
						uint32_t *n);

/* How many sockets are open. */
uint32_t listeners_count(const struct listeners *l);

#endif
