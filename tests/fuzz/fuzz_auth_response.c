/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_auth_response: every input through the reader of auth service answers under all laws. The
 * first byte chooses whether a password is needed and how large the store is, the rest is what
 * the service says.
 */
#include "../lib/laws_auth_response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct laws_auth_response conf = {0};

	if (n == 0)
		return 0;
	conf.need_password = data[0] & 1;
	conf.store_max = data[0] & 2 ? 1 + (data[0] >> 2) : 0;
	laws_check(&laws_auth_response_engine, &conf, str_of(data + 1, n - 1));
	return 0;
}
