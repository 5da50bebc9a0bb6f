/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/imap_text: literals and tags, at their edges.
 */
#include "proto/imap_text.h"

#include <criterion/criterion.h>

Test(imap_text, literals)
{
	static const struct {
		struct str spec;
		int found;
		uint32_t size;
		bool nonsync;
	} rows[] = {
		{STR_INIT("{0}"), 0, 0, false},
		{STR_INIT("{10+}"), 0, 10, true},
		{STR_INIT("{0007}"), 0, 7, false},
		{STR_INIT("{4294967295}"), 0, UINT32_MAX, false},
		{STR_INIT("{4294967295+}"), 0, UINT32_MAX, true},
		{STR_INIT("{4294967296}"), -1, 0, false},
		{STR_INIT("{18446744073709551617}"), -1, 0, false},
		{STR_INIT("{99999999999999999999}"), -1, 0, false},
		{STR_INIT(""), -1, 0, false},
		{STR_INIT("{"), -1, 0, false},
		{STR_INIT("{}"), -1, 0, false},
		{STR_INIT("{+}"), -1, 0, false},
		{STR_INIT("{++}"), -1, 0, false},
		{STR_INIT("{1++}"), -1, 0, false},
		{STR_INIT("{+1}"), -1, 0, false},
		{STR_INIT("{-1}"), -1, 0, false},
		{STR_INIT("{1 }"), -1, 0, false},
		{STR_INIT("{1"), -1, 0, false},
		{STR_INIT("1}"), -1, 0, false},
		{STR_INIT("{1} "), -1, 0, false},
		{STR_INIT("{1\0}"), -1, 0, false},
		{STR_INIT("~{1}"), -1, 0, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct imap_literal l;

		cr_assert_eq(imap_text_literal(rows[i].spec, &l), rows[i].found, "row %zu", i);
		if (rows[i].found == 0)
			cr_assert(l.size == rows[i].size && l.nonsync == rows[i].nonsync);
	}
}

Test(imap_text, tags)
{
	cr_assert_eq(imap_text_tag(STR("a1 x"), 32), 2);
	cr_assert_eq(imap_text_tag(STR("aZ09._- "), 7), 7);
	cr_assert_eq(imap_text_tag(STR("aZ09._- "), 6), 0);
	cr_assert_eq(imap_text_tag(STR("a1"), 32), 0);
	cr_assert_eq(imap_text_tag(STR(" a1"), 32), 0);
	cr_assert_eq(imap_text_tag(STR(""), 32), 0);
	cr_assert_eq(imap_text_tag(STR("a+ x"), 32), 0);
	cr_assert_eq(imap_text_tag(STR("a\x80 x"), 32), 0);
	cr_assert_eq(imap_text_tag(STR("a\0 x"), 32), 0);
}

Test(imap_text, how_many_proxies_may_follow)
{
	static const struct {
		struct str list, ttl;
	} rows[] = {
		{STR_INIT("(\"x-proxy-ttl\" \"5\")"), STR_INIT("5")},
		{STR_INIT("(\"name\" \"x\" \"X-Proxy-TTL\" \"12\" \"x-proxy-ttl\" \"1\")"),
		 STR_INIT("12")},
		{STR_INIT("(\"x-proxy-ttl\" \"5"), STR_INIT("5")},
		{STR_INIT("(\"x-proxy-ttl\" \"\")"), STR_INIT("")},
		{STR_INIT("(\"x-proxy-ttl\" \""), STR_INIT("")},
		{STR_INIT("(\"x-proxy-ttl\" NIL)"), STR_INIT("")},
		{STR_INIT("(\"x-proxy-ttl\" {1}"), STR_INIT("")},
		{STR_INIT("(\"x-proxy-tt\" \"5\")"), STR_INIT("")},
		{STR_INIT("NIL"), STR_INIT("")},
		{STR_INIT(""), STR_INIT("")},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert(str_eq(imap_text_ttl(rows[i].list), rows[i].ttl), "row %zu", i);
}

Test(imap_text, what_comes_without_being_asked_for)
{
	cr_assert(imap_text_is_unsynced(STR("a FOO {1+}")));
	cr_assert(imap_text_is_unsynced(STR("a FOO {x+}")));
	cr_assert(!imap_text_is_unsynced(STR("a FOO {1}")));
	cr_assert(!imap_text_is_unsynced(STR("a FOO 1+}")));
	cr_assert(!imap_text_is_unsynced(STR("a FOO {1+} ")));
	cr_assert(!imap_text_is_unsynced(STR("}")));
	cr_assert(!imap_text_is_unsynced(STR("")));
}
