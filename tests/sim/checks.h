/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checks: what must hold in a world and after it, by its own knowledge. Each check has a name, and
 * tests/sim/plants has at least one planted bug for the more important ones.
 */
#ifndef SIM_CHECKS_H
#define SIM_CHECKS_H

#include "tests/sim/world.h"

/* Each session against the clock of the world. Returns a hash of where they all are. */
uint64_t checks_deadlines(struct world *w);

/* Passwords of guests that are past their login; at the end of a world: all. */
void checks_secrets(struct world *w, bool at_end);

/* thread_run() has returned, thread_close() is to come. */
void checks_thread(struct world *w);
void checks_counters(struct world *w);

/* After thread_close(). */
void checks_left(void);
void checks_guests(struct world *w);

/* A guest's backend is dialled from this address. */
void checks_source(const struct guest *g, const struct addr *from);

void checks_log_line(struct world *w, const struct log_line *line);

#endif
