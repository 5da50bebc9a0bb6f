/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logbook: see logbook.h.
 */
#include "tests/twin/logbook.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One record of the file: a line, and those behind it that begin with no date. */
struct record {
	char *text; /* printable */
	unsigned long number;
	const char *level, *message; /* in text */
};

static void *logbook_alloc(void *p, size_t n)
{
	p = realloc(p, n);
	if (!p)
		abort();
	return p;
}

static char *logbook_read(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0, got = 1;

	*n = 0;
	if (!f) {
		perror(path);
		return NULL;
	}
	while (got) {
		size = size * 2 + 65536;
		text = logbook_alloc(text, size + 1);
		got = fread(text + *n, 1, size - *n, f);
		*n += got;
	}
	text[*n] = '\0';
	fclose(f);
	return text;
}

/* "2026/11/22 22:06:45 [info] ..." */
static bool logbook_dated(const char *p)
{
	static const char form[] = "0000/00/00 00:00:00 [";

	for (size_t i = 0; form[i]; i++)
		if (form[i] == '0' ? !isdigit((unsigned char)p[i]) : p[i] != form[i])
			return false;
	return true;
}

static char *logbook_print(const char *p, size_t n)
{
	char *text = logbook_alloc(NULL, 4 * n + 1), *to = text;

	for (size_t i = 0; i < n; i++) {
		unsigned c = (unsigned char)p[i];

		if (c < 0x20 || c > 0x7e)
			to += snprintf(to, 5, "\\x%02X", c);
		else
			*to++ = (char)c;
	}
	*to = '\0';
	return text;
}

/* "DATE TIME [info] 1#1: *17 message" in its parts; false when it is no connection's. */
static bool logbook_parse(struct record *r)
{
	char *level = strchr(r->text, '['), *end = strchr(level, ']'), *message;
	char *mark = end ? strstr(end, ": *") : NULL;

	if (!mark)
		return false;
	r->number = strtoul(mark + 3, &message, 10);
	if (*message != ' ')
		return false;
	end[1] = '\0';
	r->level = level;
	r->message = message + 1;
	return true;
}

static unsigned logbook_port(const char *message)
{
	static const char *const before[] = {"connected to 127.0.0.1:", "server: 127.0.0.1:"};

	for (int i = 0; i < 2; i++) {
		const char *at = strstr(message, before[i]);

		if (at)
			return (unsigned)strtoul(at + strlen(before[i]), NULL, 10);
	}
	return 0;
}

static void logbook_add(struct logbook *b, const struct record *r)
{
	struct logbook_talk *t;
	size_t n = strlen(r->level) + strlen(r->message) + 2;
	char *line = logbook_alloc(NULL, n);

	if (r->number >= b->n) {
		b->talks = logbook_alloc(b->talks, (r->number + 1) * sizeof(*b->talks));
		memset(b->talks + b->n, 0, (r->number + 1 - b->n) * sizeof(*b->talks));
		b->n = r->number + 1;
	}
	t = &b->talks[r->number];
	t->port = t->port ? t->port : logbook_port(r->message);
	snprintf(line, n, "%s %s", r->level, r->message);
	t->lines = logbook_alloc(t->lines, (t->n + 1) * sizeof(*t->lines));
	t->lines[t->n++] = line;
}

struct logbook *logbook_open(const char *path)
{
	struct logbook *b;
	size_t n;
	char *text = logbook_read(path, &n), *at = text, *end = text + n;

	if (!text)
		return NULL;
	b = logbook_alloc(NULL, sizeof(*b));
	*b = (struct logbook){0};
	while (at < end) {
		char *next = at;
		struct record r;

		do {
			next = memchr(next, '\n', (size_t)(end - next));
			next = next ? next + 1 : end;
		} while (next < end && !logbook_dated(next));
		r = (struct record){.text = logbook_print(at, (size_t)(next - at - 1))};
		if (logbook_dated(at) && logbook_parse(&r))
			logbook_add(b, &r);
		free(r.text);
		at = next;
	}
	free(text);
	return b;
}

void logbook_free(struct logbook *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n; i++) {
		for (size_t k = 0; k < b->talks[i].n; k++)
			free(b->talks[i].lines[k]);
		free(b->talks[i].lines);
	}
	free(b->talks);
	free(b);
}

const struct logbook_talk *logbook_find(const struct logbook *b, unsigned port, unsigned nth)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->talks[i].port == port && nth-- == 0)
			return &b->talks[i];
	return NULL;
}

/* The name of what is at 127.0.0.1:port in this run. */
static const char *logbook_name(unsigned port, const struct script_vars *vars)
{
	if (port == vars->listen_port)
		return "$LISTEN";
	if (port == vars->port)
		return "$PORT";
	if (port == vars->auth_port)
		return "$AUTH_PORT";
	return port == vars->dead_port ? "$DEAD_PORT" : "$CLIENT";
}

char *logbook_line(const char *line, const struct script_vars *vars)
{
	static const char here[] = "127.0.0.1:";
	char *text = logbook_alloc(NULL, 2 * strlen(line) + 1), *to = text;

	while (*line) {
		char *end;
		unsigned port;

		if (strncmp(line, here, strlen(here)) != 0) {
			*to++ = *line++;
			continue;
		}
		to = stpcpy(to, here);
		line += strlen(here);
		port = (unsigned)strtoul(line, &end, 10);
		if (end > line)
			to = stpcpy(to, logbook_name(port, vars));
		line = end;
	}
	*to = '\0';
	return text;
}
