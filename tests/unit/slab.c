/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of base/slab: slots are distinct, reused last in first out, and run out politely.
 */
#include "base/slab.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

enum { SLOTS = 5, SLOT_SIZE = 100 };

static _Alignas(64) uint8_t memory[SLOTS * 128];

static struct slab fresh(void)
{
	struct slab s;

	memset(memory, 0xaa, sizeof(memory));
	slab_init(&s, memory, SLOTS, SLOT_SIZE);
	return s;
}

Test(slab, sizes_are_rounded_up_to_cache_lines)
{
	cr_assert_eq(slab_bytes(1, 1), 64);
	cr_assert_eq(slab_bytes(1, 64), 64);
	cr_assert_eq(slab_bytes(3, 65), 3 * 128);
	cr_assert_eq(slab_bytes(0, 64), 0);
	cr_assert_eq(slab_bytes(UINT32_MAX, 64), (size_t)UINT32_MAX * 64);
}

Test(slab, gives_every_slot_once_and_then_none)
{
	struct slab s = fresh();
	void *got[SLOTS];

	for (uint32_t i = 0; i < SLOTS; i++) {
		got[i] = slab_get(&s);
		cr_assert_eq(got[i], slab_at(&s, i));
		cr_assert_eq(slab_index(&s, got[i]), i);
		cr_assert_eq((uintptr_t)got[i] % 64, 0);
		cr_assert_eq(s.used, i + 1);
		memset(got[i], (int)i, SLOT_SIZE);
	}
	cr_assert_null(slab_get(&s));
	cr_assert_eq(s.used, SLOTS);
	for (uint32_t i = 0; i < SLOTS; i++)
		cr_assert_eq(*(uint8_t *)got[i], i);
}

Test(slab, touches_only_what_was_taken)
{
	struct slab s = fresh();
	void *slot = slab_get(&s);

	slab_put(&s, slot);
	cr_assert_eq(slab_get(&s), slot);
	cr_assert_eq(s.touched, 1);
	for (size_t i = 128; i < sizeof(memory); i++)
		cr_assert_eq(memory[i], 0xaa);
}

Test(slab, last_in_is_first_out)
{
	struct slab s = fresh();
	void *a = slab_get(&s), *b = slab_get(&s), *c = slab_get(&s);

	slab_put(&s, b);
	slab_put(&s, a);
	slab_put(&s, c);
	cr_assert_eq(s.used, 0);
	cr_assert_eq(slab_get(&s), c);
	cr_assert_eq(slab_get(&s), a);
	cr_assert_eq(slab_get(&s), b);
	cr_assert_eq(s.touched, 3);
}

Test(slab, survives_any_order)
{
	struct slab s = fresh();
	void *held[SLOTS] = {NULL};
	uint32_t n = 0, seed = 7;

	for (int i = 0; i < 10000; i++) {
		uint32_t k;

		seed = seed * 1103515245 + 12345;
		k = (seed >> 16) % SLOTS;
		if (held[k]) {
			slab_put(&s, held[k]);
			held[k] = NULL;
			n--;
		} else {
			held[k] = slab_get(&s);
			cr_assert_not_null(held[k]);
			n++;
			for (uint32_t j = 0; j < SLOTS; j++)
				cr_assert(j == k || held[j] != held[k]);
		}
		cr_assert_eq(s.used, n);
	}
}

Test(slab, a_slot_from_elsewhere_breaks_a_promise, .signal = SIGABRT)
{
	struct slab s = fresh();

	cr_assert_not_null(slab_get(&s));
	slab_put(&s, memory + 8);
}

Test(slab, a_slot_never_given_breaks_a_promise, .signal = SIGABRT)
{
	struct slab s = fresh();

	cr_assert_not_null(slab_get(&s));
	slab_put(&s, slab_at(&s, 1));
}

Test(slab, giving_back_too_much_breaks_a_promise, .signal = SIGABRT)
{
	struct slab s = fresh();
	void *slot = slab_get(&s);

	slab_put(&s, slot);
	slab_put(&s, slot);
}
