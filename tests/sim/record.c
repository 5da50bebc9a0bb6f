/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record: what a world leaves behind: the first check that failed, the lines of its trace, and a
 * hash of all that happened. Owns the lines until record_clear().
 *
 * The hash does not depend on whether lines are kept, so that a world can be played again with
 * tracing on and be recognised.
 */
#include "tests/sim/record.h"

#include "tests/sim/kernel.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX = 240, LINES_MAX = 200000 };

struct line {
	uint32_t who;
	char *text;
};

static struct {
	const char *check;
	char why[400];
	uint64_t hash;
	struct line *lines;
	size_t n, room;
} record;

bool kernel_tracing;

void record_clear(void)
{
	for (size_t i = 0; i < record.n; i++)
		free(record.lines[i].text);
	free(record.lines);
	memset(&record, 0, sizeof(record));
}

void record_mix(uint64_t value)
{
	record.hash = (record.hash ^ value) * 0x9e3779b97f4a7c15U;
	record.hash ^= record.hash >> 29;
}

uint64_t kernel_trace_hash(void)
{
	return record.hash;
}

static void keep_line(uint32_t who, const char *text)
{
	if (record.n == LINES_MAX)
		return;
	if (record.n == record.room) {
		size_t room = record.room ? 2 * record.room : 256;
		struct line *lines = realloc(record.lines, room * sizeof(*lines));

		if (!lines)
			return;
		record.lines = lines;
		record.room = room;
	}
	record.lines[record.n++] = (struct line){who, strdup(text)};
}

static void write_line(uint32_t who, const char *format, va_list args)
{
	char text[LINE_MAX];
	int n = snprintf(text, sizeof(text), "%10" PRIu64 " ", kernel_now_us());

	vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
	keep_line(who, text);
}

void record_line(uint32_t who, const char *format, ...)
{
	va_list args;

	if (!kernel_tracing)
		return;
	va_start(args, format);
	write_line(who, format, args);
	va_end(args);
}

void kernel_trace(uint32_t who, const char *format, ...)
{
	va_list args;

	record_mix(who);
	for (const char *c = format; *c; c++)
		record_mix((uint8_t)*c);
	if (!kernel_tracing)
		return;
	va_start(args, format);
	write_line(who, format, args);
	va_end(args);
}

void kernel_trace_print(FILE *to, uint32_t who)
{
	for (size_t i = 0; i < record.n; i++) {
		struct line *l = &record.lines[i];

		if (!who || !l->who || l->who == who)
			fprintf(to, "%4" PRIu32 " %s\n", l->who, l->text ? l->text : "");
	}
}

void kernel_violation(const char *check, const char *format, ...)
{
	va_list args;
	int n;

	kernel_trace(0, "VIOLATION %s", check);
	if (record.check)
		return;
	record.check = check;
	n = snprintf(record.why, sizeof(record.why), "at %" PRIu64 " us: ", kernel_now_us());
	va_start(args, format);
	vsnprintf(record.why + n, sizeof(record.why) - (size_t)n, format, args);
	va_end(args);
}

void record_forgive(void)
{
	record.check = NULL;
	record.why[0] = '\0';
}

const char *kernel_failed_check(void)
{
	return record.check;
}

const char *kernel_failed_text(void)
{
	return record.why;
}
