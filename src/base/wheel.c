/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wheel: hashed timer wheel. Slot = tick modulo WHEEL_SLOTS; timers further than one turn stay in
 * their slot and are passed over until their turn comes.
 */
#include "base/wheel.h"

#include "base/must.h"

static uint64_t tick_of(uint64_t ms)
{
	/* Rounded up, so that nothing fires before its time. */
	return (ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;
}

void wheel_init(struct wheel *w, uint64_t now_ms)
{
	for (size_t i = 0; i < WHEEL_SLOTS; i++)
		list_init(&w->slots[i]);
	w->tick = now_ms / WHEEL_TICK_MS;
	w->soonest = w->tick + 1;
	w->armed = 0;
}

void wheel_timer_init(struct timer *t)
{
	list_init(&t->node);
	t->at_ms = 0;
}

void wheel_set(struct wheel *w, struct timer *t, uint64_t at_ms)
{
	uint64_t tick = tick_of(at_ms);

	if (wheel_armed(t))
		list_remove(&t->node);
	else
		w->armed++;
	if (tick <= w->tick)
		tick = w->tick + 1;
	t->at_ms = at_ms;
	if (tick < w->soonest)
		w->soonest = tick;
	list_push_back(&w->slots[tick % WHEEL_SLOTS], &t->node);
}

void wheel_remove(struct wheel *w, struct timer *t)
{
	if (!wheel_armed(t))
		return;
	must(w->armed > 0);
	list_remove(&t->node);
	w->armed--;
}

struct timer *wheel_expire(struct wheel *w, uint64_t now_ms)
{
	uint64_t now_tick = now_ms / WHEEL_TICK_MS;

	/* After a long sleep one turn over all slots sees every timer that can be due. */
	if (now_tick > w->tick + WHEEL_SLOTS)
		w->tick = now_tick - WHEEL_SLOTS;
	for (; w->armed && w->tick < now_tick; w->tick++) {
		struct list *slot = &w->slots[(w->tick + 1) % WHEEL_SLOTS];

		list_each(node, slot) {
			struct timer *t = list_entry(node, struct timer, node);

			if (tick_of(t->at_ms) > now_tick)
				continue;
			wheel_remove(w, t);
			return t;
		}
	}
	if (w->tick < now_tick)
		w->tick = now_tick;
	return NULL;
}

uint64_t wheel_sleep_ms(struct wheel *w, uint64_t now_ms)
{
	uint64_t at_ms;

	if (!w->armed)
		return UINT64_MAX;
	/* Looked for once, then known until that tick has come. */
	if (w->soonest <= w->tick)
		w->soonest = w->tick + 1;
	while (w->soonest < w->tick + WHEEL_SLOTS &&
	       list_empty(&w->slots[w->soonest % WHEEL_SLOTS]))
		w->soonest++;
	at_ms = w->soonest * WHEEL_TICK_MS;
	return at_ms > now_ms ? at_ms - now_ms : 0;
}
