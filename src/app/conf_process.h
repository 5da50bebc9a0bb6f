/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_process: setters of directives about the worker process that have rules of their own:
 * worker_priority and env.
 */
#ifndef APP_CONF_PROCESS_H
#define APP_CONF_PROCESS_H

#include "app/conf_build.h"

conf_set conf_process_priority, conf_process_env;

#endif
