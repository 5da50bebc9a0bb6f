/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS with clients: versions, suites, groups, certificates by kind and by name, ALPN. The
 * clients are openssl s_client and Python's ssl (tls_front.py).
 */
#include "tests/it/lib/secure.h"

#include <criterion/criterion.h>
#include <stdlib.h>

TestSuite(it_tls_front, .timeout = 90, .fini = place_fini);

#define PROGRAM "tls_front.py"
#define BOTH                                                                                       \
	"ssl_certificate %C/ecdsa.pem; ssl_certificate_key %C/ecdsa.key;"                          \
	" ssl_certificate %C/rsa.pem; ssl_certificate_key %C/rsa.key; "
#define ONE(name) "ssl_certificate %C/" name ".pem; ssl_certificate_key %C/" name ".key; "

static void open_with(struct secure *s, const char *ssl)
{
	secure_open(s, &(struct secure_conf){.ssl = ssl});
}

Test(it_tls_front, suites_of_the_default)
{
	struct secure s;

	open_with(&s, NULL);
	SECURE_PYTHON(&s, PROGRAM, "suites", "TLS12_ECDSA", "TLS12_RSA");
	SECURE_PYTHON(&s, PROGRAM, "suites13");
	place_end(s.place, false);
}

Test(it_tls_front, suites_that_are_asked_for)
{
	struct secure s;

	open_with(&s, BOTH "ssl_ciphers ALL:!aNULL:!eNULL; ssl_dhparam %C/dh.pem;");
	SECURE_PYTHON(&s, PROGRAM, "suites", "OLD_ECDSA", "OLD_RSA", "DHE");
	if (place_is_nginx()) /* ringpost has none without forward secrecy */
		SECURE_PYTHON(&s, PROGRAM, "suites", "KEY_TRANSPORT");
	place_end(s.place, false);
}

Test(it_tls_front, three_protocols_at_once_and_with_starttls)
{
	struct secure s;

	open_with(&s, NULL);
	SECURE_PYTHON(&s, PROGRAM, "starttls");
	place_end(s.place, false);
}

Test(it_tls_front, groups)
{
	struct secure s;

	open_with(&s, NULL);
	SECURE_PYTHON(&s, PROGRAM, "groups");
	place_end(s.place, false);
}

#define TWO                                                                                        \
	ONE("ecdsa")                                                                               \
	"ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256; "

Test(it_tls_front, our_order_of_ciphers_or_the_clients)
{
	static const char *const orders[2][2] = {
		{TWO "ssl_prefer_server_ciphers on;", "on"},
		{TWO "ssl_prefer_server_ciphers off;", "off"},
	};

	for (int i = 0; i < 2; i++) {
		struct secure s;

		open_with(&s, orders[i][0]);
		SECURE_PYTHON(&s, PROGRAM, "order", orders[i][1]);
		place_end(s.place, false);
	}
}

Test(it_tls_front, a_curve_that_was_chosen)
{
	struct secure s;

	open_with(&s, BOTH "ssl_ecdh_curve secp384r1;");
	SECURE_PYTHON(&s, PROGRAM, "curve");
	place_end(s.place, false);
}

Test(it_tls_front, commands_of_openssl)
{
	struct secure s;

	open_with(&s, BOTH "ssl_conf_command MinProtocol TLSv1.3;"
			   " ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;");
	SECURE_PYTHON(&s, PROGRAM, "commands");
	place_end(s.place, false);
}

Test(it_tls_front, tickets_live_as_long_as_sessions)
{
	struct secure s;

	open_with(&s, BOTH "ssl_session_timeout 77s;");
	SECURE_PYTHON(&s, PROGRAM, "lifetime", "77");
	place_end(s.place, false);
}

Test(it_tls_front, rsa_and_ecdsa_of_one_server)
{
	struct secure s;

	open_with(&s, NULL);
	SECURE_PYTHON(&s, PROGRAM, "kinds");
	place_end(s.place, false);
}

Test(it_tls_front, a_certificate_of_ed25519)
{
	struct secure s;

	open_with(&s, ONE("ed25519"));
	SECURE_PYTHON(&s, PROGRAM, "ed25519");
	place_end(s.place, false);
}

Test(it_tls_front, a_key_with_a_password)
{
	struct secure s;

	open_with(&s, "ssl_certificate %C/rsa.pem; ssl_certificate_key %C/rsa-locked.key;"
		      " ssl_password_file %C/password;");
	SECURE_PYTHON(&s, PROGRAM, "suites", "TLS12_RSA");
	place_end(s.place, false);
}

Test(it_tls_front, old_versions_are_refused)
{
	struct secure s;

	open_with(&s, NULL);
	SECURE_PYTHON(&s, PROGRAM, "old_versions");
	place_end(s.place, false);
}

Test(it_tls_front, versions_can_be_chosen)
{
	static const char *const versions[2][3] = {
		{BOTH "ssl_protocols TLSv1.2;", "1_2", "1_3"},
		{BOTH "ssl_protocols TLSv1.3;", "1_3", "1_2"},
	};

	for (int i = 0; i < 2; i++) {
		struct secure s;

		open_with(&s, versions[i][0]);
		SECURE_PYTHON(&s, PROGRAM, "versions", versions[i][1], versions[i][2]);
		place_end(s.place, false);
	}
}

Test(it_tls_front, certificates_by_name)
{
	struct secure s;

	if (place_is_nginx())
		cr_skip("nginx's mail module has one certificate for all names");
	open_with(&s, BOTH "ssl_server_name a.exact.test nowhere.test { " ONE(
			      "exact") "}\n ssl_server_name *.wild.test { " ONE("wild") "}");
	SECURE_PYTHON(&s, PROGRAM, "names");
	place_end(s.place, false);
}

/* A thousand names, each in a block of its own, and the reload of one of them. */
Test(it_tls_front, many_names)
{
	struct secure s;
	char *text = NULL;
	size_t n = 0;
	FILE *f;

	if (place_is_nginx())
		cr_skip("nginx's mail module has one certificate for all names");
	f = open_memstream(&text, &n);
	fputs(BOTH, f);
	for (int i = 0; i < 1000; i++)
		fprintf(f, "ssl_server_name n%d.many.test { %s }\n", i,
			i == 777 ? "ssl_certificate %D/current.pem; ssl_certificate_key"
				   " %D/current.key;"
				 : ONE("wild"));
	fclose(f);
	secure_begin(&s, NULL);
	SECURE_PYTHON(&s, PROGRAM, "install", "exact");
	secure_proxy(&s, &(struct secure_conf){.ssl = text});
	SECURE_PYTHON(&s, PROGRAM, "many_names");
	free(text);
	place_end(s.place, false);
}

Test(it_tls_front, alpn_of_another_protocol_is_refused)
{
	struct secure s;

	open_with(&s, NULL);
	SECURE_PYTHON(&s, PROGRAM, "alpn");
	place_end(s.place, false);
}
