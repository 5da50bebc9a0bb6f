/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_resolver: `resolver`: which name servers are asked, as NGINX takes it apart.
 */
#ifndef APP_CONF_RESOLVER_H
#define APP_CONF_RESOLVER_H

#include "app/conf_build.h"

conf_set conf_resolver_set;

/* What a server has of it, which `all` (struct dns_conf *) comes to know; NULL: off. */
const struct resolver_conf *conf_resolver_build(struct conf_build *b, const struct conf_settings *s,
						struct conf_vec *all);

#endif
