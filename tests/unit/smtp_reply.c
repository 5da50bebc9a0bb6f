/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/smtp_reply: framing of whole replies in pieces of every size, its limit,
 * what is no reply at all, and the keywords of EHLO.
 */
#include "proto/smtp_reply.h"

#include "../lib/feed.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MAX = 64 };

/* The first thing but MORE that comes of `bytes` in pieces; *text is cut into `copy`. */
static enum smtp_reply_ev frame(struct str bytes, size_t piece, char copy[2 * MAX])
{
	struct smtp_reply r = {0};
	struct feed f = {0};
	enum smtp_reply_ev ev = SMTP_REPLY_MORE, again;
	struct str text, text_again;

	memset(copy, 0, 2 * MAX);
	for (size_t at = 0; at < bytes.n && ev == SMTP_REPLY_MORE; at += piece) {
		struct buf *in = feed_open(&f, str_first(str_from(bytes, at), piece));

		ev = smtp_reply_next(&r, in, MAX, &text);
		again = smtp_reply_next(&r, in, MAX, &text_again);
		cr_assert(ev == again && str_eq(text, text_again));
		if (ev != SMTP_REPLY_MORE)
			memcpy(copy, text.p, text.n);
	}
	feed_done(&f);
	return ev;
}

static const struct frame_case {
	const char *bytes;
	enum smtp_reply_ev ev;
	const char *text;
} frames[] = {
	{"250 ok\r\n", SMTP_REPLY_OK, "250 ok\r\n"},
	{"250 ok\n", SMTP_REPLY_OK, "250 ok\n"},
	{"250\r\n", SMTP_REPLY_OK, "250\r\n"},
	{"250\n", SMTP_REPLY_OK, "250\n"},
	{"250 \r\n", SMTP_REPLY_OK, "250 \r\n"},
	{"250-\r\n250 \r\n", SMTP_REPLY_OK, "250-\r\n250 \r\n"},
	{"250-a\r\n250-b\r\n250 c\r\n", SMTP_REPLY_OK, "250-a\r\n250-b\r\n250 c\r\n"},
	{"250-a\r\n550 b\r\n250 c\r\n", SMTP_REPLY_OK, "250-a\r\n550 b\r\n"},
	{"250 a\r\n250 b\r\n", SMTP_REPLY_OK, "250 a\r\n"},
	{"999 \xff\r\n", SMTP_REPLY_OK, "999 \xff\r\n"},
	{"250 ok", SMTP_REPLY_MORE, ""},
	{"250 ok\r", SMTP_REPLY_MORE, ""},
	{"250-a\r\n", SMTP_REPLY_MORE, ""},
	{"250-a\r\n250", SMTP_REPLY_MORE, ""},
	{"", SMTP_REPLY_MORE, ""},
	{"\r\n", SMTP_REPLY_INVALID, "\r\n"},
	{"\n", SMTP_REPLY_INVALID, "\n"},
	{"25\r\n", SMTP_REPLY_INVALID, "25\r\n"},
	{"25 ok\r\n", SMTP_REPLY_INVALID, "25 ok\r\n"},
	{"2500 ok\r\n", SMTP_REPLY_INVALID, "2500 ok\r\n"},
	{"250x\r\n", SMTP_REPLY_INVALID, "250x\r\n"},
	{"250\tok\r\n", SMTP_REPLY_INVALID, "250\tok\r\n"},
	{"250\rok\r\n", SMTP_REPLY_INVALID, "250\rok\r\n"},
	{" 250 ok\r\n", SMTP_REPLY_INVALID, " 250 ok\r\n"},
	{"HTTP/1.1 400 Bad Request\r\n", SMTP_REPLY_INVALID, "HTTP/1.1 400 Bad Request\r\n"},
	{"250-a\r\nfoo\r\n250 b\r\n", SMTP_REPLY_INVALID, "250-a\r\nfoo\r\n"},
	{"250-a\r\n\r\n250 b\r\n", SMTP_REPLY_INVALID, "250-a\r\n\r\n"},
	{"* OK IMAP4 ready\r\n", SMTP_REPLY_INVALID, "* OK IMAP4 ready\r\n"},
};

Test(smtp_reply, frames_whole_replies_however_they_are_cut)
{
	char text[2 * MAX];

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		const struct frame_case *c = &frames[i];

		for (size_t piece = 1; piece <= strlen(c->bytes) + 1; piece++) {
			cr_assert_eq(frame(str_cstr(c->bytes), piece, text), c->ev, "case %zu", i);
			cr_assert_str_eq(text, c->text, "case %zu, piece %zu", i, piece);
		}
	}
}

Test(smtp_reply, a_reply_may_be_max_long_and_not_longer)
{
	char bytes[MAX + 2], text[2 * MAX];

	for (size_t piece = 1; piece <= sizeof(bytes); piece++) {
		memset(bytes, 'x', sizeof(bytes));
		memcpy(bytes, "250 ", 4);
		memcpy(bytes + MAX - 2, "\r\n", 2);
		cr_assert_eq(frame(str_of(bytes, MAX), piece, text), SMTP_REPLY_OK);
		cr_assert_eq(frame(str_of(bytes, MAX - 1), piece, text), SMTP_REPLY_MORE);
		bytes[MAX - 1] = 'x';
		memcpy(bytes + MAX - 1, "\r\n", 2);
		cr_assert_eq(frame(str_of(bytes, MAX + 1), piece, text), SMTP_REPLY_TOO_LONG);
		cr_assert_eq(strlen(text), (size_t)MAX);
		memcpy(bytes, "foo ", 4);
		cr_assert_eq(frame(str_of(bytes, MAX + 1), piece, text), SMTP_REPLY_TOO_LONG);
	}
}

Test(smtp_reply, many_short_lines_count_as_one_reply)
{
	char bytes[2 * MAX], text[2 * MAX];

	for (size_t i = 0; i + 6 <= sizeof(bytes); i += 6)
		memcpy(bytes + i, "250-\r\n", 6);
	for (size_t piece = 1; piece <= MAX; piece++)
		cr_assert_eq(frame(str_of(bytes, 126), piece, text), SMTP_REPLY_TOO_LONG);
}

Test(smtp_reply, taking_one_leaves_the_next)
{
	struct str bytes = STR("250-a\r\n250 b\r\n354 go\r\n");
	struct buf in = buf_view(bytes);
	struct smtp_reply r = {0};
	struct str text;

	cr_assert_eq(smtp_reply_next(&r, &in, MAX, &text), SMTP_REPLY_OK);
	cr_assert_eq(smtp_reply_code(text), 250);
	smtp_reply_take(&r, &in, text);
	cr_assert_eq(smtp_reply_next(&r, &in, MAX, &text), SMTP_REPLY_OK);
	cr_assert(str_eq(text, STR("354 go\r\n")));
	cr_assert_eq(smtp_reply_code(text), 354);
	smtp_reply_take(&r, &in, text);
	cr_assert_eq(smtp_reply_next(&r, &in, MAX, &text), SMTP_REPLY_MORE);
}

/* A caller's slip, but no reason to look behind the end of what is left. */
Test(smtp_reply, bytes_that_went_away_are_searched_anew)
{
	struct buf in = buf_view(STR("250-a\r\n250-b\r\n"));
	struct smtp_reply r = {0};
	struct str text;

	cr_assert_eq(smtp_reply_next(&r, &in, MAX, &text), SMTP_REPLY_MORE);
	in = buf_view(STR("250 c\r\n"));
	cr_assert_eq(smtp_reply_next(&r, &in, MAX, &text), SMTP_REPLY_OK);
	cr_assert(str_eq(text, STR("250 c\r\n")));
}

Test(smtp_reply, keywords_stand_alone_on_a_line_behind_the_first)
{
	static const struct {
		const char *text;
		bool has;
	} cases[] = {
		{"250-be\r\n250-PIPELINING\r\n250 SIZE\r\n", true},
		{"250-be\r\n250 PIPELINING\r\n", true},
		{"250-be\r\n250 pipeLining\n", true},
		{"250-be\r\n250 PIPELINING \r\n", true},
		{"250 PIPELINING\r\n", false},
		{"250-PIPELINING\r\n250 SIZE\r\n", false},
		{"250-be\r\n250 PIPELININGX\r\n", false},
		{"250-be\r\n250 PIPELININ\r\n", false},
		{"250-be\r\n250 X PIPELINING\r\n", false},
		{"250-be\r\n250 PIPELINING=no\r\n", false},
		{"250-be\r\n250 PIPELINING off\r\n", false},
		{"250-be\r\n250\r\n", false},
		{"250\r\n", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_eq(smtp_reply_has_keyword(str_cstr(cases[i].text), STR("PIPELINING")),
			     cases[i].has, "case %zu", i);
}
