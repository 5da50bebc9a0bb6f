/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_names: ssl_server_name NAME ... { }: blocks of certificates for clients that ask for one of
 * the names (SNI, RFC 6066 section 3).
 */
#ifndef APP_CONF_NAMES_H
#define APP_CONF_NAMES_H

#include "app/conf_build.h"

/* Where the directives of the block go; NULL: a name is none. */
NODISCARD struct conf_settings *conf_names_open(struct conf_build *b, const struct conf_call *c);

/* -1: a name is in two of these blocks (struct conf_settings *), or twice in one. */
NODISCARD int conf_names_check(struct conf_build *b, const struct conf_vec *blocks);

#endif
