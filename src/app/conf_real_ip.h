/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_real_ip: lists of peers: set_real_ip_from, whose PROXY headers are believed, and
 * debug_connection, whose sessions are logged in full.
 */
#ifndef APP_CONF_REAL_IP_H
#define APP_CONF_REAL_IP_H

#include "app/conf_build.h"

conf_set conf_real_ip_set;

#endif
