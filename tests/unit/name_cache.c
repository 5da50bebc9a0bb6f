/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of io/name_cache: what makes questions equal, how many answers are kept, and which of
 * them makes room.
 */
#include "io/name_cache.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct name_cache cache;
static struct dns_conf dns[2] = {{.ip4 = true, .ip6 = true}, {.ip4 = true, .index = 1}};
static struct resolver_conf resolvers[2] = {{&dns[0], 1000}, {&dns[1], 1000}};
static void *memory;

static void begin(void)
{
	memory = aligned_alloc(64, name_cache_memory());
	cr_assert(memory);
	memset(memory, 0, name_cache_memory());
	name_cache_init(&cache, memory, 12345);
}

static void end(void)
{
	free(memory);
}

TestSuite(name_cache, .init = begin, .fini = end);

static struct name_query asks(int resolver, const char *name, uint8_t families)
{
	return (struct name_query){.kind = NAME_ADDRESSES,
				   .resolver = &resolvers[resolver],
				   .name = str_cstr(name),
				   .families = families};
}

static struct name_query asks_ip(const char *ip)
{
	struct name_query q = {.kind = NAME_OF_ADDRESS, .resolver = &resolvers[0]};

	cr_assert_eq(addr_parse(str_cstr(ip), &q.address), 0);
	return q;
}

static struct name_entry *entry(struct name_query q)
{
	struct name_key k;
	struct name_entry *e;

	cr_assert_eq(name_cache_key(&q, &k), 0);
	e = name_cache_find(&cache, &k);
	return e ? e : name_cache_make(&cache, &k);
}

enum { BOTH = NAME_IP4 | NAME_IP6 };

Test(name_cache, equal_questions_have_one_entry)
{
	struct name_entry *e = entry(asks(0, "a.test", BOTH));
	struct name_query port = asks_ip("192.0.2.1");

	port.address.port = 25;
	cr_expect_eq(entry(asks(0, "A.Test", BOTH)), e);
	cr_expect_eq(entry(asks(0, "a.test.", BOTH)), e);
	cr_expect_neq(entry(asks(0, "a.test", NAME_IP4)), e);
	cr_expect_neq(entry(asks(1, "a.test", BOTH)), e);
	cr_expect_neq(entry(asks(0, "b.test", BOTH)), e);
	cr_expect_eq(entry(asks(1, "a.test", NAME_IP4)), entry(asks(1, "a.test", BOTH)),
		     "one that does not know IPv6");
	cr_expect_eq(entry(port), entry(asks_ip("192.0.2.1")));
	cr_expect_neq(entry(asks_ip("192.0.2.1")), entry(asks_ip("192.0.2.2")));
	cr_expect_neq(entry(asks_ip("::1")), entry(asks_ip("::2")));
}

Test(name_cache, names_that_are_none_are_not_asked_about)
{
	static const char *const bad[] = {"",    ".",      ".a",    "a..b",
					  "a b", "a\r\nb", "a\\.b", "\xc3\xa4.test"};
	char label[80];
	struct name_key k;
	struct name_query q;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		q = asks(0, bad[i], BOTH);
		cr_expect_eq(name_cache_key(&q, &k), -1, "%s", bad[i]);
	}
	memset(label, 'x', sizeof(label));
	q = asks(0, "x", BOTH);
	q.name = str_of(label, 63);
	cr_expect_eq(name_cache_key(&q, &k), 0);
	q.name = str_of(label, 64);
	cr_expect_eq(name_cache_key(&q, &k), -1);
	q = asks(1, "a.test", NAME_IP6);
	cr_expect_eq(name_cache_key(&q, &k), -1, "IPv6 by one that does not know it");
}

static void answer(struct name_entry *e, uint32_t n, uint32_t ttl_s)
{
	static struct addr addresses[DNS_ADDRESSES_MAX];

	for (uint32_t i = 0; i < n; i++) {
		addresses[i].family = ADDR_IP4;
		addresses[i].ip[2] = (uint8_t)(i >> 8);
		addresses[i].ip[3] = (uint8_t)i;
	}
	name_cache_add(&cache, e, &(struct dns_answer){DNS_FOUND, ttl_s, str_none(), addresses, n});
}

Test(name_cache, two_answers_become_one)
{
	struct name_entry *e = entry(asks(0, "a.test", BOTH));
	struct addr all[3];

	answer(e, 2, 60);
	answer(e, 1, 30);
	cr_expect_eq(e->n, 3);
	cr_expect_eq(e->ttl_s, 30);
	for (uint32_t i = 0; i < 3; i++) {
		name_cache_copy(&cache, e, all);
		cr_expect_eq(all[0].ip[3], i % 2, "each time another one is the first");
	}
}

Test(name_cache, large_answers_are_kept_whole_while_there_is_room)
{
	struct name_entry *e[NAME_CACHE_LARGE + 1];
	struct addr *all = calloc(DNS_ADDRESSES_MAX, sizeof(*all));

	cr_assert(all);
	for (int i = 0; i <= NAME_CACHE_LARGE; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%d.test", i);
		e[i] = entry(asks(0, name, BOTH));
		answer(e[i], 10, 60);
		answer(e[i], DNS_ADDRESSES_MAX, 60);
	}
	cr_expect_eq(e[0]->n, DNS_ADDRESSES_MAX);
	cr_expect_eq(e[NAME_CACHE_LARGE]->n, NAME_CACHE_ADDRESSES);
	name_cache_copy(&cache, e[0], all);
	cr_expect_eq(all[DNS_ADDRESSES_MAX - 1].ip[3], (uint8_t)(DNS_ADDRESSES_MAX - 1 - 10));
	name_cache_free(&cache, e[0]);
	e[0] = entry(asks(0, "again.test", BOTH));
	answer(e[0], DNS_ADDRESSES_MAX, 60);
	cr_expect_eq(e[0]->n, DNS_ADDRESSES_MAX);
	free(all);
}

Test(name_cache, the_oldest_answer_makes_room)
{
	struct name_entry *e;
	struct name_query q;
	struct name_key k;
	char name[32];

	for (int i = 0; i < NAME_CACHE_ENTRIES; i++) {
		snprintf(name, sizeof(name), "n%d.test", i);
		e = entry(asks(0, name, BOTH));
		cr_assert(e);
	}
	q = asks(0, "more.test", BOTH);
	cr_assert_eq(name_cache_key(&q, &k), 0);
	cr_expect_null(name_cache_make(&cache, &k), "all of them are being asked");
	e = entry(asks(0, "n7.test", BOTH));
	list_push_back(&cache.known, &e->known);
	e = entry(asks(0, "n3.test", BOTH));
	list_push_back(&cache.known, &e->known);
	cr_expect(name_cache_make(&cache, &k));
	q = asks(0, "n7.test", BOTH);
	cr_assert_eq(name_cache_key(&q, &k), 0);
	cr_expect_null(name_cache_find(&cache, &k));
	cr_expect_eq(entry(asks(0, "n3.test", BOTH)), e);
}
