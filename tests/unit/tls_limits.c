/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The limits of the TLS floor fit each other.
 */
#include "tls/cache.h"
#include "tls/channel.h"
#include "tls/ciphers.h"
#include "tls/hello.h"

#include <criterion/criterion.h>

Test(tls_limits, fit)
{
	cr_assert_geq(CHANNEL_OUT_MIN, CHANNEL_RECORD_MAX + CHANNEL_OVERHEAD_MAX);
	cr_assert_geq(CHANNEL_HANDSHAKE_IN_MAX, HELLO_MAX);
	cr_assert_lt(HELLO_NAME_MAX, HELLO_MAX);
	cr_assert_geq(CIPHERS_MAX, 32);
}
