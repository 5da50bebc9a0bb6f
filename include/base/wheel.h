/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wheel: timers in a hashed wheel with one-level slots and a coarse tick. The clock is an argument.
 *
 * Made for deadlines that are nearly always moved before they expire: setting and removing is O(1)
 * and touches two list nodes. A timer fires at its time or up to one tick later, never earlier.
 * A timer belongs to whoever embeds it and must be removed before its memory goes.
 */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include "base/list.h"
#include "base/str.h"

enum { WHEEL_TICK_MS = 16, WHEEL_SLOTS = 1024 };

struct timer {
	struct list node;
	uint64_t at_ms; /* meaningful while armed */
};

struct wheel {
	struct list slots[WHEEL_SLOTS];
	uint64_t tick;    /* last tick that was expired, in WHEEL_TICK_MS */
	uint64_t soonest; /* no timer is in a slot before this tick */
	uint32_t armed;
};

void wheel_init(struct wheel *w, uint64_t now_ms);
void wheel_timer_init(struct timer *t);

static inline bool wheel_armed(const struct timer *t)
{
	return !list_empty(&t->node);
}

/* Arm, or move when armed already. A time in the past fires at the next expiry. */
void wheel_set(struct wheel *w, struct timer *t, uint64_t at_ms);
void wheel_remove(struct wheel *w, struct timer *t);

/* One timer that is due at now_ms, disarmed, or NULL. Call until NULL. */
struct timer *wheel_expire(struct wheel *w, uint64_t now_ms);

/*
 * Milliseconds from now_ms that the caller may sleep without firing anything late by more than a
 * tick; UINT64_MAX when nothing is armed. May be early, since far timers share slots.
 */
uint64_t wheel_sleep_ms(struct wheel *w, uint64_t now_ms);

#endif
