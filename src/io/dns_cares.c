/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_cares: dns.h over c-ares, whose sockets are polled by the thread's ring.
 *
 * c-ares makes queries, matches answers with them, goes over to TCP when one was cut, and turns
 * to the next server when one is silent. It reads no file of the system but its source of random
 * bytes, and starts no thread. When it closes a socket, that dies in the three steps of conn.h. A
 * query that has begun cannot be taken back: that of a question which was dropped ends unheard.
 *
 * Each resolver has some channels. One that has asked a while is left alone until all of it is
 * answered and its sockets are closed, so that nobody has the time to guess their ports.
 */
#include "base/list.h"
#include "base/must.h"
#include "base/slab.h"
#include "proto/dns_records.h"
#include "io/dns.h"
#include "io/dns_sockets.h"
#include "io/net.h"
#include "io/pages.h"
#include "io/sockaddr.h"

#define CARES_NO_DEPRECATED
#include <ares.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
	CHANNELS = 4,        /* of each resolver */
	TERM_QUESTIONS = 64, /* after which a channel rests, if another one is free */
	SERVER_MS = 2000,    /* how long one server may take */
	ALIASES_MAX = 8,     /* that are asked about one after the other */
	READS_MAX = 64,      /* of one socket in a row */
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

struct channel {
	struct dns *dns;
	ares_channel ares;
	uint32_t open;  /* queries */
	uint32_t asked; /* since it was last without any */
};

struct channels {
	struct channel v[CHANNELS];
	uint32_t now; /* whose turn it is */
};

/* A question under way, or dropped and not at its end yet. */
struct query {
	struct channel *channel; /* first: overwritten while the slot is free */
	struct list early;       /* in dns.early */
	const struct dns_conf *conf;
	enum dns_type type;
	uint32_t number;
	uint32_t ttl_s; /* of the aliases so far */
	uint32_t servers_left;
	int aliases;
	bool dropped;
	enum dns_status status; /* while in dns.early */
	char name[DNS_RECORDS_NAME_MAX + 1];
};

struct dns {
	struct dns_start start;
	struct channels *channels; /* by dns_conf.index */
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

/* ---- sockets ---- */

static ares_socket_t on_socket(int domain, int type, int protocol, void *channel)
{
	struct channel *c = channel;
	const int how[] = {domain, type, protocol};

	return dns_sockets_open(&c->dns->sockets, c, how);
}

static int on_close(ares_socket_t fd, void *channel)
{
	struct channel *c = channel;

	dns_sockets_close(&c->dns->sockets, fd);
	return 0;
}

static int on_connect(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t n, void *channel)
{
	return connect(fd, to, n);
}

/* A callback of c-ares. */
static ares_ssize_t on_receive(ares_socket_t fd, void *to, size_t size, int flags,
			       struct sockaddr *from, ares_socklen_t *from_n, void *channel)
{
	struct channel *c = channel;
	ares_ssize_t n = recvfrom(fd, to, size, flags, from, from_n);

	dns_sockets_note(&c->dns->sockets, fd, n >= 0);
	return n;
}

static ares_ssize_t on_send(ares_socket_t fd, const struct iovec *parts, int n, void *channel)
{
	/* SIGPIPE is ignored, see thread.h. */
	return writev(fd, parts, n);
}

static const struct ares_socket_functions socket_functions = {
	.asocket = on_socket,
	.aclose = on_close,
	.aconnect = on_connect,
	.arecvfrom = on_receive,
	.asendv = on_send,
};

static void on_state(void *channel, ares_socket_t fd, int in, int out)
{
	struct channel *c = channel;

	dns_sockets_watch(&c->dns->sockets, fd, in, out);
}

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
		answer_plainly(d, q, DNS_SILENT);
	} else if (q->aliases++ == ALIASES_MAX) {
		answer_plainly(d, q, DNS_NONE);
	} else {
		memcpy(q->name, name.p, name.n);
		q->name[name.n] = '\0';
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
		answer_plainly(d, q, DNS_SILENT);
		break;
	}
}

/* One that does not want to may not speak for the others. */
static void refused(struct dns *d, struct query *q, enum dns_status status)
{
	if (q->servers_left-- > 1)
		query_again(d, q);
	else
		answer_plainly(d, q, status);
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
		refused(d, q, DNS_FORMAT_ERROR);
		break;
	case CODE_NOT_IMPLEMENTED:
		refused(d, q, DNS_NOT_IMPLEMENTED);
		break;
	case CODE_REFUSED:
		refused(d, q, DNS_REFUSED);
		break;
	default:
		refused(d, q, DNS_SERVER_FAILURE);
		break;
	}
}

/* A callback of c-ares: from within ares_query(), too, when nothing could be sent. */
static void on_answer(void *arg, int status, int timeouts, unsigned char *bytes, int n)
{
	struct query *q = arg;
	struct dns *d = q->channel->dns;

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
		answer_plainly(d, q, DNS_SILENT);
}

/* ---- questions ---- */

/* The one that asks now, or the next that has had a rest. */
static struct channel *pick(struct dns *d, const struct dns_conf *conf)
{
	struct channels *all = &d->channels[conf->index];

	for (uint32_t i = 0; i < CHANNELS; i++) {
		uint32_t at = (all->now + i) % CHANNELS;
		struct channel *c = &all->v[at];

		if (!c->open)
			c->asked = 0;
		if (c->asked >= TERM_QUESTIONS)
			continue;
		all->now = at;
		break;
	}
	return &all->v[all->now];
}

static void query_again(struct dns *d, struct query *q)
{
	struct channel *c = pick(d, q->conf);
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
		.conf = question->conf,
		.type = question->type,
		.number = number,
		.ttl_s = UINT32_MAX,
		.servers_left = question->conf->n_servers,
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
static void plan_channel(struct dns *d, struct channel *c, uint64_t now_ms)
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
	for (uint32_t i = 0; i < d->start.conf->n_dns; i++)
		for (int k = 0; k < CHANNELS; k++)
			plan_channel(d, &d->channels[i].v[k], now_ms);
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
	for (uint32_t i = 0; i < d->start.conf->n_dns; i++)
		for (int k = 0; k < CHANNELS; k++)
			if (d->channels[i].v[k].open)
				ares_process_fd(d->channels[i].v[k].ares, ARES_SOCKET_BAD,
						ARES_SOCKET_BAD);
	plan(d);
}

/* A poll tells of changes only: c-ares reads until there is nothing more. Of a flood it reads a
 * part, and a new poll tells of the rest. */
static void attend(struct dns *d, struct dns_socket *s, const struct ring_event *ev)
{
	bool in = conn_tag_op(ev->tag) == CONN_POLL_IN;
	struct channel *c = s->owner;
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

static int set_servers(ares_channel ares, const struct dns_conf *conf)
{
	struct ares_addr_port_node nodes[DNS_SERVERS_MAX];

	memset(nodes, 0, sizeof(nodes));
	for (uint32_t i = 0; i < conf->n_servers; i++) {
		struct addr a;

		sockaddr_to_addr(&a, &conf->servers[i]);
		nodes[i].next = i + 1 < conf->n_servers ? &nodes[i + 1] : NULL;
		nodes[i].family = a.family == ADDR_IP6 ? AF_INET6 : AF_INET;
		memcpy(&nodes[i].addr, a.ip, a.family == ADDR_IP6 ? 16 : 4);
		nodes[i].udp_port = nodes[i].tcp_port = a.port;
	}
	return ares_set_servers_ports(ares, nodes) == ARES_SUCCESS ? 0 : -1;
}

/* All that c-ares would else look for in files and in the environment. */
static int open_channel(struct dns *d, struct channel *c, const struct dns_conf *conf)
{
	struct in_addr nobody = {0};
	char only_dns[] = "b", no_file[] = "/dev/null";
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP,
		.timeout = SERVER_MS,
		.tries = 1,
		.ndots = 1,
		.servers = &nobody,
		.nservers = 1,
		.lookups = only_dns,
		.resolvconf_path = no_file,
		.sock_state_cb = on_state,
		.sock_state_cb_data = c,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
		   ARES_OPT_SERVERS | ARES_OPT_LOOKUPS | ARES_OPT_DOMAINS | ARES_OPT_SORTLIST |
		   ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB | ARES_OPT_ROTATE;

#ifdef ARES_OPT_QUERY_CACHE
	mask |= ARES_OPT_QUERY_CACHE; /* how long answers last is not its business */
#endif
	c->dns = d;
	if (ares_init_options(&c->ares, &options, mask) != ARES_SUCCESS) {
		c->ares = NULL;
		return -1;
	}
	ares_set_socket_functions(c->ares, &socket_functions, c);
	return set_servers(c->ares, conf);
}

static size_t round_up(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

static int take_memory(struct dns *d)
{
	uint32_t queries = d->start.questions_max + d->start.questions_max / 2;
	size_t channels = round_up(d->start.conf->n_dns * sizeof(struct channels));
	size_t numbers = round_up(d->start.questions_max * sizeof(struct query *));
	size_t sockets = dns_sockets_memory();
	uint8_t *at;

	d->memory_bytes = channels + numbers + sockets + slab_bytes(queries, sizeof(struct query));
	at = d->memory = pages_take(d->memory_bytes);
	if (!at)
		return -1;
	d->channels = (struct channels *)(void *)at;
	at += channels;
	d->by_number = (struct query **)(void *)at;
	at += numbers;
	dns_sockets_init(&d->sockets, d->start.io, at);
	slab_init(&d->queries, at + sockets, queries, sizeof(struct query));
	return 0;
}

struct dns *dns_open(const struct dns_start *s)
{
	struct dns *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->start = *s;
	list_init(&d->early);
	if (take_memory(d))
		goto failed;
	for (uint32_t i = 0; i < s->conf->n_dns; i++)
		for (int k = 0; k < CHANNELS; k++)
			if (open_channel(d, &d->channels[i].v[k], s->conf->dns[i]))
				goto failed;
	return d;
failed:
	dns_close(d);
	return NULL;
}

void dns_close(struct dns *d)
{
	d->closing = d->sockets.gone = true;
	for (uint32_t i = 0; d->channels && i < d->start.conf->n_dns; i++)
		for (int k = 0; k < CHANNELS; k++)
			if (d->channels[i].v[k].ares)
				ares_destroy(d->channels[i].v[k].ares);
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
