/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The POP3 front engine under all laws: transcripts of every kind of client, whole and cut off
 * after every byte, over several configurations.
 */
#include "../lib/laws_front.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct str capabilities[] = {STR_INIT("TOP"), STR_INIT("USER"), STR_INIT("UIDL")};

enum {
	PLAIN = 1 << SASL_PLAIN | 1 << SASL_LOGIN,
	TOKENS = 1 << SASL_XOAUTH2 | 1 << SASL_OAUTHBEARER,
	APOP = 1 << FRONT_METHOD_APOP,
	ALL = PLAIN | TOKENS | APOP | 1 << SASL_CRAM_MD5 | 1 << SASL_EXTERNAL,
};

static struct laws_front conf_of(uint32_t methods)
{
	return (struct laws_front){
		.front =
			{
				.protocol = PROTOCOL_POP3,
				.server_name = STR_INIT("mx.example.org"),
				.capabilities = capabilities,
				.n_capabilities = 3,
				.methods = methods,
				.line_max = 512,
				.errors_max = 5,
			},
		.verdicts = "ra",
	};
}

#define DIGEST "0123456789abcdef0123456789abcdef"
#define XOAUTH "dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0b2tlbjABAQ=="

static const struct str transcripts[] = {
	/* whole sessions */
	STR_INIT("USER alice\r\nPASS secret\r\nUSER alice\r\nPASS secret2\r\nSTAT\r\nLIST\r\n"),
	STR_INIT("CAPA\r\nUSER  al ice \r\nCAPA\r\nNOOP\r\nPASS  se cret  \r\nQUIT\r\n"),
	STR_INIT("APOP alice " DIGEST "\r\nAPOP bob " DIGEST "\r\nSTAT\r\n"),
	STR_INIT("AUTH\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\nAUTH PLAIN\r\nAGFsaWNlAHNlY3JldDI=\r\n"
		 "QUIT\r\n"),
	STR_INIT("AUTH LOGIN\nYWxpY2U=\nc2VjcmV0\nAUTH LOGIN YWxpY2U=\nc2VjcmV0\nQUIT\n"),
	STR_INIT("AUTH CRAM-MD5\r\n"
		 "YSAwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==\r\nAUTH EXTERNAL\r\n=\r\n"),
	STR_INIT("AUTH XOAUTH2\r\n" XOAUTH "\r\n\r\nNOOP\r\nAUTH XOAUTH2 " XOAUTH "\r\n*\r\n"
		 "AUTH XOAUTH2 " XOAUTH "\r\nAQ==\r\nQUIT\r\n"),
	STR_INIT("AUTH OAUTHBEARER\r\nbixhPWFsaWNlLAFhdXRoPUJlYXJlciB0b2tlbjABAQ==\r\nAQ==\r\n"
		 "QUIT\r\n"),
	STR_INIT("CAPA\r\nSTLS\r\nUSER evil\r\nPASS evil\r\nQUIT\r\n"),
	/* what does not belong together, and what it leaves behind */
	STR_INIT("PASS a\r\nUSER alice\r\nUSER bob\r\nPASS b\r\nUSER alice\r\nAUTH PLAIN\r\n"
		 "USER alice\r\nSTLS\r\nUSER alice\r\nAPOP a b\r\nUSER alice\r\nQUIT\r\n"),
	STR_INIT(
		"USER\r\nUSER \r\nUSER a\r\nPASS\r\nPASS b\r\nAPOP\r\nAPOP a\r\nAPOP a b c\r\n"
		"APOP a b c d\r\nAUTH PLAIN a b\r\nAUTH a b c d\r\nNOOP 1 2 3\r\nNOOP 1 2 3 4\r\n"),
	STR_INIT("AUTH LOGIN\r\nYWxpY2U=\r\n!\r\nAUTH CRAM-MD5\r\nYQ==\r\nAUTH PLAIN\r\n*\r\n"
		 "AUTH LOGIN\r\n*\r\nAUTH EXTERNAL\r\n*\r\nAUTH PLAIN AGFsaWNl\r\n"
		 "AUTH PLAIN YWxpY2U=\r\nAUTH NTLM\r\nAUTH PLAIN\r\na b c d\r\nQUIT\r\n"),
	/* bytes that do not belong */
	STR_INIT("USER a\0b\r\nPASS c\0d\r\nUSER \x7f\r\nPASS \x01\xff\r\nAUTH PLAIN AABhAGIA\r\n"),
	STR_INIT("\r\nUSER a\rNOOP\r\n\nNO\0P\r\nNOOP\r\x80\r\nNOOP \r\r\nNOOP\r\n"),
	STR_INIT("AUTH PLAIN\r\n\0\0\r\nAUTH PLAIN\r\n\xff\r\nAUTH PLAIN\r\n a\rb\r\nQUIT\r\n"),
	STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	STR_INIT("X\r\nY\nZ\r\n1\r\n2\r\n3\r\nQUIT\r\n"),
	STR_INIT("XCLIENT ADDR=192.0.2.1 TTL=3\r\nXCLIENT TTL=x\r\nUSER a\r\nXCLIENT TTL=1\r\n"
		 "STAT\r\nUTF8\r\nXCLIENT ADDR=192.0.2.1 TTL=0\r\nquit\r\n"),
	STR_INIT(""),
};

static void check_all(const struct laws_front *conf, bool cuts)
{
	for (size_t i = 0; i < sizeof(transcripts) / sizeof(transcripts[0]); i++) {
		if (cuts)
			laws_check_cuts(&laws_front_engine, conf, transcripts[i]);
		else
			laws_check(&laws_front_engine, conf, transcripts[i]);
	}
}

Test(laws_pop3_front, every_method_and_verdict)
{
	static const char *const verdicts[] = {"ra", "s", "S", "q"};
	struct laws_front conf = conf_of(ALL);

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		conf.front.identity = i & 1;
		conf.verdicts = verdicts[i];
		check_all(&conf, true);
	}
}

Test(laws_pop3_front, some_methods)
{
	static const uint32_t methods[] = {PLAIN, APOP, TOKENS, 0};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct laws_front conf = conf_of(methods[i]);

		check_all(&conf, true);
	}
}

Test(laws_pop3_front, stls)
{
	struct laws_front conf = conf_of(ALL);

	conf.front.starttls = STARTTLS_ON;
	check_all(&conf, true);
	conf.front.starttls = STARTTLS_ONLY;
	check_all(&conf, true);
}

/* Every size from nothing on: what does not fit is refused, never cut. */
Test(laws_pop3_front, small_stores)
{
	struct laws_front conf = conf_of(ALL);

	conf.verdicts = "rs";
	for (conf.store_max = 1; conf.store_max < 200; conf.store_max++)
		check_all(&conf, false);
}

Test(laws_pop3_front, small_limits)
{
	struct laws_front conf = conf_of(ALL);

	for (uint32_t max = 1; max < 60; max++) {
		conf.front.line_max = max;
		conf.front.errors_max = 1 + max % 3;
		conf.front.commands_max = max % 7;
		check_all(&conf, false);
	}
}

/* A line without end is refused at the limit, in every state, and its bytes are not all kept. */
Test(laws_pop3_front, endless_lines)
{
	static const struct str heads[] = {
		STR_INIT(""),
		STR_INIT("USER "),
		STR_INIT("USER a\r\nPASS "),
		STR_INIT("USER a\r\n"),
		STR_INIT("APOP a "),
		STR_INIT("AUTH PLAIN "),
		STR_INIT("AUTH PLAIN\r\n"),
		STR_INIT("AUTH LOGIN\r\nYQ==\r\n"),
		STR_INIT("AUTH XOAUTH2 " XOAUTH "\r\n"),
		STR_INIT("\x80"),
	};
	struct laws_front conf = conf_of(ALL);
	uint8_t text[2048];

	conf.verdicts = "s";
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		for (size_t n = 500; n < 530; n++) {
			memset(text, 'A', sizeof(text));
			memcpy(text, heads[i].p, heads[i].n);
			laws_check(&laws_front_engine, &conf, str_of(text, heads[i].n + n));
			text[heads[i].n + n] = '\n';
			laws_check(&laws_front_engine, &conf, str_of(text, sizeof(text)));
		}
}
