/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/pop3_back: commands byte for byte, which replies let a step go on, what the
 * client is handed, what is never sent.
 */
#include "proto/pop3_back.h"

#include <criterion/criterion.h>
#include <string.h>

static struct back_conf conf;
static struct back_peer peer;
static struct login login;
static struct back back;
static struct buf in;
static struct out out;
static uint8_t in_memory[256], out_memory[512];

static void begin(void)
{
	conf = (struct back_conf){.protocol = PROTOCOL_POP3, .reply_max = 128};
	login = (struct login){
		.method = AUTH_PLAIN, .user = STR_INIT("al ice"), .pass = STR_INIT("se cret")};
	peer = (struct back_peer){.login = &login, .session = STR_INIT("12.34"), .hops = 4};
	cr_assert_eq(addr_parse(STR("192.0.2.1"), &peer.client), 0);
	peer.client.port = 40000;
	buf_init(&in, in_memory, sizeof(in_memory));
	out_init(&out, out_memory, sizeof(out_memory));
	back_init(&back, &conf, &peer);
}

static enum back_ev say(struct str text)
{
	out_reset(&out);
	cr_assert_eq(buf_append(&in, text), text.n);
	return back_next(&back, &in, &out);
}

static void expect(struct str text, struct str command)
{
	cr_assert_eq(say(text), BACK_MORE);
	cr_assert(str_eq(out_data(&out), command), "%.*s", (int)out.n, (const char *)out.base);
}

static bool acts(struct str action, const char *state)
{
	return str_eq(back_action(&back), action) && !strcmp(back_state_name(&back), state);
}

Test(pop3_back, user_then_pass)
{
	begin();
	cr_assert(back_is_silent(&back));
	cr_assert(acts(STR("connecting to upstream"), "greeting"));
	expect(STR("+O"), STR(""));
	cr_assert(acts(STR("reading response from upstream"), "greeting"));
	expect(STR("K hello\r"), STR(""));
	expect(STR("\n"), STR("USER al ice\r\n"));
	cr_assert(!back_is_silent(&back));
	cr_assert(acts(STR("sending user name to upstream"), "user"));
	expect(STR("+OK\n"), STR("PASS se cret\r\n"));
	cr_assert(acts(STR("sending password to upstream"), "pass"));
	cr_assert_eq(say(STR("+OK in\r\n+OK 2")), BACK_READY);
	cr_assert(str_eq(back.reply, STR("+OK in\r\n+OK 2")));
	cr_assert(str_eq(buf_data(&in), STR("+OK in\r\n+OK 2")), "the relay's first bytes");
	cr_assert(acts(STR("proxying"), "done"));
	cr_assert_eq(out.n, 0);
}

Test(pop3_back, surplus_lines_are_dropped)
{
	begin();
	expect(STR("+OK hello\r\n-ERR what\r\n+O"), STR("USER al ice\r\n"));
	cr_assert_eq(buf_len(&in), 0);
	expect(STR("+OK\r\n-ERR\r\n"), STR("PASS se cret\r\n"));
	cr_assert_eq(say(STR("-ERR no\r\n")), BACK_FAIL);
}

Test(pop3_back, only_ok_lets_it_go_on)
{
	static const struct str bad[] = {STR_INIT("-ERR no\r\n"), STR_INIT("+ok\r\n"),
					 STR_INIT("+O\r\n"),      STR_INIT("\r\n"),
					 STR_INIT("220 be\r\n"),  STR_INIT("* OK be\r\n"),
					 STR_INIT(" +OK\r\n"),    STR_INIT("\0+OK\r\n")};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (int good = 0; good < 3; good++) {
			begin();
			for (int n = 0; n < good; n++)
				cr_assert_eq(say(STR("+OKx\r\n")), BACK_MORE);
			cr_assert_eq(say(bad[i]), BACK_FAIL);
			cr_assert_eq(back.reason, REASON_BACK_INVALID);
			cr_assert(str_eq(back.reply, bad[i]));
			cr_assert(
				str_eq(back_action(&back), STR("reading response from upstream")));
			cr_assert_eq(out.n, 0);
		}
}

Test(pop3_back, a_reply_has_its_limit)
{
	begin();
	conf.reply_max = 8;
	cr_assert_eq(say(STR("+OK 567")), BACK_MORE);
	cr_assert_eq(say(STR("\n")), BACK_MORE);
	cr_assert_eq(say(STR("+OK 5678\n")), BACK_FAIL);
	cr_assert_eq(back.reason, REASON_BACK_TOO_LONG);
	cr_assert(str_eq(back.reply, STR("+OK 5678")));
}

Test(pop3_back, the_identity_goes_where_it_is_understood)
{
	begin();
	conf.identity = true;
	expect(STR("+OK [XCLIENT] Dovecot ready.\r\n"),
	       STR("XCLIENT ADDR=192.0.2.1 PORT=40000 SESSION=12.34 TTL=4\r\n"));
	cr_assert(acts(STR("sending XCLIENT to upstream"), "xclient"));
	expect(STR("+OK Updated\r\n"), STR("USER al ice\r\n"));
	begin();
	conf.identity = true;
	cr_assert_eq(addr_parse(STR("2001:db8::1"), &peer.client), 0);
	peer.session = str_none();
	expect(STR("+OK [XCLIENT] Dovecot ready.\r\n"),
	       STR("XCLIENT ADDR=2001:db8::1 PORT=0 TTL=4\r\n"));
	cr_assert_eq(say(STR("-ERR You are not from trusted IP\r\n")), BACK_FAIL);
	cr_assert_eq(back.reason, REASON_BACK_INVALID);
}

Test(pop3_back, the_identity_stays_here_otherwise)
{
	for (int i = 0; i < 3; i++) {
		begin();
		conf.identity = i != 0;
		if (i == 1)
			peer.client.family = ADDR_UNIX;
		expect(i == 2 ? STR("+OK Dovecot [XCLIENT] ready.\r\n")
			      : STR("+OK [XCLIENT] Dovecot ready.\r\n"),
		       STR("USER al ice\r\n"));
	}
}

Test(pop3_back, what_would_end_a_line_is_never_sent)
{
	static const struct str bad[] = {STR_INIT("a\r\nDELE 1"), STR_INIT("a\n"), STR_INIT("\r"),
					 STR_INIT("a\0b"), STR_INIT("\0")};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (int which = 0; which < 2; which++) {
			begin();
			*(which ? &login.user : &login.pass) = bad[i];
			cr_assert(!back_can_say(&conf, &login));
			cr_assert_eq(say(STR("+OK\r\n")), BACK_FAIL);
			cr_assert_eq(back.reason, REASON_CLIENT_UNSAFE);
			cr_assert_eq(out.n, 0);
			cr_assert_eq(back.reply.n, 0);
		}
	begin();
	login.user = STR("a\x01\t\x7f\xff%{}\"\\");
	cr_assert(back_can_say(&conf, &login));
	expect(STR("+OK\r\n"), STR("USER a\x01\t\x7f\xff%{}\"\\\r\n"));
	conf.protocol = PROTOCOL_SMTP;
	login.user = STR("a\nb");
	cr_assert(back_can_say(&conf, &login), "SMTP has xtext and base64");
}

Test(pop3_back, without_a_password_nothing_is_said)
{
	begin();
	login.pass = str_none();
	cr_assert_eq(say(STR("+OK\r\n")), BACK_FAIL);
	cr_assert_eq(back.reason, REASON_AUTH_NO_PASSWORD);
	cr_assert_eq(out.n, 0);
	begin();
	login.pass = STR("");
	cr_assert_eq(say(STR("+OK\r\n")), BACK_MORE, "an empty one is one");
}

Test(pop3_back, a_full_output_is_waited_for)
{
	begin();
	out_init(&out, out_memory, 16);
	out_lit(&out, "123456");
	cr_assert_eq(buf_append(&in, STR("+OK\r\n")), 5);
	cr_assert_eq(back_next(&back, &in, &out), BACK_FULL);
	cr_assert_eq(out.n, 6);
	cr_assert_eq(buf_len(&in), 5);
	out_reset(&out);
	cr_assert_eq(back_next(&back, &in, &out), BACK_MORE);
	cr_assert(str_eq(out_data(&out), STR("USER al ice\r\n")));
	out_init(&out, out_memory, 8);
	cr_assert_eq(say(STR("+OK\r\n")), BACK_FAIL);
	cr_assert_eq(back.reason, REASON_INTERNAL);
	cr_assert_eq(out.n, 0);
}

Test(pop3_back, which_methods_need_a_password_from_the_service)
{
	begin();
	for (int m = AUTH_PLAIN; m <= AUTH_NONE; m++) {
		cr_assert(back_needs_password(&conf, (enum auth_method)m));
		cr_assert_eq(auth_method_has_password((enum auth_method)m), m == AUTH_PLAIN);
	}
}
