/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_names: where auth services are that the configuration names by a host name, while a thread
 * runs: looked up again whenever the last answer's time is over, in the background. When that
 * fails, the last known addresses stay.
 */
#ifndef IO_AUTH_NAMES_H
#define IO_AUTH_NAMES_H

#include "io/thread_state.h"

enum { AUTH_NAMES_ADDRESSES = 16 };

/* Of one auth service. */
struct auth_names {
	struct resolver_asker asker;
	uint64_t again_ms;    /* 0: not to be asked, or being asked */
	uint64_t complain_ms; /* not again before */
	union socket_address addresses[AUTH_NAMES_ADDRESSES];
};

/* Before the thread runs: where the configuration says. */
void auth_names_open(struct thread *t);

/* When auth_names_tick() has something to do; 0: never. */
uint64_t auth_names_due_ms(const struct thread *t);
void auth_names_tick(struct thread *t);

#endif
