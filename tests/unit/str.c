/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of base/str: comparisons, scans and numbers over borrowed bytes.
 */
#include "base/str.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(str, comparisons_are_exact_and_ascii_only)
{
	cr_assert(str_eq(STR("abc"), STR("abc")));
	cr_assert(!str_eq(STR("abc"), STR("abC")));
	cr_assert(!str_eq(STR("abc"), STR("ab")));
	cr_assert(str_eq_nocase(STR("ehlo"), STR("EHLO")));
	cr_assert(!str_eq_nocase(STR("ehlo"), STR("EHL")));
	cr_assert(!str_eq_nocase(STR("\xe4"), STR("\xc4")));
	cr_assert(!str_eq_nocase(STR("@["), STR("`{")), "only letters have case");
	cr_assert(str_starts_nocase(STR("Auth-User: x"), STR("auth-user")));
	cr_assert(!str_starts_nocase(STR("auth"), STR("auth-user")));
	cr_assert(!str_starts(STR("ab"), STR("abc")));
	cr_assert(str_starts(STR("abc"), STR("ab")));
	cr_assert(!str_starts(STR("aBc"), STR("ab")));
}

Test(str, nothing_equals_nothing_whatever_its_pointer)
{
	cr_assert(str_eq(str_none(), STR("")));
	cr_assert(str_eq_nocase(STR(""), str_none()));
	cr_assert(str_starts(STR("x"), str_none()));
	cr_assert(str_starts_nocase(str_none(), str_none()));
	cr_assert(!str_has_ctl(str_none()));
	cr_assert_eq(str_find(str_none(), 'x'), 0);
	cr_assert_eq(str_trim_sp(str_none()).n, 0);
}

Test(str, bytes_after_nul_count)
{
	cr_assert(!str_eq(STR("a\0b"), STR("a\0c")));
	cr_assert_eq(STR("a\0b").n, 3);
	cr_assert_eq(str_find(STR("a\0b"), 'b'), 2);
	cr_assert_eq(str_find(STR("a\0b"), 0), 1);
}

Test(str, parts_never_leave_the_whole)
{
	struct str s = STR("hello");

	cr_assert(str_eq(str_from(s, 0), s));
	cr_assert(str_eq(str_from(s, 4), STR("o")));
	cr_assert_eq(str_from(s, 5).n, 0);
	cr_assert_eq(str_from(s, SIZE_MAX).n, 0);
	cr_assert(str_eq(str_first(s, 2), STR("he")));
	cr_assert(str_eq(str_first(s, 5), s));
	cr_assert(str_eq(str_first(s, SIZE_MAX), s));
	cr_assert_eq(str_first(s, 0).n, 0);
}

Test(str, cstr_counts_to_the_nul)
{
	cr_assert(str_eq(str_cstr("abc"), STR("abc")));
	cr_assert_eq(str_cstr("").n, 0);
	cr_assert_eq(str_cstr(NULL).n, 0);
}

Test(str, find_gives_the_first_or_the_length)
{
	cr_assert_eq(str_find(STR("a:b:c"), ':'), 1);
	cr_assert_eq(str_find(STR(":"), ':'), 0);
	cr_assert_eq(str_find(STR("abc"), ':'), 3);
	cr_assert_eq(str_find(STR("a\xff"), 0xff), 1);
}

Test(str, trim_takes_spaces_only)
{
	cr_assert(str_eq(str_trim_sp(STR("  a b ")), STR("a b")));
	cr_assert(str_eq(str_trim_sp(STR("\ta\t")), STR("\ta\t")));
	cr_assert_eq(str_trim_sp(STR("    ")).n, 0);
	cr_assert(str_eq(str_trim_sp(STR("a")), STR("a")));
}

Test(str, u64_takes_digits_up_to_its_maximum)
{
	uint64_t v = 7;

	cr_assert_eq(str_u64(STR("65535"), 65535, &v), 0);
	cr_assert_eq(v, 65535);
	cr_assert_eq(str_u64(STR("65536"), 65535, &v), -1);
	cr_assert_eq(v, 65535, "untouched after an error");
	cr_assert_eq(str_u64(STR("99999999999999999999"), UINT64_MAX, &v), -1);
	cr_assert_eq(str_u64(STR("18446744073709551615"), UINT64_MAX, &v), 0);
	cr_assert_eq(v, UINT64_MAX);
	cr_assert_eq(str_u64(STR("18446744073709551616"), UINT64_MAX, &v), -1);
	cr_assert_eq(str_u64(STR("184467440737095516150"), UINT64_MAX, &v), -1);
	cr_assert_eq(str_u64(STR(""), 10, &v), -1);
	cr_assert_eq(str_u64(STR("-1"), 10, &v), -1);
	cr_assert_eq(str_u64(STR("+1"), 10, &v), -1);
	cr_assert_eq(str_u64(STR("1 "), 10, &v), -1);
	cr_assert_eq(str_u64(STR("1\0"), 10, &v), -1);
	cr_assert_eq(str_u64(STR("/"), 10, &v), -1);
	cr_assert_eq(str_u64(STR(":"), 10, &v), -1);
	cr_assert_eq(str_u64(STR("9"), 5, &v), -1);
	cr_assert_eq(str_u64(STR("000000000000000000000000010"), 10, &v), 0);
	cr_assert_eq(v, 10);
	cr_assert_eq(str_u64(STR("0"), 0, &v), 0);
	cr_assert_eq(v, 0);
	cr_assert_eq(str_u64(STR("1"), 0, &v), -1);
}

/* Every value around every small maximum, against the obvious comparison. */
Test(str, u64_agrees_with_comparison_around_its_maximum)
{
	for (uint64_t max = 0; max < 130; max++) {
		for (uint64_t n = 0; n < 300; n++) {
			char text[8];
			uint64_t v = 0;
			int given = snprintf(text, sizeof(text), "%u", (unsigned)n);
			int got = str_u64(str_of(text, (size_t)given), max, &v);

			cr_assert_eq(got, n <= max ? 0 : -1, "%s at most %u", text, (unsigned)max);
			cr_assert(got < 0 || v == n);
		}
	}
}

Test(str, control_characters_are_below_space_and_delete)
{
	for (unsigned c = 0; c < 256; c++) {
		uint8_t text[3] = {'a', (uint8_t)c, 'b'};

		cr_assert_eq(str_has_ctl(str_of(text, 3)), c < 0x20 || c == 0x7f, "byte %u", c);
	}
}
