/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_listen: the listen directive: every form of address and every parameter.
 */
#ifndef APP_CONF_LISTEN_H
#define APP_CONF_LISTEN_H

#include "app/conf_build.h"

conf_set conf_listen_set;

#endif
