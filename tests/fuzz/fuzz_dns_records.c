/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_dns_records: every input as what a name server sends, for each type of question, before a
 * page that cannot be read: never more than there is room for, and the same the second time.
 */
#include "base/must.h"
#include "proto/dns_records.h"

#include "../lib/guard.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ADDRESSES = 8 };

struct reading {
	struct addr addresses[ADDRESSES];
	uint8_t text[DNS_RECORDS_NAME_MAX];
	struct out name;
	struct dns_records records;
	enum dns_records_ev ev;
};

static void read_one(struct reading *r, struct str message, enum dns_records_type type)
{
	memset(r, 0, sizeof(*r));
	out_init(&r->name, r->text, sizeof(r->text));
	r->records = (struct dns_records){
		.type = type, .name = &r->name, .addresses = r->addresses, .max = ADDRESSES};
	r->ev = dns_records_read(message, &r->records);
}

static void check(struct str message, enum dns_records_type type)
{
	static struct reading one, two;

	read_one(&one, message, type);
	read_one(&two, message, type);
	must(one.ev == two.ev && str_eq(out_data(&one.name), out_data(&two.name)));
	must(memcmp(one.addresses, two.addresses, sizeof(one.addresses)) == 0);
	must(!out_overflow(&one.name));
	must(type == DNS_RECORDS_PTR || one.records.n <= ADDRESSES);
	must(one.ev != DNS_RECORDS_FOUND || one.records.n > 0);
	must(one.ev != DNS_RECORDS_FOUND || one.records.ttl_s <= INT32_MAX);
	must(dns_records_code(message) < 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct guard guard;
	struct str message = guard_copy(&guard, str_of(data, n));

	check(message, DNS_RECORDS_A);
	check(message, DNS_RECORDS_AAAA);
	check(message, DNS_RECORDS_PTR);
	return 0;
}
