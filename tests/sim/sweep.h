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

/* It runs once, without a fault. */
bool sweep_is_single(unsigned scenario);

/* "big:splice:7": the run in which the seventh splice fails. -1: there is none of these names. */
NODISCARD int sweep_find(const char *text, struct world_start *start);

/* ---- the parts of a scenario ---- */

/* One server, calm weather, n guests to come. */
void sweep_calm(struct world *w, uint32_t n);

/* A guest who logs in this way, says and hears a little and quits. */
struct guest *sweep_guest(struct world *w, uint32_t id, enum login_kind login);

/* When all guests are as they shall be: what they say. */
void sweep_write(struct world *w);

/* ---- sweep_tls.c ---- */
void sweep_tls_mail(struct world *w);
void sweep_starttls(struct world *w);
void sweep_tls_back(struct world *w);
void sweep_tls_back_starttls(struct world *w);
void sweep_tls_auth(struct world *w);
void sweep_tls_big(struct world *w);

/* These run once, without a fault. */
void sweep_injections(struct world *w);
void sweep_storm(struct world *w);

#endif
