/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sweep: small calm worlds that are run again and again, each time with the next event of one kind
 * failing, until one passes untouched. After each fault all checks hold, and a fresh guest is
 * served.
 */
#ifndef SIM_SWEEP_H
#define SIM_SWEEP_H

#include "tests/sim/world.h"

enum {
	SWEEP_MAX = 3000,  /* runs of one sweep */
	SWEEP_SEED = 1000, /* of the first scenario; the next has the next */
};

/* NULL behind the last scenario. */
void (*sweep_plan(unsigned scenario))(struct world *w);
const char *sweep_name(unsigned scenario);
const char *sweep_fault(enum fault_kind kind);

/* "big:splice:7": the run in which the seventh splice fails. -1: there is none of these names. */
NODISCARD int sweep_find(const char *text, struct world_start *start);

#endif
