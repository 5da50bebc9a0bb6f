/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resolver: the cache of names, and who waits for which of them.
 *
 * An entry is one question: it is being asked, with those who wait in `askers`, or it has its
 * answer and is in the list `known`, oldest first, from which the next question takes its place
 * when no other is free. A question to the DNS has its entry's index and type for a number.
 */
#include "io/resolver.h"

#include "base/must.h"
#include "io/name_cache.h"
#include "io/net.h"
#include "io/thread_state.h"

#include <string.h>

enum {
	NONE_MS = 1000,  /* how long it is remembered that something went wrong */
	AGAIN_MS = 1000, /* until a question without an answer is asked again */
	TTL_MAX_S = 86400,
	TYPES = 2, /* A and AAAA; a PTR is asked in the place of the first */
};

struct resolver {
	struct dns *dns;
	struct name_cache cache;
	struct wheel wheel;
	struct addr passing[DNS_ADDRESSES_MAX];
};

/* What is not found comes as one of these. */
struct failure {
	enum name_outcome outcome;
	unsigned code;
	struct str error;
};

/* By enum dns_status; NGINX's numbers and words. */
static const struct failure failures[] = {
	[DNS_NONE] = {NAME_NONE, 3, STR_INIT("Host not found")},
	[DNS_FORMAT_ERROR] = {NAME_FAILED, 1, STR_INIT("Format error")},
	[DNS_SERVER_FAILURE] = {NAME_FAILED, 2, STR_INIT("Server failure")},
	[DNS_NOT_IMPLEMENTED] = {NAME_FAILED, 4, STR_INIT("Unimplemented")},
	[DNS_REFUSED] = {NAME_FAILED, 5, STR_INIT("Operation refused")},
	[DNS_SILENT] = {NAME_FAILED, 110, STR_INIT("Operation timed out")},
};

/* ---- asking ---- */

static uint32_t number_of(const struct resolver *r, const struct name_entry *e, int type)
{
	return slab_index(&r->cache.entries, e) * TYPES + (uint32_t)type;
}

static void free_entry(struct resolver *r, struct name_entry *e)
{
	for (int type = 0; type < TYPES; type++)
		if (e->types & 1u << type)
			dns_drop(r->dns, number_of(r, e, type));
	wheel_remove(&r->wheel, &e->timer);
	name_cache_free(&r->cache, e);
}

static void set_timer(struct resolver *r, struct name_entry *e)
{
	uint64_t at_ms = e->silent ? e->again_ms : UINT64_MAX;

	list_each(node, &e->askers) {
		const struct resolver_asker *a = list_entry(node, struct resolver_asker, node);

		if (a->deadline_ms && a->deadline_ms < at_ms)
			at_ms = a->deadline_ms;
	}
	if (at_ms == UINT64_MAX)
		wheel_remove(&r->wheel, &e->timer);
	else
		wheel_set(&r->wheel, &e->timer, at_ms);
}

static void silence(struct thread *t, struct name_entry *e, int type)
{
	e->silent |= (uint8_t)(1u << type);
	e->again_ms = t->env.now_ms + AGAIN_MS;
}

static void ask_dns(struct thread *t, struct name_entry *e, int type)
{
	struct dns_question q = {
		.conf = e->dns,
		.type = type ? DNS_AAAA : DNS_A,
		.address = e->address,
		.name = str_of(e->name, e->name_n),
	};

	if (e->kind == NAME_OF_ADDRESS)
		q.type = DNS_PTR;
	e->silent &= (uint8_t) ~(1u << type);
	if (dns_ask(t->resolver->dns, number_of(t->resolver, e, type), &q))
		silence(t, e, type);
}

static void ask_all(struct thread *t, struct name_entry *e, unsigned types)
{
	for (int type = 0; type < TYPES; type++)
		if (types & 1u << type)
			ask_dns(t, e, type);
}

static void begin(struct thread *t, struct name_entry *e)
{
	e->types = NAME_IP4;
	if (e->kind == NAME_ADDRESSES)
		e->types = e->families;
	ask_all(t, e, e->types);
}

/* ---- telling ---- */

static struct name_answer failed(enum dns_status status)
{
	const struct failure *f = &failures[status];

	return (struct name_answer){.outcome = f->outcome, .code = f->code, .error = f->error};
}

static struct name_answer answer_of(struct resolver *r, const struct name_entry *e,
				    struct addr *room)
{
	struct name_answer a = {.outcome = NAME_FOUND};

	if (e->kind == NAME_OF_ADDRESS && !e->failed) {
		a.name = str_of(e->found, e->found_n);
	} else if (e->n) {
		name_cache_copy(&r->cache, e, room);
		a.addresses = room;
		a.n_addresses = e->n;
	} else {
		a = failed(e->failed);
	}
	return a;
}

static void tell(struct thread *t, struct resolver_asker *a, const struct name_answer *answer)
{
	list_remove(&a->node);
	a->entry = NULL;
	a->told(t, a, answer);
}

static void tell_all(struct thread *t, struct list *askers, const struct name_answer *answer,
		     uint64_t good_until_ms)
{
	list_each(node, askers)
		list_entry(node, struct resolver_asker, node)->entry = NULL;
	while (!list_empty(askers)) {
		struct resolver_asker *a = list_entry(askers->next, struct resolver_asker, node);

		a->good_until_ms = good_until_ms;
		tell(t, a, answer);
	}
}

static uint64_t good_until_ms(const struct thread *t, const struct name_entry *e)
{
	if (e->failed && !e->n)
		return t->env.now_ms + NONE_MS;
	if (e->dns->valid_ms)
		return t->env.now_ms + e->dns->valid_ms;
	return t->env.now_ms + (e->ttl_s < TTL_MAX_S ? e->ttl_s : TTL_MAX_S) * UINT64_C(1000);
}

/* All is answered that was asked. What is told must not be the entry's: those who are told may ask
 * for another one in its place. */
static void settle(struct thread *t, struct name_entry *e)
{
	struct resolver *r = t->resolver;
	uint8_t name[DNS_NAME_MAX];
	struct name_answer answer = answer_of(r, e, r->passing);
	uint64_t until_ms = e->good_until_ms = good_until_ms(t, e);
	struct list askers;

	if (answer.name.n)
		memcpy(name, answer.name.p, answer.name.n);
	answer.name.p = name;
	list_take_all(&askers, &e->askers);
	wheel_remove(&r->wheel, &e->timer);
	if (e->large || until_ms <= t->env.now_ms)
		free_entry(r, e);
	else
		list_push_back(&r->cache.known, &e->known);
	tell_all(t, &askers, &answer, until_ms);
}

/* ---- what the DNS says ---- */

static void keep(struct resolver *r, struct name_entry *e, const struct dns_answer *a)
{
	if (a->status == DNS_FOUND)
		name_cache_add(&r->cache, e, a);
	/* That the other type is not there says less than that nobody knows. */
	else if (!e->failed || e->failed == DNS_NONE)
		e->failed = a->status;
}

static void on_dns(void *thread, uint32_t number, const struct dns_answer *a)
{
	struct thread *t = thread;
	struct name_entry *e = slab_at(&t->resolver->cache.entries, number / TYPES);
	int type = (int)(number % TYPES);

	must(e->types & 1u << type);
	if (a->status == DNS_SILENT) {
		silence(t, e, type);
		set_timer(t->resolver, e);
		return;
	}
	e->types &= (uint8_t) ~(1u << type);
	keep(t->resolver, e, a);
	if (!e->types)
		settle(t, e);
}

/* ---- time ---- */

/* Those whose time is over. */
static bool take_late(const struct thread *t, struct name_entry *e, struct list *late)
{
	list_init(late);
	list_each_safe(node, &e->askers) {
		struct resolver_asker *a = list_entry(node, struct resolver_asker, node);

		if (a->deadline_ms && t->env.now_ms >= a->deadline_ms)
			list_move_back(late, node);
	}
	return !list_empty(late);
}

/* Addresses of one family are better than none. */
static void on_timer(struct thread *t, struct name_entry *e)
{
	struct resolver *r = t->resolver;
	struct name_answer answer = failed(DNS_SILENT);
	struct list late;

	if (take_late(t, e, &late) && e->n)
		answer = answer_of(r, e, r->passing);
	if (list_empty(&e->askers)) {
		free_entry(r, e);
	} else {
		if (e->silent && t->env.now_ms >= e->again_ms)
			ask_all(t, e, e->silent);
		set_timer(r, e);
	}
	tell_all(t, &late, &answer, t->env.now_ms);
}

uint64_t resolver_due_ms(struct thread *t)
{
	struct resolver *r = t->resolver;
	uint64_t due_ms, sleep_ms;

	if (!r)
		return 0;
	due_ms = dns_due_ms(r->dns);
	sleep_ms = wheel_sleep_ms(&r->wheel, t->env.now_ms);
	if (sleep_ms == UINT64_MAX)
		return due_ms;
	if (due_ms && due_ms < t->env.now_ms + sleep_ms)
		return due_ms;
	return t->env.now_ms + sleep_ms;
}

void resolver_tick(struct thread *t)
{
	struct resolver *r = t->resolver;
	struct timer *timer;

	if (!r)
		return;
	dns_tick(r->dns, t->env.now_ms);
	while ((timer = wheel_expire(&r->wheel, t->env.now_ms)))
		on_timer(t, list_entry(timer, struct name_entry, timer));
}

void resolver_event(struct thread *t, const struct ring_event *ev)
{
	dns_event(t->resolver->dns, ev);
}

/* ---- who asks ---- */

void resolver_asker_init(struct resolver_asker *a, resolver_told *told)
{
	list_init(&a->node);
	a->entry = NULL;
	a->told = told;
}

static void tell_now(struct thread *t, struct resolver_asker *a, enum dns_status status)
{
	struct name_answer answer = failed(status);

	a->good_until_ms = t->env.now_ms + NONE_MS;
	tell(t, a, &answer);
}

static void tell_known(struct thread *t, struct resolver_asker *a, const struct name_entry *e)
{
	struct addr room[NAME_CACHE_ADDRESSES];
	uint8_t name[DNS_NAME_MAX];
	struct name_answer answer = answer_of(t->resolver, e, room);

	a->good_until_ms = e->good_until_ms;
	if (answer.name.n)
		memcpy(name, answer.name.p, answer.name.n);
	answer.name.p = name;
	tell(t, a, &answer);
}

static void join(struct thread *t, struct resolver_asker *a, struct name_entry *e)
{
	list_push_back(&e->askers, &a->node);
	a->entry = e;
	if (a->deadline_ms && (!wheel_armed(&e->timer) || a->deadline_ms < e->timer.at_ms))
		wheel_set(&t->resolver->wheel, &e->timer, a->deadline_ms);
}

void resolver_ask(struct thread *t, struct resolver_asker *a, const struct name_query *q)
{
	struct resolver *r = t->resolver;
	struct name_entry *e;
	struct name_key k;

	must(list_empty(&a->node));
	a->deadline_ms = q->resolver->timeout_ms ? t->env.now_ms + q->resolver->timeout_ms : 0;
	if (name_cache_key(q, &k)) {
		tell_now(t, a, DNS_NONE);
		return;
	}
	e = name_cache_find(&r->cache, &k);
	if (e && !e->types && t->env.now_ms < e->good_until_ms) {
		tell_known(t, a, e);
		return;
	}
	if (e && !e->types) {
		free_entry(r, e);
		e = NULL;
	}
	if (e) {
		join(t, a, e);
		return;
	}
	e = name_cache_make(&r->cache, &k);
	if (!e) {
		tell_now(t, a, DNS_SERVER_FAILURE);
		return;
	}
	join(t, a, e);
	begin(t, e);
	set_timer(r, e);
}

void resolver_cancel(struct thread *t, struct resolver_asker *a)
{
	struct name_entry *e = a->entry;

	list_remove(&a->node);
	a->entry = NULL;
	if (e && list_empty(&e->askers))
		free_entry(t->resolver, e);
}

/* ---- life ---- */

static size_t own_bytes(void)
{
	return (sizeof(struct resolver) + 63) & ~(size_t)63;
}

size_t resolver_memory(const struct worker_conf *conf)
{
	return conf->n_dns ? own_bytes() + name_cache_memory() : 0;
}

int resolver_open(struct thread *t, void *memory)
{
	struct resolver *r = memory;
	struct dns_start start = {
		.io = &t->io,
		.conf = t->conf,
		.questions_max = NAME_CACHE_ENTRIES * TYPES,
		.answer = on_dns,
		.asker = t,
	};

	if (!t->conf->n_dns)
		return 0;
	name_cache_init(&r->cache, (uint8_t *)memory + own_bytes(), net_random());
	wheel_init(&r->wheel, t->env.now_ms);
	r->dns = dns_open(&start);
	if (!r->dns)
		return -1;
	t->resolver = r;
	return 0;
}

void resolver_close(struct thread *t)
{
	if (t->resolver)
		dns_close(t->resolver->dns);
	t->resolver = NULL;
}
