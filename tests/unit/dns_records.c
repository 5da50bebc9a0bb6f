/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/dns_records: DNS messages written byte by byte, good ones and others, each
 * also cut at every length with nothing readable behind it.
 */
#include "proto/dns_records.h"

#include "tests/lib/guard.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Answers, questions and the name asked for: x.test at offset 12. */
#define HEAD(answers) "\x12\x34\x81\x80\0\1\0" answers "\0\0\0\0"
#define NAME          "\1x\4test\0"
#define ASKED(type)   NAME "\0" type "\0\1"
/* A record of the name at this offset. */
#define OF(offset, type, ttl, length) "\xc0" offset "\0" type "\0\1" ttl "\0" length
#define MINUTE                        "\0\0\0\x3c"
#define SECOND                        "\0\0\0\1"

struct records_case {
	const char *what;
	struct str message;
	enum dns_records_type type;
	enum dns_records_ev ev;
	const char *found; /* "192.0.2.1 192.0.2.2", or a name */
	uint32_t ttl_s;
};

#define M(text) STR_INIT(text)

static const struct records_case cases[] = {
	{"two addresses, the shorter time",
	 M(HEAD("\2") ASKED("\1") OF("\x0c", "\1", MINUTE, "\4") "\xc0\0\2\1" OF(
		 "\x0c", "\1", SECOND, "\4") "\xc0\0\2\2"),
	 DNS_RECORDS_A, DNS_RECORDS_FOUND, "192.0.2.1 192.0.2.2 ", 1},
	{"letters of another size",
	 M(HEAD("\1") ASKED("\1") "\1X\4tEST\0\0\1\0\1" MINUTE "\0\4\xc0\0\2\1"), DNS_RECORDS_A,
	 DNS_RECORDS_FOUND, "192.0.2.1 ", 60},
	{"an address of IPv6",
	 M(HEAD("\1") ASKED("\x1c")
		   OF("\x0c", "\x1c", MINUTE, "\x10") "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"),
	 DNS_RECORDS_AAAA, DNS_RECORDS_FOUND, "2001:db8::1 ", 60},
	{"a name",
	 M(HEAD("\1") ASKED("\x0c") OF("\x0c", "\x0c", MINUTE, "\x08") "\1a\1B\1c\xc0\x0e"),
	 DNS_RECORDS_PTR, DNS_RECORDS_FOUND, "a.B.c.test", 60},
	{"a name with a dot and a backslash in it",
	 M(HEAD("\1") ASKED("\x0c") OF("\x0c", "\x0c", MINUTE, "\x06") "\4a.\\b\0"),
	 DNS_RECORDS_PTR, DNS_RECORDS_FOUND, "a\\.\\\\b", 60},
	{"an alias and what it has",
	 M(HEAD("\2") ASKED("\1") OF("\x0c", "\5", SECOND, "\4") "\1y\xc0\x0e" OF(
		 "\x24", "\1", MINUTE, "\4") "\xc0\0\2\1"),
	 DNS_RECORDS_A, DNS_RECORDS_FOUND, "192.0.2.1 ", 1},
	{"an alias alone", M(HEAD("\1") ASKED("\1") OF("\x0c", "\5", SECOND, "\4") "\1y\xc0\x0e"),
	 DNS_RECORDS_A, DNS_RECORDS_ALIAS, "y.test", 1},
	{"its own alias", M(HEAD("\1") ASKED("\1") OF("\x0c", "\5", SECOND, "\2") "\xc0\x0c"),
	 DNS_RECORDS_A, DNS_RECORDS_NONE, "", 0},
	{"nothing", M(HEAD("\0") ASKED("\1")), DNS_RECORDS_A, DNS_RECORDS_NONE, "", 0},
	{"another name's address",
	 M(HEAD("\1") ASKED("\1") "\1y\4test\0\0\1\0\1" MINUTE "\0\4\xc0\0\2\1"), DNS_RECORDS_A,
	 DNS_RECORDS_NONE, "", 0},
	{"another class", M(HEAD("\1") ASKED("\1") "\xc0\x0c\0\1\0\3" MINUTE "\0\4\xc0\0\2\1"),
	 DNS_RECORDS_A, DNS_RECORDS_NONE, "", 0},
	{"a time that is negative",
	 M(HEAD("\1") ASKED("\1") OF("\x0c", "\1", "\xff\xff\xff\xff", "\4") "\xc0\0\2\1"),
	 DNS_RECORDS_A, DNS_RECORDS_FOUND, "192.0.2.1 ", 0},
	{"five bytes of address",
	 M(HEAD("\1") ASKED("\1") OF("\x0c", "\1", MINUTE, "\5") "\xc0\0\2\1\1"), DNS_RECORDS_A,
	 DNS_RECORDS_BAD, "", 0},
	{"more records said than there are",
	 M(HEAD("\2") ASKED("\1") OF("\x0c", "\1", MINUTE, "\4") "\xc0\0\2\1"), DNS_RECORDS_A,
	 DNS_RECORDS_BAD, "", 0},
	{"two questions", M("\x12\x34\x81\x80\0\2\0\0\0\0\0\0" ASKED("\1") ASKED("\1")),
	 DNS_RECORDS_A, DNS_RECORDS_BAD, "", 0},
	{"a pointer to itself",
	 M(HEAD("\1") ASKED("\1") OF("\x18", "\1", MINUTE, "\4") "\xc0\0\2\1"), DNS_RECORDS_A,
	 DNS_RECORDS_BAD, "", 0},
	{"a pointer ahead", M(HEAD("\1") ASKED("\1") OF("\x1c", "\1", MINUTE, "\4") "\xc0\0\2\1"),
	 DNS_RECORDS_A, DNS_RECORDS_BAD, "", 0},
	{"a kind of label that there is not",
	 M(HEAD("\1") ASKED("\1") "\x80\x0c\0\1\0\1" MINUTE "\0\4\xc0\0\2\1"), DNS_RECORDS_A,
	 DNS_RECORDS_BAD, "", 0},
	{"a name that ends after its record",
	 M(HEAD("\1") ASKED("\x0c") OF("\x0c", "\x0c", MINUTE, "\2") "\1a\0"), DNS_RECORDS_PTR,
	 DNS_RECORDS_BAD, "", 0},
	{"a name that ends before it",
	 M(HEAD("\1") ASKED("\x0c") OF("\x0c", "\x0c", MINUTE, "\4") "\1a\0\0"), DNS_RECORDS_PTR,
	 DNS_RECORDS_BAD, "", 0},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]), ADDRESSES = 4 };

static enum dns_records_ev reads(struct str message, enum dns_records_type type,
				 struct dns_records *to)
{
	static struct addr addresses[ADDRESSES];
	static uint8_t text[DNS_RECORDS_NAME_MAX];
	static struct out name;

	out_init(&name, text, sizeof(text));
	*to = (struct dns_records){
		.type = type, .name = &name, .addresses = addresses, .max = ADDRESSES};
	return dns_records_read(message, to);
}

static void shown(const struct dns_records *r, struct out *o)
{
	if (r->type == DNS_RECORDS_PTR || !r->n)
		out_str(o, out_data(r->name));
	for (uint32_t i = 0; r->type != DNS_RECORDS_PTR && i < r->n; i++) {
		addr_write(o, &r->addresses[i]);
		out_byte(o, ' ');
	}
}

Test(dns_records, messages_are_read)
{
	for (int i = 0; i < CASES; i++) {
		const struct records_case *c = &cases[i];
		struct dns_records r;
		char text[1024] = "";
		struct out o;

		out_init(&o, text, sizeof(text) - 1);
		cr_expect_eq(reads(c->message, c->type, &r), c->ev, "%s", c->what);
		if (c->ev != DNS_RECORDS_FOUND && c->ev != DNS_RECORDS_ALIAS)
			continue;
		shown(&r, &o);
		cr_expect_str_eq(text, c->found, "%s: %s", c->what, text);
		cr_expect_eq(r.ttl_s, c->ttl_s, "%s: %u s", c->what, r.ttl_s);
	}
}

/* What is cut is never more than the whole is, and nothing behind it is read. */
Test(dns_records, no_byte_behind_a_message_is_read)
{
	static struct guard guard;

	for (int i = 0; i < CASES; i++) {
		for (size_t n = 0; n < cases[i].message.n; n++) {
			struct str cut = guard_copy(&guard, str_first(cases[i].message, n));
			struct dns_records r;
			enum dns_records_ev ev = reads(cut, cases[i].type, &r);

			cr_expect(ev == DNS_RECORDS_BAD, "%s, %zu bytes: %d", cases[i].what, n,
				  (int)ev);
		}
	}
}

Test(dns_records, the_response_code_is_in_the_header)
{
	cr_expect_eq(dns_records_code(STR(HEAD("\0"))), 0);
	cr_expect_eq(dns_records_code(STR("\x12\x34\x81\x83\0\1\0\0\0\0\0\0")), 3);
	cr_expect_eq(dns_records_code(STR("\x12\x34\x81\x83\0\1\0\0\0\0\0")), -1);
}

Test(dns_records, more_addresses_than_there_is_room_for_are_left_out)
{
	uint8_t message[512];
	struct dns_records r;
	struct out o;

	out_init(&o, message, sizeof(message));
	out_str(&o, STR(HEAD("\6") ASKED("\1")));
	for (uint8_t i = 0; i < 6; i++) {
		out_str(&o, STR(OF("\x0c", "\1", MINUTE, "\4") "\xc0\0\2"));
		out_byte(&o, i);
	}
	cr_assert_eq(reads(out_data(&o), DNS_RECORDS_A, &r), DNS_RECORDS_FOUND);
	cr_expect_eq(r.n, ADDRESSES);
	cr_expect_eq(r.addresses[3].ip[3], 3);
}

/* 127 labels of one byte are as many as a name can have; as PTR data, so that there is an answer.
 */
static enum dns_records_ev long_name(int labels, struct dns_records *r)
{
	static uint8_t message[1024];
	struct out o;

	out_init(&o, message, sizeof(message));
	out_str(&o, STR(HEAD("\1") ASKED("\x0c") "\xc0\x0c\0\x0c\0\1" MINUTE));
	out_byte(&o, (uint8_t)((2 * labels + 1) >> 8));
	out_byte(&o, (uint8_t)(2 * labels + 1));
	for (int i = 0; i < labels; i++)
		out_str(&o, STR("\1."));
	out_byte(&o, 0);
	return reads(out_data(&o), DNS_RECORDS_PTR, r);
}

Test(dns_records, names_are_not_longer_than_names_can_be)
{
	struct dns_records r;

	cr_expect_eq(long_name(127, &r), DNS_RECORDS_FOUND);
	cr_expect_eq(r.name->n, 127 * 2 + 126);
	cr_expect_not(out_overflow(r.name));
	cr_expect_eq(long_name(128, &r), DNS_RECORDS_BAD);
}

/* A chain of pointers is followed for a while only: it costs time, and no name has one. */
Test(dns_records, long_chains_of_pointers_are_refused)
{
	for (int jumps = 30; jumps < 36; jumps++) {
		uint8_t message[512];
		struct dns_records r;
		struct out o;

		out_init(&o, message, sizeof(message));
		out_str(&o, STR(HEAD("\2") ASKED("\1") OF("\x0c", "\x63", MINUTE, "")));
		out_byte(&o, (uint8_t)(2 * jumps));
		out_str(&o, STR("\xc0\x0c"));
		for (int i = 1; i < jumps; i++) {
			out_byte(&o, 0xc0);
			out_byte(&o, (uint8_t)(o.n - 3));
		}
		out_byte(&o, 0xc0);
		out_byte(&o, (uint8_t)(o.n - 3));
		out_str(&o, STR("\0\1\0\1" MINUTE "\0\4\xc0\0\2\1"));
		cr_expect_eq(reads(out_data(&o), DNS_RECORDS_A, &r),
			     jumps + 1 <= 32 ? DNS_RECORDS_FOUND : DNS_RECORDS_BAD, "%d", jumps);
	}
}
