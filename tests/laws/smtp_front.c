/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SMTP front engine under all laws: transcripts of every kind of client, whole and cut off
 * after every byte, over several configurations.
 */
#include "../lib/laws_front.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct str capabilities[] = {STR_INIT("SIZE 1000"), STR_INIT("8BITMIME")};

static struct laws_front conf_of(uint32_t methods)
{
	return (struct laws_front){
		.front =
			{
				.server_name = STR_INIT("mx.example.org"),
				.capabilities = capabilities,
				.n_capabilities = 2,
				.methods = methods,
				.line_max = 512,
				.errors_max = 5,
			},
		.verdicts = "rca",
	};
}

enum {
	ALL = 1 << SASL_PLAIN | 1 << SASL_LOGIN | 1 << SASL_CRAM_MD5 | 1 << SASL_EXTERNAL |
	      1 << SASL_XOAUTH2 | 1 << SASL_OAUTHBEARER | 1 << FRONT_METHOD_NONE,
	LISTED = 1 << SASL_PLAIN | 1 << SASL_LOGIN,
	NONE = 1 << FRONT_METHOD_NONE,
};

static const struct str transcripts[] = {
	/* whole sessions */
	STR_INIT("EHLO a\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\n"),
	STR_INIT("EHLO a\r\nAUTH PLAIN\r\nAGFsaWNlAHNlY3JldA==\r\nAUTH PLAIN\r\n"
		 "AGFsaWNlAHNlY3JldDI=\r\nNOOP\r\nAUTH PLAIN AGFsaWNlAHNlY3JldDM=\r\nDATA\r\n"),
	STR_INIT("HELO a\nAUTH LOGIN\nYWxpY2U=\nc2VjcmV0\nQUIT\n"),
	STR_INIT("EHLO a\r\nAUTH LOGIN YWxpY2U=\r\nc2VjcmV0\r\nRSET\r\nQUIT\r\nNOOP\r\n"),
	STR_INIT("EHLO a\r\nAUTH CRAM-MD5\r\n"
		 "YSAwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==\r\nAUTH EXTERNAL\r\n=\r\n"),
	STR_INIT("EHLO a\r\nAUTH EXTERNAL YWxpY2U=\r\nAUTH EXTERNAL\r\nYWxpY2U=\r\nQUIT\r\n"),
	STR_INIT("HELO a\r\nMAIL FROM:<a@b> SIZE=100\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\n"
		 "RSET\r\nMAIL FROM:<g@h>\r\nRCPT TO:<i@j>\r\nDATA\r\nhello\r\n.\r\n"),
	STR_INIT("EHLO a\r\nSTARTTLS\r\nMAIL FROM:<evil>\r\nRCPT TO:<evil>\r\nQUIT\r\n"),
	/* failures of every exchange, one behind the other, and what they leave behind */
	/* a password where a name should be, then a shorter name */
	STR_INIT("EHLO alicesecret\r\nEHLO a\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"),
	STR_INIT("AUTH LOGIN\r\nYWxpY2U=\r\n!\r\nAUTH CRAM-MD5\r\nYQ==\r\nAUTH PLAIN\r\n*\r\n"
		 "AUTH LOGIN\r\n*\r\nAUTH EXTERNAL\r\n*\r\nAUTH PLAIN AGFsaWNl\r\n"
		 "AUTH PLAIN YWxpY2U=\r\nAUTH\r\nAUTH NTLM\r\nAUTH PLAIN a b\r\nQUIT\r\n"),
	STR_INIT("MAIL FROM:<a>\r\nMAIL FROM:<b>\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\nEHLO b\r\n"
		 "RCPT TO:<c>\r\nMAIL\r\nMAIL FROM:<d>\r\nRCPT\r\nRCPT TO:<e>\r\n"),
	/* bytes that do not belong */
	STR_INIT("HELO a\0b\r\nHELO \x7f\r\nMAIL FROM:<\x01>\r\nHELO \xc3\xa4\r\nNOOP \0\xff\r\n"),
	STR_INIT("\r\nHELO a\rNOOP\r\nHELO a\r\r\n\nNO\0P\r\n\x80\r\nNOOP\r\n"),
	STR_INIT("AUTH PLAIN\r\n\0\0\r\nAUTH PLAIN\r\n\xff\r\nAUTH PLAIN\r\n a\rb\r\nQUIT\r\n"),
	STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	STR_INIT("POST /x HTTP/1.0\r\nContent-Type: text/plain\r\n\r\nEHLO a\r\n"),
	STR_INIT("X\r\nY\nZ\r\n1\r\n2\r\n3\r\nQUIT\r\n"),
	STR_INIT("NOOP a b c d e f g h i j k\r\nNOOP a b c d e f g h i j k l\r\n"
		 "  NOOP\r\nHELO   a  \r\nVRFY a\r\nEXPN b\r\nHELP\r\nDATA\r\nquit\r\n"),
	/* tokens: "user=alice^Aauth=Bearer token0^A^A" and "n,a=alice,^Aauth=Bearer token0^A^A" */
	STR_INIT("AUTH XOAUTH2\r\ndXNlcj1hbGljZQFhdXRoPUJlYXJlciB0b2tlbjABAQ==\r\n\r\nNOOP\r\n"
		 "AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0b2tlbjABAQ==\r\n*\r\nNOOP\r\n"
		 "AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0b2tlbjABAQ==\r\nAQ==\r\nQUIT\r\n"),
	STR_INIT("AUTH OAUTHBEARER\r\nbixhPWFsaWNlLAFhdXRoPUJlYXJlciB0b2tlbjABAQ==\r\nAQ==\r\n"
		 "AUTH OAUTHBEARER bixhPWFsaWNlLAFhdXRoPUJlYXJlciB0b2tlbjABAQ==\r\n\r\nQUIT\r\n"),
	STR_INIT("AUTH XOAUTH2\r\n*\r\nAUTH OAUTHBEARER\r\nYQ==\r\nAUTH XOAUTH2 YQ==\r\n"
		 "AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\nQUIT\r\n"),
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

Test(laws_smtp_front, every_method)
{
	struct laws_front conf = conf_of(ALL);

	check_all(&conf, true);
}

Test(laws_smtp_front, login_only)
{
	struct laws_front conf = conf_of(LISTED);

	check_all(&conf, true);
}

Test(laws_smtp_front, mail_without_login)
{
	struct laws_front conf = conf_of(NONE);

	conf.verdicts = "r";
	check_all(&conf, true);
}

Test(laws_smtp_front, refusals_of_every_kind)
{
	static const char *const verdicts[] = {"s", "S", "q", "sSa", "rsa"};
	struct laws_front conf = conf_of(ALL);

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		conf.verdicts = verdicts[i];
		check_all(&conf, true);
	}
}

Test(laws_smtp_front, starttls)
{
	struct laws_front conf = conf_of(ALL);

	conf.front.starttls = STARTTLS_ON;
	check_all(&conf, true);
	conf.front.starttls = STARTTLS_ONLY;
	check_all(&conf, true);
}

/* Every size from nothing on: what does not fit is refused, never cut. */
Test(laws_smtp_front, small_stores)
{
	struct laws_front conf = conf_of(ALL);

	conf.verdicts = "r";
	for (conf.store_max = 1; conf.store_max < 120; conf.store_max++)
		check_all(&conf, false);
}

Test(laws_smtp_front, small_limits)
{
	struct laws_front conf = conf_of(ALL);

	for (uint32_t max = 1; max < 40; max++) {
		conf.front.line_max = max;
		conf.front.errors_max = 1 + max % 3;
		conf.front.commands_max = max % 7;
		check_all(&conf, false);
	}
}

/* A line without end is refused at the limit, in every state, and its bytes are not all kept. */
Test(laws_smtp_front, endless_lines)
{
	static const struct str heads[] = {
		STR_INIT(""),
		STR_INIT("EHLO "),
		STR_INIT("AUTH PLAIN "),
		STR_INIT("AUTH PLAIN\r\n"),
		STR_INIT("AUTH LOGIN\r\nYQ==\r\n"),
		STR_INIT("\x80"),
	};
	struct laws_front conf = conf_of(ALL);
	uint8_t text[2048];

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		for (size_t n = 500; n < 530; n++) {
			memset(text, 'A', sizeof(text));
			memcpy(text, heads[i].p, heads[i].n);
			laws_check(&laws_front_engine, &conf, str_of(text, heads[i].n + n));
			text[heads[i].n + n] = '\n';
			laws_check(&laws_front_engine, &conf, str_of(text, sizeof(text)));
		}
}

/* A name too long for the engine itself goes to the store and comes back whole. */
Test(laws_smtp_front, long_names)
{
	struct laws_front conf = conf_of(ALL);
	uint8_t text[600];
	struct out o;

	for (uint32_t n = 67; n < 80; n++) {
		out_init(&o, text, sizeof(text));
		out_lit(&o, "EHLO ");
		for (uint32_t i = 0; i < n; i++)
			out_byte(&o, (uint8_t)('a' + i % 26));
		out_lit(&o,
			"\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\nRSET\r\nAUTH PLAIN AGEAYWJjZA==\r\n"
			"HELO b\r\nMAIL FROM:<c>\r\nRCPT TO:<d>\r\n");
		laws_check(&laws_front_engine, &conf, out_data(&o));
	}
}

/* Replies as long as they may be: room is asked for before each. */
Test(laws_smtp_front, long_replies)
{
	static uint8_t word[250];
	static struct str many[16];
	struct laws_front conf = conf_of(ALL);

	memset(word, 'W', sizeof(word));
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		many[i] = str_of(word, sizeof(word) - 8);
	conf.front.capabilities = many;
	conf.front.n_capabilities = sizeof(many) / sizeof(many[0]);
	check_all(&conf, false);
	laws_check(&laws_front_engine, &conf,
		   STR("EHLO a\r\nEHLO b\r\nNOOP\r\nEHLO c\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\n"));
}
