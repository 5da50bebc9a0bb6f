/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel: a server and a client with memory between them.
 */
#include "tls/channel.h"

#include "tests/lib/tls_pair.h"
#include "tls/library.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct pair pair;

static bool shakes(unsigned versions, const char *identity, struct str ciphers, size_t step)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct acceptor *a;
	struct connector *k;
	bool up;

	ac.identities.v = pair_identity(identity);
	kc.suites.versions = versions;
	kc.suites.ciphers = ciphers;
	ac.suites.ciphers = ciphers;
	a = pair_acceptor(&ac);
	k = pair_connector(&kc);
	pair_init(&pair, a, k, NULL);
	pair.step = step;
	up = pair_shake(&pair);
	if (!up) {
		struct str w = channel_why(&pair.server), v = channel_why(&pair.client);

		cr_log_error("server: %.*s (%d), client: %.*s (%d)", (int)w.n, (const char *)w.p,
			     pair.server.error, (int)v.n, (const char *)v.p, pair.client.error);
	}
	up = up && pair_send(&pair, true, STR("* OK ready\r\n")) &&
	     pair_send(&pair, false, STR("a LOGIN\r\n"));
	pair_shut(&pair);
	connector_close(k);
	acceptor_close(a);
	return up;
}

/* Of two certificates the one that both sides' versions and suites can do with. */
static bool meets(struct tls_suites server, struct tls_suites client)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct tls_identity both[] = {*pair_identity("ecdsa"), *pair_identity("rsa")};
	struct acceptor *a;
	struct connector *k;
	bool up;

	ac.identities = (struct tls_identities){both, 2};
	ac.suites = server;
	kc.suites = client;
	a = pair_acceptor(&ac);
	k = pair_connector(&kc);
	pair_init(&pair, a, k, NULL);
	pair.step = PAIR_ROOM;
	up = pair_shake(&pair);
	pair_shut(&pair);
	connector_close(k);
	acceptor_close(a);
	return up;
}

Test(channel, certificates_go_with_suites)
{
	const struct str rsa = STR("ECDHE+aRSA"), ecdsa = STR("ECDHE+aECDSA");
	const struct tls_suites old = {.versions = TLS_1_2}, all = {.versions = TLS_1_2 | TLS_1_3};
	const struct tls_suites old_rsa = {.versions = TLS_1_2, .ciphers = rsa};
	const struct tls_suites old_ecdsa = {.versions = TLS_1_2, .ciphers = ecdsa};
	const struct tls_suites all_rsa = {.versions = TLS_1_2 | TLS_1_3, .ciphers = rsa};
	const struct tls_suites all_ecdsa = {.versions = TLS_1_2 | TLS_1_3, .ciphers = ecdsa};

	cr_expect(meets(old_rsa, all));
	cr_expect(meets(old_ecdsa, all));
	cr_expect(meets(old, all_rsa));
	cr_expect(meets(old, all_ecdsa));
	cr_expect(meets(all_rsa, old));
	cr_expect(meets(all_rsa, all_ecdsa));
	cr_expect(!meets(old_rsa, all_ecdsa));
}

Test(channel, handshakes_and_carries_data)
{
	static const char *const kinds[] = {"ecdsa", "rsa", "ed25519"};
	static const size_t steps[] = {PAIR_ROOM, 1, 7};

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++) {
			cr_expect(shakes(TLS_1_2, kinds[i], str_none(), steps[k]), "1.2 %s %zu",
				  kinds[i], steps[k]);
			cr_expect(shakes(TLS_1_3, kinds[i], str_none(), steps[k]), "1.3 %s %zu",
				  kinds[i], steps[k]);
		}
}
