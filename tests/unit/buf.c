/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of base/buf: the bounded byte queue, and wiping.
 */
#include "base/buf.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

static struct buf small(uint8_t *memory, uint32_t size)
{
	struct buf b;

	buf_init(&b, memory, size);
	return b;
}

Test(buf, starts_empty_with_all_its_room)
{
	uint8_t memory[8];
	struct buf b = small(memory, 8);

	cr_assert_eq(buf_len(&b), 0);
	cr_assert_eq(buf_room(&b), 8);
	cr_assert_eq(buf_data(&b).n, 0);
}

Test(buf, appends_what_fits_and_says_how_much)
{
	uint8_t memory[8];
	struct buf b = small(memory, 8);

	cr_assert_eq(buf_append(&b, STR("hello")), 5);
	cr_assert_eq(buf_append(&b, STR("world")), 3);
	cr_assert_eq(buf_append(&b, STR("!")), 0);
	cr_assert_eq(buf_append(&b, str_none()), 0);
	cr_assert(str_eq(buf_data(&b), STR("hellowor")));
	cr_assert_eq(buf_room(&b), 0);
}

Test(buf, consumed_room_comes_back_by_moving_down)
{
	uint8_t memory[8];
	struct buf b = small(memory, 8);

	cr_assert_eq(buf_append(&b, STR("abcdefgh")), 8);
	buf_consume(&b, 5);
	cr_assert_eq(buf_room(&b), 5);
	cr_assert_eq(buf_append(&b, STR("12345678")), 5);
	cr_assert(str_eq(buf_data(&b), STR("fgh12345")));
}

Test(buf, an_emptied_buffer_starts_over_at_its_base)
{
	uint8_t memory[4];
	struct buf b = small(memory, 4);

	cr_assert_eq(buf_append(&b, STR("abc")), 3);
	buf_consume(&b, 0);
	buf_consume(&b, 3);
	cr_assert_eq(b.head, 0);
	cr_assert_eq(b.tail, 0);
	buf_consume(&b, 0);
}

Test(buf, consuming_more_than_there_is_breaks_a_promise, .signal = SIGABRT)
{
	uint8_t memory[4];
	struct buf b = small(memory, 4);

	cr_assert_eq(buf_append(&b, STR("ab")), 2);
	buf_consume(&b, 3);
}

Test(buf, a_view_is_full_and_empties)
{
	struct buf b = buf_view(STR("MAIL FROM"));

	cr_assert(str_eq(buf_data(&b), STR("MAIL FROM")));
	cr_assert_eq(buf_room(&b), 0);
	buf_consume(&b, 5);
	cr_assert(str_eq(buf_data(&b), STR("FROM")));
	b = buf_view(str_none());
	cr_assert_eq(buf_len(&b), 0);
}

Test(buf, clear_forgets_and_wipe_overwrites)
{
	uint8_t memory[8] = "zzzzzzz";
	struct buf b = small(memory, 8);

	cr_assert_eq(buf_append(&b, STR("secret")), 6);
	buf_clear(&b);
	cr_assert_eq(buf_len(&b), 0);
	cr_assert_eq(memcmp(memory, "secret", 6), 0);
	cr_assert_eq(buf_append(&b, STR("s")), 1);
	buf_wipe(&b);
	cr_assert_eq(buf_len(&b), 0);
	for (size_t i = 0; i < sizeof(memory); i++)
		cr_assert_eq(memory[i], 0);
	b = small(NULL, 0);
	buf_wipe(&b);
	cr_assert_eq(buf_append(&b, STR("x")), 0);
}

Test(buf, forget_overwrites_what_no_longer_waits)
{
	uint8_t memory[16] = {0};
	struct buf b = small(memory, sizeof(memory));

	cr_assert_eq(buf_append(&b, STR("password next")), 13);
	buf_consume(&b, 9);
	cr_assert_eq(b.high, 13);
	buf_forget(&b);
	cr_assert(str_eq(buf_data(&b), STR("next")));
	for (size_t i = 0; i < 9; i++)
		cr_assert_eq(memory[i], 0);
	buf_consume(&b, 4);
	cr_assert_eq(memcmp(memory + 9, "next", 4), 0);
	buf_forget(&b);
	cr_assert_eq(b.high, 0);
	for (size_t i = 0; i < sizeof(memory); i++)
		cr_assert_eq(memory[i], 0);
}

/* Random appends and consumes against a plain array that never moves anything. */
Test(buf, behaves_like_a_queue)
{
	uint8_t memory[13], model[8192];
	struct buf b = small(memory, sizeof(memory));
	size_t head = 0, tail = 0;
	uint32_t seed = 1;

	for (int i = 0; i < 4000; i++) {
		uint8_t bytes[20];
		size_t n, taken;

		seed = seed * 1103515245 + 12345;
		n = seed >> 16 & 15;
		if (seed >> 24 & 1) {
			memset(bytes, (int)(i & 0xff), n);
			taken = buf_append(&b, str_of(bytes, n));
			cr_assert_eq(taken, n < 13 - (tail - head) ? n : 13 - (tail - head));
			memcpy(model + tail, bytes, taken);
			tail += taken;
		} else {
			n = n < tail - head ? n : tail - head;
			buf_consume(&b, n);
			head += n;
		}
		cr_assert(str_eq(buf_data(&b), str_of(model + head, tail - head)));
		if (tail > sizeof(model) - 20) {
			memmove(model, model + head, tail - head);
			tail -= head;
			head = 0;
		}
	}
}

Test(buf, a_view_of_nothing_can_be_looked_at)
{
	struct buf b = buf_view(str_none());

	cr_assert_not_null(buf_data(&b).p);
	cr_assert_eq(buf_len(&b), 0);
	buf_consume(&b, 0);
	cr_assert_eq(buf_data(&b).n, 0);
}

Test(buf, bytes_are_written_in_place_behind_those_that_wait)
{
	uint8_t memory[13];
	struct buf b = small(memory, sizeof(memory));

	memcpy(buf_reserve(&b, 13), "0123456789abc", 10);
	buf_commit(&b, 10);
	buf_consume(&b, 7);
	cr_assert_eq(buf_room(&b), 10);
	/* Only as much as is asked for is made room for. */
	cr_assert_eq(buf_reserve(&b, 3) - memory, 10);
	memcpy(buf_reserve(&b, 10), "ABCDEFGHIJ", 4);
	buf_commit(&b, 4);
	cr_assert(str_eq(buf_data(&b), STR("789ABCD")));
	cr_assert_eq(b.high, 10, "%u", b.high);
}
