/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_error: composes error sentences. What it quotes from the file is shown printable, so that
 * no configuration can play tricks with a terminal.
 */
#include "app/conf_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

int conf_error_at(struct conf_error *e, struct conf_where w, const char *format, ...)
{
	size_t n;
	va_list args;

	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	n = strlen(e->text);
	if (!w.file)
		snprintf(e->text + n, sizeof(e->text) - n, " in command line");
	else if (w.line)
		snprintf(e->text + n, sizeof(e->text) - n, " in %s:%u", w.file, w.line);
	else
		snprintf(e->text + n, sizeof(e->text) - n, " in %s", w.file);
	make_printable(e->text);
	return -1;
}

int conf_error_say(struct conf_error *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	make_printable(e->text);
	return -1;
}

int conf_error_help(struct conf_error *e, const char *format, ...)
{
	size_t n = strlen(e->text);
	va_list args;

	if (n + 4 >= sizeof(e->text))
		return -1;
	memcpy(e->text + n, " (", 3);
	va_start(args, format);
	vsnprintf(e->text + n + 2, sizeof(e->text) - n - 3, format, args);
	va_end(args);
	n = strlen(e->text);
	e->text[n] = ')';
	e->text[n + 1] = '\0';
	make_printable(e->text);
	return -1;
}
