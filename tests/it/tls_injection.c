/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands that come in clear behind STARTTLS (CVE-2011-0411, CVE-2014-3556), in one segment with
 * it and split at every offset, in three protocols (tls_injection.py): none is carried out.
 */
#include "tests/it/lib/secure.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(it_tls_injection, .timeout = 60, .fini = place_fini);

static void inject(const char *protocol)
{
	struct secure s;

	secure_open(&s, &(struct secure_conf){0});
	SECURE_PYTHON(&s, "tls_injection.py", protocol);
	cr_assert_not(strstr(place_read(s.place, "proxy.log"), "injected"));
	place_end(s.place, false);
}

Test(it_tls_injection, smtp)
{
	inject("smtp");
}

Test(it_tls_injection, imap)
{
	inject("imap");
}

Test(it_tls_injection, pop3)
{
	inject("pop3");
}
