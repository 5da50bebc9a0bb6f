/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS sessions that are resumed: by ticket and by id, on whatever thread a connection lands, over a
 * reload, at another proxy with the same keys (tls_front.py).
 */
#include "tests/it/lib/secure.h"

#include <criterion/criterion.h>

TestSuite(it_tls_resume, .timeout = 90, .fini = place_fini);

#define PROGRAM "tls_front.py"
#define BOTH                                                                                       \
	"ssl_certificate %C/ecdsa.pem; ssl_certificate_key %C/ecdsa.key;"                          \
	" ssl_certificate %C/rsa.pem; ssl_certificate_key %C/rsa.key; "

static void open_two_workers(struct secure *s, const char *ssl)
{
	secure_open(s, &(struct secure_conf){.ssl = ssl, .workers = 2});
}

Test(it_tls_resume, tickets_resume_on_every_thread)
{
	struct secure s;

	open_two_workers(&s, BOTH "ssl_session_ticket_key %C/ticket-1.key;");
	SECURE_PYTHON(&s, PROGRAM, "resume", "ticket12", "ticket13");
	SECURE_PYTHON(&s, PROGRAM, "s_client_resumes");
	place_end(s.place, false);
}

Test(it_tls_resume, tickets_with_a_key_of_80_bytes)
{
	struct secure s;

	open_two_workers(&s, BOTH "ssl_session_ticket_key %C/ticket-80.key;");
	SECURE_PYTHON(&s, PROGRAM, "resume", "ticket12", "ticket13");
	place_end(s.place, false);
}

Test(it_tls_resume, session_ids_resume_on_every_thread)
{
	struct secure s;

	open_two_workers(&s, BOTH "ssl_session_cache shared:tls:1m;");
	SECURE_PYTHON(&s, PROGRAM, "resume", "id");
	place_end(s.place, false);
}

Test(it_tls_resume, nothing_resumes_where_that_is_off)
{
	struct secure s;

	secure_open(&s, &(struct secure_conf){.ssl = BOTH
					      "ssl_session_tickets off; ssl_session_cache off;"});
	SECURE_PYTHON(&s, PROGRAM, "no_resumption", "ticket12");
	SECURE_PYTHON(&s, PROGRAM, "no_resumption", "id");
	place_end(s.place, false);
}

Test(it_tls_resume, a_reload_takes_up_a_certificate_and_keeps_the_tickets)
{
	struct secure s;

	secure_begin(&s, NULL);
	SECURE_PYTHON(&s, PROGRAM, "install", "ecdsa");
	secure_proxy(&s,
		     &(struct secure_conf){
			     .workers = 2,
			     .ssl = "ssl_certificate %D/current.pem; ssl_certificate_key"
				    " %D/current.key; ssl_session_ticket_key %C/ticket-1.key;"});
	SECURE_PYTHON(&s, PROGRAM, "renewal");
	place_end(s.place, false);
}

Test(it_tls_resume, an_older_ticket_key_still_decrypts)
{
	struct secure s;

	secure_begin(&s, NULL);
	SECURE_PYTHON(&s, PROGRAM, "install_keys");
	secure_proxy(&s, &(struct secure_conf){.ssl = BOTH "ssl_session_ticket_key %D/keys-1;"
							   " ssl_session_ticket_key %D/keys-2;"});
	SECURE_PYTHON(&s, PROGRAM, "rotation");
	place_end(s.place, false);
}

Test(it_tls_resume, two_proxies_with_the_same_ticket_keys)
{
	struct secure a, b;
	char port[8];

	open_two_workers(&a, BOTH "ssl_session_ticket_key %C/ticket-2.key;");
	open_two_workers(&b, BOTH "ssl_session_ticket_key %C/ticket-2.key;");
	snprintf(port, sizeof(port), "%u", b.smtps);
	SECURE_PYTHON(&a, PROGRAM, "two_places", port);
	place_end(b.place, false);
	place_end(a.place, false);
}
