/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logs: see logs.h. Lines belong to a run when they name the run's own listening address.
 */
#include "tests/twin/logs.h"

#include "tests/twin/player.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

long logs_size(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (long)st.st_size;
}

static char *logs_read(const struct player *p)
{
	long size = logs_size(p->run.log_path) - p->log_from;
	FILE *f = fopen(p->run.log_path, "r");
	char *text = calloc(1, (size_t)(size > 0 ? size : 0) + 1);
	size_t got = 0;

	if (!text)
		abort();
	if (f && size > 0 && !fseek(f, p->log_from, SEEK_SET))
		got = fread(text, 1, (size_t)size, f);
	if (f)
		fclose(f);
	for (size_t i = 0; i < got; i++) /* nginx writes names as they are */
		text[i] = text[i] ? text[i] : '?';
	return text;
}

static bool logs_is_ours(const struct player *p, const char *line)
{
	static const char *const before[] = {"server: ", " connected to "};
	char server[64];

	for (int i = 0; i < 2; i++) {
		const char *at;

		snprintf(server, sizeof(server), "%s127.0.0.1:%u", before[i], p->run.listen_port);
		at = strstr(line, server);
		if (at && (at[strlen(server)] == '\0' || at[strlen(server)] == ','))
			return true;
	}
	return false;
}

/* Does the line say "[level] 1#1: *1 message", want being "level message"? */
static bool logs_matches(const char *line, struct str want)
{
	size_t n = str_find(want, ' ');
	char level[16];
	const char *at;
	struct str message = str_from(want, n + 1);

	snprintf(level, sizeof(level), " [%.*s] ", (int)(n < 10 ? n : 10), (const char *)want.p);
	at = strstr(line, level);
	at = at ? strstr(at, ": *") : NULL;
	at = at ? strchr(at + 3, ' ') : NULL;
	return at && !strncmp(at + 1, (const char *)message.p, message.n);
}

/* The next L: step at or after *step, expanded; p NULL at the end. */
static struct str logs_next(const struct player *p, size_t *step)
{
	const struct script *s = p->run.script;

	while (*step < s->n && s->steps[*step].kind != SCRIPT_LOG)
		++*step;
	return *step < s->n ? script_expand(s->steps[*step].text, &p->run.vars) : str_none();
}

static void logs_complain(struct player *p, struct str want, char *text)
{
	char *end;

	fprintf(stderr, "%s.txt: with %s: the log lacks \"%.*s\"; it says:\n", p->run.script->name,
		p->run.proxy_name, (int)want.n, (const char *)want.p);
	for (char *line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (logs_is_ours(p, line))
			fprintf(stderr, "    %s\n", line);
	}
	p->failed = true;
}

bool logs_check(struct player *p, bool last)
{
	size_t step = 0;
	struct str want = logs_next(p, &step);
	char *text, *line, *end;

	if (!want.p)
		return true;
	text = logs_read(p);
	for (line = text; want.p && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (logs_is_ours(p, line) && logs_matches(line, want)) {
			free((void *)(uintptr_t)want.p);
			step++;
			want = logs_next(p, &step);
		}
		*end = '\n';
	}
	if (want.p && last)
		logs_complain(p, want, text);
	free((void *)(uintptr_t)want.p);
	free(text);
	return !want.p;
}
