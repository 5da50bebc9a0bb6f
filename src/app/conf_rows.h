/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_rows: what the files that hold rows of the table of directives share: how a row is written.
 */
#ifndef APP_CONF_ROWS_H
#define APP_CONF_ROWS_H

#include "app/conf_table.h"

/* Some rows; conf_table knows all of these. */
struct conf_rows {
	const struct conf_row *v;
	uint32_t n;
};

extern const struct conf_rows conf_rows_core, conf_rows_tls, conf_rows_nginx;

#define M_S   (CONF_IN_MAIL | CONF_IN_SERVER)
#define MAIN  CONF_IN_MAIN
#define EVENT CONF_IN_EVENTS
#define AT(field)                                                                                  \
	.offset = offsetof(struct conf_settings, field),                                           \
	.size = sizeof(((struct conf_settings *)NULL)->field)

#define ARGS(min, max)  .args_min = (min), .args_max = (max)
#define LIMIT(from, to) .min = (from), .max = (to)

/* A row that has an effect; contexts, arity and the rest follow. */
#define SETTING(text, where) .name = (text), .kind = CONF_SETTING, .contexts = (where)
#define BLOCK(text, where, inside)                                                                 \
	.name = (text), .kind = CONF_BLOCK, .contexts = (where), .opens = (inside)
#define INCLUDE(text, where) .name = (text), .kind = CONF_INCLUDE, .contexts = (where)
/* NGINX's own business; it counts and reads the arguments: a mistake in them is one here as well.
 */
#define IDLE_ARGS(text, where, least, most)                                                        \
	.name = (text), .kind = CONF_IDLE, .contexts = (where), ARGS(least, most)
#define IDLE_FLAG(text, where)                                                                     \
	{                                                                                          \
		IDLE_ARGS(text, where, 1, 1), .set = conf_value_flag, .syntax = "on | off",        \
					      .offset = offsetof(struct conf_settings, idle)       \
	}
#define FOREIGN(text)                                                                              \
	{                                                                                          \
		.name = (text), .kind = CONF_FOREIGN, .contexts = MAIN, .args_max = CONF_ARGS_ANY, \
		.repeats = true                                                                    \
	}

#endif
