/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_error: where something is in a configuration, and sentences about it in NGINX's form:
 * "MESSAGE in FILE:LINE", with what to do about it behind, in brackets.
 */
#ifndef APP_CONF_ERROR_H
#define APP_CONF_ERROR_H

#include "app/conf.h"

/* For printf's "%.*s". */
#define CONF_STR(s) (int)(s).n, (const char *)(s).p

struct conf_where {
	const char *file; /* NULL: the -g option */
	uint32_t line;    /* 0: the file as a whole */
};

/* Always -1, to be returned. */
int conf_error_at(struct conf_error *e, struct conf_where w, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same about no place in a file. Always -1. */
int conf_error_say(struct conf_error *e, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds " (HELP)" to what conf_error_at() said. Always -1. */
int conf_error_help(struct conf_error *e, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
