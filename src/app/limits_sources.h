/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits_sources: whether this machine has the addresses of proxy_bind now. They may come later, so
 * it is a warning only.
 */
#ifndef APP_LIMITS_SOURCES_H
#define APP_LIMITS_SOURCES_H

#include "app/limits.h"

/* One warning for each address that nothing can be dialled from. */
void limits_sources_check(const struct conf *conf, limits_say *say);

#endif
