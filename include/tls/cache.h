/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cache: TLS sessions to be resumed by their id (RFC 5246 section 7.3), shared by all threads of
 * the process: ssl_session_cache. TLS 1.3 resumes by tickets only.
 *
 * Fixed memory, taken when it is opened; the oldest makes room. Entries are wiped when they go.
 */
#ifndef TLS_CACHE_H
#define TLS_CACHE_H

#include "base/str.h"

struct tls_cache;

/* `bytes`: all memory it may take (a session needs some 270). NULL: no memory. */
NODISCARD struct tls_cache *cache_open(size_t bytes);
void cache_close(struct tls_cache *c);

struct cache_counters {
	uint64_t kept, hits, misses, evicted;
};

void cache_counters(struct tls_cache *c, struct cache_counters *out);

#endif
