/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_tls_client: from the settings of proxy_ssl and auth_http_ssl to what speaks TLS with mail
 * servers and authentication services.
 */
#ifndef APP_CONF_TLS_CLIENT_H
#define APP_CONF_TLS_CLIENT_H

#include "app/conf_build.h"

/* Whose directives they are, and what holds where they say nothing. */
struct conf_tls_client_of {
	const char *prefix;      /* "proxy_ssl" */
	struct conf_where where; /* for errors that no file is to blame for */
	struct str name;         /* the peer's, unless the settings have one */
	bool system_ca;          /* trust whom the system trusts, unless they say whom */
};

/* Everything that *to says is the pool's or the files'. */
NODISCARD int conf_tls_client_lay_out(struct conf_build *b, const struct conf_tls_client *settings,
				      const struct conf_tls_client_of *of,
				      struct tls_connector_conf *to);

/* NULL: *b->error says why. What has the same settings and name is the same one. */
NODISCARD const struct connector *conf_tls_client_build(struct conf_build *b,
							const struct conf_tls_client *settings,
							const struct conf_tls_client_of *of);

#endif
