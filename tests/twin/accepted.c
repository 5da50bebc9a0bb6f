/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * accepted: see accepted.h.
 */
#include "tests/twin/accepted.h"

#include "tests/twin/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	char transcript[128], wire[8], quirk[32];
	int line;
	bool due, happened;
};

struct accepted {
	const char *path;
	struct entry *entries;
	size_t n;
};

static const char *const wire_names[SCRIPT_WIRES] = {"client", "auth", "back"};

static int accepted_add(struct accepted *a, const char *text, int line)
{
	struct entry e = {.line = line};
	int why = 0, there = -1;

	if (sscanf(text, "%127s %7s %31s %n", e.transcript, e.wire, e.quirk, &why) == 3 &&
	    text[why])
		there = version_has(text + why);
	if (there < 0) {
		fprintf(stderr, "%s:%d: an entry is: transcript wire quirk why\n", a->path, line);
		return -1;
	}
	if (!there)
		return 0;
	a->entries = realloc(a->entries, (a->n + 1) * sizeof(*a->entries));
	if (!a->entries)
		abort();
	a->entries[a->n++] = e;
	return 0;
}

struct accepted *accepted_load(const char *path)
{
	struct accepted *a = calloc(1, sizeof(*a));
	FILE *f = fopen(path, "r");
	char text[512];
	int failed = 0;

	if (!a || !f) {
		perror(path);
		free(a);
		return NULL;
	}
	a->path = path;
	for (int line = 1; !failed && fgets(text, sizeof(text), f); line++) {
		text[strcspn(text, "\n")] = '\0';
		if (text[0] && text[0] != '#')
			failed = accepted_add(a, text, line);
	}
	fclose(f);
	if (!failed)
		return a;
	accepted_free(a);
	return NULL;
}

void accepted_free(struct accepted *a)
{
	if (!a)
		return;
	free(a->entries);
	free(a);
}

bool accepted_allows(struct accepted *a, const char *transcript, enum script_wire wire)
{
	for (size_t i = 0; i < a->n; i++) {
		struct entry *e = &a->entries[i];

		if (!strcmp(e->transcript, transcript) && !strcmp(e->wire, wire_names[wire]))
			return e->happened = true;
	}
	return false;
}

void accepted_played(struct accepted *a, const char *transcript)
{
	for (size_t i = 0; i < a->n; i++)
		if (!strcmp(a->entries[i].transcript, transcript))
			a->entries[i].due = true;
}

unsigned accepted_stale(const struct accepted *a)
{
	unsigned stale = 0;

	for (size_t i = 0; i < a->n; i++) {
		const struct entry *e = &a->entries[i];

		if (!e->due || e->happened)
			continue;
		fprintf(stderr, "%s:%d: %s: the proxies do not differ on the %s wire any more\n",
			a->path, e->line, e->transcript, e->wire);
		stale++;
	}
	return stale;
}
