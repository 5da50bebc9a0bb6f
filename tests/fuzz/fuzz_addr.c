/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_addr: every input as an address, beside the C library's reader and writer. What the library
 * reads we read alike; what we read comes back from what we print; what we print is what the
 * library prints, but for the IPv4-compatible form, which RFC 5952 section 5 leaves to prefixes
 * that are known to carry it. And every input as a block of addresses: the bits that count decide
 * who is in it, and no others.
 */
#include "base/addr.h"
#include "base/must.h"
#include "tests/lib/guard.h"

#include <arpa/inet.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The library's reading: the family and bytes, or ADDR_NONE. */
static struct addr theirs(struct str s)
{
	struct addr a = {0};
	char text[256] = "";

	if (s.n >= sizeof(text) || str_find(s, 0) < s.n)
		return a;
	if (s.n)
		memcpy(text, s.p, s.n);
	if (inet_pton(AF_INET, text, a.ip) == 1)
		a.family = ADDR_IP4;
	else if (inet_pton(AF_INET6, text, a.ip) == 1)
		a.family = ADDR_IP6;
	return a;
}

static bool same(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

/* Printed into exactly its room, and into one byte less. */
static struct str print(const struct addr *a, bool port)
{
	static struct guard room;
	uint8_t text[ADDR_TEXT_MAX];
	void (*write)(struct out *, const struct addr *) = port ? addr_write_port : addr_write;
	struct out o;
	size_t n;

	out_init(&o, text, sizeof(text));
	write(&o, a);
	must(!out_overflow(&o) && o.n);
	n = o.n;
	out_init(&o, guard_room(&room, n - 1), n - 1);
	write(&o, a);
	must(out_overflow(&o));
	out_init(&o, guard_room(&room, n), n);
	write(&o, a);
	must(!out_overflow(&o) && memcmp(o.base, text, n) == 0);
	return out_data(&o);
}

static bool is_compatible(const struct addr *a)
{
	static const uint8_t zeroes[12];

	return a->family == ADDR_IP6 && memcmp(a->ip, zeroes, sizeof(zeroes)) == 0;
}

static void check_print(const struct addr *a)
{
	struct str text = print(a, false);
	char library[INET6_ADDRSTRLEN];
	struct addr again;

	must(addr_parse(text, &again) == 0 && same(a, &again));
	must(inet_ntop(a->family == ADDR_IP4 ? AF_INET : AF_INET6, a->ip, library,
		       sizeof(library)));
	must(is_compatible(a) || str_eq(text, str_cstr(library)));
}

static void check_port(const struct addr *a)
{
	struct str text = print(a, true), plain = text;
	struct addr again;
	uint64_t port;
	size_t colon = text.n;

	while (text.p[--colon] != ':')
		must(colon > 0);
	must(str_u64(str_from(text, colon + 1), 65535, &port) == 0 && port == a->port);
	plain = str_first(text, colon);
	if (a->family == ADDR_IP6)
		plain = str_of(plain.p + 1, plain.n - 2);
	must(addr_parse(plain, &again) == 0 && same(a, &again));
}

/* Looked for as IPv4, in blocks of IPv4 alone. */
static bool is_mapped(const struct addr *a)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return a->family == ADDR_IP6 && memcmp(a->ip, prefix, sizeof(prefix)) == 0;
}

static void check_net(struct str s)
{
	struct addr_net net;
	int got = addr_parse_net(s, &net);
	unsigned all = net.base.family == ADDR_IP4 ? 32 : 128;

	must(got >= -1 && got <= 1);
	if (got < 0)
		return;
	must(is_mapped(&net.base) != addr_in_net(&net.base, &net));
	if (net.base.family == ADDR_UNIX)
		return;
	must(net.bits <= all);
	for (unsigned bit = 0; bit < all; bit++) {
		struct addr a = net.base;

		a.ip[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		must(is_mapped(&a) || addr_in_net(&a, &net) == (bit >= net.bits));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct guard source;
	struct str s = guard_copy(&source, str_of(data, n));
	struct addr library = theirs(s), ours;

	check_net(s);
	if (addr_parse(s, &ours) < 0) {
		must(library.family == ADDR_NONE);
		return 0;
	}
	must(library.family == ADDR_NONE || same(&ours, &library));
	must(ours.port == 0);
	ours.port = (uint16_t)(s.n * 257 + s.p[0]);
	check_print(&ours);
	check_port(&ours);
	return 0;
}
