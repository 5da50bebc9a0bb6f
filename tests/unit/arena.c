/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of base/arena: copies stay, what is taken back is wiped.
 */
#include "base/arena.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

static uint8_t memory[16];

static struct arena fresh(void)
{
	struct arena a;

	memset(memory, 0xaa, sizeof(memory));
	arena_init(&a, memory, sizeof(memory));
	return a;
}

Test(arena, copies_do_not_move)
{
	struct arena a = fresh();
	struct str one, two;

	cr_assert_eq(arena_copy(&a, STR("user"), &one), 0);
	cr_assert_eq(arena_copy(&a, STR("password"), &two), 0);
	cr_assert(str_eq(one, STR("user")));
	cr_assert(str_eq(two, STR("password")));
	cr_assert_eq(arena_mark(&a), 12);
}

Test(arena, is_full_to_the_last_byte_and_no_further)
{
	struct arena a = fresh();
	struct str copy = STR("before");

	cr_assert_eq(arena_copy(&a, STR("0123456789abcdef"), &copy), 0);
	cr_assert_eq(copy.n, 16);
	cr_assert_null(arena_take(&a, 1));
	cr_assert_not_null(arena_take(&a, 0));
	cr_assert_eq(arena_copy(&a, STR("x"), &copy), -1);
	cr_assert(str_eq(copy, STR("0123456789abcdef")), "untouched after an error");
	cr_assert_null(arena_take(&a, SIZE_MAX), "a size near the limit must not wrap round");
	cr_assert_eq(arena_mark(&a), 16);
}

Test(arena, an_empty_copy_takes_nothing)
{
	struct arena a = fresh();
	struct str copy;

	cr_assert_eq(arena_copy(&a, str_none(), &copy), 0);
	cr_assert_eq(copy.n, 0);
	cr_assert_eq(arena_mark(&a), 0);
}

Test(arena, what_is_taken_back_is_wiped_and_nothing_else)
{
	struct arena a = fresh();
	struct str keep, secret;
	size_t mark;

	cr_assert_eq(arena_copy(&a, STR("keep"), &keep), 0);
	mark = arena_mark(&a);
	cr_assert_eq(arena_copy(&a, STR("secret"), &secret), 0);
	arena_reset_to(&a, mark);
	cr_assert(str_eq(keep, STR("keep")));
	for (size_t i = 4; i < 10; i++)
		cr_assert_eq(memory[i], 0);
	cr_assert_eq(memory[10], 0xaa, "bytes never taken are not touched");
	cr_assert_eq(arena_copy(&a, STR("0123456789ab"), &secret), 0);
	arena_reset_to(&a, 0);
	for (size_t i = 0; i < sizeof(memory); i++)
		cr_assert_eq(memory[i], 0);
	arena_reset_to(&a, 0);
}

Test(arena, resetting_forward_breaks_a_promise, .signal = SIGABRT)
{
	struct arena a = fresh();

	arena_reset_to(&a, 1);
}
