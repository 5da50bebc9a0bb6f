/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_peer: every input as a certificate, as a revocation list and as a name. Nothing is read
 * behind its end; what is told of it is printable; nobody is trusted who is not.
 */
#include "tls/peer.h"

#include "base/must.h"
#include "tests/lib/guard.h"
#include "tests/lib/tls_pair.h"
#include "tls/pem.h"
#include "tls/trust.h"
#include "tls/x509.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct trust *trust;

static void set_up(void)
{
	struct tls_file files[2];
	struct trust_conf conf = {.authorities = files, .n_authorities = 2, .depth = 3};
	struct tls_error e;

	(void)pair_acceptor_conf(); /* starts the library */
	files[0] = pair_file("ca.pem");
	files[1] = pair_file("middle-1.pem");
	conf.crl = pair_file("crl-all.pem");
	trust = trust_open(&conf, &e);
	must(trust != NULL);
}

static void check_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		must((s.p[i] >= 0x20 && s.p[i] < 0x7f) || s.p[i] == '\n');
}

static void describe(struct str der)
{
	static uint8_t memory[CHANNEL_FACTS_MAX];
	struct auth_http_tls facts = {0};
	struct arena a;

	arena_init(&a, memory, sizeof(memory));
	peer_describe(der, &a, &facts);
	check_printable(facts.subject);
	check_printable(facts.issuer);
	check_printable(facts.serial);
	check_printable(facts.certificate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct guard input;
	struct str der = guard_copy(&input, str_of(data, n));
	struct trust_chain chain = {.certs = {der}, .n = 1};
	struct x509_crl crl;
	uint8_t room[4096];
	struct out out;
	enum trust_error error;

	if (trust == NULL)
		set_up();
	describe(der);
	if (x509_read_crl(der, &crl) == 0)
		(void)x509_revokes(&crl, STR("\x10\x01"));
	out_init(&out, room, sizeof(room));
	peer_write_name(der, &out);
	check_printable(out_data(&out));
	error = trust_verify(trust, &chain, TRUST_CLIENT, str_none());
	chain.certs[chain.n++] = der;
	must(trust_verify(trust, &chain, TRUST_CLIENT, str_none()) == error || error != TRUST_OK);
	(void)trust_verify(trust, &chain, TRUST_SERVER, STR("mx.test"));
	return 0;
}
