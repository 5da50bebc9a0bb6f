/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of base/str: comparisons, scans and numbers over borrowed bytes.
 */
#include "base/str.h"

#include <criterion/criterion.h>

Test(str, comparisons_are_exact_and_ascii_only)
{
	cr_assert(str_eq(STR("abc"), STR("abc")));
	cr_assert(!str_eq(STR("abc"), STR("abC")));
	cr_assert(str_eq_nocase(STR("ehlo"), STR("EHLO")));
	cr_assert(!str_eq_nocase(STR("\xe4"), STR("\xc4")));
	cr_assert(str_starts_nocase(STR("Auth-User: x"), STR("auth-user")));
	cr_assert(!str_starts(STR("ab"), STR("abc")));
}

Test(str, u64_takes_digits_up_to_its_maximum)
{
	uint64_t v = 7;

	cr_assert_eq(str_u64(STR("65535"), 65535, &v), 0);
	cr_assert_eq(v, 65535);
	cr_assert_eq(str_u64(STR("65536"), 65535, &v), -1);
	cr_assert_eq(str_u64(STR("99999999999999999999"), UINT64_MAX, &v), -1);
	cr_assert_eq(str_u64(STR("18446744073709551615"), UINT64_MAX, &v), 0);
	cr_assert_eq(v, UINT64_MAX);
	cr_assert_eq(str_u64(STR(""), 10, &v), -1);
	cr_assert_eq(str_u64(STR("-1"), 10, &v), -1);
	cr_assert_eq(str_u64(STR("1 "), 10, &v), -1);
	cr_assert_eq(str_u64(STR("9"), 5, &v), -1);
}
