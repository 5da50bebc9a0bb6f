/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_smtp_back: every input through the SMTP back engine under all laws. The first byte chooses
 * configuration and login, the second whether it is STARTTLS and how many of the next are the
 * client's strings (all of them the same); the rest is what the backend says.
 */
#include "../lib/laws_back.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void choose_login(struct laws_back *c, uint8_t choice, struct str client)
{
	struct login *l = &c->login;

	l->method = choice & 4 ? AUTH_NONE : AUTH_PLAIN;
	l->esmtp = choice & 8;
	if (choice & 16)
		l->helo = client.n ? client : STR("client.example");
	if (choice & 4) {
		l->mail_from = client.n ? client : STR("MAIL FROM:<a@example.org>");
		l->rcpt_to = client.n && choice & 32 ? client : STR("RCPT TO:<b@example.org>");
	} else {
		l->user = client;
		l->pass = choice & 32 ? client : STR("secret");
	}
	c->peer.client_host = client.n && choice & 64 ? client : STR("[UNAVAILABLE]");
	c->peer.client.family = choice & 128 ? ADDR_IP6 : ADDR_IP4;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct laws_back conf = {
		.back = {.server_name = STR_INIT("mx.example.org"), .reply_max = 128},
	};
	struct str s = str_of(data, n), client;

	if (n < 2)
		return 0;
	conf.back.xclient = data[0] & 1;
	conf.back.smtp_auth = data[0] & 2;
	client = str_first(str_from(s, 2), data[1] & 63);
	conf.peer.tls = data[1] & 64 ? BACK_TLS_STARTTLS : BACK_TLS_OFF;
	choose_login(&conf, data[0], client);
	laws_check(&laws_back_engine, &conf, str_from(s, 2 + client.n));
	return 0;
}
