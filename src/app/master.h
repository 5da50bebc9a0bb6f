/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * master: the process that binds, starts the worker process and obeys the administrator's signals.
 * It never touches a client's byte.
 */
#ifndef APP_MASTER_H
#define APP_MASTER_H

#include "app/options.h"

/*
 * Runs until told to stop and gives the exit status. With `daemon on` it returns in the process
 * that was called as well: 0 once the daemon serves, 1 if it could not begin (it has said why).
 */
int master_run(const struct options *o);

#endif
