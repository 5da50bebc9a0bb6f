/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tally: what the mail sink has counted, one for the process.
 */
#ifndef TOOLS_LIB_TALLY_H
#define TOOLS_LIB_TALLY_H

#include "tools/lib/control.h"

#include <stdint.h>

struct tally {
	uint64_t sessions, open, most_open;
	uint64_t quits, early;      /* sessions that ended with QUIT, without */
	uint64_t commands, refused; /* refused: replies 4xx and 5xx */
	uint64_t messages, bytes;   /* whole messages, bytes of them after undoing the dots */
	uint64_t intact, damaged;   /* proved messages */
	uint64_t without;           /* messages that could not be proved */
	uint64_t repeated;          /* numbered messages that came more than once */
	uint64_t cut;               /* messages that broke off */
	uint64_t xclients, auth_accepted, auth_refused;
	char first_damage[512];
};

extern struct tally tally_seen;
extern const struct control_source tally_counts;

/* A message said to be number `number` of its run; 0 when it did not say. */
void tally_number(uint64_t number);

#endif
