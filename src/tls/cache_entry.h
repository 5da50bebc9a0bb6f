/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cache_entry: what acceptors and channels do with the cache of sessions.
 */
#ifndef TLS_CACHE_ENTRY_H
#define TLS_CACHE_ENTRY_H

#include "tls/cache.h"
#include "tls/wolf.h"

enum {
	CACHE_ID = 32,       /* bytes of a session id */
	CACHE_CONTEXT = 16,  /* of what tells one server{} from another */
	CACHE_SESSION = 192, /* longest session that is kept, as wolfSSL writes it */
};

struct cache_key {
	uint8_t id[CACHE_ID];
	uint8_t context[CACHE_CONTEXT];
};

/* Keep it until then (seconds since 1970); one that is too long is not kept. */
void cache_put(struct tls_cache *c, const struct cache_key *key, struct str session,
	       int64_t until_s);

/* Into `to`, CACHE_SESSION bytes; the length, or 0: not there, or too old. */
size_t cache_get(struct tls_cache *c, const struct cache_key *key, int64_t now_s, uint8_t *to);

#endif
