/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generation: one configuration in use, with the logs and sockets opened for it.
 *
 * The master has a current one, during a reload the next one as well, and keeps older ones while
 * worker processes started from them still finish their sessions.
 */
#ifndef APP_GENERATION_H
#define APP_GENERATION_H

#include "app/conf.h"
#include "app/listeners.h"
#include "app/log_set.h"

struct generation {
	struct conf *conf;
	struct log_set *logs;
	struct listeners listeners;
	unsigned users; /* the master and every worker process started from it */
};

/*
 * Loads the configuration, opens its logs and binds its sockets, taking over those of `old`. NULL
 * after logging why; `old` then is as it was. The caller is its first user.
 */
NODISCARD struct generation *generation_open(const struct options *o, const struct generation *old);

/* The same at start: log_put() uses the new logs as soon as they are open, and the sockets are
 * taken over that an old master hands to us. `elder` is its pid, 0 without one. */
NODISCARD struct generation *generation_first(const struct options *o, pid_t *elder);

/* The last user's leaving frees it. Its sockets must have been shut or forgotten by then. */
void generation_leave(struct generation *g);

#endif
