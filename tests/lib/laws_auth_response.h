/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * laws_auth_response: plugs auth_http_response into the laws. The input is what the auth service
 * says on one connection, up to its close; bytes behind the response are offered to the engine
 * too, which must leave them and call the connection useless.
 */
#ifndef LIB_LAWS_AUTH_RESPONSE_H
#define LIB_LAWS_AUTH_RESPONSE_H

#include "laws.h"
#include "proto/auth_http.h"

/* The `conf` of laws_check() for this engine. */
struct laws_auth_response {
	bool need_password;
	size_t store_max; /* bytes of the store that are lent; 0: all */
};

extern const struct laws_engine laws_auth_response_engine;

#endif
