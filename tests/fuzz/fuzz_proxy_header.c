/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_proxy_header: every input as what a balancer sends, under all laws; and its first bytes as
 * the two ends of a connection, of any families, through both writers.
 */
#include "../lib/laws_proxy_header.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { END_BYTES = 19 };

static struct addr end_of(const uint8_t *p)
{
	struct addr a = {.family = p[0] & 3, .port = (uint16_t)(p[1] << 8 | p[2])};

	memcpy(a.ip, p + 3, a.family == ADDR_IP4 ? 4 : 16);
	return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	laws_check(&laws_proxy_header_engine, NULL, str_of(data, n));
	if (n >= 2 * END_BYTES)
		laws_proxy_header_write(
			&(struct proxy_ends){end_of(data), end_of(data + END_BYTES)});
	return 0;
}
