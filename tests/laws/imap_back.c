/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IMAP back engine under all laws: backends of every kind, whole and cut off after every byte,
 * with and without identity, with logins of every sort.
 */
#include "../lib/laws_back.h"

#include <criterion/criterion.h>
#include <string.h>

#define ANNOUNCED "* OK [CAPABILITY IMAP4rev1 ID] be\r\n"

static const struct str backends[] = {
	STR_INIT("* OK be\r\n+ go\r\n+ go\r\na1 OK in\r\n"),
	STR_INIT("* OK be\n+\n+\na1 OK\n* 3 EXISTS\n"),
	STR_INIT(ANNOUNCED "* ID NIL\r\nI OK\r\n+\r\n+\r\na1 OK in\r\n"),
	STR_INIT(ANNOUNCED "I BAD no\r\n+\r\n* OK wait\r\n+\r\n* CAPABILITY X\r\na1 OK in\r\n"),
	STR_INIT(ANNOUNCED "* BYE\r\n"),
	STR_INIT("* OK\r\n* 1 EXISTS\r\n+\r\n* NO\r\n* NO\r\n+\r\n* A\r\n* B\r\n* C\r\na1 OK "
		 "in\r\n"),
	STR_INIT("* OK\r\n+\r\n+\r\n* A\r\n* B\r\na1 NO [AUTH] no\r\n"),
	STR_INIT("* OK\r\n+\r\n+\r\n* A\r\n* BYE\r\n"),
	STR_INIT("* OK\r\n+\r\n+\r\na2 OK in\r\n"),
	STR_INIT("* OK\r\n+\r\n+\r\na1 OKAY\r\n"),
	STR_INIT("* OK\r\n+\r\na1 NO who\r\n"),
	STR_INIT("* OK\r\na1 BAD what\r\n"),
	STR_INIT("* OK\r\na1 OK without a password\r\n"),
	STR_INIT(ANNOUNCED "* OK still\r\n* 1\r\nS OK go\r\nI BAD no\r\n+\r\n+\r\na1 OK\r\n"),
	STR_INIT("* OK\r\nS OK go\r\n+\r\n+\r\na1 OK\r\n"),
	STR_INIT("* OK\r\n* 1\r\nS NO not now\r\n"),
	STR_INIT("* PREAUTH in\r\n"),
	STR_INIT("* BYE busy\r\n"),
	STR_INIT("* OKAY\r\n+\0\xff\r\n+OK\r\r\na1 OK\r\r\n"),
	STR_INIT("* ok\r\n"),
	STR_INIT("220 be\r\n"),
	STR_INIT("\r\n"),
	STR_INIT("\n* OK\r\n"),
	STR_INIT("* O"),
	STR_INIT(""),
};

static struct laws_back conf_of(bool identity)
{
	struct laws_back c = {
		.back = {.protocol = PROTOCOL_IMAP, .identity = identity, .reply_max = 64},
		.peer = {.session = STR_INIT("12.34"), .hops = 4},
		.login = {.method = AUTH_PLAIN,
			  .user = STR_INIT("al ice\x01"),
			  .pass = STR_INIT("won\xff der"),
			  .tag = STR_INIT("a1")},
	};

	cr_assert_eq(addr_parse(STR("2001:db8::1"), &c.peer.client), 0);
	cr_assert_eq(addr_parse(STR("192.0.2.1"), &c.peer.local), 0);
	c.peer.client.port = 40000;
	return c;
}

static void check_all(const struct laws_back *conf)
{
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
		laws_check_cuts(&laws_back_engine, conf, backends[i]);
}

Test(laws_imap_back, every_backend)
{
	for (int identity = 0; identity < 2; identity++) {
		struct laws_back conf = conf_of(identity);

		check_all(&conf);
		conf.peer.session = str_none();
		conf.peer.local = (struct addr){0};
		check_all(&conf);
		conf.peer.client = (struct addr){.family = ADDR_UNIX};
		check_all(&conf);
		conf = conf_of(identity);
		conf.peer.tls = BACK_TLS_STARTTLS;
		check_all(&conf);
	}
}

/* Literals hold every byte; the adapter looks at the framing. */
Test(laws_imap_back, logins_of_all_bytes)
{
	static const struct str words[] = {STR_INIT("a\r\nb LOGOUT\r\n"),
					   STR_INIT("a\n"),
					   STR_INIT("\r"),
					   STR_INIT("a\0b"),
					   STR_INIT(""),
					   STR_INIT("{5}\r\n"),
					   STR_INIT("%{\"\\}")};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct laws_back conf = conf_of(i & 1);

		conf.login.user = words[i];
		check_all(&conf);
		conf.login.pass = words[i];
		check_all(&conf);
		conf.login.pass = str_none();
		check_all(&conf);
		conf.login.tag = STR("I");
		check_all(&conf);
	}
}

Test(laws_imap_back, small_limits)
{
	struct laws_back conf = conf_of(true);

	for (conf.back.reply_max = 1; conf.back.reply_max < 40; conf.back.reply_max++)
		check_all(&conf);
}

/* A reply without end, in every state. */
Test(laws_imap_back, endless_replies)
{
	static const struct str heads[] = {
		STR_INIT(""),
		STR_INIT("* OK "),
		STR_INIT(ANNOUNCED "* "),
		STR_INIT(ANNOUNCED "I OK "),
		STR_INIT("* OK\r\n+ "),
		STR_INIT("* OK\r\n* OK\r\n"),
		STR_INIT("* OK\r\n+\r\n+ "),
		STR_INIT("* OK\r\n+\r\n+\r\na1 OK "),
		STR_INIT("* OK\r\n+\r\n+\r\n* OK\r\n* OK\r\na1 OK "),
	};
	struct laws_back conf = conf_of(true);
	uint8_t text[256];

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		for (size_t n = 40; n < 70; n++) {
			memset(text, 'x', sizeof(text));
			memcpy(text, heads[i].p, heads[i].n);
			laws_check(&laws_back_engine, &conf, str_of(text, heads[i].n + n));
			text[heads[i].n + n] = '\n';
			laws_check(&laws_back_engine, &conf, str_of(text, sizeof(text)));
		}
}
