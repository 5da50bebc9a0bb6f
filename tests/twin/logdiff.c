/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logdiff: see logdiff.h.
 */
#include "tests/twin/logdiff.h"

#include "tests/twin/version.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 150, LINES_MAX = 200 };

struct entry {
	char transcript[128], quirk[32];
	char *text;  /* sign, space, line; a '*' at its end is not in it */
	bool absent; /* not for this nginx: its lines are passed over */
	bool prefix, due, happened;
	int line;
};

struct logdiff {
	const char *path;
	struct entry *entries; /* one for each line of a difference */
	size_t n;
};

static int logdiff_add(struct logdiff *d, const struct entry *head, const char *text, int line)
{
	struct entry *e;
	size_t n = strlen(text);

	if (!head->transcript[0] || n < 3 || text[1] != ' ') {
		fprintf(stderr, "%s:%d: neither an entry's first line nor a line of it\n", d->path,
			line);
		return -1;
	}
	if (head->absent)
		return 0;
	d->entries = realloc(d->entries, (d->n + 1) * sizeof(*d->entries));
	if (!d->entries)
		abort();
	e = &d->entries[d->n++];
	*e = *head;
	e->line = line;
	e->prefix = text[n - 1] == '*';
	e->text = strndup(text, n - e->prefix);
	return 0;
}

static int logdiff_line(struct logdiff *d, struct entry *head, const char *text, int line)
{
	int why = 0, there = -1;

	if (text[0] == '-' || text[0] == '+')
		return logdiff_add(d, head, text, line);
	*head = (struct entry){0};
	if (!text[0] || text[0] == '#')
		return 0;
	if (sscanf(text, "%127s %31s %n", head->transcript, head->quirk, &why) == 2 && text[why])
		there = version_has(text + why);
	head->absent = there == 0;
	if (there >= 0)
		return 0;
	fprintf(stderr, "%s:%d: an entry begins with: transcript quirk why\n", d->path, line);
	return -1;
}

struct logdiff *logdiff_load(const char *path)
{
	struct logdiff *d = calloc(1, sizeof(*d));
	FILE *f = fopen(path, "r");
	struct entry head = {0};
	char text[4096];
	int failed = 0;

	if (!d || !f) {
		perror(path);
		free(d);
		return NULL;
	}
	d->path = path;
	for (int line = 1; !failed && fgets(text, sizeof(text), f); line++) {
		text[strcspn(text, "\n")] = '\0';
		failed = logdiff_line(d, &head, text, line);
	}
	fclose(f);
	if (!failed)
		return d;
	logdiff_free(d);
	return NULL;
}

void logdiff_free(struct logdiff *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++)
		free(d->entries[i].text);
	free(d->entries);
	free(d);
}

/* The next byte, \xHH being one; -1 at the end. */
static int logdiff_byte(const char **p)
{
	unsigned byte;

	if (!**p)
		return -1;
	if (sscanf(*p, "\\x%2X", &byte) == 1 && isxdigit((unsigned char)(*p)[3])) {
		*p += 4;
		return (int)byte;
	}
	return (unsigned char)*(*p)++;
}

/* Is the line of nginx's the beginning of ours, n bytes long? */
static bool logdiff_same(const char *nginx, const char *ours, size_t n)
{
	const char *end = ours + n;

	while (ours < end) {
		int a = logdiff_byte(&nginx), b = logdiff_byte(&ours);

		if (a != b && !(b == '_' && (a == '\r' || a == '\n')))
			return false;
	}
	return !*nginx;
}

static bool logdiff_equal(const char *nginx, const char *ours)
{
	const char *pair = strstr(ours, ", [");
	size_t n = strlen(ours);
	const char *upstream;

	if (logdiff_same(nginx, ours, n))
		return true;
	if (strstr(ours, "] client logged in, ") && pair && strstr(pair, "] <=> ["))
		n = (size_t)(pair - ours);
	if (logdiff_same(nginx, ours, n))
		return true;
	upstream = strstr(ours, ", upstream: ");
	return upstream && !strstr(ours, ", login: \"") &&
	       logdiff_same(nginx, ours, (size_t)(upstream - ours));
}

static bool logdiff_listed(struct logdiff *d, const char *transcript, const char *text)
{
	for (size_t i = 0; i < d->n; i++) {
		struct entry *e = &d->entries[i];
		size_t n = strlen(e->text);

		if (strcmp(e->transcript, transcript) && strcmp(e->transcript, "*"))
			continue;
		if (e->prefix ? !strncmp(text, e->text, n) : !strcmp(text, e->text))
			return e->happened = true;
	}
	return false;
}

/* One line that only one of them has. */
static bool logdiff_judge(struct logdiff *d, const char *transcript, char sign, const char *line)
{
	size_t n = strlen(line) + 3;
	char *text = malloc(n);
	bool listed;

	if (!text)
		abort();
	snprintf(text, n, "%c %s", sign, line);
	listed = logdiff_listed(d, transcript, text);
	if (!listed)
		fprintf(stderr, "%.*s%s\n", SHOWN_MAX, text, n > SHOWN_MAX ? "*" : "");
	free(text);
	return listed;
}

struct table {
	uint8_t common[LINES_MAX + 1][LINES_MAX + 1]; /* longest, of the lines from here on */
};

static void logdiff_fill(struct table *t, const struct logdiff_lines *a,
			 const struct logdiff_lines *b)
{
	memset(t, 0, sizeof(*t));
	for (size_t i = a->n; i-- > 0;) {
		for (size_t k = b->n; k-- > 0;) {
			uint8_t down = t->common[i + 1][k], right = t->common[i][k + 1];

			t->common[i][k] = down > right ? down : right;
			if (logdiff_equal(a->lines[i], b->lines[k]))
				t->common[i][k] = (uint8_t)(t->common[i + 1][k + 1] + 1);
		}
	}
}

bool logdiff_compare(struct logdiff *d, const char *transcript, const struct logdiff_lines *nginx,
		     const struct logdiff_lines *ours)
{
	static struct table t;
	size_t i = 0, k = 0;
	bool listed = true;

	if (nginx->n > LINES_MAX || ours->n > LINES_MAX) {
		fprintf(stderr, "%s.txt: too many log lines to compare\n", transcript);
		return false;
	}
	logdiff_fill(&t, nginx, ours);
	while (i < nginx->n || k < ours->n) {
		if (i < nginx->n && k < ours->n && logdiff_equal(nginx->lines[i], ours->lines[k])) {
			i++;
			k++;
		} else if (i < nginx->n &&
			   (k == ours->n || t.common[i + 1][k] >= t.common[i][k + 1])) {
			listed &= logdiff_judge(d, transcript, '-', nginx->lines[i++]);
		} else {
			listed &= logdiff_judge(d, transcript, '+', ours->lines[k++]);
		}
	}
	if (!listed)
		fprintf(stderr, "%s.txt: these log lines differ, and no entry of %s says why\n",
			transcript, d->path);
	return listed;
}

void logdiff_played(struct logdiff *d, const char *transcript)
{
	for (size_t i = 0; i < d->n; i++)
		if (!strcmp(d->entries[i].transcript, transcript))
			d->entries[i].due = true;
}

unsigned logdiff_stale(const struct logdiff *d, bool all)
{
	unsigned stale = 0;

	for (size_t i = 0; i < d->n; i++) {
		const struct entry *e = &d->entries[i];
		bool due = e->due || (all && !strcmp(e->transcript, "*"));

		if (!due || e->happened)
			continue;
		fprintf(stderr, "%s:%d: the logs do not differ in this line any more: %s\n",
			d->path, e->line, e->text);
		stale++;
	}
	return stale;
}
