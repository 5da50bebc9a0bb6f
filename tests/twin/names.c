/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names: see names.h.
 */
#include "tests/twin/names.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { HEADER = 12, MESSAGE_MAX = 512, TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28, TTL_S = 60 };

struct message {
	uint8_t p[MESSAGE_MAX];
	size_t n;
};

static void names_u16(struct message *m, unsigned value)
{
	m->p[m->n++] = (uint8_t)(value >> 8);
	m->p[m->n++] = (uint8_t)value;
}

static size_t names_label(struct message *m, const char *name)
{
	size_t n = strcspn(name, ".");

	m->p[m->n++] = (uint8_t)n;
	memcpy(m->p + m->n, name, n);
	m->n += n;
	return n + (name[n] == '.');
}

/* A record that belongs to the question. */
static void names_record(struct message *m, unsigned type, const char *what)
{
	size_t length_at;

	names_u16(m, 0xc000 | HEADER); /* the name asked for */
	names_u16(m, type);
	names_u16(m, 1);
	names_u16(m, 0);
	names_u16(m, TTL_S);
	length_at = m->n;
	m->n += 2;
	if (type == TYPE_A) {
		m->n += inet_pton(AF_INET, what, m->p + m->n) == 1 ? 4 : 0;
	} else {
		while (*what)
			what += names_label(m, what);
		m->p[m->n++] = 0;
	}
	m->p[length_at] = 0;
	m->p[length_at + 1] = (uint8_t)(m->n - length_at - 2);
	m->p[7]++;
}

/* What the word says instead of a record: a response code; -1: it is none. */
static int names_code(const char *what)
{
	static const char *const codes[] = {"nothing",  "formerr", "servfail",
					    "nxdomain", "notimp",  "refused"};

	for (int i = 0; i < (int)(sizeof(codes) / sizeof(codes[0])); i++)
		if (!strcmp(what, codes[i]))
			return i;
	return -1;
}

/* False: say nothing at all. */
static bool names_apply(struct message *m, unsigned type, const char *rules)
{
	const char *name = type == TYPE_A ? "A" : type == TYPE_PTR ? "PTR" : "AAAA";
	char of[8], what[128];
	int n;

	for (; sscanf(rules, "%7s %127s%n", of, what, &n) == 2; rules += n) {
		int code = names_code(what);

		if (strcmp(of, name) != 0)
			continue;
		if (!strcmp(what, "silent"))
			return false;
		if (code >= 0)
			m->p[3] |= (uint8_t)code;
		else if (m->n + strlen(what) + 16 < MESSAGE_MAX)
			names_record(m, type, what);
	}
	return true;
}

/* Where the question ends; 0: there is none. */
static size_t names_question(const struct message *m)
{
	size_t at = HEADER;

	if (m->n < HEADER || m->p[4] || m->p[5] != 1)
		return 0;
	while (at < m->n && m->p[at])
		at += m->p[at] + 1u;
	return at + 5 <= m->n ? at + 5 : 0;
}

void names_answer(int fd, const char *rules)
{
	struct sockaddr_in from;
	socklen_t from_n = sizeof(from);
	struct message m;
	ssize_t got;

	while ((got = recvfrom(fd, m.p, sizeof(m.p), MSG_DONTWAIT, (struct sockaddr *)&from,
			       &from_n)) >= 0) {
		m.n = (size_t)got;
		m.n = names_question(&m);
		if (!m.n)
			continue;
		m.p[2] |= 0x80; /* a response; recursion is available */
		m.p[3] = 0x80;
		memset(m.p + 6, 0, 6);
		if (names_apply(&m, m.p[m.n - 3], rules))
			sendto(fd, m.p, m.n, 0, (struct sockaddr *)&from, from_n);
		from_n = sizeof(from);
	}
}
