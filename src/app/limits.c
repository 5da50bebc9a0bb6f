/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits: raises what may be raised and puts the findings into words. Sets only limits of its own
 * process.
 */
#include "app/limits.h"

#include "app/limits_judge.h"
#include "app/limits_sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LINE_MAX = 1024 };

static void set_limit(int resource, const char *name, rlim_t value, limits_say *say)
{
	struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
	char text[LINE_MAX];

	if (setrlimit((__rlimit_resource_t)resource, &limit) == 0)
		return;
	snprintf(text, sizeof(text), "setrlimit(%s, %llu) failed (%d: %s)", name,
		 (unsigned long long)value, errno, strerror(errno));
	say(LEVEL_ALERT, text);
}

static void raise_soft(int resource)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit((__rlimit_resource_t)resource, &limit);
}

/* As root, and only if it helps; the report says so if that is not allowed. */
static void raise_locked_memory(rlim_t value)
{
	struct rlimit limit;

	raise_soft(RLIMIT_MEMLOCK);
	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_max >= value || geteuid() != 0)
		return;
	limit.rlim_cur = limit.rlim_max = value;
	setrlimit(RLIMIT_MEMLOCK, &limit);
}

void limits_raise(const struct conf *conf, limits_say *say)
{
	if (conf->main.nofile_max)
		set_limit(RLIMIT_NOFILE, "RLIMIT_NOFILE", conf->main.nofile_max, say);
	else
		raise_soft(RLIMIT_NOFILE);
	if (conf->main.core_said)
		set_limit(RLIMIT_CORE, "RLIMIT_CORE", conf->main.core_max, say);
	raise_locked_memory(limits_judge_locked_bytes(&conf->worker));
}

static uint32_t judge(const struct conf *conf, size_t memory, struct limits_row *rows)
{
	struct limits_found found;
	struct limits_need need;

	limits_found_read(&found, "", conf);
	limits_judge_need(&need, conf, memory);
	return limits_judge_all(&found, &need, rows);
}

static void write_figures(struct out *o, const struct limits_row *row)
{
	out_str(o, str_cstr(row->text));
	out_lit(o, ": found ");
	limits_judge_figure(o, row, row->found);
	out_lit(o, ", needed ");
	limits_judge_figure(o, row, row->need);
}

static void say_row(const struct limits_row *row, limits_say *say)
{
	char text[LINE_MAX];
	struct out o;

	out_init(&o, text, sizeof(text) - 1);
	write_figures(&o, row);
	out_lit(&o, ": ");
	out_str(&o, row->low ? STR("too low: ") : STR("ok"));
	out_str(&o, str_cstr(row->mend));
	text[out_data(&o).n] = '\0';
	say(row->low ? LEVEL_WARN : LEVEL_NOTICE, text);
}

void limits_list(const struct conf *conf, size_t memory, limits_say *say)
{
	struct limits_row rows[LIMITS_ROWS];
	uint32_t n = judge(conf, memory, rows);

	for (uint32_t i = 0; i < n; i++)
		say_row(&rows[i], say);
	limits_sources_check(conf, say);
}

static void say_good(const struct limits_row *rows, uint32_t n, limits_say *say)
{
	char text[2 * LINE_MAX];
	const char *between = "limits that are high enough: ";
	struct out o;

	out_init(&o, text, sizeof(text) - 1);
	for (uint32_t i = 0; i < n; i++) {
		if (rows[i].low)
			continue;
		out_str(&o, str_cstr(between));
		write_figures(&o, &rows[i]);
		between = "; ";
	}
	text[out_data(&o).n] = '\0';
	if (out_data(&o).n)
		say(LEVEL_NOTICE, text);
}

void limits_report(const struct conf *conf, size_t memory, limits_say *say)
{
	struct limits_row rows[LIMITS_ROWS];
	uint32_t n = judge(conf, memory, rows);
	char text[LINE_MAX];

	snprintf(text, sizeof(text),
		 "threads: %u, connections per thread: %u, memory reserved: %zu.%zu MB",
		 conf->worker.threads, conf->worker.connections, memory / 1000000,
		 memory / 100000 % 10);
	say(LEVEL_NOTICE, text);
	say_good(rows, n, say);
	for (uint32_t i = 0; i < n; i++)
		if (rows[i].low)
			say_row(&rows[i], say);
	limits_sources_check(conf, say);
}
