/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_bind: the directive proxy_bind: the addresses that connections to mail servers come from.
 */
#ifndef APP_CONF_BIND_H
#define APP_CONF_BIND_H

#include "app/conf_build.h"

conf_set conf_bind_set;

#endif
