/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sockaddr: struct sockaddr_in and its kin from and to struct addr. Owns nothing.
 */
#include "io/sockaddr.h"

#include <string.h>

socklen_t sockaddr_size(const union socket_address *a)
{
	if (a->any.sa_family == AF_INET)
		return sizeof(a->ip4);
	return a->any.sa_family == AF_INET6 ? sizeof(a->ip6) : sizeof(a->un);
}

void sockaddr_from_addr(union socket_address *to, const struct addr *from)
{
	memset(to, 0, sizeof(*to));
	if (from->family == ADDR_IP6) {
		to->ip6.sin6_family = AF_INET6;
		to->ip6.sin6_port = htons(from->port);
		memcpy(&to->ip6.sin6_addr, from->ip, 16);
		return;
	}
	to->ip4.sin_family = AF_INET;
	to->ip4.sin_port = htons(from->port);
	memcpy(&to->ip4.sin_addr, from->ip, 4);
}

void sockaddr_to_addr(struct addr *to, const union socket_address *from)
{
	memset(to, 0, sizeof(*to));
	if (from->any.sa_family == AF_INET) {
		to->family = ADDR_IP4;
		to->port = ntohs(from->ip4.sin_port);
		memcpy(to->ip, &from->ip4.sin_addr, 4);
	} else if (from->any.sa_family == AF_INET6) {
		to->family = ADDR_IP6;
		to->port = ntohs(from->ip6.sin6_port);
		memcpy(to->ip, &from->ip6.sin6_addr, 16);
	} else if (from->any.sa_family == AF_UNIX) {
		to->family = ADDR_UNIX;
	}
}

bool sockaddr_equal(const union socket_address *a, const union socket_address *b)
{
	struct addr x, y;

	sockaddr_to_addr(&x, a);
	sockaddr_to_addr(&y, b);
	return x.family == y.family && x.port == y.port && !memcmp(x.ip, y.ip, sizeof(x.ip));
}
