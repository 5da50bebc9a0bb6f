/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * addr: IP literals in and out (RFC 4291 section 2.2, RFC 5952). Pure; knows no sockets.
 */
#include "base/addr.h"

#include <string.h>

static int parse_ip4(struct str s, uint8_t ip[4])
{
	for (int i = 0; i < 4; i++) {
		size_t end = i < 3 ? str_find(s, '.') : s.n;
		uint64_t v;

		if (end == 0 || end > 3 || (i < 3 && end == s.n))
			return -1;
		if (str_u64(str_first(s, end), 255, &v) < 0)
			return -1;
		ip[i] = (uint8_t)v;
		s = str_from(s, end + 1);
	}
	return 0;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One to four hexadecimal digits, the whole of s. */
static int parse_group(struct str s, uint8_t to[2])
{
	unsigned v = 0;

	if (s.n == 0 || s.n > 4)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		int d = hex_digit(s.p[i]);

		if (d < 0)
			return -1;
		v = v << 4 | (unsigned)d;
	}
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
	return 0;
}

/* Groups of one side of "::", or of the whole address. Returns bytes written, or -1. */
static int parse_groups(struct str s, uint8_t *to, size_t room)
{
	size_t at = 0;

	while (s.n) {
		size_t end = str_find(s, ':');
		bool last = end == s.n;

		if (last && str_find(s, '.') < s.n) {
			if (room - at < 4 || parse_ip4(s, to + at) < 0)
				return -1;
			return (int)at + 4;
		}
		if (room - at < 2 || parse_group(str_first(s, end), to + at) < 0)
			return -1;
		at += 2;
		s = str_from(s, end + 1);
		if (!last && s.n == 0)
			return -1;
	}
	return (int)at;
}

static size_t find_gap(struct str s)
{
	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == ':' && s.p[i + 1] == ':')
			return i;
	return s.n;
}

static int parse_ip6(struct str s, uint8_t ip[16])
{
	size_t gap = find_gap(s);
	uint8_t tail[16];
	int n, m;

	memset(ip, 0, 16);
	n = parse_groups(str_first(s, gap), ip, 16);
	if (gap == s.n)
		return n == 16 ? 0 : -1;
	/* Dotted IPv4 stands for the last four bytes only. */
	if (str_find(s, '.') < gap)
		return -1;
	m = parse_groups(str_from(s, gap + 2), tail, 16);
	if (n < 0 || m < 0 || n + m > 14)
		return -1;
	memcpy(ip + 16 - m, tail, (size_t)m);
	return 0;
}

int addr_parse(struct str s, struct addr *a)
{
	memset(a, 0, sizeof(*a));
	if (str_find(s, ':') < s.n) {
		a->family = ADDR_IP6;
		return parse_ip6(s, a->ip);
	}
	a->family = ADDR_IP4;
	return parse_ip4(s, a->ip);
}

/* Clears what is behind the first `bits` bits; true if there was something. */
static bool clear_host(uint8_t *ip, size_t n, unsigned bits)
{
	bool cleared = false;

	for (size_t i = 0; i < n; i++) {
		unsigned keep = bits < 8 * i ? 0 : bits - 8 * (unsigned)i;
		uint8_t mask = (uint8_t)(0xff00U >> (keep < 8 ? keep : 8));

		cleared |= (ip[i] & ~mask) != 0;
		ip[i] &= mask;
	}
	return cleared;
}

int addr_parse_net(struct str s, struct addr_net *net)
{
	size_t slash = str_find(s, '/'), n;
	uint64_t bits;

	memset(net, 0, sizeof(*net));
	if (str_eq(s, STR("unix:"))) {
		net->base.family = ADDR_UNIX;
		return 0;
	}
	if (addr_parse(str_first(s, slash), &net->base) < 0)
		return -1;
	n = net->base.family == ADDR_IP4 ? 4 : 16;
	bits = 8 * n;
	if (slash < s.n && str_u64(str_from(s, slash + 1), 8 * n, &bits) < 0)
		return -1;
	net->bits = (uint8_t)bits;
	return clear_host(net->base.ip, n, net->bits);
}

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct addr addr_unmapped(const struct addr *a)
{
	struct addr x = *a;

	if (x.family == ADDR_IP6 && !memcmp(x.ip, mapped, 12)) {
		x.family = ADDR_IP4;
		memcpy(x.ip, a->ip + 12, 4);
	}
	return x;
}

bool addr_same_ip(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && !memcmp(a->ip, b->ip, a->family == ADDR_IP4 ? 4 : 16);
}

bool addr_in_net(const struct addr *a, const struct addr_net *net)
{
	struct addr x = addr_unmapped(a);

	if (x.family != net->base.family || x.family == ADDR_NONE)
		return false;
	if (x.family == ADDR_UNIX)
		return true;
	clear_host(x.ip, sizeof(x.ip), net->bits);
	return !memcmp(x.ip, net->base.ip, x.family == ADDR_IP4 ? 4 : 16);
}

static void write_ip4(struct out *o, const uint8_t ip[4])
{
	for (int i = 0; i < 4; i++) {
		if (i)
			out_byte(o, '.');
		out_u64(o, ip[i]);
	}
}

static unsigned group_at(const uint8_t *ip, int i)
{
	return (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
}

static void write_group(struct out *o, unsigned v)
{
	static const uint8_t digits[] = "0123456789abcdef";
	bool started = false;

	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned d = v >> shift & 15;

		if (d || started || shift == 0) {
			out_byte(o, digits[d]);
			started = true;
		}
	}
}

/* The longest run of at least two zero groups: first group and length (0 if none). */
static int zero_run(const uint8_t *ip, int *length)
{
	int best = 0, best_n = 0;

	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && group_at(ip, i + n) == 0)
			n++;
		if (n > best_n) {
			best = i;
			best_n = n;
		}
		i += n;
	}
	*length = best_n >= 2 ? best_n : 0;
	return best;
}

static void write_ip6(struct out *o, const uint8_t ip[16])
{
	int run_n, run = zero_run(ip, &run_n);

	if (memcmp(ip, mapped, 12) == 0) {
		out_lit(o, "::ffff:");
		write_ip4(o, ip + 12);
		return;
	}
	for (int i = 0; i < 8; i++) {
		if (run_n && i == run) {
			out_lit(o, "::");
			i += run_n - 1;
			continue;
		}
		if (i && !(run_n && i == run + run_n))
			out_byte(o, ':');
		write_group(o, group_at(ip, i));
	}
}

void addr_write(struct out *o, const struct addr *a)
{
	if (a->family == ADDR_IP4)
		write_ip4(o, a->ip);
	else if (a->family == ADDR_IP6)
		write_ip6(o, a->ip);
	else
		out_lit(o, "unix:");
}

void addr_write_port(struct out *o, const struct addr *a)
{
	bool ip6 = a->family == ADDR_IP6;

	if (ip6)
		out_byte(o, '[');
	addr_write(o, a);
	if (ip6)
		out_byte(o, ']');
	if (ip6 || a->family == ADDR_IP4) {
		out_byte(o, ':');
		out_u64(o, a->port);
	}
}
