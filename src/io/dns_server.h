/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_server: a name server and its channels of c-ares, which know no other one and make their
 * sockets by dns_sockets.h.
 *
 * A channel that has asked a while is left alone until all of it is answered and its sockets are
 * closed, so that nobody has the time to guess their ports.
 */
#ifndef IO_DNS_SERVER_H
#define IO_DNS_SERVER_H

#include "io/conf.h"
#include "io/dns_sockets.h"

#define CARES_NO_DEPRECATED
#include <ares.h>

struct dns_channel {
	struct dns_sockets *sockets;
	ares_channel ares;
	uint32_t open;  /* queries: the owner's to count */
	uint32_t asked; /* since it was last without any, likewise */
};

enum { DNS_CHANNELS = 4 };

struct dns_server {
	struct dns_channel v[DNS_CHANNELS];
	uint32_t now; /* which of them asks */
};

/* Zeroed before. -1: no memory; to be closed all the same. Closing calls back for each query. */
NODISCARD int dns_server_open(struct dns_server *s, struct dns_sockets *sockets,
			      const union socket_address *address);
void dns_server_close(struct dns_server *s);

/* The one that asks now, or the next that has had a rest. */
struct dns_channel *dns_server_pick(struct dns_server *s);

#endif
