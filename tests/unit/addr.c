/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of base/addr: IP literals in and out. The tables hold the cases of RFC 5952 section 4
 * and 5; the C library's parser, which the module may not call, is the judge of random ones.
 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct text_pair {
	const char *in, *out;
};

static const struct text_pair good[] = {
	{"0.0.0.0", "0.0.0.0"},
	{"127.0.0.1", "127.0.0.1"},
	{"255.255.255.255", "255.255.255.255"},
	{"192.0.2.1", "192.0.2.1"},
	{"::", "::"},
	{"::1", "::1"},
	{"1::", "1::"},
	{"0:0:0:0:0:0:0:0", "::"},
	{"0:0:0:0:0:0:0:1", "::1"},
	{"2001:db8::1", "2001:db8::1"},
	{"2001:0db8::0001", "2001:db8::1"},
	{"2001:DB8::ABCD", "2001:db8::abcd"},
	{"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
	{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
	{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	{"2001:db8::1:0:0:1", "2001:db8::1:0:0:1"},
	{"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
	{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
	{"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
	{"1:0:0:0:0:0:0:8", "1::8"},
	{"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
	{"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
	{"::ffff:c000:201", "::ffff:192.0.2.1"},
	{"::ffff:0:1", "::ffff:0.0.0.1"},
	{"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
	{"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
	{"fe80::1", "fe80::1"},
};

static const char *const bad[] = {
	"",
	".",
	"1",
	"1.2.3",
	"1.2.3.",
	".1.2.3",
	"1..2.3",
	"1.2.3.4.",
	"1.2.3.4.5",
	"1.2.3.256",
	"256.2.3.4",
	"1.2.3.0004",
	"1.2.3.a",
	"1.2.3.-4",
	" 1.2.3.4",
	"1.2.3.4 ",
	"0x7f.0.0.1",
	"localhost",
	":",
	":::",
	"1:",
	":1",
	"1::2::3",
	"1:::2",
	"1:2:3:4:5:6:7",
	"1:2:3:4:5:6:7:",
	":2:3:4:5:6:7:8",
	"1:2:3:4:5:6:7:8:9",
	"1:2:3:4:5:6:7:8::",
	"::1:2:3:4:5:6:7:8",
	"1:2:3:4::5:6:7:8",
	"12345::",
	"::g",
	"::1%lo",
	"[::1]",
	"::1.2.3",
	"::1.2.3.256",
	"1:2:3:4:5:6:7:1.2.3.4",
	"1.2.3.4::",
	"::1.2.3.4:5",
	"1::1.2.3.4::",
};

static void prints(const struct addr *a, const char *want, bool port)
{
	uint8_t text[ADDR_TEXT_MAX];
	struct out o;

	out_init(&o, text, sizeof(text));
	if (port)
		addr_write_port(&o, a);
	else
		addr_write(&o, a);
	cr_assert(!out_overflow(&o));
	cr_assert(str_eq(out_data(&o), str_cstr(want)), "got %.*s, want %s", (int)o.n,
		  (const char *)text, want);
}

Test(addr, good_literals_print_as_rfc_5952_says)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct addr a;

		cr_assert_eq(addr_parse(str_cstr(good[i].in), &a), 0, "%s", good[i].in);
		cr_assert_eq(a.port, 0);
		cr_assert_eq(a.family, strchr(good[i].in, ':') ? ADDR_IP6 : ADDR_IP4);
		prints(&a, good[i].out, false);
	}
}

Test(addr, bad_literals_are_refused)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct addr a;

		cr_assert_eq(addr_parse(str_cstr(bad[i]), &a), -1, "%s", bad[i]);
	}
}

Test(addr, a_nul_is_not_the_end)
{
	struct addr a;

	cr_assert_eq(addr_parse(STR("1.2.3.4\0"), &a), -1);
	cr_assert_eq(addr_parse(STR("::1\0"), &a), -1);
}

Test(addr, ports_follow_brackets_for_ip6_only)
{
	struct addr a;

	cr_assert_eq(addr_parse(STR("192.0.2.1"), &a), 0);
	a.port = 25;
	prints(&a, "192.0.2.1:25", true);
	cr_assert_eq(addr_parse(STR("2001:db8::1"), &a), 0);
	a.port = 65535;
	prints(&a, "[2001:db8::1]:65535", true);
	a = (struct addr){.family = ADDR_UNIX, .port = 7};
	prints(&a, "unix:", true);
	prints(&a, "unix:", false);
}

Test(addr, the_longest_text_fits_its_limit)
{
	struct addr a = {.family = ADDR_IP6, .port = 65535};

	memset(a.ip, 0xff, sizeof(a.ip));
	prints(&a, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", true);
}

/* Every pattern of zero and non-zero groups, there and back, and as the C library reads it. */
Test(addr, every_pattern_of_zero_groups_comes_back)
{
	for (unsigned pattern = 0; pattern < 256; pattern++) {
		struct addr a = {.family = ADDR_IP6}, b;
		char text[ADDR_TEXT_MAX + 1];
		uint8_t judge[16];
		struct out o;

		for (int i = 0; i < 8; i++)
			a.ip[2 * i + 1] = pattern >> i & 1 ? (uint8_t)(i + 1) : 0;
		out_init(&o, text, ADDR_TEXT_MAX);
		addr_write(&o, &a);
		text[o.n] = 0;
		cr_assert_eq(addr_parse(out_data(&o), &b), 0, "%s", text);
		cr_assert_eq(memcmp(a.ip, b.ip, 16), 0, "%s", text);
		cr_assert_eq(inet_pton(AF_INET6, text, judge), 1, "%s", text);
		cr_assert_eq(memcmp(a.ip, judge, 16), 0, "%s", text);
	}
}

/* Random texts over the bytes that literals are made of: accept exactly what inet_pton accepts. */
Test(addr, agrees_with_the_c_library_on_random_text)
{
	static const char bytes[] = "::::..0123aF";
	uint32_t seed = 4242;
	unsigned accepted = 0;

	for (int i = 0; i < 300000; i++) {
		char text[24];
		uint8_t judge[16];
		struct addr a;
		size_t n;
		int family, want;

		seed = seed * 1664525 + 1013904223;
		n = 1 + (seed >> 20) % 16;
		for (size_t k = 0; k < n; k++) {
			seed = seed * 1664525 + 1013904223;
			text[k] = bytes[(seed >> 20) % (sizeof(bytes) - 1)];
		}
		text[n] = 0;
		family = strchr(text, ':') ? AF_INET6 : AF_INET;
		want = inet_pton(family, text, judge) == 1 ? 0 : -1;
		/* Leading zeroes in IPv4 are read as decimal by us and refused by the library. */
		if (want < 0 && strchr(text, '.') && strchr(text, '0'))
			continue;
		cr_assert_eq(addr_parse(str_of(text, n), &a), want, "%s", text);
		if (want == 0)
			cr_assert_eq(memcmp(a.ip, judge, family == AF_INET6 ? 16 : 4), 0, "%s",
				     text);
		accepted += want == 0;
	}
	cr_assert_gt(accepted, 1000);
}

/* ---- blocks ---- */

static bool is_in(const char *address, const char *block)
{
	struct addr_net net;
	struct addr a = {.family = ADDR_UNIX};

	cr_assert(addr_parse_net(str_cstr(block), &net) >= 0, "%s", block);
	if (strcmp(address, "unix:") != 0)
		cr_assert_eq(addr_parse(str_cstr(address), &a), 0);
	return addr_in_net(&a, &net);
}

Test(addr, blocks_hold_their_addresses)
{
	static const struct {
		const char *address, *block;
		bool in;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.2", "192.0.2.1", false},
		{"192.0.2.255", "192.0.2.0/24", true},
		{"192.0.3.0", "192.0.2.0/24", false},
		{"192.0.2.127", "192.0.2.0/25", true},
		{"192.0.2.128", "192.0.2.0/25", false},
		{"10.9.8.7", "0.0.0.0/0", true},
		{"::1", "0.0.0.0/0", false},
		{"10.9.8.7", "::/0", false},
		{"::1", "::/0", true},
		{"2001:db8::1", "2001:db8::/32", true},
		{"2001:db9::1", "2001:db8::/32", false},
		{"2001:db8::7fff", "2001:db8::/113", true},
		{"2001:db8::8000", "2001:db8::/113", false},
		{"::ffff:192.0.2.1", "192.0.2.0/24", true},
		{"::ffff:192.0.2.1", "::/0", false},
		{"unix:", "unix:", true},
		{"unix:", "0.0.0.0/0", false},
		{"0.0.0.0", "unix:", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert_eq(is_in(rows[i].address, rows[i].block), rows[i].in, "%s in %s",
			     rows[i].address, rows[i].block);
}

Test(addr, nobody_is_in_no_block)
{
	struct addr nobody = {0};
	struct addr_net none = {0};

	cr_assert_not(addr_in_net(&nobody, &none));
}

Test(addr, blocks_are_read_strictly)
{
	static const char *const wrong[] = {"",       "/8",           "192.0.2.0/33", "192.0.2.0/",
					    "::/129", "192.0.2.0/-1", "192.0.2/24",   "unix:/tmp/x",
					    "name/8", "192.0.2.0/8/8"};
	struct addr_net net;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_eq(addr_parse_net(str_cstr(wrong[i]), &net), -1, "%s", wrong[i]);
	cr_assert_eq(addr_parse_net(STR("192.0.2.0/24"), &net), 0);
	cr_assert_eq(addr_parse_net(STR("192.0.2.1/24"), &net), 1);
	cr_assert_eq(addr_parse_net(STR("192.0.2.1/31"), &net), 1);
	cr_assert_eq(addr_parse_net(STR("2001:db8::1/128"), &net), 0);
}
