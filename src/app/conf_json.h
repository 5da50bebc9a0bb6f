/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_json: a loaded configuration as JSON, for -T --json: every directive as it was written, and
 * every server as it has been understood. Contents of files other than those of the configuration
 * itself are never in it: no key, no password.
 */
#ifndef APP_CONF_JSON_H
#define APP_CONF_JSON_H

#include "app/conf.h"

#include <stdio.h>

/* One object and a line feed. c was loaded with options.json. -1: there was no memory or no room.
 */
NODISCARD int conf_json_print(const struct conf *c, FILE *to);

#endif
