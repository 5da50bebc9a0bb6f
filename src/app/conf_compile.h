/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_compile: from what was read to what runs: inheritance, defaults that depend on the machine,
 * checks across directives.
 */
#ifndef APP_CONF_COMPILE_H
#define APP_CONF_COMPILE_H

#include "app/conf_build.h"

/* Fill *c (path and pool are the caller's) from b, which ends here; its memory lives on in c. */
NODISCARD int conf_compile_all(struct conf_build *b, struct conf *c);

#endif
