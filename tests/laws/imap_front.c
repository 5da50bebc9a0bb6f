/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IMAP front engine under all laws: transcripts of every kind of client, whole and cut off
 * after every byte, over several configurations.
 */
#include "../lib/laws_front.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct str capabilities[] = {STR_INIT("IMAP4rev1"), STR_INIT("UIDPLUS")};

enum {
	PLAIN = 1 << SASL_PLAIN | 1 << SASL_LOGIN,
	TOKENS = 1 << SASL_XOAUTH2 | 1 << SASL_OAUTHBEARER,
	ALL = PLAIN | TOKENS | 1 << SASL_CRAM_MD5 | 1 << SASL_EXTERNAL,
};

static struct laws_front conf_of(uint32_t methods)
{
	return (struct laws_front){
		.front =
			{
				.protocol = PROTOCOL_IMAP,
				.server_name = STR_INIT("mx.example.org"),
				.capabilities = capabilities,
				.n_capabilities = 2,
				.methods = methods,
				.line_max = 512,
				.errors_max = 5,
				.id = true,
			},
		.verdicts = "ra",
	};
}

#define XOAUTH "dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0b2tlbjABAQ=="

static const struct str transcripts[] = {
	/* whole sessions */
	STR_INIT(
		"a1 LOGIN alice secret1\r\na2 CAPABILITY\r\na3 LOGIN alice secret2\r\na4 NOOP\r\n"),
	STR_INIT(
		"a1 LOGIN {5}\r\nalice {7}\r\nsecret1\r\na2 login {5+}\r\nalice \"secret\\\"2\"\r\n"
		"a3 SELECT INBOX\r\n"),
	STR_INIT("a1 ID (\"name\" {3}\r\nx\r\n \"version\" NIL)\r\na2 ID NIL\r\na3 ID ({0+}\r\n "
		 "{2+}\r\n\r\n)\r\na4 LOGOUT\r\n"),
	STR_INIT("a AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==\r\nb AUTHENTICATE PLAIN\r\n"
		 "AGFsaWNlAHNlY3JldDI=\r\nc LOGOUT\r\n"),
	STR_INIT("a AUTHENTICATE {5}\r\nLOGIN {8+}\r\nYWxpY2U=\nc2VjcmV0\nb AUTHENTICATE LOGIN\n"
		 "YWxpY2U=\nc2VjcmV0\nc LOGOUT\n"),
	STR_INIT("a AUTHENTICATE CRAM-MD5\r\nYSAwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==\r\n"
		 "b AUTHENTICATE EXTERNAL\r\n=\r\nc LOGOUT\r\n"),
	STR_INIT("a AUTHENTICATE XOAUTH2\r\n" XOAUTH "\r\n\r\na2 NOOP\r\na3 AUTHENTICATE XOAUTH2 "
		 "\"" XOAUTH "\"\r\n*\r\na4 AUTHENTICATE XOAUTH2 " XOAUTH
		 "\r\nAQ==\r\na5 LOGOUT\r\n"),
	STR_INIT("a AUTHENTICATE OAUTHBEARER\r\nbixhPWFsaWNlLAFhdXRoPUJlYXJlciB0b2tlbjABAQ==\r\n"
		 "AQ==\r\nb LOGOUT\r\n"),
	STR_INIT("a CAPABILITY\r\nb STARTTLS\r\nc LOGIN evil evil\r\nd LOGOUT\r\n"),
	STR_INIT("b STARTTLS {3}\r\nabc\r\nc LOGIN {9}\r\nevil"),
	STR_INIT("a ID (\"x-proxy-ttl\" \"3\")\r\nb ID (\"X-Proxy-TTL\" \"x\" {1+}\r\nb ID\r\n"
		 "c ID (\"name\" {3+}\r\nabc \"x-proxy-ttl\" \"1\" \"a\" {1}\r\nb)\r\n"
		 "d LOGIN alice secret1\r\ne ID (\"x-proxy-ttl\" \"0\")\r\nf NOOP\r\n"),
	/* one kind fails, then another */
	STR_INIT("a LOGIN alice wonder\r\nb AUTHENTICATE EXTERNAL YQ==\r\nc AUTHENTICATE "
		 "CRAM-MD5\r\n"
		 "YSAwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==\r\nd AUTHENTICATE PLAIN\r\n"
		 "AGFsaWNlAHNlY3JldA==\r\ne LOGIN bob {6+}\r\nsecret\r\n"),
	/* a password where a tag should be, then a shorter tag */
	STR_INIT("somesecret x\r\na1 LOGIN alice secret\r\n"),
	/* literals */
	STR_INIT("a LOGIN {0}\r\n {0}\r\n\r\nb LOGIN x {0}\r\n\r\nc LOGIN {0+}\r\n{0+}\r\n\r\n"),
	STR_INIT("a LOGIN {4294967295}\r\nalice secret\r\nb NOOP\r\n"),
	STR_INIT("a LOGIN {4294967296}\r\nb LOGIN {99999999999999999999}\r\nc LOGIN {}\r\n"
		 "d LOGIN {-1}\r\ne LOGOUT\r\n"),
	STR_INIT("a LOGIN {99999999999999999999+}\r\nalice secret\r\nb NOOP\r\n"),
	STR_INIT("a FOO {5+}\r\nb NOOP\r\n"),
	STR_INIT("a FOO {5}\r\nb NOOP\r\n{5+}\r\nc NOOP\r\n"),
	STR_INIT(
		"a LOGIN x {3+}\r\na\rb\r\nb LOGIN {3}\r\na\rb\r{2}\r\nc LOGIN {2+}\r\n\r\n\r\r\n"),
	STR_INIT("a LOGIN {1}\r\nx {1}\r\ny {1}\r\nz {1}\r\nb NOOP\r\n"),
	STR_INIT("a LOGIN {1+}\r\nx {1+}\r\ny {1+}\r\nz {1+}\r\nb NOOP\r\n"),
	STR_INIT("a LOGIN tim {4+}\r\n\0\r\n\xff\r\nb LOGIN {6+}\r\n%{\"\\}\n  \"\\%{\\\"\"\r\n"),
	/* quotes */
	STR_INIT("a LOGIN \"\" \"\"\r\nb LOGIN \"a\\\r\nc LOGIN \"a\\\\\\\"\" \"b\"\"c\"\"d\"\r\n"
		 "d LOGIN \"a\"{1}\r\nb\r\ne LOGIN a\"b c\"d\r\n"),
	/* tags, and bytes that do not belong */
	STR_INIT("NOOP\r\n* NOOP\r\n\r\na\r\n NOOP\r\na+ NOOP\r\n"),
	STR_INIT("12345678901234567890123456789012 NOOP\r\n123456789012345678901234567890123 X\r\n"
		 "a  NOOP  \r\nb \r\nc LOGOUT\r\n"),
	STR_INIT("a N\0OP\r\n\0 NOOP\r\na NOOP\r\x80\r\na NOOP \r\r\n\x80 NOOP\r\n"),
	STR_INIT("a AUTHENTICATE PLAIN\r\n\0\0\r\nb AUTHENTICATE PLAIN\r\n\xff\r\n"
		 "c AUTHENTICATE PLAIN\r\na\rb\r\nd AUTHENTICATE PLAIN\r\n{5+}\r\ne LOGOUT\r\n"),
	STR_INIT("a AUTHENTICATE LOGIN\r\nYWxpY2U=\r\n!\r\nb AUTHENTICATE CRAM-MD5\r\nYQ==\r\n"
		 "c AUTHENTICATE PLAIN\r\n*\r\nd AUTHENTICATE LOGIN\r\n*\r\ne AUTHENTICATE NTLM\r\n"
		 "f AUTHENTICATE\r\ng AUTHENTICATE PLAIN a b\r\nh AUTHENTICATE PLAIN\r\na b c "
		 "d\r\n"),
	STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	STR_INIT("1 X\r\n2 Y\n3 Z\r\n4 1\r\n5 2\r\n6 3\r\n7 LOGOUT\r\n"),
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

Test(laws_imap_front, every_method_and_verdict)
{
	static const char *const verdicts[] = {"ra", "s", "S", "q"};
	struct laws_front conf = conf_of(ALL);

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		conf.verdicts = verdicts[i];
		conf.front.identity = i & 1;
		check_all(&conf, true);
	}
}

Test(laws_imap_front, some_methods)
{
	static const uint32_t methods[] = {PLAIN, TOKENS, 0};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct laws_front conf = conf_of(methods[i]);

		conf.front.id = methods[i] != PLAIN;
		check_all(&conf, true);
	}
}

Test(laws_imap_front, starttls)
{
	struct laws_front conf = conf_of(ALL);

	conf.front.starttls = STARTTLS_ON;
	check_all(&conf, true);
	conf.front.starttls = STARTTLS_ONLY;
	check_all(&conf, true);
}

/* Every size from nothing on: what does not fit is refused, never cut. */
Test(laws_imap_front, small_stores)
{
	struct laws_front conf = conf_of(ALL);

	conf.verdicts = "rs";
	for (conf.store_max = 1; conf.store_max < 200; conf.store_max++)
		check_all(&conf, false);
}

Test(laws_imap_front, small_limits)
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
Test(laws_imap_front, endless_lines)
{
	static const struct str heads[] = {
		STR_INIT(""),
		STR_INIT("a LOGIN "),
		STR_INIT("a LOGIN tim \""),
		STR_INIT("a LOGIN {3}\r\ntim "),
		STR_INIT("a LOGIN {3}\r\ntim {600}\r\n"),
		STR_INIT("a LOGIN {3}\r\ntim {300}\r\n"),
		STR_INIT("a LOGIN {4294967295}\r\n"),
		STR_INIT("a ID (\"name\" \""),
		STR_INIT("a ID ({1}\r\na {300}\r\n"),
		STR_INIT("a ID ({1}\r\na {99999}\r\n"),
		STR_INIT("a NOOP {0}\r\n"),
		STR_INIT("a AUTHENTICATE PLAIN "),
		STR_INIT("a AUTHENTICATE PLAIN\r\n"),
		STR_INIT("a AUTHENTICATE LOGIN\r\nYQ==\r\n"),
		STR_INIT("a AUTHENTICATE CRAM-MD5\r\n"),
		STR_INIT("a AUTHENTICATE XOAUTH2 " XOAUTH "\r\n"),
		STR_INIT("\x80"),
	};
	struct laws_front conf = conf_of(ALL);
	uint8_t text[2048];

	conf.verdicts = "s";
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		for (size_t n = 460; n < 530; n++) {
			memset(text, 'A', sizeof(text));
			memcpy(text, heads[i].p, heads[i].n);
			laws_check(&laws_front_engine, &conf, str_of(text, heads[i].n + n));
			text[heads[i].n + n] = '\n';
			laws_check(&laws_front_engine, &conf, str_of(text, sizeof(text)));
		}
}
