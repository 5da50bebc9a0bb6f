/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cache: what is put in comes out until it is too old or too many, from any thread.
 */
#include "tls/cache.h"

#include "tls/cache_entry.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL = 16 * 1024 };

/* Ids of the same part, spread over its chains. */
static struct cache_key key(uint32_t i)
{
	struct cache_key k = {{0}, {0}};

	memcpy(k.id + 1, &i, sizeof(i));
	return k;
}

static bool has(struct tls_cache *c, uint32_t i, int64_t now)
{
	struct cache_key k = key(i);
	uint8_t bytes[CACHE_SESSION];
	size_t n = cache_get(c, &k, now, bytes);

	if (n != 0)
		cr_assert(n == sizeof(i) && memcmp(bytes, &i, n) == 0);
	return n != 0;
}

static void put(struct tls_cache *c, uint32_t i, int64_t until)
{
	struct cache_key k = key(i);

	cache_put(c, &k, str_of(&i, sizeof(i)), until);
}

Test(cache, keeps_until_it_is_time)
{
	struct tls_cache *c = cache_open(SMALL);

	cr_assert(c);
	put(c, 1, 100);
	cr_expect(has(c, 1, 99));
	cr_expect_not(has(c, 2, 99));
	cr_expect_not(has(c, 1, 100));
	cr_expect_not(has(c, 1, 1), "too old is gone");
	put(c, 1, 100);
	put(c, 1, 200);
	cr_expect(has(c, 1, 150), "the later one counts");
	cache_close(c);
}

Test(cache, the_oldest_makes_room)
{
	struct tls_cache *c = cache_open(SMALL);
	struct cache_counters n;
	uint32_t i = 0;

	cr_assert(c);
	do {
		put(c, i++, 100);
		cr_assert(has(c, 0, 1), "it is always the latest used");
		cache_counters(c, &n);
	} while (n.evicted < 3);
	cr_expect_eq(n.kept, i - 3);
	for (uint32_t k = 1; k <= 3; k++)
		cr_expect_not(has(c, k, 1));
	for (uint32_t k = 4; k < i; k++)
		cr_expect(has(c, k, 1));
	cache_close(c);
}

Test(cache, another_context_has_other_sessions)
{
	struct tls_cache *c = cache_open(SMALL);
	struct cache_key k = key(7);
	uint8_t bytes[CACHE_SESSION];

	cr_assert(c);
	put(c, 7, 100);
	k.context[3] = 1;
	cr_expect_eq(cache_get(c, &k, 1, bytes), 0);
	cr_expect(has(c, 7, 1));
	cache_close(c);
}

Test(cache, what_is_too_long_is_not_kept)
{
	struct tls_cache *c = cache_open(1);
	uint8_t bytes[CACHE_SESSION + 1] = {0};
	struct cache_key k = key(7);
	struct cache_counters n;

	cr_assert(c);
	cache_put(c, &k, str_of(bytes, sizeof(bytes)), 100);
	cache_counters(c, &n);
	cr_expect_eq(n.kept, 0);
	cache_put(c, &k, str_of(bytes, sizeof(bytes) - 1), 100);
	cr_expect_eq(cache_get(c, &k, 1, bytes), CACHE_SESSION);
	cache_close(c);
}

static void *hammer(void *context)
{
	struct tls_cache *c = context;

	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t any = i * 2654435761U >> 8;
		struct cache_key k = key(any % 6);
		uint8_t bytes[CACHE_SESSION];

		k.id[0] = (uint8_t)(any >> 3);
		if (any >> 12 & 1)
			cache_put(c, &k, str_of(k.id, sizeof(k.id)), 1 + i % 7);
		else if (cache_get(c, &k, i % 5, bytes) != 0 &&
			 memcmp(bytes, k.id, sizeof(k.id)) != 0)
			return c;
	}
	return NULL;
}

Test(cache, serves_many_threads)
{
	struct tls_cache *c = cache_open(SMALL);
	pthread_t threads[4];
	struct cache_counters n;

	cr_assert(c);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, hammer, c), 0);
	for (int i = 0; i < 4; i++) {
		void *wrong;

		cr_assert_eq(pthread_join(threads[i], &wrong), 0);
		cr_expect_null(wrong, "somebody else's session");
	}
	cache_counters(c, &n);
	cr_expect_gt(n.hits, 0);
	cr_expect_gt(n.evicted, 0);
	cache_close(c);
}
