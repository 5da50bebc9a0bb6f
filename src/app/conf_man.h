/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_man: the list of directives for the manual page ringpost.conf(5), from the table.
 */
#ifndef APP_CONF_MAN_H
#define APP_CONF_MAN_H

#include "base/str.h"

/* roff, to standard output; -1 when that cannot be written. */
NODISCARD int conf_man_print(void);

#endif
