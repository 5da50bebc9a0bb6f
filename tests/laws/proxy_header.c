/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PROXY headers under all laws: headers of every kind, whole and cut off after every byte, alone
 * and with the client's bytes behind them; and every header that we can write.
 */
#include "../lib/laws_proxy_header.h"

#include <criterion/criterion.h>
#include <string.h>

#define MAGIC "\r\n\r\n\0\r\nQUIT\n"
#define ENDS4 "\xc0\x00\x02\x01\xc0\x00\x02\x02\xdc\x04\x00\x19"

static const struct str headers[] = {
	STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 56324 25\r\n"),
	STR_INIT("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\nEHLO a\r\n"),
	STR_INIT("PROXY TCP6 2001:db8::1 2001:db8::2 56324 25\r\nEHLO a\r\n"),
	STR_INIT("PROXY TCP6 ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"),
	STR_INIT("PROXY UNKNOWN\r\nEHLO a\r\n"),
	STR_INIT("PROXY UNKNOWN anything at all \xff\0\r\r\nEHLO a\r\n"),
	STR_INIT("PROXY UNKNOWNS\r\n"),
	STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 56324 25\n"),
	STR_INIT("PROXY TCP4  192.0.2.1 192.0.2.2 56324 25\r\n"),
	STR_INIT("PROXY \r\n"),
	STR_INIT("PROXY \n"),
	STR_INIT("PROXY"),
	STR_INIT("EHLO client.example\r\n"),
	STR_INIT("\r\n\r\nGET\r\n"),
	STR_INIT(MAGIC "\x21\x11\x00\x0c" ENDS4 "EHLO a\r\n"),
	STR_INIT(MAGIC "\x21\x11\x00\x13" ENDS4 "\x04\x00\x04skipEHLO a\r\n"),
	STR_INIT(MAGIC "\x21\x21\x00\x24" ENDS4 ENDS4 ENDS4 "EHLO a\r\n"),
	STR_INIT(MAGIC "\x20\x00\x00\x00"
		       "EHLO a\r\n"),
	STR_INIT(MAGIC "\x20\x11\x00\x00"
		       "EHLO a\r\n"),
	STR_INIT(MAGIC "\x21\x00\x00\x03tlvEHLO a\r\n"),
	STR_INIT(MAGIC "\x21\x12\x00\x0c" ENDS4),
	STR_INIT(MAGIC "\x21\x31\x00\x02unEHLO a\r\n"),
	STR_INIT(MAGIC "\x2f\xff\x00\x02unEHLO a\r\n"),
	STR_INIT(MAGIC "\x21\x11\x00\x0b" ENDS4),
	STR_INIT(MAGIC "\x21\x21\x00\x23" ENDS4 ENDS4 ENDS4),
	STR_INIT(MAGIC "\x21\x11\x0f\xf1" ENDS4),
	STR_INIT(MAGIC "\x11\x11\x00\x0c" ENDS4),
	STR_INIT(MAGIC "\x31"),
	STR_INIT(""),
};

Test(laws_proxy_header, every_header)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		laws_check_cuts(&laws_proxy_header_engine, NULL, headers[i]);
}

/* Around the limits of both versions. */
Test(laws_proxy_header, long_ones)
{
	static uint8_t v1[PROXY_HEADER_V1_MAX + 2], v2[PROXY_HEADER_V2_MAX + 2];

	memset(v1, ' ', sizeof(v1));
	memcpy(v1, "PROXY UNKNOWN", 13);
	for (size_t n = PROXY_HEADER_V1_MAX - 2; n <= sizeof(v1); n++) {
		memcpy(v1 + n - 2, "\r\n", 2);
		laws_check(&laws_proxy_header_engine, NULL, str_of(v1, n));
		memcpy(v1 + n - 2, "  ", 2);
	}
	memcpy(v2, MAGIC "\x21\x11\x0f", 15);
	for (unsigned low = 0xef; low <= 0xf1; low++) {
		v2[15] = (uint8_t)low;
		laws_check(&laws_proxy_header_engine, NULL, str_of(v2, sizeof(v2)));
		laws_check(&laws_proxy_header_engine, NULL, str_of(v2, PROXY_HEADER_V2_MAX - 1));
	}
}

Test(laws_proxy_header, every_written_one)
{
	struct addr all[] = {
		{.family = ADDR_NONE, .port = 7},
		{.family = ADDR_UNIX, .port = 7},
		{.family = ADDR_IP4, .ip = {192, 0, 2, 1}, .port = 56324},
		{.family = ADDR_IP4, .ip = {255, 255, 255, 255}, .port = 65535},
		{.family = ADDR_IP6, .ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .port = 0},
		{.family = ADDR_IP6, .port = 65535},
	};
	size_t n = sizeof(all) / sizeof(all[0]);

	memset(all[n - 1].ip, 0xff, 16);
	for (size_t i = 0; i < n * n; i++)
		laws_proxy_header_write(&(struct proxy_ends){all[i / n], all[i % n]});
}
