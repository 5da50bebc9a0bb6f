/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_records: names and resource records of a DNS message (RFC 1035 sections 3.2 and 4.1).
 *
 * Names are compared in their expanded form: labels with their lengths, small letters. A pointer
 * of a compressed name leads back to before the place where its part of the name began, so that
 * every name comes to an end.
 */
#include "proto/dns_records.h"

#include <string.h>

enum {
	HEADER_BYTES = 12,
	NAME_BYTES_MAX = 255,
	TYPE_CNAME = 5,
	CLASS_IN = 1,
	/* Pointers of one name, aliases of one message: more serve only to keep us busy. */
	JUMPS_MAX = 32,
	ALIASES_MAX = 8,
};

struct dns_name {
	uint8_t bytes[NAME_BYTES_MAX];
	size_t n;
};

struct record {
	struct dns_name owner;
	uint16_t type, class;
	uint32_t ttl_s;
	size_t data, data_n; /* where in the message */
};

static uint16_t number16(struct str m, size_t at)
{
	return (uint16_t)(m.p[at] << 8 | m.p[at + 1]);
}

static uint32_t number32(struct str m, size_t at)
{
	return (uint32_t)number16(m, at) << 16 | number16(m, at + 2);
}

static uint8_t small(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/* One label, its length before it. -1: the name is longer than any may be. */
static int add_label(struct dns_name *to, struct str label)
{
	if (to->n + 1 + label.n + 1 > NAME_BYTES_MAX)
		return -1;
	to->bytes[to->n++] = (uint8_t)label.n;
	memcpy(to->bytes + to->n, label.p, label.n);
	to->n += label.n;
	return 0;
}

/* *at moves behind the name as it stands there. -1: it is none. */
static int read_name(struct str m, size_t *at, struct dns_name *to)
{
	size_t pos = *at, limit = *at;
	int jumps = 0;

	to->n = 0;
	while (pos < m.n && m.p[pos]) {
		size_t n = m.p[pos];

		if (n < 64) {
			if (m.n - pos - 1 < n || add_label(to, str_of(m.p + pos + 1, n)))
				return -1;
			pos += 1 + n;
			continue;
		}
		if (n < 192 || m.n - pos < 2)
			return -1;
		if (jumps++ == 0)
			*at = pos + 2;
		pos = number16(m, pos) & 0x3fff;
		if (pos >= limit || jumps > JUMPS_MAX)
			return -1;
		limit = pos;
	}
	if (pos >= m.n)
		return -1;
	if (!jumps)
		*at = pos + 1;
	return 0;
}

static bool same_name(const struct dns_name *a, const struct dns_name *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (small(a->bytes[i]) != small(b->bytes[i]))
			return false;
	return true;
}

static void write_name(struct out *o, const struct dns_name *name)
{
	size_t i = 0;

	out_reset(o);
	while (i < name->n) {
		size_t end = i + 1 + name->bytes[i];

		if (i++)
			out_byte(o, '.');
		for (; i < end; i++) {
			if (name->bytes[i] == '.' || name->bytes[i] == '\\')
				out_byte(o, '\\');
			out_byte(o, name->bytes[i]);
		}
	}
}

static int read_record(struct str m, size_t *at, struct record *r)
{
	if (read_name(m, at, &r->owner) || m.n - *at < 10)
		return -1;
	r->type = number16(m, *at);
	r->class = number16(m, *at + 2);
	r->ttl_s = number32(m, *at + 4);
	/* A sign is no time (RFC 2181 section 8). */
	if (r->ttl_s > INT32_MAX)
		r->ttl_s = 0;
	r->data_n = number16(m, *at + 8);
	r->data = *at + 10;
	if (m.n - r->data < r->data_n)
		return -1;
	*at = r->data + r->data_n;
	return 0;
}

int dns_records_code(struct str message)
{
	return message.n < HEADER_BYTES ? -1 : message.p[3] & 15;
}

static void add_address(struct dns_records *to, struct str ip)
{
	struct addr *a;

	if (to->n == to->max)
		return;
	a = &to->addresses[to->n++];
	memset(a, 0, sizeof(*a));
	a->family = ip.n == 4 ? ADDR_IP4 : ADDR_IP6;
	memcpy(a->ip, ip.p, ip.n);
}

static void shorten(struct dns_records *to, uint32_t ttl_s)
{
	if (ttl_s < to->ttl_s)
		to->ttl_s = ttl_s;
}

/* One record of the type that is looked for. -1: it is not what the type says. */
static int take(struct str m, const struct record *r, struct dns_records *to)
{
	size_t at = r->data;
	struct dns_name name;

	if (r->type == DNS_RECORDS_PTR) {
		if (read_name(m, &at, &name) || at != r->data + r->data_n)
			return -1;
		if (to->n++ == 0)
			write_name(to->name, &name);
	} else if (r->data_n == (r->type == DNS_RECORDS_A ? 4 : 16)) {
		add_address(to, str_of(m.p + r->data, r->data_n));
	} else {
		return -1;
	}
	shorten(to, r->ttl_s);
	return 0;
}

/* What the name has: records of the type, or an alias, which is put in its place. */
static enum dns_records_ev look(struct str m, size_t at, struct dns_name *name,
				struct dns_records *to)
{
	struct dns_name other;
	struct record r;
	bool alias = false;

	for (uint16_t left = number16(m, 6); left; left--) {
		size_t data;

		if (read_record(m, &at, &r))
			return DNS_RECORDS_BAD;
		if (r.class != CLASS_IN || !same_name(&r.owner, name))
			continue;
		data = r.data;
		if (r.type == to->type && take(m, &r, to))
			return DNS_RECORDS_BAD;
		if (r.type != TYPE_CNAME || alias)
			continue;
		if (read_name(m, &data, &other) || data != r.data + r.data_n)
			return DNS_RECORDS_BAD;
		shorten(to, r.ttl_s);
		alias = true;
	}
	if (to->n)
		return DNS_RECORDS_FOUND;
	if (!alias)
		return DNS_RECORDS_NONE;
	*name = other;
	return DNS_RECORDS_ALIAS;
}

enum dns_records_ev dns_records_read(struct str message, struct dns_records *to)
{
	enum dns_records_ev ev = DNS_RECORDS_ALIAS;
	struct dns_name name;
	size_t at = HEADER_BYTES;
	int aliases = 0;

	to->n = 0;
	to->ttl_s = UINT32_MAX;
	out_reset(to->name);
	/* One question, and what has led there since. */
	if (message.n < HEADER_BYTES || number16(message, 4) != 1 ||
	    read_name(message, &at, &name) || message.n - at < 4)
		return DNS_RECORDS_BAD;
	at += 4;
	for (; ev == DNS_RECORDS_ALIAS && aliases <= ALIASES_MAX; aliases++)
		ev = look(message, at, &name, to);
	if (ev == DNS_RECORDS_ALIAS)
		return DNS_RECORDS_NONE;
	if (ev == DNS_RECORDS_NONE && aliases > 1) {
		write_name(to->name, &name);
		ev = DNS_RECORDS_ALIAS;
	}
	return ev;
}
