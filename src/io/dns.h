/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns: single questions to name servers, asked and answered without waiting.
 *
 * The seam to the library: only dns_cares.c and dns_server.c know c-ares; the simulated world
 * links another in their place. What a thread makes of the answers is in resolver.h: caching,
 * asking once for many, how long to go on asking, and joining IPv4 and IPv6.
 *
 * A question has a number of the asker's. It is answered exactly once, never from within
 * dns_ask(), unless it is dropped before; then its number may be used again at once.
 */
#ifndef IO_DNS_H
#define IO_DNS_H

#include "base/addr.h"
#include "io/conf.h"
#include "io/conn.h"
#include "io/library.h"

struct dns;

enum dns_type { DNS_PTR, DNS_A, DNS_AAAA };

enum dns_status {
	DNS_FOUND, /* at least one record of the type; CNAMEs were followed */
	DNS_NONE,  /* no such name, or no such record */
	DNS_FORMAT_ERROR,
	DNS_SERVER_FAILURE,
	DNS_NOT_IMPLEMENTED,
	DNS_REFUSED,
	/* No server has said anything that can be understood. Asking again is worth while, but not
	 * at once: this may be known in no time. */
	DNS_SILENT,
};

/* A name of labels that are any bytes; a "." or "\" in a label has a "\" before it. */
enum { DNS_NAME_MAX = 512, DNS_ADDRESSES_MAX = 4096 };

struct dns_question {
	const struct dns_conf *conf; /* of worker_conf.dns */
	enum dns_type type;
	struct addr address; /* DNS_PTR */
	struct str name;     /* the others: host name, at most 253 bytes, no empty label */
};

struct dns_answer {
	enum dns_status status;
	/* DNS_FOUND: */
	uint32_t ttl_s;               /* the shortest on the way to the records */
	struct str name;              /* DNS_PTR: the first */
	const struct addr *addresses; /* the others: at most DNS_ADDRESSES_MAX, port 0 */
	uint32_t n;
};

struct dns_start {
	struct conn_env *io; /* the thread's, its ring may be opened later */
	const struct worker_conf *conf;
	uint32_t questions_max; /* numbers are below this */
	/* Called by dns_event() and dns_tick(); what the answer points at lives until it returns.
	 */
	void (*answer)(void *asker, uint32_t number, const struct dns_answer *answer);
	void *asker;
};

/* Called with worker_conf.n_dns > 0 only. NULL: no memory. */
NODISCARD struct dns *dns_open(const struct dns_start *s);
void dns_close(struct dns *d);

/*
 * Asks each server of the configuration at most once, a few seconds each, beginning with another
 * one each time. -1: too many questions are under way (those that were dropped are, for a while).
 */
NODISCARD int dns_ask(struct dns *d, uint32_t number, const struct dns_question *q);
void dns_drop(struct dns *d, uint32_t number);

/* An event with a tag of CONN_DNS. */
void dns_event(struct dns *d, const struct ring_event *ev);

/* To be called at this time or later; 0: not at all. It changes with each of the calls above. */
uint64_t dns_due_ms(const struct dns *d);
void dns_tick(struct dns *d, uint64_t now_ms);

#endif
