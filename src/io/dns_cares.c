/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_cares: dns.h over c-ares, whose sockets are polled by the thread's ring.
 *
 * c-ares makes queries, matches answers with them and goes over to TCP when one was cut. When it
 * closes a socket, that dies in the three steps of conn.h. A query that has begun cannot be taken
 * back: that of a question which was dropped ends unheard.
 *
 * Which server is asked, and which one next when that is silent or refuses, is decided here: what
 * the library itself would do differs between its versions.
 */
#include "base/list.h"
#include "base/must.h"
#include "base/slab.h"
#include "proto/dns_records.h"
#include "io/dns.h"
#include "io/dns_server.h"
#include "io/net.h"
#include "io/pages.h"

#include <stdlib.h>
#include <string.h>

enum {
	ALIASES_MAX = 8, /* that are asked about one after the other */
	READS_MAX = 64,  /* of one socket in a row */
	CLASS_IN = 1,
};

/* RFC 1035 section 4.1.1 */
enum {
	CODE_NONE = 0,
	CODE_FORMAT = 1,
	CODE_NAME = 3,
	CODE_NOT_IMPLEMENTED = 4,
	CODE_REFUSED = 5,
};

/* Those of a resolver. */
struct servers {
	struct dns_server *v;
	uint32_t turn; /* which one is asked first, next time; any number */
};

/* A question under way, or dropped and not at its end yet. */
struct query {
	struct dns_channel *channel; /* first: overwritten while the slot is free */
	struct dns *dns;
	struct list early; /* in dns.early */
	const struct dns_conf *conf;
	enum dns_type type;
	uint32_t number;
	uint32_t ttl_s;                /* of the aliases so far */
	uint32_t server, servers_left; /* which one is asked; how many have not been, it included */
	int aliases;
	bool dropped;
	enum dns_status status; /* to be told when no server is left, or while in dns.early */
	char name[DNS_RECORDS_NAME_MAX + 1];
};

struct dns {
	struct dns_start start;
	struct servers *servers; /* by dns_conf.index */
	struct dns_server *all;  /* one resolver's behind the other's */
	uint32_t n_all;
	struct dns_sockets sockets;
	struct slab queries;
	struct query **by_number;
	struct list early; /* whose end was known within dns_ask() */
	bool asking, closing;
	uint64_t due_ms;
	void *memory;
	size_t memory_bytes;
	struct addr addresses[DNS_ADDRESSES_MAX];
};

/* ---- answers ---- */

static void free_query(struct dns *d, struct query *q)
{
	if (!q->dropped)
		d->by_number[q->number] = NULL;
	q->channel = NULL;
	slab_put(&d->queries, q);
}

static void answer(struct dns *d, struct query *q, const struct dns_answer *a)
{
	uint32_t number = q->number;
	bool dropped = q->dropped;

	free_query(d, q);
	if (!dropped)
		d->start.answer(d->start.asker, number, a);
}

/* Known, but not to be told before dns_ask() has returned. */
static void answer_plainly(struct dns *d, struct query *q, enum dns_status status)
{
	q->status = status;
	if (d->asking)
		list_push_back(&d->early, &q->early);
	else
		answer(d, q, &(struct dns_answer){.status = status});
}

static void query_again(struct dns *d, struct query *q);

/* A server that is silent, or does not want to, may not speak for the others. */
static void next_server(struct dns *d, struct query *q, enum dns_status status)
{
	if (status != DNS_SILENT)
		q->status = status;
	if (q->dropped || --q->servers_left == 0) {
		answer_plainly(d, q, q->status);
		return;
	}
	q->server = (q->server + 1) % q->conf->n_servers;
	query_again(d, q);
}

/* A name that is asked about goes through text, where most names are what they look like. */
static bool is_plain(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f || name.p[i] == '\\')
			return false;
	return name.n > 0;
}

/* The server has said which other name to ask about, and not followed it itself. */
static void follow(struct dns *d, struct query *q, struct str name)
{
	if (!is_plain(name)) {
		next_server(d, q, DNS_SILENT);
	} else if (q->aliases++ == ALIASES_MAX) {
		answer_plainly(d, q, DNS_NONE);
	} else {
		memcpy(q->name, name.p, name.n);
		q->name[name.n] = '\0';
		q->servers_left = q->conf->n_servers;
		q->status = DNS_SILENT;
		query_again(d, q);
	}
}

static enum dns_records_type record_type(enum dns_type type)
{
	switch (type) {
	case DNS_PTR:
		return DNS_RECORDS_PTR;
	case DNS_A:
		return DNS_RECORDS_A;
	case DNS_AAAA:
		return DNS_RECORDS_AAAA;
	}
	must_never("a type of question that is none");
}

static void read_records(struct dns *d, struct query *q, struct str message)
{
	uint8_t text[DNS_RECORDS_NAME_MAX];
	struct out name;
	struct dns_records found = {
		.type = record_type(q->type),
		.name = &name,
		.addresses = d->addresses,
		.max = DNS_ADDRESSES_MAX,
	};
	enum dns_records_ev ev;

	out_init(&name, text, sizeof(text));
	ev = dns_records_read(message, &found);
	if (found.ttl_s < q->ttl_s)
		q->ttl_s = found.ttl_s;
	switch (ev) {
	case DNS_RECORDS_FOUND:
		answer(d, q,
		       &(struct dns_answer){DNS_FOUND, q->ttl_s, out_data(&name), d->addresses,
					    found.n});
		break;
	case DNS_RECORDS_ALIAS:
		follow(d, q, out_data(&name));
		break;
	case DNS_RECORDS_NONE:
		answer_plainly(d, q, DNS_NONE);
		break;
	case DNS_RECORDS_BAD:
		next_server(d, q, DNS_SILENT);
		break;
	}
}

static void read_answer(struct dns *d, struct query *q, struct str message)
{
	switch (dns_records_code(message)) {
	case CODE_NONE:
		read_records(d, q, message);
		break;
	case CODE_NAME:
		answer_plainly(d, q, DNS_NONE);
		break;
	case CODE_FORMAT:
		next_server(d, q, DNS_FORMAT_ERROR);
		break;
	case CODE_NOT_IMPLEMENTED:
		next_server(d, q, DNS_NOT_IMPLEMENTED);
		break;
	case CODE_REFUSED:
		next_server(d, q, DNS_REFUSED);
		break;
	default:
		next_server(d, q, DNS_SERVER_FAILURE);
		break;
	}
}

/* A callback of c-ares: from within ares_query(), too, when nothing could be sent. */
static void on_answer(void *arg, int status, int timeouts, unsigned char *bytes, int n)
{
	struct query *q = arg;
	struct dns *d = q->dns;

	q->channel->open--;
	if (d->closing)
		return;
	if (q->dropped && !d->asking)
		free_query(d, q);
	else if (bytes && n > 0 && !d->asking)
		read_answer(d, q, str_of(bytes, (size_t)n));
	else if (status == ARES_EBADNAME || status == ARES_EBADQUERY)
		answer_plainly(d, q, DNS_NONE);
	else
		next_server(d, q, DNS_SILENT);
}

/* ---- questions ---- */

static void query_again(struct dns *d, struct query *q)
{
	struct dns_channel *c = dns_server_pick(&d->servers[q->conf->index].v[q->server]);
	bool outer = d->asking;

	q->channel = c;
	c->open++;
	c->asked++;
	d->asking = true;
	ares_query(c->ares, q->name, CLASS_IN, (int)record_type(q->type), on_answer, q);
	d->asking = outer;
}

static const char digits[] = "0123456789abcdef";

/* RFC 1035 section 3.5, RFC 3596 section 2.5 */
static void write_reverse(struct out *o, const struct addr *a)
{
	if (a->family == ADDR_IP4) {
		for (int i = 3; i >= 0; i--) {
			out_u64(o, a->ip[i]);
			out_byte(o, '.');
		}
		out_lit(o, "in-addr.arpa");
		return;
	}
	for (int i = 15; i >= 0; i--) {
		out_byte(o, (uint8_t)digits[a->ip[i] & 15]);
		out_byte(o, '.');
		out_byte(o, (uint8_t)digits[a->ip[i] >> 4]);
		out_byte(o, '.');
	}
	out_lit(o, "ip6.arpa");
}

static void plan(struct dns *d);

int dns_ask(struct dns *d, uint32_t number, const struct dns_question *question)
{
	struct query *q;
	struct out name;

	must(number < d->start.questions_max && !d->by_number[number]);
	q = slab_get(&d->queries);
	if (!q)
		return -1;
	*q = (struct query){
		.dns = d,
		.conf = question->conf,
		.type = question->type,
		.number = number,
		.ttl_s = UINT32_MAX,
		.server = d->servers[question->conf->index].turn++ % question->conf->n_servers,
		.servers_left = question->conf->n_servers,
		.status = DNS_SILENT,
	};
	list_init(&q->early);
	out_init(&name, q->name, sizeof(q->name));
	if (question->type == DNS_PTR)
		write_reverse(&name, &question->address);
	else
		out_str(&name, question->name);
	out_byte(&name, 0);
	must(!out_overflow(&name));
	d->by_number[number] = q;
	query_again(d, q);
	plan(d);
	return 0;
}

void dns_drop(struct dns *d, uint32_t number)
{
	struct query *q = d->by_number[number];

	if (!q)
		return;
	d->by_number[number] = NULL;
	q->dropped = true;
	if (list_empty(&q->early))
		return;
	list_remove(&q->early);
	free_query(d, q);
}

/* ---- time ---- */

/* c-ares says how long from now on, in parts of a millisecond: asked early it would say 0 often. */
static void plan_channel(struct dns *d, struct dns_channel *c, uint64_t now_ms)
{
	struct timeval room, *left;
	uint64_t at_ms;

	if (!c->open)
		return;
	left = ares_timeout(c->ares, NULL, &room);
	if (!left)
		return;
	at_ms = now_ms + (uint64_t)left->tv_sec * 1000 + (uint64_t)left->tv_usec / 1000 + 1;
	if (!d->due_ms || at_ms < d->due_ms)
		d->due_ms = at_ms;
}

static void plan(struct dns *d)
{
	uint64_t now_ms = net_now_ms();

	d->due_ms = list_empty(&d->early) ? 0 : now_ms;
	if (d->due_ms)
		return;
	for (uint32_t i = 0; i < d->n_all; i++)
		for (int k = 0; k < DNS_CHANNELS; k++)
			plan_channel(d, &d->all[i].v[k], now_ms);
}

uint64_t dns_due_ms(const struct dns *d)
{
	return d->due_ms;
}

void dns_tick(struct dns *d, uint64_t now_ms)
{
	struct list early, *node;

	if (!d->due_ms || now_ms < d->due_ms)
		return;
	list_take_all(&early, &d->early);
	while ((node = list_pop(&early))) {
		struct query *q = list_entry(node, struct query, early);

		answer(d, q, &(struct dns_answer){.status = q->status});
	}
	for (uint32_t i = 0; i < d->n_all; i++)
		for (int k = 0; k < DNS_CHANNELS; k++)
			if (d->all[i].v[k].open)
				ares_process_fd(d->all[i].v[k].ares, ARES_SOCKET_BAD,
						ARES_SOCKET_BAD);
	plan(d);
}

/* A poll tells of changes only: c-ares reads until there is nothing more. Of a flood it reads a
 * part, and a new poll tells of the rest. */
static void attend(struct dns *d, struct dns_socket *s, const struct ring_event *ev)
{
	bool in = conn_tag_op(ev->tag) == CONN_POLL_IN;
	struct dns_channel *c = s->owner;
	int fd = s->conn.fd;

	for (int i = 0; i < READS_MAX; i++) {
		s->more = false;
		ares_process_fd(c->ares, in ? fd : ARES_SOCKET_BAD, in ? ARES_SOCKET_BAD : fd);
		if (!dns_sockets_is_open(s, ev) || !s->more)
			return;
	}
	conn_cancel(d->start.io, &s->conn, CONN_POLL_IN);
}

void dns_event(struct dns *d, const struct ring_event *ev)
{
	struct dns_socket *s = dns_sockets_event(&d->sockets, ev);

	if (s)
		attend(d, s, ev);
	dns_sockets_rest(&d->sockets, ev);
	plan(d);
}

/* ---- life ---- */

static size_t round_up(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

static int take_memory(struct dns *d)
{
	const struct worker_conf *conf = d->start.conf;
	uint32_t queries = d->start.questions_max + d->start.questions_max / 2;
	size_t resolvers = round_up(conf->n_dns * sizeof(struct servers));
	size_t numbers = round_up(d->start.questions_max * sizeof(struct query *));
	size_t sockets = dns_sockets_memory(), servers;
	uint8_t *at;

	for (uint32_t i = 0; i < conf->n_dns; i++)
		d->n_all += conf->dns[i]->n_servers;
	servers = round_up(d->n_all * sizeof(struct dns_server));
	d->memory_bytes =
		resolvers + servers + numbers + sockets + slab_bytes(queries, sizeof(struct query));
	at = d->memory = pages_take(d->memory_bytes);
	if (!at)
		return -1;
	d->servers = (struct servers *)(void *)at;
	at += resolvers;
	d->all = (struct dns_server *)(void *)at;
	at += servers;
	d->by_number = (struct query **)(void *)at;
	at += numbers;
	dns_sockets_init(&d->sockets, d->start.io, at);
	slab_init(&d->queries, at + sockets, queries, sizeof(struct query));
	return 0;
}

static int open_servers(struct dns *d)
{
	const struct worker_conf *conf = d->start.conf;
	struct dns_server *next = d->all;

	for (uint32_t i = 0; i < conf->n_dns; i++) {
		d->servers[i].v = next;
		for (uint32_t k = 0; k < conf->dns[i]->n_servers; k++)
			if (dns_server_open(next++, &d->sockets, &conf->dns[i]->servers[k]))
				return -1;
	}
	return 0;
}

struct dns *dns_open(const struct dns_start *s)
{
	struct dns *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->start = *s;
	list_init(&d->early);
	if (take_memory(d) == 0 && open_servers(d) == 0)
		return d;
	dns_close(d);
	return NULL;
}

void dns_close(struct dns *d)
{
	d->closing = d->sockets.gone = true;
	for (uint32_t i = 0; d->memory && i < d->n_all; i++)
		dns_server_close(&d->all[i]);
	if (d->memory)
		dns_sockets_done(&d->sockets);
	if (d->memory)
		pages_give(d->memory, d->memory_bytes);
	free(d);
}

struct str dns_version(void)
{
	return str_cstr(ares_version(NULL));
}
