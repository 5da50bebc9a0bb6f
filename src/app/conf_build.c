/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_build: the small operations that all parts of reading a configuration share.
 */
#include "app/conf_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What servers inherit is looked at for each of them, and remarked on once. */
static bool is_noted(const struct conf_build *b, const char *text)
{
	const struct conf_note *notes = b->notes.items;

	for (uint32_t i = 0; i < b->notes.n; i++)
		if (strcmp(notes[i].text, text) == 0)
			return true;
	return false;
}

static void add_note(struct conf_build *b, enum log_level level, struct conf_error *whole)
{
	struct conf_note *note;

	if (is_noted(b, whole->text))
		return;
	note = conf_pool_push(b->pool, &b->notes, sizeof(*note));
	note->text = conf_pool_text(b->pool, str_cstr(whole->text));
	note->level = level;
}

void conf_build_warn(struct conf_build *b, struct conf_where w, const char *format, ...)
{
	char text[CONF_ERROR_MAX / 2];
	struct conf_error whole;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	conf_error_at(&whole, w, "%s", text);
	add_note(b, LEVEL_WARN, &whole);
}

void conf_build_notice(struct conf_build *b, struct conf_where w, const char *format, ...)
{
	char text[CONF_ERROR_MAX / 2];
	struct conf_error whole;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	conf_error_at(&whole, w, "%s", text);
	add_note(b, LEVEL_NOTICE, &whole);
}

void conf_build_warn_all(struct conf_build *b, struct str text)
{
	struct conf_error whole;

	conf_error_say(&whole, "%.*s", CONF_STR(text));
	add_note(b, LEVEL_WARN, &whole);
}

const char *conf_build_path(struct conf_build *b, const char *folder, struct str name)
{
	if (name.n && name.p[0] == '/')
		return conf_pool_text(b->pool, name);
	return (const char *)conf_pool_join(b->pool, str_cstr(folder), name).p;
}

void conf_build_inherit(struct conf_settings *to, const struct conf_settings *base)
{
	for (uint32_t i = 0; i < conf_table_n(); i++) {
		const struct conf_row *row = conf_table_row(i);

		if (row->size && !conf_build_seen(to, row))
			memcpy((char *)to + row->offset, (const char *)base + row->offset,
			       row->size);
	}
}
