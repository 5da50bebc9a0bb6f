/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command: what the program does instead of serving: -v, -V, -h, -t, -s, --man-directives.
 */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include "app/options.h"

enum { COMMAND_SERVE = -1 };

/* The exit status after doing what the options ask for, or COMMAND_SERVE: go on and run. */
int command_perform(const struct options *o);

#endif
