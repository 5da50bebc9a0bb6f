/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy_header: the PROXY protocol, versions 1 and 2: the header in front of a connection with
 * which a balancer says whose connection it passes on.
 *
 * Reading keeps nothing between calls: the header stays in the input until it is whole, and the
 * input is looked at afresh. What a header of version 2 carries behind its addresses is skipped.
 */
#ifndef PROTO_PROXY_HEADER_H
#define PROTO_PROXY_HEADER_H

#include "base/addr.h"
#include "base/buf.h"

enum {
	PROXY_HEADER_V1_MAX = 107,  /* line end included, bytes */
	PROXY_HEADER_V2_MAX = 4096, /* everything included; NGINX's limit */
	PROXY_HEADER_VERSION_AT =
		12, /* of a binary header: the version is in the byte's high half */
	PROXY_HEADER_WRITE_MAX = PROXY_HEADER_V1_MAX, /* room for either version */
};

/* Whose connection it is. Both ends are of one IP family, or ADDR_NONE: the header names none. */
struct proxy_ends {
	struct addr from; /* the client */
	struct addr to;   /* where it connected to */
};

enum proxy_header_ev {
	PROXY_HEADER_MORE = 0, /* not whole yet                                     */
	PROXY_HEADER_OK,       /* *ends is what it says; it was consumed            */
	PROXY_HEADER_BROKEN,   /* not a PROXY header                                */
	PROXY_HEADER_VERSION,  /* binary, and not version 2; see PROXY_HEADER_VERSION_AT */
	PROXY_HEADER_TOO_LONG, /* version 2, longer than the limit                  */
};

/*
 * The header at the front of `in`, which can hold PROXY_HEADER_V2_MAX bytes. Unless it is OK,
 * nothing is consumed. LOCAL and UNKNOWN, and what is neither TCP nor IP, name no ends.
 */
NODISCARD enum proxy_header_ev proxy_header_read(struct buf *in, struct proxy_ends *ends);

/*
 * A header for this connection, at most PROXY_HEADER_WRITE_MAX bytes. Without an IP address in
 * `from` it says that nothing is known. Where `to` has none, it is the zero address; of two
 * families, IPv4 is written as IPv4-mapped IPv6.
 */
void proxy_header_write_v1(struct out *o, const struct proxy_ends *ends);
void proxy_header_write_v2(struct out *o, const struct proxy_ends *ends);

#endif
