/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of tls/validity: the times of certificates that tests/lib/certs has made.
 */
#include "tls/validity.h"

#include "tests/lib/certs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

static int read_certificate(const char *name, struct validity *v)
{
	static char text[16384];
	char path[512];
	FILE *f;
	size_t n;

	cr_assert(certs_folder());
	snprintf(path, sizeof(path), "%s/%s", certs_folder(), name);
	f = fopen(path, "re");
	cr_assert(f, "%s", path);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	return validity_read(str_of(text, n), v);
}

Test(validity, times_are_those_of_the_first_certificate)
{
	struct validity v;

	cr_assert(!read_certificate("past.pem", &v));
	cr_expect_eq(v.from_s, 1577836800, "2020-01-01");
	cr_expect_eq(v.to_s, 1609459200, "2021-01-01");
	cr_assert(!read_certificate("deep.pem", &v));
	cr_expect_eq(v.from_s, 1577836800);
	cr_expect_gt(v.to_s, (int64_t)time(NULL));
}

Test(validity, what_is_none_has_none)
{
	struct validity v;

	cr_expect(validity_read(str_none(), &v));
	cr_expect(read_certificate("rsa.key", &v));
	cr_expect(validity_read(STR("-----BEGIN CERTIFICATE-----\nMAA=\n"
				    "-----END CERTIFICATE-----\n"),
				&v));
}
