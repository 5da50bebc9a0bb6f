/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SMTP back engine under all laws: backends of every kind, whole and cut off after every
 * byte, for every combination of configuration and login.
 */
#include "../lib/laws_back.h"

#include <criterion/criterion.h>
#include <string.h>

#define EHLO "250-be\r\n250-SIZE 1000\r\n250 8BITMIME\r\n"
#define TLS  "250-be\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
#define PIPE "250-be\r\n250-pipelining\r\n250 8BITMIME\r\n"

static const struct str backends[] = {
	STR_INIT("220 be\r\n" EHLO "220 x\r\n" EHLO "235 in\r\n250 m\r\n250 r\r\n"),
	STR_INIT("220-a\r\n220 b\r\n" PIPE "250 x\r\n" PIPE "250 m\r\n250 r\r\n354 more\r\n"),
	STR_INIT("220 be\n250 be\n220 x\n250 be\n250-m\n250 m\n550-no\n550 no\n"),
	STR_INIT("220 be\r\n" PIPE "250 m\r\n550 r\r\n"),
	STR_INIT("220 be\r\n" PIPE "550 m\r\n503 r\r\n"),
	STR_INIT("220 be\r\n" EHLO "235 in\r\n"),
	STR_INIT("220 be\r\n" EHLO "535 out\r\n"),
	STR_INIT("554-go\r\n554 away\r\n"),
	STR_INIT("220 be\r\n502 what\r\n"),
	STR_INIT("220 be\r\n" EHLO "550 xclient?\r\n"),
	STR_INIT("220\r\n250\r\n250\r\n250\r\n250\r\n250\r\n"),
	STR_INIT("220 be\r\n250-\r\n250-\0\xff\r\n250 \r\n"),
	STR_INIT("220 be\r\n" TLS "220 go\r\n" EHLO "220 x\r\n" EHLO "235 in\r\n"),
	STR_INIT("220 be\r\n" TLS "220-go\r\n220 on\r\n" PIPE "250 m\r\n250 r\r\n"),
	STR_INIT("220 be\r\n" TLS "454 no\r\n"),
	STR_INIT("* OK ready\r\n"),
	STR_INIT("220 be\r\n250 be\rfoo\r\n250x\r\n"),
	STR_INIT("\r\n"),
	STR_INIT(""),
};

enum { XCLIENT = 1, SMTP_AUTH = 2, NONE = 4, ESMTP = 8, HELO = 16, STARTTLS = 32, CHOICES = 64 };

static struct laws_back conf_of(unsigned choice)
{
	struct laws_back c = {
		.back =
			{
				.server_name = STR_INIT("mx.example.org"),
				.xclient = choice & XCLIENT,
				.smtp_auth = choice & SMTP_AUTH,
				.reply_max = 128,
			},
		.peer = {.client_host = STR_INIT("[UNAVAILABLE]")},
	};

	c.login.method = choice & NONE ? AUTH_NONE : AUTH_PLAIN;
	c.login.esmtp = choice & ESMTP;
	if (choice & STARTTLS)
		c.peer.tls = BACK_TLS_STARTTLS;
	if (choice & HELO)
		c.login.helo = STR("client.example");
	if (choice & NONE) {
		c.login.mail_from = STR("MAIL FROM:<a@example.org>");
		c.login.rcpt_to = STR("RCPT TO:<b@example.org>");
	} else {
		c.login.user = STR("alice");
		c.login.pass = STR("wonder\0land");
	}
	cr_assert_eq(addr_parse(STR("2001:db8::1"), &c.peer.client), 0);
	return c;
}

Test(laws_smtp_back, every_backend_and_login)
{
	for (unsigned choice = 0; choice < CHOICES; choice++) {
		struct laws_back conf = conf_of(choice);

		for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
			laws_check_cuts(&laws_back_engine, &conf, backends[i]);
	}
}

Test(laws_smtp_back, small_limits)
{
	for (unsigned choice = 0; choice < CHOICES; choice++) {
		struct laws_back conf = conf_of(choice);

		for (conf.back.reply_max = 1; conf.back.reply_max < 50; conf.back.reply_max += 3)
			for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
				laws_check(&laws_back_engine, &conf, backends[i]);
	}
}

/* What a client could say lands in a command line clean, encoded, or not at all. */
Test(laws_smtp_back, hostile_logins)
{
	static const struct str hostile[] = {
		STR_INIT("a\r\nRSET"), STR_INIT("a\nRSET"), STR_INIT("a\rRSET"), STR_INIT("a\0b"),
		STR_INIT("\xff\xfe"),  STR_INIT("+=%"),     STR_INIT("\x7f"),    STR_INIT(" a b "),
	};

	for (unsigned choice = 0; choice < CHOICES; choice++) {
		for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
			struct laws_back conf = conf_of(choice);
			struct str *const fields[] = {
				&conf.login.user,      &conf.login.pass,    &conf.login.helo,
				&conf.login.mail_from, &conf.login.rcpt_to, &conf.peer.client_host,
			};

			for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
				struct str old = *fields[f];

				*fields[f] = hostile[i];
				for (size_t k = 0; k < 5; k++)
					laws_check(&laws_back_engine, &conf, backends[k]);
				*fields[f] = old;
			}
		}
	}
}
