/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/line: line ends, the limit, and that arriving byte by byte
 * changes nothing and costs nothing.
 */
#include "proto/line.h"

#include <criterion/criterion.h>

static bool text_is(struct str text, struct str want)
{
	return str_eq(text, want);
}

Test(line, cuts_at_lf_and_crlf)
{
	struct line l = {0};
	struct buf in = buf_view(STR("one\r\ntwo\n\r\n\nrest"));
	struct str text;

	cr_assert_eq(line_next(&l, &in, 64, &text), LINE_OK);
	cr_assert(text_is(text, STR("one")));
	cr_assert_eq(line_next(&l, &in, 64, &text), LINE_OK);
	cr_assert(text_is(text, STR("two")));
	cr_assert_eq(line_next(&l, &in, 64, &text), LINE_OK);
	cr_assert_eq(text.n, 0);
	cr_assert_eq(line_next(&l, &in, 64, &text), LINE_OK);
	cr_assert_eq(text.n, 0);
	cr_assert_eq(line_next(&l, &in, 64, &text), LINE_MORE);
	cr_assert_eq(buf_len(&in), 4);
}

Test(line, only_one_cr_belongs_to_the_line_end)
{
	struct line l = {0};
	struct buf in = buf_view(STR("a\r\r\n\rb\n"));
	struct str text;

	cr_assert_eq(line_next(&l, &in, 64, &text), LINE_OK);
	cr_assert(text_is(text, STR("a\r")));
	cr_assert_eq(line_next(&l, &in, 64, &text), LINE_OK);
	cr_assert(text_is(text, STR("\rb")));
}

Test(line, the_limit_counts_the_line_end_however_the_bytes_arrive)
{
	struct str text, whole = STR("1234567\n12345678\n");

	for (size_t cut = 0; cut <= whole.n; cut++) {
		uint8_t mem[64];
		struct line l = {0};
		struct buf in;

		buf_init(&in, mem, sizeof(mem));
		cr_assert_eq(buf_append(&in, str_first(whole, cut)), cut);
		if (cut < 8)
			cr_assert_eq(line_next(&l, &in, 8, &text), LINE_MORE);
		cr_assert_eq(buf_append(&in, str_from(whole, cut)), whole.n - cut);
		cr_assert_eq(line_next(&l, &in, 8, &text), LINE_OK);
		cr_assert_eq(text.n, 7);
		cr_assert_eq(line_next(&l, &in, 8, &text), LINE_TOO_LONG);
		cr_assert_eq(buf_len(&in), 9, "nothing is consumed");
	}
}

Test(line, looks_at_nothing_twice)
{
	uint8_t mem[64];
	struct line l = {0};
	struct buf in;
	struct str text;

	buf_init(&in, mem, sizeof(mem));
	for (uint32_t i = 0; i < 10; i++) {
		cr_assert_eq(buf_append(&in, STR("x")), 1);
		cr_assert_eq(line_next(&l, &in, 64, &text), LINE_MORE);
		cr_assert_eq(l.seen, i + 1);
	}
	cr_assert_eq(buf_append(&in, STR("\n")), 1);
	cr_assert_eq(line_next(&l, &in, 64, &text), LINE_OK);
	cr_assert_eq(l.seen, 0);
	cr_assert_eq(text.n, 10);
}
