/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of session/reason: the table is whole and well-formed.
 */
#include "session/reason.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

Test(reason, every_one_has_a_label_of_its_own)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		const char *label = reason_row((enum reason)i)->label;

		cr_assert_not_null(label, "%d", i);
		cr_assert_gt(strlen(label), 0);
		cr_assert_eq(strspn(label, "abcdefghijklmnopqrstuvwxyz_"), strlen(label));
		for (int j = 0; j < i; j++)
			cr_assert_str_neq(label, reason_row((enum reason)j)->label);
	}
}

Test(reason, levels_are_levels)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		enum log_level level = reason_row((enum reason)i)->level;

		cr_assert(level >= LEVEL_EMERG && level <= LEVEL_DEBUG, "%d", i);
	}
}

Test(reason, texts_are_well_formed)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		struct str text = reason_row((enum reason)i)->text;

		cr_assert_not(str_has_ctl(text), "%d", i);
		for (size_t at = 0; at < text.n; at++) {
			if (text.p[at] != '%')
				continue;
			at++;
			cr_assert(at < text.n && (text.p[at] == 'A' || text.p[at] == 'D'), "%d", i);
		}
	}
}

Test(reason, replies_to_smtp_are_one_whole_line_with_codes)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		struct str s = reason_row((enum reason)i)->words[PROTOCOL_SMTP];

		if (!s.n)
			continue;
		cr_assert_gt(s.n, sizeof("451 4.3.2 \r\n"));
		cr_assert(s.p[0] == '4' || s.p[0] == '5');
		cr_assert(s.p[3] == ' ' && s.p[4] == s.p[0] && s.p[9] == ' ');
		cr_assert(memcmp(s.p + s.n - 2, "\r\n", 2) == 0);
		cr_assert_not(str_has_ctl(str_first(s, s.n - 2)));
	}
}

Test(reason, replies_to_pop3_and_imap_are_one_whole_line)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		const struct reason_row *row = reason_row((enum reason)i);
		struct str pop3 = row->words[PROTOCOL_POP3], imap = row->words[PROTOCOL_IMAP];

		cr_assert_eq(pop3.n != 0, imap.n != 0, "%s", row->label);
		if (!pop3.n)
			continue;
		cr_assert(row->words[PROTOCOL_SMTP].n, "%s", row->label);
		cr_assert(str_starts(pop3, STR("-ERR ")), "%s", row->label);
		cr_assert(str_starts(imap, STR("* BAD ")) || str_starts(imap, STR("* BYE ")), "%s",
			  row->label);
		cr_assert_eq(str_find(pop3, '\r'), pop3.n - 2);
		cr_assert_eq(str_find(pop3, '\n'), pop3.n - 1);
		cr_assert_eq(str_find(imap, '\r'), imap.n - 2);
		cr_assert_eq(str_find(imap, '\n'), imap.n - 1);
	}
}

Test(reason, there_are_no_others, .signal = SIGABRT)
{
	reason_row(REASON_COUNT);
}
