/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dnsd: one thread for UDP, one for each TCP connection. Answers are made anew from the text of
 * the zone each time.
 */
#include "tests/lib/dnsd.h"

#include "tests/lib/port.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEADER = 12, MESSAGE_MAX = 65535, UDP_MAX = 512, CNAME = 5 };

struct message {
	uint8_t bytes[MESSAGE_MAX];
	size_t n, asked; /* asked: where the question ends */
	char name[1024]; /* of the question, in small letters */
	unsigned type, answers;
};

static void put(struct message *m, const void *p, size_t n)
{
	if (m->n + n > sizeof(m->bytes))
		return;
	memcpy(m->bytes + m->n, p, n);
	m->n += n;
}

static void put16(struct message *m, unsigned v)
{
	put(m, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

/* A byte of a name in the zone, which may be written \DDD. */
static int next_byte(const char **at)
{
	int value = (uint8_t) * *at;

	if (**at == '\\' && strlen(*at) >= 4) {
		sscanf(*at + 1, "%3d", &value);
		*at += 3;
	}
	(*at)++;
	return value;
}

static void put_name(struct message *m, const char *text)
{
	while (*text) {
		uint8_t label[256];
		uint8_t n = 0;

		while (*text && *text != '.' && n < 255)
			label[++n] = (uint8_t)next_byte(&text);
		label[0] = n;
		put(m, label, n + 1U);
		text += *text == '.';
	}
	put(m, "", 1);
}

/* Fixed part of a record about the question's name; where its length is. */
static size_t put_record(struct message *m, unsigned type, unsigned long ttl)
{
	put16(m, 0xc000 | HEADER);
	put16(m, type);
	put16(m, 1);
	put16(m, (unsigned)(ttl >> 16));
	put16(m, (unsigned)(ttl & 0xffff));
	put16(m, 0);
	m->answers++;
	return m->n;
}

static void end_record(struct message *m, size_t data)
{
	size_t n = m->n - data;

	m->bytes[data - 2] = (uint8_t)(n >> 8);
	m->bytes[data - 1] = (uint8_t)n;
}

static void put_value(struct message *m, unsigned type, unsigned long ttl, const char *value)
{
	size_t data = put_record(m, type, ttl);
	uint8_t ip[16];

	if (type == 1 && inet_pton(AF_INET, value, ip) == 1)
		put(m, ip, 4);
	else if (type == 28 && inet_pton(AF_INET6, value, ip) == 1)
		put(m, ip, 16);
	else
		put_name(m, value);
	end_record(m, data);
}

static void put_many(struct message *m, int n, unsigned long ttl)
{
	for (int i = 0; i < n; i++) {
		size_t data = put_record(m, 1, ttl);

		put(m, (uint8_t[]){10, 9, (uint8_t)(i >> 8), (uint8_t)i}, 4);
		end_record(m, data);
	}
}

static unsigned type_of(const char *text)
{
	static const struct {
		const char *name;
		unsigned type;
	} types[] = {{"AAAA", 28}, {"A", 1}, {"PTR", 12}, {"CNAME", CNAME}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strncmp(text, types[i].name, strlen(types[i].name)) == 0)
			return types[i].type;
	return 0;
}

/* What the zone says about the question: the response code. */
static unsigned look_up(struct dnsd *d, struct message *m)
{
	char zone[sizeof(d->zone)], name[512], type[32], value[1024], *line, *rest = zone;
	unsigned long ttl;
	unsigned code = 3;

	pthread_mutex_lock(&d->lock);
	memcpy(zone, d->zone, sizeof(zone));
	pthread_mutex_unlock(&d->lock);
	while ((line = strsep(&rest, "\n"))) {
		unsigned of;

		if (sscanf(line, "%511s %31s %lu %1023[^\n]", name, type, &ttl, value) != 4 ||
		    strcmp(name, m->name) != 0)
			continue;
		if (strcmp(type, "RCODE") == 0)
			return (unsigned)atoi(value);
		code = 0;
		of = type_of(type);
		if (of != m->type && of != CNAME)
			continue;
		if (strchr(type, '+'))
			put_many(m, atoi(strchr(type, '+') + 1), ttl);
		put_value(m, of, ttl, value);
	}
	return code;
}

static int read_question(struct message *m, const uint8_t *p, size_t n)
{
	size_t at = HEADER, to = 0;

	memset(m->name, 0, sizeof(m->name));
	if (n < HEADER + 5)
		return -1;
	while (at < n && p[at] && to + p[at] + 1 < sizeof(m->name)) {
		if (to)
			m->name[to++] = '.';
		for (size_t i = 1; i <= p[at] && at + i < n; i++)
			m->name[to++] = (char)(p[at + i] |
					       (p[at + i] >= 'A' && p[at + i] <= 'Z' ? 0x20 : 0));
		at += 1U + p[at];
	}
	if (at + 5 > n)
		return -1;
	m->type = (unsigned)(p[at + 1] << 8 | p[at + 2]);
	m->n = m->asked = at + 5;
	memcpy(m->bytes, p, m->n);
	memset(m->bytes + 6, 0, 6);
	m->answers = 0;
	return 0;
}

static void make_answer(struct dnsd *d, struct message *m, bool tcp)
{
	unsigned code = look_up(d, m);

	m->bytes[2] = 0x81;
	m->bytes[3] = (uint8_t)(0x80 | code);
	if (!tcp && (m->n > UDP_MAX || d->trick >= DNSD_TCP)) {
		m->bytes[2] |= 2;
		m->answers = 0;
		m->n = m->asked;
	}
	m->bytes[6] = (uint8_t)(m->answers >> 8);
	m->bytes[7] = (uint8_t)m->answers;
}

/* ---- UDP ---- */

struct peer {
	struct sockaddr_in at;
	socklen_t n;
};

static void send_to(int fd, const struct peer *to, const void *p, size_t n)
{
	(void)!sendto(fd, p, n, 0, (const struct sockaddr *)&to->at, to->n);
}

static void flood(struct dnsd *d, struct message *m, const struct peer *to)
{
	for (int i = 0; i < 100; i++) {
		m->bytes[0] ^= 0x55;
		send_to(d->udp, to, m->bytes, m->n);
		m->bytes[0] ^= 0x55;
	}
	send_to(d->udp, to, m->bytes, m->n);
}

static void play(struct dnsd *d, struct message *m, const struct peer *to)
{
	enum dnsd_trick trick = d->trick;

	switch (trick) {
	case DNSD_SILENT:
		return;
	case DNSD_LATE:
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
		break;
	case DNSD_WRONG_ID:
		m->bytes[1] ^= 1;
		break;
	case DNSD_WRONG_PORT:
		send_to(d->other, to, m->bytes, m->n);
		return;
	case DNSD_WRONG_QUESTION:
		m->bytes[HEADER + 1] ^= 1;
		break;
	case DNSD_CUT:
		m->n /= 2;
		break;
	case DNSD_LOOP:
		m->bytes[7] = 1;
		m->n = m->asked;
		put16(m, 0xc000 | (unsigned)m->asked);
		for (int i = 0; i < 10; i++)
			put16(m, 0xc000 | (unsigned)m->asked);
		break;
	case DNSD_NOISE:
		m->bytes[7] = 9;
		for (size_t i = m->asked; i < 400; i++)
			m->bytes[i] = (uint8_t)(i * 193 + 7);
		m->n = 400;
		break;
	case DNSD_EMPTY:
		m->n = 0;
		break;
	case DNSD_FLOOD:
		flood(d, m, to);
		return;
	case DNSD_FAIR:
	case DNSD_TCP:
	case DNSD_TCP_CLOSE:
	case DNSD_TCP_SLOW:
		break;
	}
	send_to(d->udp, to, m->bytes, m->n);
}

static void *serve_udp(void *arg)
{
	struct message m;
	struct dnsd *d = arg;
	uint8_t in[1024];

	for (;;) {
		struct peer from = {.n = sizeof(from.at)};
		ssize_t n =
			recvfrom(d->udp, in, sizeof(in), 0, (struct sockaddr *)&from.at, &from.n);

		if (n <= 0 || read_question(&m, in, (size_t)n))
			continue;
		d->questions++;
		d->asker = ntohs(from.at.sin_port);
		make_answer(d, &m, false);
		play(d, &m, &from);
	}
	return NULL;
}

/* ---- TCP ---- */

static void answer_tcp(struct dnsd *d, int fd)
{
	struct message m;
	uint8_t in[1024], length[2];
	ssize_t n = read(fd, in, sizeof(in));

	if (n < 2 || d->trick == DNSD_TCP_CLOSE || read_question(&m, in + 2, (size_t)n - 2))
		return;
	if (d->trick == DNSD_TCP_SLOW) {
		while (send(fd, "\1", 1, MSG_NOSIGNAL) == 1)
			nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
		return;
	}
	make_answer(d, &m, true);
	length[0] = (uint8_t)(m.n >> 8);
	length[1] = (uint8_t)m.n;
	(void)!send(fd, length, 2, MSG_NOSIGNAL);
	(void)!send(fd, m.bytes, m.n, MSG_NOSIGNAL);
}

static void *serve_tcp(void *arg)
{
	struct dnsd *d = arg;

	for (;;) {
		int fd = accept(d->tcp, NULL, NULL);

		if (fd == -1)
			continue;
		d->connections++;
		answer_tcp(d, fd);
		close(fd);
	}
	return NULL;
}

/* ---- life ---- */

static int bound(int type, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0, "a port for DNS");
	return fd;
}

static void detach(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, run, arg), 0);
	pthread_detach(thread);
}

struct dnsd *dnsd_start(void)
{
	struct dnsd *d = calloc(1, sizeof(*d));

	cr_assert(d);
	pthread_mutex_init(&d->lock, NULL);
	d->port = port_free();
	snprintf(d->at, sizeof(d->at), "127.0.0.1:%u", d->port);
	d->udp = bound(SOCK_DGRAM, d->port);
	d->other = bound(SOCK_DGRAM, 0);
	d->tcp = bound(SOCK_STREAM, d->port);
	cr_assert_eq(listen(d->tcp, 16), 0);
	detach(serve_udp, d);
	detach(serve_tcp, d);
	return d;
}

void dnsd_zone(struct dnsd *d, const char *zone)
{
	pthread_mutex_lock(&d->lock);
	snprintf(d->zone, sizeof(d->zone), "%s", zone);
	pthread_mutex_unlock(&d->lock);
}
