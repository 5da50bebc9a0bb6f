/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_net: addresses as configurations write them, to socket addresses. Asks the system's
 * resolver for host names, which may block: at start only.
 */
#ifndef APP_CONF_NET_H
#define APP_CONF_NET_H

#include "app/conf_build.h"

/* "host", "host:port", "[v6]:port", "unix:path" taken apart. */
struct conf_net_name {
	struct str host; /* as written, brackets included; empty: none given */
	struct str port; /* p NULL: no colon; else what follows it */
};

/* -1: an opening bracket without a closing one, or something odd behind it. */
NODISCARD int conf_net_split(struct str s, struct conf_net_name *name);

NODISCARD int conf_net_port(struct str s, uint16_t *port);

/* struct conf_vec of union socket_address, port set; nothing found: -1. */
NODISCARD int conf_net_resolve(struct conf_pool *pool, struct conf_net_name name, uint16_t port,
			       struct conf_vec *found);

/* The path of a unix socket; -1: empty or too long. */
NODISCARD int conf_net_unix(struct str path, union socket_address *a);

socklen_t conf_net_length(const union socket_address *a);

/* "0.0.0.0:25", "[::]:25", "unix:/path", in the pool. */
struct str conf_net_text(struct conf_pool *pool, const union socket_address *a);

/* The name of this machine. */
struct str conf_net_machine(struct conf_pool *pool);

#endif
