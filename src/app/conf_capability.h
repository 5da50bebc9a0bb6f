/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_capability: what smtp_capabilities, pop3_capabilities and imap_capabilities promise to
 * clients that are not logged in yet, and that we do not keep. A warning each, never an error: the
 * lists of existing configurations are announced as they stand.
 */
#ifndef APP_CONF_CAPABILITY_H
#define APP_CONF_CAPABILITY_H

#include "app/conf_build.h"

/* Of a server whose settings are complete. Servers that inherit a list share its warnings. */
void conf_capability_check(struct conf_build *b, const struct conf_settings *s);

#endif
