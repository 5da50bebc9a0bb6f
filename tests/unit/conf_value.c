/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf_value: sizes, times, switches and levels, as NGINX reads them.
 */
#include "app/conf_value.h"

#include <criterion/criterion.h>

#define BAD UINT64_MAX

struct row {
	const char *text;
	uint64_t value; /* BAD: refused */
};

typedef int parser(struct str s, uint64_t *value);

static void check(parser *parse, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value = 0;
		int rc = parse(str_cstr(rows[i].text), &value);

		cr_expect_eq(rc, rows[i].value == BAD ? -1 : 0, "\"%s\"", rows[i].text);
		if (!rc)
			cr_expect_eq(value, rows[i].value, "\"%s\" gave %llu", rows[i].text,
				     (unsigned long long)value);
	}
}

#define CHECK(parse, rows) check((parse), (rows), sizeof(rows) / sizeof((rows)[0]))

Test(conf_value, sizes)
{
	static const struct row rows[] = {
		{"0", 0},
		{"1", 1},
		{"4096", 4096},
		{"4k", 4096},
		{"4K", 4096},
		{"1m", 1 << 20},
		{"1M", 1 << 20},
		{"2g", 2ULL << 30},
		{"2G", 2ULL << 30},
		{"", BAD},
		{"k", BAD},
		{"-1", BAD},
		{"1kk", BAD},
		{"1 k", BAD},
		{"1t", BAD},
		{"0x10", BAD},
		{"1.5k", BAD},
		{"9223372036854775807", INT64_MAX},
		{"9223372036854775808", BAD},
		{"9007199254740991k", 9223372036854774784ULL},
		{"9007199254740992k", BAD},
	};

	CHECK(conf_value_parse_size, rows);
}

Test(conf_value, times_in_milliseconds)
{
	static const struct row rows[] = {
		{"0", 0},
		{"30", 30000},
		{"30s", 30000},
		{"500ms", 500},
		{"5m", 300000},
		{"1h", 3600000},
		{"1d", 86400000},
		{"1w", 604800000},
		{"1h30m", 5400000},
		{"1h 30m", 5400000},
		{"1w2d3h4m5s6ms", 788645006},
		{"1m30", 90000},
		{"1s500ms", 1500},
		{"5 ", 5000},
		{"", BAD},
		{"s", BAD},
		{"1x", BAD},
		{"-1", BAD},
		{"1y", BAD},
		{"1M", BAD},
		{"5m1h", BAD},
		{"1s1s", BAD},
		{"1ms1s", BAD},
		{"5 5", 10000},
		{"1h m", BAD},
		{"1S", BAD},
		{"9223372036854775s", 9223372036854775000},
		{"9223372036854776s", BAD},
		{"9223372036854775807ms", INT64_MAX},
		{"15250284453w", BAD},
	};

	CHECK(conf_value_parse_ms, rows);
}

Test(conf_value, times_in_seconds)
{
	static const struct row rows[] = {
		{"30", 30},         {"1m", 60},    {"1M", 2592000}, {"1y", 31536000},
		{"1y1M", 34128000}, {"1M1y", BAD}, {"1ms", BAD},    {"", BAD},
	};

	CHECK(conf_value_parse_s, rows);
}

Test(conf_value, switches_ignore_case)
{
	bool on = false;

	cr_assert_eq(conf_value_parse_flag(STR("on"), &on), 0);
	cr_assert(on);
	cr_assert_eq(conf_value_parse_flag(STR("OFF"), &on), 0);
	cr_assert(!on);
	cr_assert_eq(conf_value_parse_flag(STR("yes"), &on), -1);
	cr_assert_eq(conf_value_parse_flag(STR(""), &on), -1);
}
