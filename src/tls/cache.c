/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cache: TLS sessions to be resumed by their id (RFC 5246 section 7.3), shared by all threads of
 * the process: ssl_session_cache.
 *
 * Parts of it have a lock each; an id says which part, by its first byte: ids are random. A part is
 * a table of chains and a list from the latest used to the oldest, all by index.
 */
#include "tls/cache.h"

#include "base/buf.h"
#include "tls/cache_entry.h"

#include <stdlib.h>
#include <string.h>
#include <wolfssl/wolfcrypt/wc_port.h>

enum { PARTS = 16 };

#define NOBODY UINT32_MAX

struct entry {
	struct cache_key key;
	int64_t until_s;
	uint32_t next;         /* of its chain, or of those that are free */
	uint32_t newer, older; /* of all */
	uint16_t n;            /* 0: free */
	uint8_t session[CACHE_SESSION];
};

struct part {
	wolfSSL_Mutex mutex;
	struct cache_counters counters;
	struct entry *entries;
	uint32_t *chains; /* as many as entries */
	uint32_t n, free, newest, oldest;
};

struct tls_cache {
	struct part parts[PARTS];
};

static int open_part(struct part *p, uint32_t n)
{
	if (wc_InitMutex(&p->mutex) != 0)
		return -1;
	p->n = n;
	p->newest = p->oldest = NOBODY;
	p->entries = calloc(n, sizeof(p->entries[0]));
	p->chains = malloc(n * sizeof(p->chains[0]));
	if (p->entries == NULL || p->chains == NULL)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		p->chains[i] = NOBODY;
		p->entries[i].next = i + 1 < n ? i + 1 : NOBODY;
	}
	return 0;
}

struct tls_cache *cache_open(size_t bytes)
{
	struct tls_cache *c = calloc(1, sizeof(*c));
	size_t n = bytes / PARTS / (sizeof(struct entry) + sizeof(uint32_t));

	if (c == NULL)
		return NULL;
	n = n < 1 ? 1 : n > 1U << 24 ? 1U << 24 : n;
	for (int i = 0; i < PARTS; i++)
		if (open_part(&c->parts[i], (uint32_t)n) != 0) {
			cache_close(c);
			return NULL;
		}
	return c;
}

void cache_close(struct tls_cache *c)
{
	if (c == NULL)
		return;
	for (int i = 0; i < PARTS; i++) {
		struct part *p = &c->parts[i];

		if (p->n != 0)
			(void)wc_FreeMutex(&p->mutex);
		if (p->entries != NULL)
			buf_wipe_memory(p->entries, p->n * sizeof(p->entries[0]));
		free(p->entries);
		free(p->chains);
	}
	free(c);
}

/* NULL: the lock is not to be had. */
static struct part *enter(struct tls_cache *c, const struct cache_key *key)
{
	struct part *p = &c->parts[key->id[0] % PARTS];

	return wc_LockMutex(&p->mutex) == 0 ? p : NULL;
}

static void leave(struct part *p)
{
	(void)wc_UnLockMutex(&p->mutex);
}

/* Where the index of that key's chain is. */
static uint32_t *chain(struct part *p, const struct cache_key *key)
{
	uint32_t h = 0;

	memcpy(&h, key->id + 1, sizeof(h));
	return &p->chains[h % p->n];
}

/* Where the entry's index is; *it is NOBODY if there is none. */
static uint32_t *find(struct part *p, const struct cache_key *key)
{
	uint32_t *i = chain(p, key);

	while (*i != NOBODY && memcmp(&p->entries[*i].key, key, sizeof(*key)) != 0)
		i = &p->entries[*i].next;
	return i;
}

static void unlist(struct part *p, uint32_t i)
{
	struct entry *e = &p->entries[i];

	*(e->newer != NOBODY ? &p->entries[e->newer].older : &p->newest) = e->older;
	*(e->older != NOBODY ? &p->entries[e->older].newer : &p->oldest) = e->newer;
}

static void list_first(struct part *p, uint32_t i)
{
	struct entry *e = &p->entries[i];

	e->newer = NOBODY;
	e->older = p->newest;
	*(p->newest != NOBODY ? &p->entries[p->newest].newer : &p->oldest) = i;
	p->newest = i;
}

/* The entry whose index is there goes. */
static void drop(struct part *p, uint32_t *at)
{
	uint32_t i = *at;
	struct entry *e = &p->entries[i];

	*at = e->next;
	unlist(p, i);
	buf_wipe_memory(e, sizeof(*e));
	e->next = p->free;
	p->free = i;
	p->counters.kept--;
}

void cache_put(struct tls_cache *c, const struct cache_key *key, struct str session,
	       int64_t until_s)
{
	struct part *p;
	struct entry *e;
	uint32_t *at, i;

	if (session.n == 0 || session.n > CACHE_SESSION)
		return;
	p = enter(c, key);
	if (p == NULL)
		return;
	at = find(p, key);
	if (*at != NOBODY) {
		drop(p, at);
	} else if (p->free == NOBODY) {
		drop(p, find(p, &p->entries[p->oldest].key));
		p->counters.evicted++;
	}
	i = p->free;
	e = &p->entries[i];
	p->free = e->next;
	e->key = *key;
	e->until_s = until_s;
	e->n = (uint16_t)session.n;
	memcpy(e->session, session.p, session.n);
	at = chain(p, key);
	e->next = *at;
	*at = i;
	list_first(p, i);
	p->counters.kept++;
	leave(p);
}

size_t cache_get(struct tls_cache *c, const struct cache_key *key, int64_t now_s, uint8_t *to)
{
	struct part *p = enter(c, key);
	uint32_t *at;
	size_t n = 0;

	if (p == NULL)
		return 0;
	at = find(p, key);
	if (*at != NOBODY && p->entries[*at].until_s <= now_s)
		drop(p, at);
	else if (*at != NOBODY) {
		struct entry *e = &p->entries[*at];

		n = e->n;
		memcpy(to, e->session, n);
		unlist(p, *at);
		list_first(p, *at);
	}
	if (n != 0)
		p->counters.hits++;
	else
		p->counters.misses++;
	leave(p);
	return n;
}

void cache_counters(struct tls_cache *c, struct cache_counters *out)
{
	*out = (struct cache_counters){0};
	for (int i = 0; i < PARTS; i++) {
		struct part *p = &c->parts[i];

		if (wc_LockMutex(&p->mutex) != 0)
			continue;
		out->kept += p->counters.kept;
		out->hits += p->counters.hits;
		out->misses += p->counters.misses;
		out->evicted += p->counters.evicted;
		leave(p);
	}
}
