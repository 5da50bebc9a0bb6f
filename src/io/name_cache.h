/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * name_cache: the questions of resolver.h and what has become of them, in a bounded number.
 *
 * An entry is one question: it is being asked, or its answer is known. Of those that are known the
 * oldest makes room for another question. Knows no clock and asks nobody.
 */
#ifndef IO_NAME_CACHE_H
#define IO_NAME_CACHE_H

#include "base/list.h"
#include "base/slab.h"
#include "base/wheel.h"
#include "session/names.h"
#include "io/dns.h"

enum {
	NAME_CACHE_ENTRIES = 2048,
	NAME_CACHE_CHAINS = 1024,  /* a power of two */
	NAME_CACHE_ADDRESSES = 16, /* in an entry; answers with more are good once */
	NAME_CACHE_LARGE = 8,      /* of these so many at a time, what else comes is cut */
	NAME_CACHE_NAME_MAX = 253,
};

/* What makes two questions the same. */
struct name_key {
	const struct dns_conf *dns;
	enum name_kind kind;
	uint8_t families;
	struct addr address;
	struct str name; /* without a last dot */
};

struct name_entry {
	struct list chain;  /* first: overwritten while the slot is free */
	struct list known;  /* in name_cache.known once it is */
	struct list askers; /* the resolver's, as are all of these: */
	struct timer timer;
	uint8_t types;  /* bits: what is not answered yet */
	uint8_t silent; /* what of it is to be asked again at again_ms */
	uint64_t again_ms, good_until_ms;
	enum dns_status failed; /* the worst so far */
	uint32_t ttl_s;         /* the shortest so far */

	const struct dns_conf *dns;
	enum name_kind kind;
	uint8_t families;
	struct addr address;
	uint16_t name_n, found_n;
	uint32_t n;                     /* addresses so far */
	struct name_cache_large *large; /* where they are; NULL: here */
	struct addr addresses[NAME_CACHE_ADDRESSES];
	uint8_t name[NAME_CACHE_NAME_MAX + 1];
	uint8_t found[DNS_NAME_MAX];
};

struct name_cache {
	struct slab entries, large;
	struct list known; /* oldest first */
	uint64_t seed;
	uint32_t turn; /* where the next list of addresses begins */
	struct list chains[NAME_CACHE_CHAINS];
};

/* Of everything behind `memory`, which is aligned to 64. */
size_t name_cache_memory(void);
void name_cache_init(struct name_cache *c, void *memory, uint64_t seed);

/* -1: nobody needs to be asked to know that there is no such thing. */
NODISCARD int name_cache_key(const struct name_query *q, struct name_key *k);

/* NULL: there is none (for another one: no room). */
struct name_entry *name_cache_find(const struct name_cache *c, const struct name_key *k);
NODISCARD struct name_entry *name_cache_make(struct name_cache *c, const struct name_key *k);

/* The timer is off already. */
void name_cache_free(struct name_cache *c, struct name_entry *e);

void name_cache_add(struct name_cache *c, struct name_entry *e, const struct dns_answer *a);

/* All addresses, each time beginning with another one; there is room for e->n. */
void name_cache_copy(struct name_cache *c, const struct name_entry *e, struct addr *to);

#endif
