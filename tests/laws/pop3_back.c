/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The POP3 back engine under all laws: backends of every kind, whole and cut off after every byte,
 * with and without identity, with logins of every sort.
 */
#include "../lib/laws_back.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct str backends[] = {
	STR_INIT("+OK be\r\n+OK\r\n+OK in\r\n"),
	STR_INIT("+OK [XCLIENT] be\r\n+OK Updated\r\n+OK\r\n+OK in\r\n"),
	STR_INIT("+OK [XCLIENT] be\r\n-ERR no\r\n"),
	STR_INIT("+OK be\n+OK\n+OK in\n+OK 2 320\n"),
	STR_INIT("+OK\r\n+OK\r\n+OK\r\n"),
	STR_INIT("+OK [XCLIENT] be\r\n+OK go\r\n-ERR what\r\n+OK\r\n+OK in\r\n"),
	STR_INIT("+OK be\r\n-ERR who\r\n"),
	STR_INIT("+OK be\r\n+OK\r\n-ERR [AUTH] no\r\n"),
	STR_INIT("-ERR busy\r\n"),
	STR_INIT("+OKAY\r\n+OK\0\xff\r\n+OK\r\r\n"),
	STR_INIT("+ok\r\n"),
	STR_INIT("220 be\r\n"),
	STR_INIT("\r\n"),
	STR_INIT("\n+OK\r\n"),
	STR_INIT("+O"),
	STR_INIT(""),
};

static struct laws_back conf_of(bool identity)
{
	struct laws_back c = {
		.back = {.protocol = PROTOCOL_POP3, .identity = identity, .reply_max = 64},
		.peer = {.client = {.port = 40000}, .session = STR_INIT("12.34"), .hops = 4},
		.login = {.method = AUTH_PLAIN,
			  .user = STR_INIT("al ice\x01"),
			  .pass = STR_INIT("won\xff der")},
	};

	cr_assert_eq(addr_parse(STR("2001:db8::1"), &c.peer.client), 0);
	c.peer.client.port = 40000;
	return c;
}

static void check_all(const struct laws_back *conf)
{
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
		laws_check_cuts(&laws_back_engine, conf, backends[i]);
}

Test(laws_pop3_back, every_backend)
{
	for (int identity = 0; identity < 2; identity++) {
		struct laws_back conf = conf_of(identity);

		check_all(&conf);
		conf.peer.session = str_none();
		conf.peer.client = (struct addr){.family = ADDR_UNIX};
		check_all(&conf);
		conf = conf_of(identity);
		conf.peer.tls = BACK_TLS_STARTTLS;
		check_all(&conf);
	}
}

/* The session does not let them come here; if it did, nothing of them would be sent. */
Test(laws_pop3_back, logins_that_cannot_be_said)
{
	static const struct str bad[] = {STR_INIT("a\r\nDELE 1"), STR_INIT("a\n"), STR_INIT("\ra"),
					 STR_INIT("a\0b")};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct laws_back conf = conf_of(false);

		conf.login.user = bad[i];
		check_all(&conf);
		conf = conf_of(false);
		conf.login.pass = bad[i];
		check_all(&conf);
		conf.login.pass = str_none();
		check_all(&conf);
	}
}

Test(laws_pop3_back, small_limits)
{
	struct laws_back conf = conf_of(true);

	for (conf.back.reply_max = 1; conf.back.reply_max < 30; conf.back.reply_max++)
		check_all(&conf);
}

/* A reply without end, in every state. */
Test(laws_pop3_back, endless_replies)
{
	static const struct str heads[] = {
		STR_INIT(""),
		STR_INIT("+OK "),
		STR_INIT("+OK be\r\n+OK "),
		STR_INIT("+OK [XCLIENT]\r\n+OK "),
		STR_INIT("+OK be\r\n+OK\r\n+OK "),
	};
	struct laws_back conf = conf_of(true);
	uint8_t text[256];

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		for (size_t n = 50; n < 70; n++) {
			memset(text, 'x', sizeof(text));
			memcpy(text, heads[i].p, heads[i].n);
			laws_check(&laws_back_engine, &conf, str_of(text, heads[i].n + n));
			text[heads[i].n + n] = '\n';
			laws_check(&laws_back_engine, &conf, str_of(text, sizeof(text)));
		}
}
