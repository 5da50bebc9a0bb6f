/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_parse: statements to settings: contexts, arity, duplicates, include, and what is said about
 * directives that are unknown, foreign or not there yet.
 */
#ifndef APP_CONF_PARSE_H
#define APP_CONF_PARSE_H

#include "app/conf_build.h"

/* Fill b->main with what holds when nobody says anything. */
NODISCARD int conf_parse_defaults(struct conf_build *b);

/* A whole configuration, or more of one. file: its name for messages, NULL for the -g option. */
NODISCARD int conf_parse_text(struct conf_build *b, const char *file, struct str text);

/* The file at this path, in main context. */
NODISCARD int conf_parse_file(struct conf_build *b, const char *path);

#endif
