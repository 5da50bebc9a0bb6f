/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coverage: see coverage.h.
 */
#include "tests/twin/coverage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIRE_ANSWER = SCRIPT_WIRES, WIRE_LOG, WIRES };

enum who { WHO_BOTH, WHO_NGINX, WHO_NEVER, WHOS };

static const char *const wire_names[WIRES] = {"client", "auth", "back", "answer", "log"};
static const char *const who_names[WHOS] = {"both", "nginx", "never"};

struct entry {
	char transcript[128];
	char *text;
	int wire, who, line;
	bool checked;
};

struct coverage {
	const char *path;
	struct entry *entries;
	size_t n;
};

static int coverage_word(const char *word, const char *const *words, int n)
{
	int i = 0;

	while (i < n && strcmp(word, words[i]) != 0)
		i++;
	return i < n ? i : -1;
}

static int coverage_add(struct coverage *c, const char *line, int number)
{
	struct entry e = {.line = number};
	char wire[16], who[16];
	int at = 0;

	if (sscanf(line, "%15s %15s %127s %n", wire, who, e.transcript, &at) == 3 && line[at]) {
		e.wire = coverage_word(wire, wire_names, WIRES);
		e.who = coverage_word(who, who_names, WHOS);
		if (e.wire >= 0 && e.who >= 0 &&
		    (e.who == WHO_NEVER) == !strcmp(e.transcript, "-") &&
		    (e.who != WHO_NEVER || strstr(line + at, " -- "))) {
			e.text = strdup(line + at);
			c->entries = realloc(c->entries, (c->n + 1) * sizeof(*c->entries));
			if (!c->entries || !e.text)
				abort();
			c->entries[c->n++] = e;
			return 0;
		}
	}
	fprintf(stderr, "%s:%d: an entry is: wire who transcript text\n", c->path, number);
	return -1;
}

struct coverage *coverage_load(const char *path)
{
	struct coverage *c = calloc(1, sizeof(*c));
	FILE *f = fopen(path, "r");
	char text[1024];
	int failed = 0;

	if (!c || !f) {
		perror(path);
		free(c);
		return NULL;
	}
	c->path = path;
	for (int line = 1; !failed && fgets(text, sizeof(text), f); line++) {
		text[strcspn(text, "\n")] = '\0';
		if (text[0] && text[0] != '#')
			failed = coverage_add(c, text, line);
	}
	fclose(f);
	if (!failed)
		return c;
	coverage_free(c);
	return NULL;
}

void coverage_free(struct coverage *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		free(c->entries[i].text);
	free(c->entries);
	free(c);
}

/* Is there such a line? */
static bool coverage_has(struct str said, struct str text)
{
	bool open = text.n && text.p[text.n - 1] == '*';

	text = str_first(text, text.n - open);
	while (said.n) {
		size_t n = str_find(said, '\n');
		struct str line = str_first(said, n);

		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (open ? str_starts(line, text) : str_eq(line, text))
			return true;
		said = n < said.n ? str_from(said, n + 1) : str_none();
	}
	return false;
}

static bool coverage_answered(const struct script *s, struct str text)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->steps[i].kind == SCRIPT_SEND && s->steps[i].wire == SCRIPT_AUTH &&
		    coverage_has(s->steps[i].text, text))
			return true;
	return false;
}

static bool coverage_logged(const struct logbook_talk *talk, const char *text)
{
	for (size_t i = 0; talk && i < talk->n; i++)
		if (strstr(talk->lines[i], text))
			return true;
	return false;
}

static bool coverage_said(const struct entry *e, const struct slot *s, int proxy,
			  const struct logbook_talk *talk)
{
	if (e->wire == WIRE_LOG)
		return coverage_logged(talk, e->text);
	if (e->wire == WIRE_ANSWER)
		return coverage_answered(s->scripts[proxy], str_cstr(e->text));
	return coverage_has(s->heard[proxy][e->wire], str_cstr(e->text));
}

/* Whose transcript is not known yet: name those that would do. */
static void coverage_suggest(struct entry *e, const struct slot *s,
			     const struct logbook_talk *const talks[PROXIES])
{
	bool nginx = coverage_said(e, s, SCRIPT_NGINX, talks[SCRIPT_NGINX]);
	bool ours = coverage_said(e, s, SCRIPT_RINGPOST, talks[SCRIPT_RINGPOST]);

	if (nginx && (ours || e->who == WHO_NGINX))
		fprintf(stderr, "%s %s %s %s\n", wire_names[e->wire],
			who_names[ours ? WHO_BOTH : WHO_NGINX], s->scripts[0]->name, e->text);
}

unsigned coverage_check(struct coverage *c, const struct slot *s,
			const struct logbook_talk *const talks[PROXIES])
{
	static const char *const names[PROXIES] = {"nginx", "ringpost"};
	unsigned missing = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct entry *e = &c->entries[i];

		if (!strcmp(e->transcript, "?"))
			coverage_suggest(e, s, talks);
		if (strcmp(e->transcript, s->scripts[0]->name) != 0)
			continue;
		e->checked = true;
		for (int p = 0; p < PROXIES; p++) {
			bool due = e->who == WHO_BOTH || p == SCRIPT_NGINX;

			if (due == coverage_said(e, s, p, talks[p]))
				continue;
			fprintf(stderr, "%s:%d: %s: %s %s this on the %s wire: %s\n", c->path,
				e->line, e->transcript, names[p], due ? "does not say" : "says too",
				wire_names[e->wire], e->text);
			missing++;
		}
	}
	return missing;
}

unsigned coverage_rest(const struct coverage *c)
{
	unsigned missing = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct entry *e = &c->entries[i];

		if (e->who == WHO_NEVER || e->checked)
			continue;
		fprintf(stderr, "%s:%d: no such transcript was compared: %s\n", c->path, e->line,
			e->transcript);
		missing++;
	}
	return missing;
}

void coverage_report(const struct coverage *c)
{
	size_t never = 0;

	for (size_t i = 0; i < c->n; i++)
		never += c->entries[i].who == WHO_NEVER;
	printf("%zu texts of nginx's were heard; %zu this nginx cannot say, see %s\n", c->n - never,
	       never, c->path);
}
