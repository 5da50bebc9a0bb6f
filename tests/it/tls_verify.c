/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificates of clients: the four modes of ssl_verify_client with certificates good, missing,
 * revoked, expired, too deep and self-signed, what clients are told in the three protocols, and
 * what the authentication service is told about them: as NGINX does it (tls_verify.py has the
 * table, which PROXY=nginx proves).
 */
#include "tests/it/lib/secure.h"

#include <criterion/criterion.h>

TestSuite(it_tls_verify, .timeout = 90, .fini = place_fini);

#define PROGRAM "tls_verify.py"
#define ONE     "ssl_certificate %C/ecdsa.pem; ssl_certificate_key %C/ecdsa.key; "

static void try_mode(const char *mode, const char *directives)
{
	struct secure s;
	char record[256], ssl[512];

	secure_begin(&s, NULL);
	snprintf(record, sizeof(record), "%s/record", s.place->dir);
	snprintf(ssl, sizeof(ssl), "%s ssl_verify_client %s; %s", ONE, mode, directives);
	place_authd(s.place, "{\"users\": {\"alice\": {\"password\": \"secret\"}}}",
		    (const char *const[]){"--record", record, NULL});
	secure_proxy(&s, &(struct secure_conf){.ssl = ssl, .auth_at = s.place->authd_at});
	SECURE_PYTHON(&s, PROGRAM, mode);
	place_end(s.place, false);
}

Test(it_tls_verify, on)
{
	try_mode("on", "ssl_client_certificate %C/ca.pem; ssl_crl %C/crl.pem;"
		       " auth_http_pass_client_cert on;");
}

/* Who signs is known from the other file; NGINX wants the first to be there all the same. */
Test(it_tls_verify, trusted_without_being_told)
{
	try_mode("on", "ssl_client_certificate %C/other-ca.pem; ssl_trusted_certificate %C/ca.pem;"
		       " ssl_crl %C/crl.pem; auth_http_pass_client_cert on;");
}

Test(it_tls_verify, optional)
{
	try_mode("optional", "ssl_client_certificate %C/ca.pem;");
}

Test(it_tls_verify, optional_no_ca)
{
	try_mode("optional_no_ca", "ssl_client_certificate %C/ca.pem;");
}

Test(it_tls_verify, off)
{
	try_mode("off", "");
}

Test(it_tls_verify, a_chain_that_is_too_deep_and_where_it_is_allowed)
{
	static const char *const depths[] = {"1", "3"};

	for (int i = 0; i < 2; i++) {
		struct secure s;
		char ssl[256];

		snprintf(ssl, sizeof(ssl), "%s ssl_verify_client on; ssl_verify_depth %s; %s", ONE,
			 depths[i], "ssl_client_certificate %C/ca.pem;");
		secure_open(&s, &(struct secure_conf){.ssl = ssl});
		SECURE_PYTHON(&s, PROGRAM, "depth", depths[i]);
		place_end(s.place, false);
	}
}
