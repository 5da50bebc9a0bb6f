/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_line: every input through line framing under all laws. The first byte is the limit, the
 * rest is what the peer sends.
 */
#include "../lib/laws_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct laws_line conf;

	if (!n)
		return 0;
	conf.max = data[0] + 1U;
	laws_check(&laws_line_engine, &conf, str_of(data + 1, n - 1));
	return 0;
}
