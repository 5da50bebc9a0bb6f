/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_imap_back: every input through the IMAP back engine under all laws. The first byte chooses
 * configuration and login, the second whether it is STARTTLS and how many of the next are user and
 * password (both the same); the rest is what the backend says.
 */
#include "../lib/laws_back.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct laws_back conf = {
		.back = {.protocol = PROTOCOL_IMAP, .reply_max = 128},
		.peer = {.client = {.family = ADDR_IP4, .port = 40000}, .hops = 4},
	};
	struct str s = str_of(data, n), client;

	if (n < 2)
		return 0;
	client = str_first(str_from(s, 2), data[1] & 63);
	conf.peer.tls = data[1] & 64 ? BACK_TLS_STARTTLS : BACK_TLS_OFF;
	conf.back.identity = data[0] & 1;
	conf.peer.session = data[0] & 2 ? STR("12.34") : str_none();
	conf.peer.client.family = data[0] & 4 ? ADDR_IP6 : data[0] & 8 ? ADDR_UNIX : ADDR_IP4;
	conf.peer.local.family = data[0] & 4 ? ADDR_IP4 : ADDR_NONE;
	conf.login.user = client;
	conf.login.pass = data[0] & 16 ? client : data[0] & 32 ? str_none() : STR("secret");
	conf.login.tag = data[0] & 64 ? STR("I") : STR("a1");
	laws_check(&laws_back_engine, &conf, str_from(s, 2 + client.n));
	return 0;
}
