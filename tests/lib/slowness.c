/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slowness: read from the environment each time; it never changes while a test runs. Nothing here
 * knows what is being waited for.
 */
#include "tests/lib/slowness.h"

#include <stdlib.h>

unsigned slowness(void)
{
	const char *text = getenv("TEST_SLOWNESS");
	unsigned long n = text ? strtoul(text, NULL, 10) : 1;

	return n > 1 && n < 1000 ? (unsigned)n : 1;
}
