/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_capability: which announcements are warned of, where, and how often.
 */
#include "tests/lib/conf_try.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(conf_capability, .timeout = 60);

/* One server whose line 3 says this; all its warnings, each with a line end. */
static void warnings_of(const char *protocol, const char *directives, char text[4096])
{
	char whole[2048];
	struct conf *c;
	size_t n = 0;

	snprintf(whole, sizeof(whole),
		 "mail { auth_http 127.0.0.1;\nserver { listen 127.0.0.1:2525; protocol %s;\n%s\n"
		 "} }",
		 protocol, directives);
	c = conf_try_good(whole);
	cr_assert(c);
	text[0] = '\0';
	for (uint32_t i = 0; i < c->n_notes; i++) {
		const char *in = strstr(c->notes[i].text, " in /");

		cr_expect_eq(c->notes[i].level, LEVEL_WARN);
		cr_assert(in, "%s", c->notes[i].text);
		n += (size_t)snprintf(text + n, 4096 - n, "%.*s%s\n", (int)(in - c->notes[i].text),
				      c->notes[i].text, strrchr(c->notes[i].text, ':'));
	}
	conf_free(c);
}

Test(conf_capability, what_works_is_not_warned_of)
{
	static const char *const good[][2] = {
		{"smtp", ""},
		{"pop3", ""},
		{"imap", ""},
		{"smtp",
		 "smtp_capabilities PIPELINING \"SIZE 1000\" 8BITMIME SMTPUTF8 CHUNKING DSN "
		 "ENHANCEDSTATUSCODES BURL AUTHOR HELPER;"},
		{"pop3", "pop3_capabilities TOP UIDL USER PIPELINING RESP-CODES \"EXPIRE 60\" "
			 "\"IMPLEMENTATION STLS\" UTF8ISH;"},
		{"imap", "imap_capabilities IMAP4rev1 SASL-IR LITERAL+ IDLE ENABLE NAMESPACE MOVE "
			 "CONDSTORE QRESYNC UTF8=ACCEPT AUTHORS COMPRESSED;"},
		{"imap", "imap_capabilities IMAP4rev1 id; imap_id on;"},
		{"imap", "imap_capabilities IMAP4rev1 ID; proxy_identity on;"},
		{"imap", "imap_capabilities IMAP4rev1 LOGINDISABLED; imap_auth cram-md5;"},
		{"pop3", "pop3_capabilities TOP UIDL; pop3_auth apop;"},
		/* another protocol's */
		{"imap", "smtp_capabilities STARTTLS; pop3_capabilities STLS;"},
		{"smtp", "imap_capabilities STARTTLS ID; pop3_auth apop;"},
	};
	char text[4096];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		warnings_of(good[i][0], good[i][1], text);
		cr_expect_str_eq(text, "", "%s %s", good[i][0], good[i][1]);
	}
}

static const struct {
	const char *protocol, *list, *word, *more, *warning;
} warned[] = {
#define OTHER(d)    " does not make it work before login: \"" d "\" does, and announces it:3\n"
#define REFUSED_ALL " cannot work before login: its command is refused until then:3\n"
	{"smtp", "smtp_capabilities", "STARTTLS", "", OTHER("starttls")},
	{"smtp", "smtp_capabilities", "starttls", "", OTHER("starttls")},
	{"smtp", "smtp_capabilities", "AUTH PLAIN LOGIN", "", OTHER("smtp_auth")},
	{"smtp", "smtp_capabilities", "AUTH=LOGIN", "", OTHER("smtp_auth")},
	{"smtp", "smtp_capabilities", "XCLIENT NAME ADDR", "", REFUSED_ALL},
	{"smtp", "smtp_capabilities", "XFORWARD", "", REFUSED_ALL},
	{"smtp", "smtp_capabilities", "ETRN", "", REFUSED_ALL},
	{"smtp", "smtp_capabilities", "VRFY", "", REFUSED_ALL},
	{"smtp", "smtp_capabilities", "EXPN", "", REFUSED_ALL},
	{"smtp", "smtp_capabilities", "HELP", "", REFUSED_ALL},
	{"pop3", "pop3_capabilities", "STLS", "", OTHER("starttls")},
	{"pop3", "pop3_capabilities", "SASL PLAIN", "", OTHER("pop3_auth")},
	{"pop3", "pop3_capabilities", "UTF8 USER", "", REFUSED_ALL},
	{"pop3", "pop3_capabilities", "LANG", "", REFUSED_ALL},
	{"pop3", "pop3_capabilities", "USER", "pop3_auth apop cram-md5;",
	 " cannot work: \"pop3_auth\" does not have \"plain\":3\n"},
	{"imap", "imap_capabilities", "STARTTLS", "", OTHER("starttls")},
	{"imap", "imap_capabilities", "AUTH=PLAIN", "", OTHER("imap_auth")},
	{"imap", "imap_capabilities", "ID", "",
	 " cannot work before login without \"imap_id on\":3\n"},
	{"imap", "imap_capabilities", "COMPRESS=DEFLATE", "", REFUSED_ALL},
	{"imap", "imap_capabilities", "LANGUAGE", "", REFUSED_ALL},
	{"imap", "imap_capabilities", "LOGINDISABLED", "",
	 " keeps clients from logging in, though \"imap_auth\" has \"plain\":3\n"},
};

Test(conf_capability, what_cannot_work_before_login_is_warned_of)
{
	for (size_t i = 0; i < sizeof(warned) / sizeof(warned[0]); i++) {
		char directives[512], got[4096], want[512];

		snprintf(directives, sizeof(directives), "%s %s \"%s\" X-OTHER;", warned[i].more,
			 warned[i].list, warned[i].word);
		warnings_of(warned[i].protocol, directives, got);
		snprintf(want, sizeof(want), "\"%s\" in \"%s\"%s", warned[i].word, warned[i].list,
			 warned[i].warning);
		cr_expect_str_eq(got, want);
	}
}

Test(conf_capability, a_default_that_cannot_work_is_warned_of_at_its_server)
{
	char got[4096];

	warnings_of("pop3", "pop3_auth apop;", got);
	cr_expect_str_eq(got, "\"USER\" in \"pop3_capabilities\" cannot work: \"pop3_auth\" does "
			      "not have \"plain\":2\n");
}

Test(conf_capability, what_servers_inherit_is_warned_of_once)
{
	struct conf *c =
		conf_try_good("mail { auth_http 127.0.0.1;\nimap_capabilities STARTTLS ID;\n"
			      "server { listen 143; }\nserver { listen 144; protocol imap; "
			      "imap_id on; }\nserver { listen 110; } }");

	cr_assert(c);
	cr_expect_eq(c->n_notes, 2);
	conf_free(c);
}
