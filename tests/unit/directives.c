/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/directives.txt against the program's table of directives and against the tests there are:
 * every directive has a test of its effect, that test exists, and it is about the directive.
 */
#include "app/conf_table.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 1024, WORD_MAX = 128 };

struct proof {
	char directive[WORD_MAX], suite[WORD_MAX], test[WORD_MAX];
	bool about; /* the test is there, and in a file that mentions the directive */
};

static struct proof lines[LINES_MAX];
static size_t n_lines;

static char *read_all(const char *path)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = fopen(path, "re");

	if (!f)
		return NULL;
	if (getdelim(&text, &n, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

/* `word` is in the text and is not a part of a longer name. */
static bool mentions(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		bool begins = at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '_');
		bool ends = !isalnum((unsigned char)at[n]) && at[n] != '_';

		if (begins && ends)
			return true;
	}
	return false;
}

/* The text of the file that the test is in, NULL when there is none. */
static char *find_transcript(const struct proof *l)
{
	char path[2 * WORD_MAX + 32];

	snprintf(path, sizeof(path), "tests/dialog/%s.txt", l->test);
	return read_all(path);
}

/* "Test(suite, name)" or "Test(suite, name, ...". */
static bool holds(const char *text, const char *test)
{
	const char *slash = strchr(test, '/');
	char head[2 * WORD_MAX];
	size_t n;

	if (!slash)
		return false;
	n = (size_t)snprintf(head, sizeof(head), "\nTest(%.*s, %s", (int)(slash - test), test,
			     slash + 1);
	for (const char *at = strstr(text, head); at; at = strstr(at + 1, head))
		if (at[n] == ')' || at[n] == ',')
			return true;
	return false;
}

static char *find_test(const struct proof *l)
{
	char pattern[WORD_MAX + 16], *text = NULL;
	glob_t files = {0};

	if (strcmp(l->suite, "dialog") == 0)
		return find_transcript(l);
	snprintf(pattern, sizeof(pattern), "tests/%s/*.c", l->suite);
	if (glob(pattern, 0, NULL, &files))
		files.gl_pathc = 0;
	for (size_t i = 0; i < files.gl_pathc && !text; i++) {
		text = read_all(files.gl_pathv[i]);
		if (text && !holds(text, l->test)) {
			free(text);
			text = NULL;
		}
	}
	globfree(&files);
	return text;
}

static void check_line(struct proof *l, unsigned number)
{
	char *text = find_test(l);

	cr_expect(conf_table_find(str_cstr(l->directive)),
		  "tests/directives.txt:%u: there is no directive %s", number, l->directive);
	cr_expect(text, "tests/directives.txt:%u: there is no test %s in tests/%s", number, l->test,
		  l->suite);
	l->about = text && mentions(text, l->directive);
	free(text);
}

static void read_lines(void)
{
	char text[512];
	FILE *f = fopen("tests/directives.txt", "re");

	cr_assert(f);
	for (unsigned number = 1; fgets(text, sizeof(text), f); number++) {
		struct proof *l = &lines[n_lines];
		char more[2];
		int words = sscanf(text, "%127s %127s %127s %1s", l->directive, l->suite, l->test,
				   more);

		if (words <= 0 || l->directive[0] == '#')
			continue;
		cr_assert_eq(words, 3, "tests/directives.txt:%u: a line is: directive suite test",
			     number);
		cr_assert_lt(++n_lines, LINES_MAX);
		check_line(l, number);
	}
	fclose(f);
}

Test(directives, each_has_a_test_of_its_effect)
{
	read_lines();
	for (uint32_t i = 0; i < conf_table_n(); i++) {
		const char *name = conf_table_row(i)->name;
		bool found = false, about = false;

		for (size_t k = 0; k < n_lines; k++) {
			if (strcmp(lines[k].directive, name) != 0)
				continue;
			found = true;
			about |= lines[k].about;
		}
		cr_expect(found, "%s: no line in tests/directives.txt says what proves its effect",
			  name);
		cr_expect(!found || about, "%s: none of its tests mentions it", name);
	}
}
