/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_auth: auth_http and auth_http_header: where the authentication service is and what it is
 * told in addition.
 */
#ifndef APP_CONF_AUTH_H
#define APP_CONF_AUTH_H

#include "app/conf_build.h"

struct conf_auth_url {
	struct str uri, host, name; /* as struct auth_http_conf and auth_service_conf have them */
	const union socket_address *addresses;
	uint32_t n_addresses;
	bool https;
	bool named;    /* the host is a name, and not the one of this machine */
	uint16_t port; /* then: of its addresses */
	struct conf_where where;
};

conf_set conf_auth_set_url, conf_auth_set_header;

#endif
