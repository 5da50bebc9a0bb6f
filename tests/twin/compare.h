/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare: what both proxies said in one transcript, on every wire and in their logs. Owns the
 * three lists beside it: accepted.txt, accepted-logs.txt and coverage.txt.
 */
#ifndef TESTS_TWIN_COMPARE_H
#define TESTS_TWIN_COMPARE_H

#include "tests/twin/slot.h"

struct compare;

/* NULL after a message. */
struct compare *compare_open(void);
void compare_close(struct compare *c);

/* Both proxies have ended, and these are their logs. -1 after a message. */
NODISCARD int compare_logs(struct compare *c, const char *const paths[PROXIES]);

/* Returns how many differences of the slot are in no list. */
unsigned compare_slot(struct compare *c, const struct slot *s);

/* All slots were compared; `all`: these are all there are. Returns how many entries of the lists
 * are not true. */
unsigned compare_end(struct compare *c, bool all);

#endif
