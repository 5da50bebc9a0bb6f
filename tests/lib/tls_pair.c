/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls_pair: two channels and the memory between them. Never loses or adds a byte by itself.
 */
#include "tests/lib/tls_pair.h"

#include "tests/lib/certs.h"
#include "tls/library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, const char *why)
{
	fprintf(stderr, "tls_pair: %s: %s\n", what, why);
	abort();
}

static struct tls_file read_file(const char *name)
{
	char path[512], *bytes;
	const char *folder = certs_folder();
	size_t n;
	FILE *f;

	if (folder == NULL)
		die(name, "no certificates");
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	bytes = malloc(64 * 1024 + strlen(name) + 1);
	if (f == NULL || bytes == NULL)
		die(path, "cannot be read");
	n = fread(bytes, 1, 64 * 1024, f);
	fclose(f);
	memcpy(bytes + n, name, strlen(name) + 1);
	return (struct tls_file){.bytes = str_of(bytes, n), .name = str_cstr(bytes + n)};
}

/* Each is read once, and stays. */
struct tls_file pair_file(const char *name)
{
	static struct tls_file known[64];
	static size_t n;

	for (size_t i = 0; i < n; i++)
		if (str_eq(known[i].name, str_cstr(name)))
			return known[i];
	if (n == sizeof(known) / sizeof(known[0]))
		die(name, "is one file too many");
	known[n] = read_file(name);
	return known[n++];
}

const struct tls_identity *pair_identity(const char *name)
{
	static struct tls_identity all[16];
	static unsigned next;
	struct tls_identity *id = &all[next++ % 16];
	char file[256];

	*id = (struct tls_identity){0};
	snprintf(file, sizeof(file), "%s.pem", name);
	id->chain = pair_file(file);
	snprintf(file, sizeof(file), "%s.key", name);
	id->key = pair_file(file);
	return id;
}

struct tls_acceptor_conf pair_acceptor_conf(void)
{
	if (!library_open())
		die("wolfSSL", "does not start");
	return (struct tls_acceptor_conf){
		.suites.versions = TLS_1_2 | TLS_1_3,
		.identities = {pair_identity("ecdsa"), 1},
		.session_timeout_s = 300,
		.tickets = true,
		.verify_depth = 1,
		.alpn = STR("imap"),
		.context = STR("test"),
	};
}

struct tls_connector_conf pair_connector_conf(void)
{
	return (struct tls_connector_conf){
		.suites.versions = TLS_1_2 | TLS_1_3,
		.verify_depth = 1,
		.session_reuse = true,
	};
}

struct acceptor *pair_acceptor(const struct tls_acceptor_conf *conf)
{
	struct tls_error e;
	struct acceptor *a = acceptor_open(conf, &e);

	if (a == NULL)
		die("acceptor", e.text);
	return a;
}

struct connector *pair_connector(const struct tls_connector_conf *conf)
{
	struct tls_error e;
	struct connector *k = connector_open(conf, &e);

	if (k == NULL)
		die("connector", e.text);
	return k;
}

void pair_init(struct pair *p, const struct acceptor *a, const struct connector *k,
	       struct connector_sessions *sessions)
{
	p->to_server.n = p->to_client.n = 0;
	p->step = PAIR_ROOM;
	p->server_ev = p->client_ev = CHANNEL_MORE;
	channel_accept(&p->server, a);
	if (k != NULL && channel_connect(&p->client, k, sessions, 1) != 0)
		die("client", "no memory");
}

/* The first bytes of a way, one step of them, as a buf; what is consumed goes. */
static struct buf offer(struct pair *p, struct pair_way *way)
{
	return buf_view(str_of(way->bytes, way->n < p->step ? way->n : p->step));
}

static void taken(struct pair *p, struct pair_way *way, const struct buf *in)
{
	size_t n = (way->n < p->step ? way->n : p->step) - buf_len(in);
	memmove(way->bytes, way->bytes + n, way->n - n);
	way->n -= n;
}

static enum channel_ev step(struct pair *p, struct channel *c, struct pair_way *from,
			    struct pair_way *to)
{
	struct buf in = offer(p, from);
	struct out out;
	enum channel_ev ev;

	out_init(&out, to->bytes + to->n, sizeof(to->bytes) - to->n);
	ev = channel_handshake(c, &in, &out);
	to->n += out.n;
	taken(p, from, &in);
	return ev;
}

enum channel_ev pair_server_step(struct pair *p)
{
	return p->server_ev = step(p, &p->server, &p->to_server, &p->to_client);
}

enum channel_ev pair_client_step(struct pair *p)
{
	return p->client_ev = step(p, &p->client, &p->to_client, &p->to_server);
}

static bool over(enum channel_ev ev)
{
	return ev == CHANNEL_UP || ev == CHANNEL_FAILED;
}

bool pair_shake(struct pair *p)
{
	unsigned still = 0;

	while (still < 4 && !(over(p->server_ev) && over(p->client_ev))) {
		size_t before = p->to_server.n + p->to_client.n;

		if (!over(p->client_ev))
			(void)pair_client_step(p);
		if (!over(p->server_ev))
			(void)pair_server_step(p);
		still = before == p->to_server.n + p->to_client.n ? still + 1 : 0;
	}
	if (getenv("PAIR_WHY") != NULL &&
	    !(p->server_ev == CHANNEL_UP && p->client_ev == CHANNEL_UP))
		fprintf(stderr, "tls_pair: server %.*s (%d), client %.*s (%d)\n",
			(int)channel_why(&p->server).n, (const char *)channel_why(&p->server).p,
			p->server.error, (int)channel_why(&p->client).n,
			(const char *)channel_why(&p->client).p, p->client.error);
	return p->server_ev == CHANNEL_UP && p->client_ev == CHANNEL_UP;
}

bool pair_send(struct pair *p, bool from_server, struct str text)
{
	struct channel *from = from_server ? &p->server : &p->client;
	struct channel *to = from_server ? &p->client : &p->server;
	struct pair_way *way = from_server ? &p->to_client : &p->to_server;
	struct pair_way *back = from_server ? &p->to_server : &p->to_client;
	size_t sent = 0, got = 0;
	bool same = true;

	while (got < text.n) {
		uint8_t plain[3000];
		struct channel_plain cp = {.p = plain, .room = sizeof(plain)};
		struct out out;
		struct buf in;
		size_t n;
		enum channel_ev ev;

		out_init(&out, way->bytes + way->n, sizeof(way->bytes) - way->n);
		n = channel_write(from, str_from(text, sent), &out);
		sent += n;
		way->n += out.n;
		in = offer(p, way);
		out_init(&out, back->bytes + back->n, sizeof(back->bytes) - back->n);
		ev = channel_read(to, &in, &out, &cp);
		back->n += out.n;
		taken(p, way, &in);
		if (ev != CHANNEL_PLAIN && ev != CHANNEL_MORE)
			return false;
		same = same && memcmp(plain, text.p + got, cp.n) == 0;
		got += cp.n;
		if (n == 0 && cp.n == 0 && out.n == 0 && ev == CHANNEL_MORE && buf_len(&in) == 0 &&
		    way->n == 0)
			return false;
	}
	return same;
}

void pair_shut(struct pair *p)
{
	channel_close(&p->server);
	channel_close(&p->client);
}

void pair_same_memory(uint64_t before)
{
	if (library_tuned() && library_memory() != before) {
		fprintf(stderr, "tls_pair: %lu bytes before, %lu after\n", (unsigned long)before,
			(unsigned long)library_memory());
		die("memory", "is not what it was");
	}
}
