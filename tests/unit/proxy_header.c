/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/proxy_header: what a header of either version means, what is none, and the
 * bytes of those that we write.
 */
#include "proto/proxy_header.h"

#include <criterion/criterion.h>
#include <string.h>

#define MAGIC "\r\n\r\n\0\r\nQUIT\n"
#define ENDS4 "\xc0\x00\x02\x01\xc6\x33\x64\x01\xdc\x04\x00\x19"
#define IP6   "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0"
#define ENDS6 IP6 "\x01" IP6 "\x02\xdc\x04\x00\x19"

/* "FROM TO REST", REST being what was not consumed; "-" for an end that is not named. */
static const char *read_as(struct str bytes)
{
	static char text[256];
	struct buf in = buf_view(bytes);
	struct proxy_ends ends;
	enum proxy_header_ev ev = proxy_header_read(&in, &ends);
	struct out o;

	out_init(&o, text, sizeof(text));
	if (ev == PROXY_HEADER_OK && ends.from.family != ADDR_NONE) {
		addr_write_port(&o, &ends.from);
		out_byte(&o, ' ');
		addr_write_port(&o, &ends.to);
	} else {
		static const char *const names[] = {"more", "nobody", "broken", "version",
						    "too long"};

		out_str(&o, str_cstr(names[ev]));
		cr_assert(ends.from.family == ADDR_NONE && ends.to.family == ADDR_NONE);
	}
	if (ev == PROXY_HEADER_OK && buf_len(&in)) {
		out_lit(&o, " then ");
		out_str(&o, buf_data(&in));
	}
	out_byte(&o, 0);
	cr_assert(!out_overflow(&o));
	return text;
}

struct row {
	struct str bytes;
	const char *means;
};

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *means = read_as(rows[i].bytes);

		cr_assert_str_eq(means, rows[i].means, "row %zu means %s", i, means);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

Test(proxy_header, reads_version_1)
{
	static const struct row rows[] = {
		{STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\r\n"),
		 "192.0.2.1:56324 198.51.100.1:25"},
		{STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 0 65535\r\nEHLO a"),
		 "192.0.2.1:0 198.51.100.1:65535 then EHLO a"},
		{STR_INIT("PROXY TCP6 2001:DB8::1 ::ffff:192.0.2.1 1 2\r\n"),
		 "[2001:db8::1]:1 [::ffff:192.0.2.1]:2"},
		{STR_INIT("PROXY UNKNOWN\r\nQUIT"), "nobody then QUIT"},
		{STR_INIT("PROXY UNKNOWN ff::1 1.2.3.4 what ever\r\n"), "nobody"},
		{STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\r"), "more"},
		{STR_INIT("PROXY TC"), "more"},
		{STR_INIT("PROXY"), "more"},
		{STR_INIT("P"), "more"},
		{STR_INIT(""), "more"},
	};

	CHECK(rows);
}

Test(proxy_header, refuses_what_is_not_version_1)
{
	static const struct row rows[] = {
		{STR_INIT("Q"), "broken"},
		{STR_INIT("proxy TCP4 192.0.2.1 198.51.100.1 1 2\r\n"), "broken"},
		{STR_INIT("EHLO client.example\r\n"), "broken"},
		{STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n"), "broken"},
		{STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n"), "broken"},
		{STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n"), "broken"},
		{STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 1 2 \r\n"), "broken"},
		{STR_INIT("PROXY TCP4 192.0.2.1  198.51.100.1 1 2\r\n"), "broken"},
		{STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 65536 2\r\n"), "broken"},
		{STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 1 -2\r\n"), "broken"},
		{STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1  2\r\n"), "broken"},
		{STR_INIT("PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n"), "broken"},
		{STR_INIT("PROXY TCP4 ::1 ::2 1 2\r\n"), "broken"},
		{STR_INIT("PROXY TCP6 192.0.2.1 ::2 1 2\r\n"), "broken"},
		{STR_INIT("PROXY TCP5 192.0.2.1 198.51.100.1 1 2\r\n"), "broken"},
		{STR_INIT("PROXY TCP4\r\n"), "broken"},
		{STR_INIT("PROXY UNKNOWNS\r\n"), "broken"},
		{STR_INIT("PROXY \r\n"), "broken"},
		{STR_INIT("PROXY \n"), "broken"},
	};

	CHECK(rows);
}

Test(proxy_header, limits_version_1)
{
	uint8_t text[PROXY_HEADER_V1_MAX + 1];

	memset(text, 'x', sizeof(text));
	memcpy(text, "PROXY UNKNOWN ", 14);
	cr_assert_str_eq(read_as(str_of(text, PROXY_HEADER_V1_MAX - 1)), "more");
	cr_assert_str_eq(read_as(str_of(text, PROXY_HEADER_V1_MAX)), "broken");
	memcpy(text + PROXY_HEADER_V1_MAX - 2, "\r\n", 2);
	cr_assert_str_eq(read_as(str_of(text, PROXY_HEADER_V1_MAX)), "nobody");
	memcpy(text + PROXY_HEADER_V1_MAX - 2, "x\r\n", 3);
	cr_assert_str_eq(read_as(str_of(text, PROXY_HEADER_V1_MAX + 1)), "broken");
}

Test(proxy_header, reads_version_2)
{
	static const struct row rows[] = {
		{STR_INIT(MAGIC "\x21\x11\x00\x0c" ENDS4), "192.0.2.1:56324 198.51.100.1:25"},
		{STR_INIT(MAGIC "\x21\x11\x00\x13" ENDS4 "\x04\x00\x04skipEHLO a"),
		 "192.0.2.1:56324 198.51.100.1:25 then EHLO a"},
		{STR_INIT(MAGIC "\x21\x21\x00\x24" ENDS6 "EHLO a"),
		 "[2001:db8::1]:56324 [2001:db8::2]:25 then EHLO a"},
		{STR_INIT(MAGIC "\x20\x00\x00\x00"
				"EHLO a"),
		 "nobody then EHLO a"},
		{STR_INIT(MAGIC "\x20\x11\x00\x0c" ENDS4), "nobody"},
		{STR_INIT(MAGIC "\x21\x00\x00\x03tlv"), "nobody"},
		{STR_INIT(MAGIC "\x21\x12\x00\x0c" ENDS4), "nobody"},
		{STR_INIT(MAGIC "\x21\x31\x00\x01u"), "nobody"},
		{STR_INIT(MAGIC "\x21\x11\x00\x0d" ENDS4), "more"},
		{STR_INIT(MAGIC "\x21\x11\x00"), "more"},
		{STR_INIT(MAGIC), "more"},
		{STR_INIT("\r\n\r\n\0\r\nQUIT"), "more"},
		{STR_INIT("\r"), "more"},
	};

	CHECK(rows);
}

Test(proxy_header, refuses_what_is_not_version_2)
{
	static const struct row rows[] = {
		{STR_INIT("\r\n\r\n\r\nQUIT\n"), "broken"},
		{STR_INIT("\n"), "broken"},
		{STR_INIT(MAGIC "\x11"), "version"},
		{STR_INIT(MAGIC "\x31\x11\x00\x0c" ENDS4), "version"},
		{STR_INIT(MAGIC "\x21\x11\x00\x0b" ENDS4), "broken"},
		{STR_INIT(MAGIC "\x21\x21\x00\x23"), "broken"},
		{STR_INIT(MAGIC "\x21\x11\x0f\xf1"), "too long"},
		{STR_INIT(MAGIC "\x20\x00\xff\xff"), "too long"},
		{STR_INIT(MAGIC "\x20\x00\x0f\xf0"), "more"},
	};

	CHECK(rows);
}

static struct addr end(const char *text, uint16_t port)
{
	struct addr a;

	cr_assert_eq(addr_parse(str_cstr(text), &a), 0);
	a.port = port;
	return a;
}

static void check_written(struct proxy_ends ends, struct str v1, struct str v2)
{
	uint8_t room[PROXY_HEADER_WRITE_MAX];
	struct out o;

	out_init(&o, room, sizeof(room));
	proxy_header_write_v1(&o, &ends);
	cr_assert(!out_overflow(&o) && str_eq(out_data(&o), v1), "%.*s", (int)o.n, room);
	out_init(&o, room, sizeof(room));
	proxy_header_write_v2(&o, &ends);
	cr_assert(!out_overflow(&o) && str_eq(out_data(&o), v2), "instead of %s", v1.p);
}

Test(proxy_header, writes_both_versions)
{
	struct addr a4 = end("192.0.2.1", 56324), b4 = end("198.51.100.1", 25);
	struct addr a6 = end("2001:db8::1", 56324), b6 = end("2001:db8::2", 25);

	check_written((struct proxy_ends){a4, b4},
		      STR("PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\r\n"),
		      STR(MAGIC "\x21\x11\x00\x0c" ENDS4));
	check_written((struct proxy_ends){a6, b6},
		      STR("PROXY TCP6 2001:db8::1 2001:db8::2 56324 25\r\n"),
		      STR(MAGIC "\x21\x21\x00\x24" ENDS6));
}

Test(proxy_header, writes_two_families_as_one)
{
	struct addr a4 = end("192.0.2.1", 56324), b4 = end("198.51.100.1", 25);
	struct addr a6 = end("2001:db8::1", 56324), b6 = end("2001:db8::2", 25);

	check_written((struct proxy_ends){a4, b6},
		      STR("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 56324 25\r\n"),
		      STR(MAGIC "\x21\x21\x00\x24\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01" IP6
				"\x02\xdc\x04\x00\x19"));
	check_written((struct proxy_ends){a6, b4},
		      STR("PROXY TCP6 2001:db8::1 ::ffff:198.51.100.1 56324 25\r\n"),
		      STR(MAGIC
			  "\x21\x21\x00\x24" IP6
			  "\x01\0\0\0\0\0\0\0\0\0\0\xff\xff\xc6\x33\x64\x01\xdc\x04\x00\x19"));
}

Test(proxy_header, writes_what_is_not_known)
{
	struct addr unix_end = {.family = ADDR_UNIX};

	check_written((struct proxy_ends){unix_end, end("198.51.100.1", 25)},
		      STR("PROXY UNKNOWN\r\n"), STR(MAGIC "\x21\x00\x00\x00"));
	check_written((struct proxy_ends){.from = {0}}, STR("PROXY UNKNOWN\r\n"),
		      STR(MAGIC "\x21\x00\x00\x00"));
	check_written((struct proxy_ends){end("192.0.2.1", 7), unix_end},
		      STR("PROXY TCP4 192.0.2.1 0.0.0.0 7 0\r\n"),
		      STR(MAGIC "\x21\x11\x00\x0c\xc0\x00\x02\x01\0\0\0\0\x00\x07\0\0"));
}
