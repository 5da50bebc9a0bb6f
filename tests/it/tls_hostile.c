/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients that do not keep to TLS (tls_hostile.py): proof of a certificate left out, messages
 * repeated, records empty or cut small, garbage, plain text, clear text after close_notify, those
 * who stop in between. Each session ends with a line in the log, no thread spins, others are
 * served.
 */
#include "tests/it/lib/secure.h"

#include <criterion/criterion.h>

TestSuite(it_tls_hostile, .timeout = 120, .fini = place_fini);

#define PROGRAM "tls_hostile.py"

static void endure(const char *mode, const char *mail)
{
	struct secure s;

	secure_open(&s, &(struct secure_conf){.mail = mail});
	SECURE_PYTHON(&s, PROGRAM, mode);
	place_end(s.place, false);
}

/* CVE-2022-25640 */
Test(it_tls_hostile, a_certificate_without_proof_is_none)
{
	endure("proof", "ssl_verify_client on; ssl_client_certificate %C/ca.pem;");
}

/* CVE-2020-12457 */
Test(it_tls_hostile, change_cipher_spec_again_and_again)
{
	endure("ccs", "timeout 3s;");
}

Test(it_tls_hostile, empty_records)
{
	endure("empty", "timeout 3s;");
}

/* CVE-2024-0901 */
Test(it_tls_hostile, records_with_a_tag_alone)
{
	endure("without_type", "timeout 3s;");
}

Test(it_tls_hostile, new_keys_without_end)
{
	endure("updates", "timeout 3s;");
}

Test(it_tls_hostile, garbage_and_plain_text)
{
	endure("garbage", "timeout 3s;");
}

Test(it_tls_hostile, a_handshake_without_an_end)
{
	endure("stop", "timeout 2s;");
}

Test(it_tls_hostile, a_hello_in_pieces)
{
	endure("pieces", "timeout 3s;");
}

/* CVE-2026-45185 */
Test(it_tls_hostile, clear_text_after_close_notify)
{
	endure("close_notify", "timeout 3s;");
}

Test(it_tls_hostile, clear_text_within_a_session)
{
	endure("clear", "timeout 3s;");
}

/* CVE-2022-39173 */
Test(it_tls_hostile, resumption_with_a_retry_and_suites_twice)
{
	endure("twice", "timeout 3s;");
}

Test(it_tls_hostile, a_crowd_that_is_gone_leaves_nothing)
{
	struct secure s;
	int fds;

	secure_open(&s, &(struct secure_conf){.mail = place_ours("auth_http_keepalive 0;")});
	SECURE_PYTHON(&s, PROGRAM, "others_are_served");
	fds = place_worker_fds(s.place);
	SECURE_PYTHON(&s, PROGRAM, "crowd");
	/* kept: the pipes of bulk messages */
	place_expect_fds(s.place, fds + 16);
	place_end(s.place, false);
}
