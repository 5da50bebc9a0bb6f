/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_sim: see dns_sim.h. Answers come when time has passed, by dns_tick(): no descriptor is used.
 * What is asked twice is answered twice in the same way, whatever a cache makes of it.
 */
#include "tests/sim/dns_sim.h"

#include "base/must.h"
#include "io/dns.h"
#include "io/net.h"
#include "tests/sim/state.h"
#include "tests/sim/world.h"

#include <stdlib.h>
#include <string.h>

enum {
	MANY = 40,
	SLOW_US = 1500000,
	SILENCE_US = 15000000,
	KEPT_US = 1000000,
	NAME_LONG = 200,  /* some names are this long */
	REFUSALS_MAX = 2, /* of dns_ask() in a row */
	FIRST_BACK = 2,   /* where among many addresses that refuse the good one is */
};

struct question {
	bool open;
	uint64_t due_ms;
	enum dns_type type;
	struct guest *guest; /* it is about; NULL: nobody */
	bool backend, shared;
};

struct dns {
	struct dns_start start;
	uint32_t open, refusals;
	uint32_t used;   /* numbers from here on were never asked */
	uint64_t due_ms; /* of the earliest, 0: nothing is open */
	struct question questions[];
};

static struct world *world;
static struct dns *library;

void dns_sim_world(struct world *w)
{
	world = w;
	library = NULL;
}

uint32_t dns_sim_open(void)
{
	return library ? library->open : 0;
}

/* ---- the plan ---- */

static uint32_t one_of(const uint32_t *list, uint32_t n)
{
	return list[chance_below(n)];
}

void dns_sim_plan(struct world *w)
{
	static const uint32_t times[] = {30000, 30000, 5000}, valid[] = {0, 0, 1000, 60000};

	w->dns = (struct dns_conf){
		.valid_ms = one_of(valid, 4), .ip4 = true, .ip6 = chance_of(7000)};
	w->dns_list[0] = &w->dns;
	for (uint32_t i = 0; i < w->worker.n_listens; i++) {
		if (chance_of(5000))
			continue;
		w->resolvers[i] = (struct resolver_conf){&w->dns, one_of(times, 3)};
		w->servers[i].resolver = &w->resolvers[i];
		w->worker.dns = w->dns_list;
		w->worker.n_dns = 1;
	}
}

void dns_sim_plan_guest(struct guest *g)
{
	g->dns = (struct dns_plan){0};
	if (!g->conf->resolver)
		return;
	if (chance_of(5000))
		g->dns.trick = (enum dns_trick)chance_below(DNS_TRICKS);
	if (chance_of(5000))
		g->dns.back =
			(enum dns_back)chance_below(chance_of(8000) ? DNS_BACK_FAIR : DNS_BACKS);
}

/* "g12.clients.test", or longer */
static void write_name(const struct guest *g, struct out *o)
{
	size_t from = o->n;

	out_byte(o, 'g');
	out_u64(o, g->id);
	while (g->id % 5 == 0 && o->n - from < NAME_LONG)
		out_lit(o, ".a-Label-That-Is-Not-Short");
	out_lit(o, ".clients.test");
}

void dns_sim_host(const struct guest *g, struct out *o)
{
	enum dns_trick t = g->dns.trick;

	if (!g->conf->resolver)
		out_lit(o, "[UNAVAILABLE]");
	else if (g->dns.lost)
		out_lit(o, "[TEMPUNAVAIL]");
	else if (t <= DNS_MANY)
		write_name(g, o);
	else if (t == DNS_NAMELESS || t == DNS_OTHER || t == DNS_ADDRESSLESS)
		out_lit(o, "[UNAVAILABLE]");
	else
		out_lit(o, "[TEMPUNAVAIL]");
}

void dns_sim_server(const struct guest *g, struct out *o)
{
	if (g->dns.back == DNS_BACK_IP) {
		out_lit(o, "10.255.0.1");
	} else if (g->dns.back == DNS_BACK_SHARED) {
		out_lit(o, "shared.backends.test");
	} else {
		out_byte(o, 'b');
		out_u64(o, g->id);
		out_lit(o, ".backends.test");
	}
}

/* ---- answers ---- */

static const struct str hostile[] = {
	STR_INIT("a\r\nb.test"),   STR_INIT("mail.test Auth-Status: OK"),
	STR_INIT("\xff\xfe.test"), STR_INIT("[UNAVAILABLE]"),
	STR_INIT("a_b.test"),      STR_INIT("a\\.b"),
};

static struct addr address(uint8_t net, uint8_t last)
{
	return (struct addr){.family = ADDR_IP4, .ip = {10, 255, net, last}};
}

static enum dns_status failure(const struct guest *g)
{
	static const enum dns_status all[] = {DNS_SERVER_FAILURE, DNS_REFUSED, DNS_FORMAT_ERROR,
					      DNS_NOT_IMPLEMENTED};

	return all[g->id % 4];
}

static void answer_name(const struct guest *g, struct dns_answer *a, struct out *o)
{
	switch (g->dns.trick) {
	case DNS_NAMELESS:
		a->status = DNS_NONE;
		break;
	case DNS_NAME_FAILS:
		a->status = failure(g);
		break;
	case DNS_NAME_NEVER:
		a->status = DNS_SILENT;
		break;
	case DNS_HOSTILE:
		a->name = hostile[g->id % (sizeof(hostile) / sizeof(hostile[0]))];
		break;
	case DNS_CORRECT:
	case DNS_SLOW:
	case DNS_MANY:
	case DNS_OTHER:
	case DNS_ADDRESSLESS:
	case DNS_ADDRESS_FAILS:
	case DNS_ADDRESS_NEVER:
	case DNS_TRICKS:
		write_name(g, o);
		a->name = out_data(o);
		break;
	}
}

static void answer_addresses(const struct guest *g, struct dns_answer *a, struct addr *list)
{
	enum dns_trick t = g->dns.trick;

	a->n = t == DNS_MANY ? MANY : 1;
	for (uint8_t i = 0; i < MANY; i++)
		list[i] = address(200, i);
	if (t != DNS_OTHER)
		list[a->n - 1] = g->from;
	if (t == DNS_ADDRESSLESS)
		a->status = DNS_NONE;
	else if (t == DNS_ADDRESS_FAILS)
		a->status = failure(g);
	else if (t == DNS_ADDRESS_NEVER)
		a->status = DNS_SILENT;
}

static void answer_backend(const struct question *q, struct dns_answer *a, struct addr *list)
{
	enum dns_back back = q->shared ? DNS_BACK_SHARED : q->guest->dns.back;

	for (uint8_t i = 0; i < MANY; i++)
		list[i] = address(DNS_DEAD_NET, i);
	if (back == DNS_BACK_NEVER)
		a->status = DNS_SILENT;
	else if (back == DNS_BACK_FAILS)
		a->status = failure(q->guest);
	else if (back == DNS_BACK_NONE)
		a->status = DNS_NONE;
	/* Nothing but IPv4, and not every server knows what else there is. */
	else if (q->type == DNS_AAAA)
		a->status = q->shared || q->guest->id % 2 ? DNS_NONE : DNS_SERVER_FAILURE;
	a->n = back == DNS_BACK_ONE || back == DNS_BACK_SHARED ? 1
	       : back == DNS_BACK_SECOND                       ? 2
							       : 6;
	if (back != DNS_BACK_DEAD)
		list[a->n > FIRST_BACK ? FIRST_BACK : a->n - 1] = address(0, 1);
}

/* The fault of a sweep: this answer is lost. */
static void strike(const struct question *q, struct dns_answer *a)
{
	if (!fault_strikes(FAULT_DNS))
		return;
	a->status = DNS_SERVER_FAILURE;
	if (q->guest && !q->backend)
		q->guest->dns.lost = true;
}

/* A client that has said nothing and is gone is not asked about any more. */
static void look_at(const struct question *q)
{
	const struct guest *g = q->guest;

	if (g && !q->backend && g->client.over && !g->client.wrote &&
	    kernel_now_us() > g->over_us + KEPT_US)
		kernel_violation("question-kept", "guest %u left %llu ms ago", g->id,
				 (unsigned long long)(kernel_now_us() - g->over_us) / 1000);
}

static void deliver(struct dns *d, uint32_t number)
{
	struct question q = d->questions[number];
	struct addr list[MANY];
	uint8_t name[DNS_NAME_MAX];
	struct dns_answer a = {.status = DNS_FOUND, .ttl_s = chance_below(10)};
	struct out o;

	look_at(&q);
	out_init(&o, name, sizeof(name));
	if (!q.guest && !q.shared)
		a.status = DNS_NONE;
	else if (q.backend)
		answer_backend(&q, &a, list);
	else if (q.type == DNS_PTR)
		answer_name(q.guest, &a, &o);
	else
		answer_addresses(q.guest, &a, list);
	strike(&q, &a);
	if (a.status == DNS_FOUND && q.type != DNS_PTR)
		a.addresses = list;
	else
		a.n = 0;
	if (a.status != DNS_FOUND)
		a.name = str_none();
	kernel_trace(q.guest ? q.guest->id : 0, "the DNS answers number %u: %d", number,
		     (int)a.status);
	d->questions[number].open = false;
	d->open--;
	d->start.answer(d->start.asker, number, &a);
	memset(list, 0xdd, sizeof(list));
	memset(name, 0xdd, sizeof(name));
}

/* ---- the library ---- */

struct dns *dns_open(const struct dns_start *s)
{
	struct dns *d = calloc(1, sizeof(*d) + s->questions_max * sizeof(d->questions[0]));

	if (!d)
		return NULL;
	d->start = *s;
	library = d;
	return d;
}

void dns_close(struct dns *d)
{
	library = NULL;
	free(d);
}

static void plan(struct dns *d)
{
	d->due_ms = 0;
	for (uint32_t i = 0; d->open && i < d->used; i++)
		if (d->questions[i].open && (!d->due_ms || d->questions[i].due_ms < d->due_ms))
			d->due_ms = d->questions[i].due_ms;
}

/* A number behind `before`, in a name. */
static uint32_t number_in(struct str name, char before)
{
	uint64_t n;

	if (!name.n || name.p[0] != before ||
	    str_u64(str_first(str_from(name, 1), str_find(name, '.') - 1), UINT32_MAX, &n) < 0)
		return 0;
	return (uint32_t)n;
}

static void look_up(struct question *to, const struct dns_question *q)
{
	const uint8_t *ip = q->address.ip;

	if (q->type == DNS_PTR) {
		/* One that was reset before it was accepted has none any more. */
		if (ip[0] && (ip[0] != 10 || ip[1] != 128))
			kernel_violation("dns-question", "an address of nobody");
		to->guest = world_guest(world, (uint32_t)ip[2] << 8 | ip[3]);
		return;
	}
	to->shared = str_eq(q->name, STR("shared.backends.test"));
	to->backend = to->shared || number_in(q->name, 'b');
	to->guest = world_guest(world, number_in(q->name, to->backend ? 'b' : 'g'));
}

static uint64_t delay_us(const struct question *q)
{
	const struct guest *g = q->guest;
	bool slow = g && !q->backend && g->dns.trick == DNS_SLOW;

	if (slow)
		return chance_below(SLOW_US);
	if (g && (q->backend ? g->dns.back == DNS_BACK_NEVER
			     : g->dns.trick ==
				       (q->type == DNS_PTR ? DNS_NAME_NEVER : DNS_ADDRESS_NEVER)))
		return chance_below(SILENCE_US);
	return chance_below(MILLIS(20));
}

int dns_ask(struct dns *d, uint32_t number, const struct dns_question *q)
{
	struct question *to = &d->questions[number];

	if (number >= d->start.questions_max || to->open)
		kernel_violation("dns-question", "number %u is not free", number);
	if (q->conf != &world->dns || (q->type == DNS_AAAA && !world->dns.ip6))
		kernel_violation("dns-question", "not as the configuration has it");
	if (d->refusals < REFUSALS_MAX && !world->brief && chance_of(300)) {
		d->refusals++;
		return -1;
	}
	d->refusals = 0;
	*to = (struct question){.open = true, .type = q->type};
	look_up(to, q);
	to->due_ms = net_now_ms() + 1 + delay_us(to) / 1000;
	d->open++;
	if (number >= d->used)
		d->used = number + 1;
	if (!d->due_ms || to->due_ms < d->due_ms)
		d->due_ms = to->due_ms;
	kernel_trace(to->guest ? to->guest->id : 0, "the DNS is asked, number %u, type %d: %.*s",
		     number, (int)q->type, (int)q->name.n, (const char *)q->name.p);
	return 0;
}

void dns_drop(struct dns *d, uint32_t number)
{
	struct question *q = &d->questions[number];

	if (number >= d->start.questions_max)
		kernel_violation("dns-question", "number %u is none", number);
	if (!q->open)
		return;
	kernel_trace(q->guest ? q->guest->id : 0, "number %u is dropped", number);
	q->open = false;
	d->open--;
	if (q->due_ms == d->due_ms)
		plan(d);
}

void dns_event(struct dns *d, const struct ring_event *ev)
{
	kernel_violation("dns-question", "an event of nothing");
}

uint64_t dns_due_ms(const struct dns *d)
{
	return d->due_ms;
}

void dns_tick(struct dns *d, uint64_t now_ms)
{
	if (!d->due_ms || now_ms < d->due_ms)
		return;
	for (uint32_t i = 0; d->open && i < d->used; i++)
		if (d->questions[i].open && d->questions[i].due_ms <= now_ms)
			deliver(d, i);
	plan(d);
}

struct str dns_version(void)
{
	return STR("simulated");
}
