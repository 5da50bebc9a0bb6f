/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/imap_front: replies byte for byte, commands in pieces, what a login carries,
 * what is counted, what ends a session, and that every command has its answer in every state.
 */
#include "proto/front.h"

#include <criterion/criterion.h>
#include <string.h>

enum {
	PLAIN = 1 << SASL_PLAIN,
	TOKENS = 1 << SASL_XOAUTH2 | 1 << SASL_OAUTHBEARER,
	ALL = PLAIN | 1 << SASL_LOGIN | 1 << SASL_CRAM_MD5 | TOKENS | 1 << SASL_EXTERNAL,
};

static const struct str capabilities[] = {STR_INIT("IMAP4rev1"), STR_INIT("UIDPLUS")};
static struct front_conf conf;
static struct front front;
static struct arena store;
static struct buf in;
static struct out out;
static uint8_t store_memory[8192], in_memory[8192], out_memory[16384];

static void begin(uint32_t methods)
{
	conf = (struct front_conf){
		.protocol = PROTOCOL_IMAP,
		.server_name = STR_INIT("mx.test"),
		.capabilities = capabilities,
		.n_capabilities = 2,
		.methods = methods,
		.line_max = 4096,
		.errors_max = 5,
		.id = true,
	};
	arena_init(&store, store_memory, sizeof(store_memory));
	buf_init(&in, in_memory, sizeof(in_memory));
	out_init(&out, out_memory, sizeof(out_memory));
	front_init(&front, &conf, STR("1.2"));
	front_lend(&front, &store);
}

static enum front_ev say(struct str text)
{
	out_reset(&out);
	cr_assert_eq(buf_append(&in, text), text.n);
	return front_next(&front, &in, &out);
}

static bool said(struct str reply)
{
	return str_eq(out_data(&out), reply);
}

static void expect(struct str text, struct str reply)
{
	enum front_ev ev = say(text);

	if (ev == FRONT_NOTE)
		ev = front_next(&front, &in, &out);
	cr_assert_eq(ev, FRONT_MORE, "%d for %s", ev, (const char *)text.p);
	cr_assert(said(reply), "%s gave %.*s", (const char *)text.p, (int)out.n,
		  (const char *)out.base);
}

static void login_is(enum auth_method method, struct str user, struct str pass)
{
	const struct login *l = &front.login;

	cr_assert_eq(l->method, method);
	cr_assert(str_eq(l->user, user), "%.*s", (int)l->user.n, (const char *)l->user.p);
	cr_assert(str_eq(l->pass, pass), "%.*s", (int)l->pass.n, (const char *)l->pass.p);
}

static void logs_in(struct str text, struct str user, struct str pass)
{
	cr_assert_eq(say(text), FRONT_LOGIN, "%s", (const char *)text.p);
	login_is(AUTH_PLAIN, user, pass);
}

static void refuse(struct str reply)
{
	struct front_answer a = {.outcome = FRONT_REFUSED, .text = STR_INIT("no")};

	out_reset(&out);
	cr_assert_eq(front_verdict(&front, &a, &out), FRONT_MORE);
	cr_assert(said(reply));
	cr_assert(front_idle(&front));
	cr_assert_eq(front.state, FRONT_IN_START);
}

#define DIGEST "0123456789abcdef0123456789abcdef"

Test(imap_front, the_greeting)
{
	begin(ALL);
	front_greet(&front, &out);
	cr_assert(said(STR("* OK IMAP4 ready\r\n")));
}

Test(imap_front, login_in_atoms_quotes_and_literals)
{
	static const struct {
		struct str line, user, pass;
	} rows[] = {
		{STR_INIT("a1 LOGIN tim secret\r\n"), STR_INIT("tim"), STR_INIT("secret")},
		{STR_INIT("a1  login  tim  secret  \n"), STR_INIT("tim"), STR_INIT("secret")},
		{STR_INIT("a1 LOGIN \"t i\" \"\\\"\\\\\"\r\n"), STR_INIT("t i"), STR_INIT("\"\\")},
		{STR_INIT("a1 LOGIN \"tim\"\"secret\"\r\n"), STR_INIT("tim"), STR_INIT("secret")},
		{STR_INIT("a1 LOGIN tim \"secret\r\n"), STR_INIT("tim"), STR_INIT("secret")},
		{STR_INIT("a1 LOGIN tim \"\"\r\n"), STR_INIT("tim"), STR_INIT("")},
		{STR_INIT("a1 LOGIN tim \"\r\n"), STR_INIT("tim"), STR_INIT("")},
		{STR_INIT("a1 LOGIN {3+}\r\ntim {6+}\r\nsecret\r\n"), STR_INIT("tim"),
		 STR_INIT("secret")},
		{STR_INIT("a1 LOGIN {3+}\r\ntim{6+}\r\nsecret\r\n"), STR_INIT("tim"),
		 STR_INIT("secret")},
		{STR_INIT("a1 LOGIN {3+}\r\ntim secret\r\n"), STR_INIT("tim"), STR_INIT("secret")},
		{STR_INIT("a1 LOGIN {3+}\r\ntimxsecret\r\n"), STR_INIT("tim"), STR_INIT("secret")},
		{STR_INIT("a1 LOGIN tim {0+}\r\n\r\n"), STR_INIT("tim"), STR_INIT("")},
		{STR_INIT("a1 LOGIN tim {003+}\r\n\r\n \r\n"), STR_INIT("tim"), STR_INIT("\r\n ")},
		{STR_INIT("a1 LOGIN {4+}\r\n\r\n\0\n {1+}\r\n\xff\r\n"), STR_INIT("\r\n\0\n"),
		 STR_INIT("\xff")},
		{STR_INIT("a1 LOGIN %41{3}\\\" \x01\0\x80\r\n"), STR_INIT("%41{3}\\\""),
		 STR_INIT("\x01\0\x80")},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(PLAIN);
		logs_in(rows[i].line, rows[i].user, rows[i].pass);
		cr_assert(str_eq(front.login.tag, STR("a1")));
		cr_assert(said(STR("")), "row %zu", i);
		refuse(STR("a1 NO no\r\n"));
	}
}

Test(imap_front, literals_are_asked_for)
{
	begin(PLAIN);
	expect(STR("a1 LOGIN {3}\r\n"), STR("+ OK\r\n"));
	cr_assert(!strcmp(front_state_name(&front), "literal"));
	expect(STR("ti"), STR(""));
	expect(STR("m {6}\r\n"), STR("+ OK\r\n"));
	logs_in(STR("secret\r\na2 NOOP\r\n"), STR("tim"), STR("secret"));
	cr_assert(str_eq(buf_data(&in), STR("a2 NOOP\r\n")), "what follows stays");
	refuse(STR("a1 NO no\r\n"));
	cr_assert_eq(front.login.tag.n, 2, "the tag is for other refusals as well");
	expect(STR(""), STR("a2 OK completed\r\n"));
	expect(STR("a3 LOGIN \"\" {0}\r\n"), STR("+ OK\r\n"));
	expect(STR("\r\n"), STR("a3 BAD invalid command\r\n"));
	cr_assert_eq(front.errors, 0);
}

Test(imap_front, arguments_that_are_none)
{
	static const struct str lines[] = {
		STR_INIT("a1 LOGIN a b c d\r\n"),
		STR_INIT("a1 LOGIN a b c \"d\"\r\n"),
		STR_INIT("a1 LOGIN a b c {1}\r\n"),
		STR_INIT("a1 LOGIN a \"b\\\r\n"),
		STR_INIT("a1 LOGIN a {}\r\n"),
		STR_INIT("a1 LOGIN a {+}\r\n"),
		STR_INIT("a1 LOGIN a {-1}\r\n"),
		STR_INIT("a1 LOGIN a {1\r\n"),
		STR_INIT("a1 LOGIN a {1 }\r\n"),
		STR_INIT("a1 LOGIN a {4294967296}\r\n"),
		STR_INIT("a1 LOGIN a {1} \r\n"),
		STR_INIT("a1 LOGIN a {99999999999999999999}\r\n"),
		STR_INIT("a1 LOGIN a\rb c\r\n"),
		STR_INIT("a1 LOGIN a b\r\r\n"),
		STR_INIT("a1 ID (\"a\" \r\"b\")\r\n"),
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		begin(PLAIN);
		if (str_find(lines[i], '+') < lines[i].n)
			cr_assert_eq(say(lines[i]), FRONT_FAIL);
		else
			expect(lines[i], STR("a1 BAD invalid command\r\n"));
		cr_assert(front_idle(&front));
		cr_assert_eq(front.errors, i != 5, "row %zu", i);
	}
}

/* What stands behind a literal is a space or more of the command, but a stray CR is neither. */
Test(imap_front, a_cr_behind_a_literal_is_none)
{
	begin(PLAIN);
	expect(STR("a1 LOGIN {3+}\r\ntim\rsecret\r\n"), STR("a1 BAD invalid command\r\n"));
	expect(STR("a2 LOGIN tim {3+}\r\nabc\r\r\n"), STR("a2 BAD invalid command\r\n"));
	expect(STR("a3 ID ({1+}\r\na\r NIL)\r\n"), STR("a3 BAD invalid command\r\n"));
	cr_assert_eq(front.errors, 3);
	cr_assert(front_idle(&front));
}

Test(imap_front, unasked_literals_of_what_is_no_command_end_the_session)
{
	static const struct str lines[] = {
		STR_INIT("a1 FOO {5+}\r\na2 NOOP\r\n"),
		STR_INIT("a1 LOGIN a b c {5+}\r\na2 NOOP\r\n"),
		STR_INIT("a1 LOGIN {99999999999999999999+}\r\na2 NOOP\r\n"),
		STR_INIT("a1 LOGIN {x+}\r\na2 NOOP\r\n"),
		STR_INIT("a1 ID (\"a\" {x+}\r\na2 NOOP\r\n"),
		STR_INIT("a1 LOGIN {1+}\r\na b c {x+}\r\na2 NOOP\r\n"),
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		begin(PLAIN);
		cr_assert_eq(say(lines[i]), FRONT_FAIL, "row %zu", i);
		cr_assert_eq(front.reason, REASON_CLIENT_LITERAL);
		cr_assert(said(STR("a1 BAD invalid command\r\n")));
		cr_assert(str_eq(buf_data(&in), STR("a2 NOOP\r\n")), "nothing of it runs");
		cr_assert(front_idle(&front));
	}
	begin(PLAIN);
	cr_assert_eq(say(STR("{5+}\r\na2 NOOP\r\n")), FRONT_FAIL);
	cr_assert(said(STR("* BAD invalid command\r\n")));
}

Test(imap_front, what_does_not_fit_the_store_is_refused)
{
	begin(PLAIN);
	store.size = 8;
	expect(STR("a1 LOGIN tim secret\r\n"), STR("a1 BAD invalid command\r\n"));
	expect(STR("a2 LOGIN tim \"secret\"\r\n"), STR("a2 BAD invalid command\r\n"));
	cr_assert(front_idle(&front));
	cr_assert_eq(say(STR("a3 LOGIN tim {6+}\r\nsecret\r\na4 NOOP\r\n")), FRONT_FAIL);
	cr_assert(said(STR("a3 BAD invalid command\r\n")));
	cr_assert(str_eq(buf_data(&in), STR("\r\na4 NOOP\r\n")), "the rest of its line is nothing");
	begin(ALL);
	store.size = 12;
	expect(STR("a1 AUTHENTICATE CRAM-MD5\r\n"), STR("a1 BAD response is too long\r\n"));
}

Test(imap_front, all_pieces_together_are_one_command)
{
	begin(PLAIN);
	conf.line_max = 32;
	expect(STR("a1 LOGIN {3}\r\n"), STR("+ OK\r\n"));
	expect(STR("tim {4}\r\n"), STR("+ OK\r\n"));
	logs_in(STR("1234\r\n"), STR("tim"), STR("1234"));
	refuse(STR("a1 NO no\r\n"));
	expect(STR("a2 LOGIN {3}\r\ntim {10}\r\n"), STR("+ OK\r\n+ OK\r\n"));
	expect(STR("1234567"), STR(""));
	cr_assert_eq(say(STR("8")), FRONT_FAIL);
	cr_assert_eq(front.reason, REASON_CLIENT_TOO_LONG);
	cr_assert(said(STR("a2 BAD invalid command\r\n")));
	cr_assert_eq(front.refused.n, 0, "it could be a password");
	begin(PLAIN);
	conf.line_max = 64;
	expect(STR("a1 LOGIN {4294967295}\r\n"), STR("+ OK\r\n"));
	for (int i = 0; i < 40; i++)
		expect(STR("x"), STR(""));
	cr_assert_eq(say(STR("x")), FRONT_FAIL);
	cr_assert_eq(front.reason, REASON_CLIENT_TOO_LONG);
}

Test(imap_front, tags)
{
	begin(PLAIN);
	conf.errors_max = 6;
	expect(STR("A.b_C-9 NOOP\r\n"), STR("A.b_C-9 OK completed\r\n"));
	expect(STR("12345678901234567890123456789012 NOOP\r\n"),
	       STR("12345678901234567890123456789012 OK completed\r\n"));
	expect(STR("123456789012345678901234567890123 NOOP\r\n"), STR("* BAD invalid command\r\n"));
	expect(STR(" NOOP\r\na+ NOOP\r\na1\r\n\r\n"),
	       STR("* BAD invalid command\r\n* BAD invalid command\r\n* BAD invalid command\r\n"
		   "* BAD invalid command\r\n"));
	cr_assert_eq(front.errors, 5);
}

Test(imap_front, sasl)
{
	begin(ALL);
	expect(STR("a AUTHENTICATE PLAIN\r\n"), STR("+ \r\n"));
	logs_in(STR("AGEAYg==\r\n"), STR("a"), STR("b"));
	refuse(STR("a NO no\r\n"));
	logs_in(STR("b AUTHENTICATE {5+}\r\nPLAIN \"AGEAYg==\"\r\n"), STR("a"), STR("b"));
	refuse(STR("b NO no\r\n"));
	expect(STR("c authenticate login\r\n"), STR("+ VXNlcm5hbWU6\r\n"));
	expect(STR("YQ==\r\n"), STR("+ UGFzc3dvcmQ6\r\n"));
	logs_in(STR("Yg==\r\n"), STR("a"), STR("b"));
	refuse(STR("c NO no\r\n"));
	expect(STR("d AUTHENTICATE CRAM-MD5\r\n"), STR("+ PDEuMkBteC50ZXN0Pg==\r\n"));
	cr_assert_eq(say(STR("YSAwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==\r\n")), FRONT_LOGIN);
	login_is(AUTH_CRAM_MD5, STR("a"), STR(DIGEST));
	cr_assert(str_eq(front.login.salt, STR("<1.2@mx.test>")));
	refuse(STR("d NO no\r\n"));
	cr_assert_eq(say(STR("e AUTHENTICATE EXTERNAL YQ==\r\n")), FRONT_LOGIN);
	login_is(AUTH_EXTERNAL, STR("a"), STR(""));
	cr_assert_eq(front.login.salt.n, 0, "nothing of the last one");
	refuse(STR("e NO no\r\n"));
	cr_assert_eq(front.login.attempt, 5);
	expect(STR("f AUTHENTICATE\r\nf AUTHENTICATE PLAIN a b\r\nf AUTHENTICATE X\r\n"),
	       STR("f BAD invalid command\r\nf BAD invalid command\r\nf BAD invalid command\r\n"));
	expect(STR("g AUTHENTICATE PLAIN\r\n"), STR("+ \r\n"));
	expect(STR("*\r\n"), STR("g BAD invalid command\r\n"));
	cr_assert_eq(front.errors, 0);
	expect(STR("h AUTHENTICATE LOGIN\r\n"), STR("+ VXNlcm5hbWU6\r\n"));
	expect(STR("YQ== b c d\r\n"), STR("h BAD invalid command\r\n"));
	cr_assert_eq(front.errors, 1);
	cr_assert(front_idle(&front));
}

Test(imap_front, a_refused_token_is_explained_first)
{
	struct front_answer a = {
		.outcome = FRONT_REFUSED, .text = STR_INIT("no"), .sasl = STR_INIT("eyJ9")};

	begin(TOKENS);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(
			say(STR("a AUTHENTICATE XOAUTH2 dXNlcj1hAWF1dGg9QmVhcmVyIGIBAQ==\r\n")),
			FRONT_LOGIN);
		login_is(AUTH_XOAUTH2, STR("a"), STR("b"));
		out_reset(&out);
		front_verdict(&front, &a, &out);
		cr_assert(said(STR("+ eyJ9\r\n")));
		expect(i ? STR("x\r\n") : STR("\r\n"),
		       i ? STR("a BAD invalid command\r\n") : STR("a NO no\r\n"));
		cr_assert(front_idle(&front));
	}
}

Test(imap_front, methods_are_honoured_exactly)
{
	begin(1 << SASL_LOGIN);
	expect(STR("a LOGIN tim secret\r\n"), STR("a BAD invalid command\r\n"));
	expect(STR("a AUTHENTICATE PLAIN\r\n"), STR("a BAD invalid command\r\n"));
	expect(STR("a AUTHENTICATE LOGIN\r\n"), STR("+ VXNlcm5hbWU6\r\n"));
	begin(PLAIN);
	expect(STR("a AUTHENTICATE LOGIN\r\n"), STR("a BAD invalid command\r\n"));
	expect(STR("a AUTHENTICATE EXTERNAL YQ==\r\n"), STR("a BAD invalid command\r\n"));
	begin(0);
	expect(STR("a LOGIN tim secret\r\n"), STR("a BAD invalid command\r\n"));
	expect(STR("a CAPABILITY\r\n"),
	       STR("* CAPABILITY IMAP4rev1 UIDPLUS\r\na OK completed\r\n"));
}

#define LIST  "* CAPABILITY IMAP4rev1 UIDPLUS"
#define AUTHS " AUTH=PLAIN AUTH=LOGIN AUTH=CRAM-MD5 AUTH=EXTERNAL AUTH=XOAUTH2 AUTH=OAUTHBEARER"

Test(imap_front, starttls)
{
	begin(ALL);
	expect(STR("a STARTTLS\r\n"), STR("a BAD invalid command\r\n"));
	conf.starttls = STARTTLS_ON;
	expect(STR("a CAPABILITY\r\n"), STR(LIST AUTHS " STARTTLS\r\na OK completed\r\n"));
	conf.starttls = STARTTLS_ONLY;
	expect(STR("a CAPABILITY\r\n"), STR(LIST " STARTTLS LOGINDISABLED\r\na OK completed\r\n"));
	expect(STR("a LOGIN tim secret\r\na AUTHENTICATE PLAIN AGEAYg==\r\n"),
	       STR("a BAD invalid command\r\na BAD invalid command\r\n"));
	cr_assert_eq(say(STR("b STARTTLS\r\nc LOGIN evil ev")), FRONT_TLS);
	cr_assert(said(STR("b OK completed\r\n")));
	cr_assert_eq(buf_len(&in), 0);
	front_secured(&front);
	expect(STR("d CAPABILITY\r\nd STARTTLS\r\n"),
	       STR(LIST AUTHS "\r\nd OK completed\r\nd BAD invalid command\r\n"));
	begin(ALL);
	conf.starttls = STARTTLS_ON;
	cr_assert_eq(say(STR("b STARTTLS {2+}\r\nab\r\nc LOGIN {5+}\r\nevi")), FRONT_TLS);
	front_secured(&front);
	expect(STR("d NOOP\r\n"), STR("d OK completed\r\n"));
}

Test(imap_front, errors_and_commands_are_limited)
{
	begin(PLAIN);
	expect(STR("a LOGIN\r\na LOGIN a\r\na STARTTLS\r\na AUTHENTICATE X\r\na LOGIN a b c\r\n"),
	       STR("a BAD invalid command\r\na BAD invalid command\r\na BAD invalid command\r\n"
		   "a BAD invalid command\r\na BAD invalid command\r\n"));
	cr_assert_eq(front.errors, 0, "only what is no command counts");
	expect(STR("a SELECT x\r\na UID x\r\na1\r\n\r\n"),
	       STR("a BAD invalid command\r\na BAD invalid command\r\n* BAD invalid command\r\n"
		   "* BAD invalid command\r\n"));
	cr_assert_eq(say(STR("a LOGIN a b c d\r\na NOOP\r\n")), FRONT_FAIL);
	cr_assert_eq(front.reason, REASON_CLIENT_TOO_MANY_ERRORS);
	begin(PLAIN);
	conf.commands_max = 2;
	expect(STR("a NOOP {1}\r\nx{1}\r\nx\r\n"), STR("+ OK\r\n+ OK\r\na OK completed\r\n"));
	expect(STR("a NOOP\r\n"), STR("a OK completed\r\n"));
	cr_assert_eq(say(STR("a NOOP\r\n")), FRONT_FAIL);
	cr_assert_eq(front.reason, REASON_CLIENT_TOO_MANY_COMMANDS);
	cr_assert(said(STR("* BYE too many commands\r\n")));
}

Test(imap_front, what_is_too_long_ends_and_shows_no_password)
{
	static const struct {
		struct str line, reply;
		bool shown;
	} rows[] = {
		{STR_INIT("a NOOP 8901234567890"), STR_INIT("a BAD invalid command\r\n"), true},
		{STR_INIT("567890123456789012345"), STR_INIT("* BAD invalid command\r\n"), true},
		{STR_INIT("a LOGIN 78901234567890"), STR_INIT("a BAD invalid command\r\n"), false},
		{STR_INIT("a  login 8901234567890"), STR_INIT("a BAD invalid command\r\n"), false},
		{STR_INIT("a# LOGIN 8901234567890"), STR_INIT("* BAD invalid command\r\n"), false},
		{STR_INIT(" LOGIN 678901234567890"), STR_INIT("* BAD invalid command\r\n"), false},
		{STR_INIT("LOGIN 5678901234567890"), STR_INIT("LOGIN BAD invalid command\r\n"),
		 false},
		{STR_INIT("a AUTHENTICATE PLAIN b"), STR_INIT("a BAD invalid command\r\n"), false},
		{STR_INIT("a NOOP {1+}\r\nx89012345"), STR_INIT("a BAD invalid command\r\n"),
		 false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(ALL);
		conf.line_max = 16;
		cr_assert_eq(say(rows[i].line), FRONT_FAIL);
		cr_assert_eq(front.reason, REASON_CLIENT_TOO_LONG);
		cr_assert(said(rows[i].reply), "row %zu", i);
		cr_assert_eq(front.refused.n, rows[i].shown ? 16 : 0, "row %zu", i);
	}
	begin(ALL);
	conf.line_max = 32;
	expect(STR("a AUTHENTICATE PLAIN\r\n"), STR("+ \r\n"));
	cr_assert_eq(say(STR("01234567890123456789012345678901")), FRONT_FAIL);
	cr_assert(said(STR("a BAD invalid command\r\n")));
	cr_assert_eq(front.refused.n, 0);
}

Test(imap_front, http_ends_at_once_but_not_behind_a_literal)
{
	begin(PLAIN);
	cr_assert_eq(say(STR("GET / HTTP/1.1\r\nHost: x\r\n")), FRONT_FAIL);
	cr_assert_eq(front.reason, REASON_CLIENT_HTTP);
	cr_assert(said(STR("GET BAD invalid command\r\n")));
	begin(PLAIN);
	expect(STR("a LOGIN {3+}\r\ntimGET my secret here\r\n"), STR("a BAD invalid command\r\n"));
	cr_assert_eq(front.refused.n, 0);
}

Test(imap_front, a_refusal_is_cut_to_the_room_there_is)
{
	struct front_answer a = {.outcome = FRONT_REFUSED, .text = STR_INIT("0123456789")};

	begin(PLAIN);
	for (size_t room = 4; room < 60; room++) {
		cr_assert_eq(say(STR("a LOGIN tim secret\r\n")), FRONT_LOGIN);
		out_init(&out, out_memory, room);
		front_verdict(&front, &a, &out);
		cr_assert(!out_overflow(&out));
		cr_assert(out.n == 0 || str_eq(str_from(out_data(&out), out.n - 2), STR("\r\n")));
		out_init(&out, out_memory, sizeof(out_memory));
	}
}

Test(imap_front, an_accepted_login_is_told_by_the_backend)
{
	struct front_answer a = {.outcome = FRONT_ACCEPTED};

	begin(PLAIN);
	cr_assert_eq(say(STR("a LOGIN tim secret\r\n")), FRONT_LOGIN);
	out_reset(&out);
	front_verdict(&front, &a, &out);
	cr_assert_eq(out.n, 0);
	cr_assert_eq(front.state, FRONT_IN_DONE);
	cr_assert(front_idle(&front));
}

/* Every command in every state that reads, with the answer it has there. */
Test(imap_front, every_cell_is_answered)
{
	enum answer { DONE, LISTED, ASKED, REFUSED, LOGS_IN, QUITS, SECURES, UNKNOWN };
	static const struct {
		struct str line;
		enum answer answer;
	} rows[] = {
		{STR_INIT("t NOOP"), DONE},
		{STR_INIT("t CAPABILITY"), LISTED},
		{STR_INIT("t ID NIL"), LISTED},
		{STR_INIT("t LOGIN a b"), LOGS_IN},
		{STR_INIT("t LOGIN a"), REFUSED},
		{STR_INIT("t AUTHENTICATE PLAIN"), ASKED},
		{STR_INIT("t AUTHENTICATE X"), REFUSED},
		{STR_INIT("t LOGOUT"), QUITS},
		{STR_INIT("t STARTTLS"), SECURES},
		{STR_INIT("t SELECT a"), UNKNOWN},
		{STR_INIT("t"), UNKNOWN},
		{STR_INIT(""), UNKNOWN},
	};

	for (size_t c = 0; c < sizeof(rows) / sizeof(rows[0]); c++) {
		for (int literal = 0; literal < 2; literal++) {
			enum answer want = rows[c].answer;
			enum front_ev ev;

			begin(ALL);
			conf.starttls = STARTTLS_ON;
			(void)!say(rows[c].line);
			/* a third or second argument spoils those that take arguments */
			ev = say(literal ? STR(" {1+}\r\nx\r\n") : STR("\r\n"));
			if (literal && (want == LOGS_IN || want == ASKED))
				want = REFUSED;
			if (literal && c == 4)
				want = LOGS_IN;
			if (literal && want == UNKNOWN) {
				cr_assert_eq(ev, FRONT_FAIL, "row %zu", c);
				continue;
			}
			/* PLAIN x is no base64 */
			cr_assert_eq(ev == FRONT_LOGIN, want == LOGS_IN, "row %zu", c);
			cr_assert_eq(ev == FRONT_QUIT, want == QUITS);
			cr_assert_eq(ev == FRONT_TLS, want == SECURES);
			cr_assert_eq(front.errors, want == UNKNOWN);
			cr_assert_eq(str_starts(out_data(&out), STR("* ")),
				     want == LISTED || want == QUITS || (c > 9 && !literal));
			cr_assert_eq(str_eq(out_data(&out), STR("t BAD invalid command\r\n")),
				     want == REFUSED || c == 9, "row %zu", c);
			cr_assert_eq(str_eq(out_data(&out), STR("t OK completed\r\n")),
				     want == DONE || want == SECURES);
			cr_assert_eq(str_eq(out_data(&out), STR("+ \r\n")), want == ASKED);
		}
	}
}

/* A response, whatever command it looks like. */
Test(imap_front, every_response_is_answered)
{
	static const struct str lines[] = {
		STR_INIT("t NOOP\r\n"),     STR_INIT("t LOGIN a b\r\n"),
		STR_INIT("t LOGOUT\r\n"),   STR_INIT("t STARTTLS\r\n"),
		STR_INIT("t SELECT a\r\n"), STR_INIT("t {5+}\r\n"),
		STR_INIT("t\r\n"),          STR_INIT("\r\n"),
		STR_INIT("*\r\n"),          STR_INIT("{5+}\r\n"),
		STR_INIT("=\r\n"),
	};
	static const struct str responses[] = {
		STR_INIT("t AUTHENTICATE PLAIN\r\n"),       STR_INIT("t AUTHENTICATE LOGIN\r\n"),
		STR_INIT("t AUTHENTICATE LOGIN YQ==\r\n"),  STR_INIT("t AUTHENTICATE CRAM-MD5\r\n"),
		STR_INIT("t AUTHENTICATE EXTERNAL\r\n"),    STR_INIT("t AUTHENTICATE XOAUTH2\r\n"),
		STR_INIT("t AUTHENTICATE OAUTHBEARER\r\n"),
	};

	for (size_t c = 0; c < sizeof(lines) / sizeof(lines[0]); c++)
		for (size_t r = 0; r < sizeof(responses) / sizeof(responses[0]); r++) {
			enum front_ev ev;

			begin(ALL);
			cr_assert_eq(say(responses[r]), FRONT_MORE);
			ev = say(lines[c]);
			cr_assert(ev == FRONT_MORE || ev == FRONT_NOTE || ev == FRONT_LOGIN);
			cr_assert(ev == FRONT_LOGIN || out.n != 0);
		}
}
