/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_log: the error_log directive: files, stderr and syslog servers, each with its level.
 */
#ifndef APP_CONF_LOG_H
#define APP_CONF_LOG_H

#include "app/conf_build.h"

conf_set conf_log_set;

/* error_log of the main level, when nothing is said there, or no file and -e names one. */
void conf_log_settle(struct conf_build *b);

#endif
