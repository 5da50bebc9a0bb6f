/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * environment: what of the environment a worker process and a new binary get: TZ and what `env`
 * names, nothing else.
 */
#ifndef APP_ENVIRONMENT_H
#define APP_ENVIRONMENT_H

#include "app/conf.h"

/* First of all: where the environment is that the process was started with. */
void environment_remember(void);

/* An environment as execve(2) takes it: `first` ("NAME=VALUE" or NULL), then what the configuration
 * wants of the present one. free() it; its strings belong to others. NULL: no memory. */
NODISCARD char **environment_make(const struct conf_main *main, const char *first);

/*
 * In a process that serves: makes it this process's environment, and the one that the system shows
 * of it (/proc/PID/environ), where there is room for it. -1: no memory.
 */
NODISCARD int environment_settle(const struct conf_main *main);

#endif
