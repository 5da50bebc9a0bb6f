/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of base/out: the bounded writer, its numbers and escapes, its sticky overflow.
 */
#include "base/out.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <signal.h>

static uint8_t memory[64];

static struct out room(size_t size)
{
	struct out o;

	out_init(&o, memory, size);
	return o;
}

static void is(const struct out *o, const char *want)
{
	cr_assert(str_eq(out_data(o), str_cstr(want)), "got \"%.*s\", want \"%s\"", (int)o->n,
		  (const char *)o->base, want);
}

Test(out, writes_in_order_up_to_the_last_byte)
{
	struct out o = room(5);

	out_lit(&o, "abc");
	out_byte(&o, 'd');
	cr_assert_eq(out_room(&o), 1);
	out_str(&o, str_none());
	out_byte(&o, 'e');
	cr_assert_eq(out_room(&o), 0);
	cr_assert(!out_overflow(&o));
	is(&o, "abcde");
	out_str(&o, STR(""));
	cr_assert(!out_overflow(&o), "nothing always fits");
}

Test(out, overflow_is_sticky_and_keeps_what_was_whole)
{
	struct out o = room(5);

	out_lit(&o, "abc");
	out_lit(&o, "def");
	cr_assert(out_overflow(&o));
	is(&o, "abc");
	out_byte(&o, 'x');
	out_str(&o, str_none());
	cr_assert(out_overflow(&o));
	cr_assert_eq(out_room(&o), 0);
	is(&o, "abc");
	out_reset(&o);
	cr_assert(!out_overflow(&o));
	out_lit(&o, "def");
	is(&o, "def");
}

Test(out, rollback_makes_a_group_all_or_nothing)
{
	struct out o = room(6);
	size_t mark;

	out_lit(&o, "ab");
	mark = out_mark(&o);
	out_lit(&o, "cd");
	out_lit(&o, "efg");
	cr_assert(out_overflow(&o));
	out_rollback(&o, mark);
	cr_assert(!out_overflow(&o));
	is(&o, "ab");
	out_rollback(&o, 0);
	is(&o, "");
}

Test(out, rollback_forward_breaks_a_promise, .signal = SIGABRT)
{
	struct out o = room(6);

	out_rollback(&o, 1);
}

Test(out, unsigned_numbers)
{
	struct out o = room(64);

	out_u64(&o, 0);
	out_byte(&o, ' ');
	out_u64(&o, 10);
	out_byte(&o, ' ');
	out_u64(&o, UINT64_MAX);
	is(&o, "0 10 18446744073709551615");
}

Test(out, padded_numbers)
{
	struct out o = room(64);

	out_u64_pad(&o, 7, 2);
	out_u64_pad(&o, 123, 2);
	out_u64_pad(&o, 0, 0);
	out_byte(&o, ' ');
	out_u64_pad(&o, 1, 20);
	is(&o, "071230 00000000000000000001");
}

Test(out, padding_beyond_twenty_digits_breaks_a_promise, .signal = SIGABRT)
{
	struct out o = room(64);

	out_u64_pad(&o, 1, 21);
}

Test(out, signed_numbers)
{
	struct out o = room(64);

	out_i64(&o, 0);
	out_byte(&o, ' ');
	out_i64(&o, -1);
	out_byte(&o, ' ');
	out_i64(&o, INT64_MAX);
	out_byte(&o, ' ');
	out_i64(&o, INT64_MIN);
	is(&o, "0 -1 9223372036854775807 -9223372036854775808");
}

Test(out, a_number_that_does_not_fit_leaves_nothing_of_itself)
{
	struct out o = room(3);

	out_u64(&o, 1000);
	cr_assert(out_overflow(&o));
	is(&o, "");
}

Test(out, hex_is_two_capitals)
{
	struct out o = room(8);

	out_hex(&o, 0);
	out_hex(&o, 0xaf);
	out_hex(&o, 0xff);
	is(&o, "00AFFF");
}

Test(out, escaped_lets_printable_ascii_through)
{
	for (unsigned c = 0; c < 256; c++) {
		struct out o = room(8);
		uint8_t byte = (uint8_t)c;
		char want[8];
		bool plain = c >= 0x20 && c < 0x7f && c != '\\' && c != '"';

		snprintf(want, sizeof(want), plain ? "%c" : "\\x%02X", (int)c);
		out_escaped(&o, str_of(&byte, 1));
		cr_assert_eq(o.n, plain ? 1 : 4);
		is(&o, want);
	}
}
