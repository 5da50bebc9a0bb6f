/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names: what a session asks of the DNS: the name of its client (PTR, then the addresses of that
 * name), and the addresses of a mail server that the auth service has named.
 *
 * While session_wants() has WANT_NAME there is one question, session_name_query(); the io floor
 * asks it once and answers it once with session_on_named(), perhaps at once. The next question may
 * follow from the answer: whether one is under way has to be noted before session_on_named() is
 * called. A session that does not want it any more has its question cancelled.
 */
#ifndef SESSION_NAMES_H
#define SESSION_NAMES_H

#include "base/addr.h"
#include "base/str.h"

struct resolver_conf; /* io/conf.h; a session only passes it on */
struct session;

enum { NAME_MAX_BYTES = 255 }; /* longest name, in text (RFC 1035 section 2.3.4) */

enum name_kind {
	NAME_OF_ADDRESS, /* PTR */
	NAME_ADDRESSES,  /* A and AAAA */
};

/* Bits of name_query.families. */
enum { NAME_IP4 = 1 << 0, NAME_IP6 = 1 << 1 };

/* Borrowed from the session, valid until it is answered or not wanted any more. */
struct name_query {
	enum name_kind kind;
	const struct resolver_conf *resolver;
	struct addr address; /* NAME_OF_ADDRESS; never an IPv4-mapped IPv6 address */
	struct str name;     /* NAME_ADDRESSES: letters, digits, '-', '.', '_' */
	uint8_t families;    /* NAME_ADDRESSES: which would be of use */
};

enum name_outcome {
	NAME_FOUND,
	NAME_NONE,   /* there is no such name, or it has no such record */
	NAME_FAILED, /* nobody knows: no answer, a refusal, nonsense */
};

/* All borrowed, for the call. */
struct name_answer {
	enum name_outcome outcome;
	unsigned code;                /* not NAME_FOUND: of NGINX's log line, ... */
	struct str error;             /* ... and its text: 3 "Host not found" */
	struct str name;              /* NAME_OF_ADDRESS: as the DNS says it, without a last dot */
	const struct addr *addresses; /* NAME_ADDRESSES, in the order to try; port 0 */
	uint32_t n_addresses;         /* at least one if NAME_FOUND */
};

/* Where a name is kept. */
struct name_kept {
	uint8_t n;
	uint8_t bytes[NAME_MAX_BYTES];
};

/* Only while the session wants WANT_NAME. */
void session_name_query(const struct session *s, struct name_query *q);

/* Ignored if it is not wanted any more. */
void session_on_named(struct session *s, const struct name_answer *a);

#endif
