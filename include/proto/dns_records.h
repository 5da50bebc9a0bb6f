/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_records: reads the records that answer a question out of a DNS message (RFC 1035 section 4).
 *
 * The message is whatever a server, or somebody in its name, has sent: that it belongs to the
 * question has been looked at already, nothing else. CNAMEs are followed as far as the message
 * goes. Keeps nothing, and changes nothing but what it is given.
 */
#ifndef PROTO_DNS_RECORDS_H
#define PROTO_DNS_RECORDS_H

#include "base/addr.h"
#include "base/out.h"

enum dns_records_type {
	DNS_RECORDS_A = 1,
	DNS_RECORDS_PTR = 12,
	DNS_RECORDS_AAAA = 28,
};

enum dns_records_ev {
	DNS_RECORDS_FOUND,
	DNS_RECORDS_NONE,  /* no record of that type, or aliases without end */
	DNS_RECORDS_ALIAS, /* none, but the name has another, which is to be asked about */
	DNS_RECORDS_BAD,   /* not a DNS message */
};

/* In text a name of 255 bytes may have a "\" before most of them. */
enum { DNS_RECORDS_NAME_MAX = 512 };

struct dns_records {
	enum dns_records_type type;
	struct out *name;       /* reset, then the first PTR, or the other name; room as above */
	struct addr *addresses; /* in the order of the message, port 0 */
	uint32_t max, n;        /* more than `max` are left out */
	uint32_t ttl_s;         /* the shortest of all that led here */
};

/* The response code; -1 when there is no whole header. */
NODISCARD int dns_records_code(struct str message);

/* NUL, spaces and 8-bit bytes stay as they are in names, a "." or "\" gets a "\" before it. */
NODISCARD enum dns_records_ev dns_records_read(struct str message, struct dns_records *to);

#endif
