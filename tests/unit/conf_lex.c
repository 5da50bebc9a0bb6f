/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf_lex: words, quotes, escapes, comments, statement ends, line numbers.
 * A statement is shown as its words in angle brackets and its end.
 */
#include "app/conf_lex.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct shown {
	char text[512];
	struct conf_error error;
};

static void show_word(struct out *o, const struct conf_word *w)
{
	out_byte(o, '<');
	out_str(o, w->text);
	out_byte(o, '>');
}

/* All statements of a text: "<a><b>; <c>{ } ". */
static struct shown show(const char *file, struct str text)
{
	struct shown s = {0};
	struct conf_pool *pool = conf_pool_new();
	struct conf_lex l = {.pool = pool, .error = &s.error, .file = file, .text = text};
	struct conf_statement st;
	enum conf_lex_end end;
	struct out o;

	out_init(&o, s.text, sizeof(s.text) - 1);
	conf_lex_init(&l);
	do {
		end = conf_lex_next(&l, &st);
		if (end == CONF_LEX_STATEMENT || end == CONF_LEX_BLOCK)
			for (uint32_t i = 0; i < st.n; i++)
				show_word(&o, &st.words[i]);
		out_byte(&o, (uint8_t)("!;{}."[end]));
	} while (end != CONF_LEX_BROKEN && end != CONF_LEX_END);
	conf_pool_free(pool);
	return s;
}

static const struct {
	const char *text, *shown;
} good[] = {
	{"", "."},
	{" \t\r\n# only this", "."},
	{"a;", "<a>;."},
	{"a b c;", "<a><b><c>;."},
	{"a\tb\r\nc ;", "<a><b><c>;."},
	{"a{b;}c;", "<a>{<b>;}<c>;."},
	{"a b{ } ", "<a><b>{}."},
	{"a;b;", "<a>;<b>;."},
	{"a # x ; y\n b;", "<a><b>;."},
	{"a#b c;", "<a#b><c>;."},
	{"# \" ' { } ;\na;", "<a>;."},
	{"a 'b c' \"d e\";", "<a><b c><d e>;."},
	{"a \"\" '';", "<a><><>;."},
	{"a \"b;{}#\";", "<a><b;{}#>;."},
	{"a 'b\"c' \"d'e\";", "<a><b\"c><d'e>;."},
	{"a \"b\\\"c\" 'd\\'e';", "<a><b\"c><d'e>;."},
	{"a b\"c d'e;", "<a><b\"c><d'e>;."},
	{"a \"b\";", "<a><b>;."},
	{"a \"b\"{}", "<a><b>{}."},
	{"a (\"b\")c;", "<a><(\"b\")c>;."},
	{"a \"b\")c;", "<a><b><)c>;."},
	{"a b\\ c;", "<a><b\\ c>;."},
	{"a b\\;c;", "<a><b\\;c>;."},
	{"a b\\{c;", "<a><b\\{c>;."},
	{"a \\\\ \\\" \\';", "<a><\\><\"><'>;."},
	{"a \"b\\tc\" d\\re \"f\\ng\";", "<a><b\tc><d\re><f\ng>;."},
	{"a \\x;", "<a><\\x>;."},
	{"a ${b}c $d;", "<a><${b}c><$d>;."},
	{"a b}c;", "<a><b}c>;."},
	{"a \xff\x01;", "<a><\xff\x01>;."},
};

Test(conf_lex, text_becomes_words_as_nginx_cuts_them)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct shown s = show("f", str_cstr(good[i].text));

		cr_expect_str_eq(s.text, good[i].shown, "%s\n  %s", good[i].text, s.text);
	}
}

static const struct {
	const char *text, *error;
} bad[] = {
	{";", "unexpected \";\" in f:1"},
	{"\n{", "unexpected \"{\" in f:2"},
	{"a }", "unexpected \"}\" in f:1 (is a \";\" missing in line 1?)"},
	{"a\n\n}", "unexpected \"}\" in f:3 (is a \";\" missing in line 1?)"},
	{"a", "unexpected end of file, expecting \";\" or \"}\" in f:1"},
	{"a b\n", "unexpected end of file, expecting \";\" or \"}\" in f:2"},
	{"a \\", "unexpected end of file, expecting \";\" or \"}\" in f:1"},
	{"a 'b\n\n;", "unexpected end of file, expecting \";\" or \"}\" in f:3 (the quote opened "
		      "in line 1 is not "
		      "closed)"},
	{"a \"b\\\"", "unexpected end of file, expecting \";\" or \"}\" in f:1 (the quote opened "
		      "in line 1 is not "
		      "closed)"},
	{"a 'b'c;", "unexpected \"c\" in f:1 (a quote ends the word: quote all of it or nothing)"},
	{"a 'b'}", "unexpected \"}\" in f:1 (a quote ends the word: quote all of it or nothing)"},
	{"a 'b'#", "unexpected \"#\" in f:1 (a quote ends the word: quote all of it or nothing)"},
};

Test(conf_lex, broken_text_is_told_with_its_line)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct shown s = show("f", str_cstr(bad[i].text));

		cr_expect_str_eq(s.error.text, bad[i].error, "%s\n  %s", bad[i].text, s.error.text);
	}
}

Test(conf_lex, the_option_g_is_spoken_of_as_command_line)
{
	struct shown s = show(NULL, STR("daemon off"));

	cr_assert_str_eq(s.error.text,
			 "unexpected end of parameter, expecting \";\" in command line");
}

Test(conf_lex, a_nul_byte_is_refused_outside_comments)
{
	struct shown s = show("f", STR("# \0\na \0;"));

	cr_assert_str_eq(s.error.text, "unexpected NUL byte in f:2");
}

Test(conf_lex, words_know_the_line_they_begin_in)
{
	struct conf_error e;
	struct conf_pool *pool = conf_pool_new();
	struct conf_lex l = {.pool = pool, .error = &e, .file = "f", .text = STR("a\n'b\nc'\nd;")};
	struct conf_statement st;

	conf_lex_init(&l);
	cr_assert_eq(conf_lex_next(&l, &st), CONF_LEX_STATEMENT);
	cr_assert_eq(st.n, 3);
	cr_assert_eq(st.words[0].line, 1);
	cr_assert_eq(st.words[1].line, 2);
	cr_assert_eq(st.words[2].line, 4);
	conf_pool_free(pool);
}

static const struct {
	const char *lua, *rest;
} lua[] = {
	{"}x", "x"},
	{" local t = {1, {2}} }x", "x"},
	{" s = \"}\\\"}\" .. '}' }x", "x"},
	{" -- it's } a comment\n }x", "x"},
	{" --[[ } \n ' ]] }x", "x"},
	{" --[==[ } ]] ]=] ]==] }x", "x"},
	{" s = [[ } \" ]] t[1] = a[b] }x", "x"},
	{" s = [=[ ]] } ]=] }x", "x"},
	{" a - b }x", "x"},
};

Test(conf_lex, a_block_of_lua_ends_at_its_own_brace)
{
	for (size_t i = 0; i < sizeof(lua) / sizeof(lua[0]); i++) {
		struct conf_error e;
		struct conf_lex l = {.error = &e, .file = "f", .text = str_cstr(lua[i].lua)};

		conf_lex_init(&l);
		cr_expect_eq(conf_lex_skip_lua(&l), 0, "%s", lua[i].lua);
		cr_expect(str_eq(str_from(l.text, l.at), str_cstr(lua[i].rest)), "%s", lua[i].lua);
	}
}

Test(conf_lex, a_block_of_lua_without_an_end_is_told)
{
	static const char *const open[] = {"",     "{",        "'", "\"\\", "--",
					   "--[[", "[==[ ]=]", "[", "[="};

	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		struct conf_error e;
		struct conf_lex l = {.error = &e, .file = "f", .text = str_cstr(open[i])};

		conf_lex_init(&l);
		cr_expect_eq(conf_lex_skip_lua(&l), -1, "%s", open[i]);
	}
}
