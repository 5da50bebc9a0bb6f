/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * addr: an IP address with port, or the fact of a unix socket, as a small value.
 *
 * Kernel-free: the io floor converts from and to struct sockaddr. Text is as NGINX prints it:
 * dotted IPv4, RFC 5952 IPv6 (in brackets when a port follows), "unix:" for unix peers.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include "base/out.h"
#include "base/str.h"

enum addr_family { ADDR_NONE = 0, ADDR_IP4, ADDR_IP6, ADDR_UNIX };

enum { ADDR_TEXT_MAX = 64 }; /* longest text addr_write_port can give */

struct addr {
	uint8_t family; /* enum addr_family                  */
	uint8_t ip[16]; /* network order; IPv4 in ip[0..3]   */
	uint16_t port;  /* host order                        */
};

/* A block of addresses: all that have the first `bits` bits of `base`; or all unix peers. */
struct addr_net {
	struct addr base;
	uint8_t bits;
};

/* An IPv4 or IPv6 literal (no brackets, no port), the whole of s. Sets family and ip, port 0. */
NODISCARD int addr_parse(struct str s, struct addr *a);

/*
 * "192.0.2.0/24", "2001:db8::/32", "unix:", or an address alone, which is a block of one. 1: it had
 * bits set behind those that count; they are cleared.
 */
NODISCARD int addr_parse_net(struct str s, struct addr_net *net);

/* The IPv4 address that an IPv4-mapped IPv6 address stands for; any other as it is. */
struct addr addr_unmapped(const struct addr *a);

/* The same host, whatever the ports; both unmapped. */
bool addr_same_ip(const struct addr *a, const struct addr *b);

/* An IPv4-mapped IPv6 address is looked for in blocks of IPv4, as the same client. */
bool addr_in_net(const struct addr *a, const struct addr_net *net);

/* "192.0.2.1", "2001:db8::1", "unix:" */
void addr_write(struct out *o, const struct addr *a);

/* "192.0.2.1:25", "[2001:db8::1]:25", "unix:" */
void addr_write_port(struct out *o, const struct addr *a);

#endif
