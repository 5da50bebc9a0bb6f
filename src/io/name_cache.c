/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * name_cache: entries in chains by a hash of their question. The hash has a secret in it, and the
 * number of entries is bounded: those who choose their names to meet in one chain gain little.
 */
#include "io/name_cache.h"

#include <string.h>

enum { LABEL_MAX = 63 };

struct name_cache_large {
	struct addr v[DNS_ADDRESSES_MAX];
};

static uint8_t small(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

size_t name_cache_memory(void)
{
	return slab_bytes(NAME_CACHE_ENTRIES, sizeof(struct name_entry)) +
	       slab_bytes(NAME_CACHE_LARGE, sizeof(struct name_cache_large));
}

void name_cache_init(struct name_cache *c, void *memory, uint64_t seed)
{
	uint8_t *at = memory;

	slab_init(&c->entries, at, NAME_CACHE_ENTRIES, sizeof(struct name_entry));
	at += slab_bytes(NAME_CACHE_ENTRIES, sizeof(struct name_entry));
	slab_init(&c->large, at, NAME_CACHE_LARGE, sizeof(struct name_cache_large));
	list_init(&c->known);
	c->seed = seed;
	c->turn = 0;
	for (size_t i = 0; i < NAME_CACHE_CHAINS; i++)
		list_init(&c->chains[i]);
}

/* ---- keys ---- */

static bool is_in_name(uint8_t c)
{
	c = small(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Labels of at most 63 bytes with a dot between each two. */
static bool is_name(struct str s)
{
	size_t label = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? label == 0 : !is_in_name(s.p[i]))
			return false;
		label = s.p[i] == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return false;
	}
	return label > 0 && s.n <= NAME_CACHE_NAME_MAX;
}

int name_cache_key(const struct name_query *q, struct name_key *k)
{
	const struct dns_conf *dns = q->resolver->dns;

	*k = (struct name_key){.dns = dns, .kind = q->kind};
	if (q->kind == NAME_OF_ADDRESS) {
		k->address = q->address;
		k->address.port = 0;
		return q->address.family == ADDR_IP4 || q->address.family == ADDR_IP6 ? 0 : -1;
	}
	k->families = (uint8_t)((dns->ip4 ? q->families & NAME_IP4 : 0) |
				(dns->ip6 ? q->families & NAME_IP6 : 0));
	k->name = q->name;
	if (k->name.n && k->name.p[k->name.n - 1] == '.')
		k->name.n--;
	return k->families && is_name(k->name) ? 0 : -1;
}

static uint64_t hash_byte(uint64_t h, uint8_t byte)
{
	return (h ^ byte) * 0x100000001b3;
}

static size_t chain_of(const struct name_cache *c, const struct name_key *k)
{
	uint64_t h = c->seed;

	h = hash_byte(h, (uint8_t)k->dns->index);
	h = hash_byte(h, (uint8_t)((unsigned)k->kind << 4 | k->families));
	for (size_t i = 0; i < sizeof(k->address.ip); i++)
		h = hash_byte(h, k->address.ip[i]);
	for (size_t i = 0; i < k->name.n; i++)
		h = hash_byte(h, small(k->name.p[i]));
	return (h ^ h >> 32) % NAME_CACHE_CHAINS;
}

/* ---- entries ---- */

static bool is_for(const struct name_entry *e, const struct name_key *k)
{
	return e->dns == k->dns && e->kind == k->kind && e->families == k->families &&
	       e->address.family == k->address.family &&
	       memcmp(e->address.ip, k->address.ip, sizeof(e->address.ip)) == 0 &&
	       str_eq_nocase(str_of(e->name, e->name_n), k->name);
}

struct name_entry *name_cache_find(const struct name_cache *c, const struct name_key *k)
{
	const struct list *chain = &c->chains[chain_of(c, k)];

	for (struct list *it = chain->next; it != chain; it = it->next) {
		struct name_entry *e = list_entry(it, struct name_entry, chain);

		if (is_for(e, k))
			return e;
	}
	return NULL;
}

void name_cache_free(struct name_cache *c, struct name_entry *e)
{
	list_remove(&e->known);
	list_remove(&e->chain);
	if (e->large)
		slab_put(&c->large, e->large);
	slab_put(&c->entries, e);
}

struct name_entry *name_cache_make(struct name_cache *c, const struct name_key *k)
{
	struct name_entry *e;

	if (c->entries.used == NAME_CACHE_ENTRIES && !list_empty(&c->known))
		name_cache_free(c, list_entry(c->known.next, struct name_entry, known));
	e = slab_get(&c->entries);
	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	list_init(&e->known);
	list_init(&e->askers);
	wheel_timer_init(&e->timer);
	list_push_front(&c->chains[chain_of(c, k)], &e->chain);
	e->dns = k->dns;
	e->kind = k->kind;
	e->families = k->families;
	e->address = k->address;
	e->ttl_s = UINT32_MAX;
	e->name_n = (uint16_t)k->name.n;
	if (k->name.n)
		memcpy(e->name, k->name.p, k->name.n);
	return e;
}

/* ---- answers ---- */

static struct addr *addresses_of(struct name_entry *e)
{
	return e->large ? e->large->v : e->addresses;
}

static void add_addresses(struct name_cache *c, struct name_entry *e, const struct dns_answer *a)
{
	uint32_t room;

	if (e->n + a->n > NAME_CACHE_ADDRESSES && !e->large) {
		e->large = slab_get(&c->large);
		if (e->large)
			memcpy(e->large->v, e->addresses, e->n * sizeof(struct addr));
	}
	room = (e->large ? DNS_ADDRESSES_MAX : NAME_CACHE_ADDRESSES) - e->n;
	if (a->n < room)
		room = a->n;
	memcpy(addresses_of(e) + e->n, a->addresses, room * sizeof(struct addr));
	e->n += room;
}

void name_cache_add(struct name_cache *c, struct name_entry *e, const struct dns_answer *a)
{
	if (a->ttl_s < e->ttl_s)
		e->ttl_s = a->ttl_s;
	if (e->kind == NAME_ADDRESSES) {
		add_addresses(c, e, a);
		return;
	}
	e->found_n = (uint16_t)(a->name.n < sizeof(e->found) ? a->name.n : sizeof(e->found));
	memcpy(e->found, a->name.p, e->found_n);
}

void name_cache_copy(struct name_cache *c, const struct name_entry *e, struct addr *to)
{
	const struct addr *from = e->large ? e->large->v : e->addresses;
	uint32_t first = c->turn++ % e->n;

	memcpy(to, from + first, (e->n - first) * sizeof(*to));
	memcpy(to + (e->n - first), from, first * sizeof(*to));
}
