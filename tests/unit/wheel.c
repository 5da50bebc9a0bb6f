/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of base/wheel with a virtual clock: nothing fires early, nothing late by more than a
 * tick, whatever the distance. The random walk compares with a plain array of deadlines.
 */
#include "base/wheel.h"

#include <criterion/criterion.h>

enum { TURN_MS = WHEEL_TICK_MS * WHEEL_SLOTS };

static struct wheel w;

/* The timers of one test; a timer may not be copied, its node points at itself. */
static struct timer t, other, third;

static void fresh(uint64_t now_ms)
{
	wheel_init(&w, now_ms);
	wheel_timer_init(&t);
	wheel_timer_init(&other);
	wheel_timer_init(&third);
}

Test(wheel, an_idle_wheel_fires_nothing_and_sleeps_for_ever)
{
	fresh(1000);
	cr_assert_null(wheel_expire(&w, 1000));
	cr_assert_null(wheel_expire(&w, 1000000));
	cr_assert_eq(wheel_sleep_ms(&w, 1000000), UINT64_MAX);
}

Test(wheel, fires_at_its_time_up_to_one_tick_later)
{
	for (uint64_t start = 0; start < 40; start++) {
		for (uint64_t wait = 1; wait < 100; wait += 3) {
			uint64_t now = start;

			fresh(start);
			wheel_set(&w, &t, start + wait);
			cr_assert(wheel_armed(&t));
			while (!wheel_expire(&w, now)) {
				now++;
				cr_assert_lt(now, start + wait + 2 * WHEEL_TICK_MS);
			}
			cr_assert_geq(now, start + wait);
			cr_assert_leq(now, start + wait + WHEEL_TICK_MS);
			cr_assert(!wheel_armed(&t));
		}
	}
}

Test(wheel, the_past_fires_at_the_next_expiry)
{
	fresh(50000);
	wheel_set(&w, &t, 10);
	cr_assert_leq(wheel_sleep_ms(&w, 50000), WHEEL_TICK_MS);
	cr_assert_eq(wheel_expire(&w, 50000 + WHEEL_TICK_MS), &t);
	cr_assert_null(wheel_expire(&w, 50000 + WHEEL_TICK_MS));
	cr_assert_eq(t.at_ms, 10);
}

Test(wheel, setting_again_moves)
{
	fresh(0);
	wheel_set(&w, &t, 100);
	wheel_set(&w, &t, 1000);
	cr_assert_eq(w.armed, 1);
	cr_assert_null(wheel_expire(&w, 500));
	wheel_set(&w, &t, 600);
	cr_assert_eq(wheel_expire(&w, 640), &t);
	cr_assert_eq(w.armed, 0);
}

Test(wheel, a_removed_timer_never_fires)
{
	fresh(0);
	wheel_remove(&w, &t);
	wheel_set(&w, &t, 100);
	wheel_set(&w, &other, 100);
	wheel_remove(&w, &t);
	wheel_remove(&w, &t);
	cr_assert_eq(w.armed, 1);
	cr_assert_eq(wheel_expire(&w, 1000), &other);
	cr_assert_null(wheel_expire(&w, 100000));
}

Test(wheel, timers_a_turn_apart_share_a_slot_and_fire_in_their_own_turn)
{
	fresh(0);
	wheel_set(&w, &third, 160 + 5 * TURN_MS);
	wheel_set(&w, &other, 160 + TURN_MS);
	wheel_set(&w, &t, 160);
	cr_assert_eq(wheel_expire(&w, 176), &t);
	cr_assert_null(wheel_expire(&w, 176));
	cr_assert_null(wheel_expire(&w, 159 + TURN_MS));
	cr_assert_eq(wheel_expire(&w, 176 + TURN_MS), &other);
	cr_assert_null(wheel_expire(&w, 159 + 5 * TURN_MS));
	cr_assert_eq(wheel_expire(&w, 176 + 5 * TURN_MS), &third);
}

Test(wheel, a_long_sleep_misses_nothing)
{
	enum { N = 3 * WHEEL_SLOTS };
	static struct timer many[N];
	unsigned fired = 0;

	fresh(0);
	for (unsigned i = 0; i < N; i++) {
		wheel_timer_init(&many[i]);
		wheel_set(&w, &many[i], (uint64_t)i * WHEEL_TICK_MS + 1);
	}
	while (wheel_expire(&w, 10 * (uint64_t)TURN_MS))
		fired++;
	cr_assert_eq(fired, N);
	cr_assert_eq(w.armed, 0);
	cr_assert_null(wheel_expire(&w, 20 * (uint64_t)TURN_MS));
}

Test(wheel, a_timer_set_while_expiring_waits_for_its_time)
{
	uint64_t now = 1000;

	fresh(now);
	wheel_set(&w, &t, now + 100);
	now += 5000;
	cr_assert_eq(wheel_expire(&w, now), &t);
	wheel_set(&w, &t, now + 1);
	cr_assert_null(wheel_expire(&w, now), "never early, even in the middle of a catch-up");
	cr_assert_eq(wheel_expire(&w, now + 1 + WHEEL_TICK_MS), &t);
}

Test(wheel, sleeping_as_told_is_never_late)
{
	uint64_t now = 123, at = 123 + 7 * (uint64_t)TURN_MS + 77, sleeps = 0;

	fresh(now);
	wheel_set(&w, &t, at);
	while (!wheel_expire(&w, now)) {
		uint64_t ms = wheel_sleep_ms(&w, now);

		cr_assert_lt(ms, UINT64_MAX);
		now += ms ? ms : 1;
		cr_assert_lt(++sleeps, 40);
	}
	cr_assert_geq(now, at);
	cr_assert_leq(now, at + WHEEL_TICK_MS);
}

/* --- the random walk ------------------------------------------------------------------------- */

enum { TIMERS = 200, STEPS = 60000 };

static struct timer timers[TIMERS];
static uint64_t due[TIMERS]; /* 0: not armed */
static uint64_t set[TIMERS]; /* when it was armed: what was past then is due from then on */
static uint64_t seed;

static uint64_t draw(uint64_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % below;
}

/* Distances of all sizes, some of them beyond several turns, some in the past. */
static uint64_t distance(uint64_t now)
{
	switch (draw(5)) {
	case 0:
		return now > 100 ? now - draw(100) : now;
	case 1:
		return now + draw(WHEEL_TICK_MS * 3);
	case 2:
		return now + draw(TURN_MS);
	case 3:
		return now + draw(5 * (uint64_t)TURN_MS);
	}
	return now + TURN_MS - WHEEL_TICK_MS + draw(3 * WHEEL_TICK_MS);
}

/* All that fires at `now` was due; afterwards nothing is overdue by more than a tick. */
static void expire_and_compare(uint64_t now)
{
	struct timer *fired;

	while ((fired = wheel_expire(&w, now))) {
		size_t i = (size_t)(fired - timers);

		cr_assert(due[i] != 0, "fired though not armed");
		cr_assert_leq(due[i], now, "fired early");
		due[i] = 0;
	}
	for (size_t i = 0; i < TIMERS; i++) {
		cr_assert_eq(wheel_armed(&timers[i]), due[i] != 0);
		cr_assert(!due[i] || (due[i] > set[i] ? due[i] : set[i]) + WHEEL_TICK_MS > now,
			  "late by more than a tick");
	}
}

static void walk(uint64_t with_seed)
{
	uint64_t now = 1000003 + with_seed * 777;

	seed = with_seed;
	wheel_init(&w, now);
	for (size_t i = 0; i < TIMERS; i++) {
		wheel_timer_init(&timers[i]);
		due[i] = 0;
	}
	for (int step = 0; step < STEPS / 10; step++) {
		size_t i = draw(TIMERS);
		uint64_t armed = 0;

		if (draw(4)) {
			due[i] = distance(now);
			wheel_set(&w, &timers[i], due[i]);
			set[i] = now;
		} else {
			due[i] = 0;
			wheel_remove(&w, &timers[i]);
		}
		for (size_t k = 0; k < TIMERS; k++)
			armed += due[k] != 0;
		cr_assert_eq(w.armed, armed);
		now += draw(50) ? draw(2 * WHEEL_TICK_MS) : draw(4 * (uint64_t)TURN_MS);
		expire_and_compare(now);
	}
}

Test(wheel, agrees_with_a_plain_array_of_deadlines)
{
	for (uint64_t s = 1; s <= 10; s++)
		walk(s);
}
