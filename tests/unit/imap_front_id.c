/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/imap_front, ID alone: lists of every form, and what proxies say to
 * each other.
 */
#include "proto/front.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct str capabilities[] = {STR_INIT("IMAP4rev1"), STR_INIT("UIDPLUS")};
static struct front_conf conf;
static struct front front;
static struct arena store;
static struct buf in;
static struct out out;
static uint8_t store_memory[8192], in_memory[8192], out_memory[16384];

static void begin(void)
{
	conf = (struct front_conf){
		.protocol = PROTOCOL_IMAP,
		.server_name = STR_INIT("mx.test"),
		.capabilities = capabilities,
		.n_capabilities = 2,
		.methods = 1 << SASL_PLAIN,
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

	cr_assert_eq(ev, FRONT_MORE, "%d for %s", ev, (const char *)text.p);
	cr_assert(said(reply), "%s gave %.*s", (const char *)text.p, (int)out.n,
		  (const char *)out.base);
}

Test(imap_front_id, id_with_its_list)
{
	static const struct str lists[] = {
		STR_INIT("a ID NIL\r\n"),
		STR_INIT("a ID\r\n"),
		STR_INIT("a id (\"name\" \"x\" \"version\" NIL)\r\n"),
		STR_INIT("a ID ({4+}\r\nname {1+}\r\n) \"a\" {0+}\r\n)\r\n"),
		STR_INIT("a ID (\"a\" \"b {3}\" \"c\" \"1 2 3 4 5 6 7\")\r\n"),
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		begin();
		expect(lists[i], STR("* ID NIL\r\na OK completed\r\n"));
		cr_assert(front_idle(&front), "nothing of it is kept");
		conf.id = false;
		if (i != 3)
			expect(lists[i], STR("a BAD invalid command\r\n"));
		else
			cr_assert_eq(say(lists[i]), FRONT_FAIL);
	}
	begin();
	expect(STR("a ID (\"a\" {3}\r\n"), STR("+ OK\r\n"));
	expect(STR("b\r\n \"c\" {1}\r\n"), STR("+ OK\r\n"));
	expect(STR("d)\r\n"), STR("* ID NIL\r\na OK completed\r\n"));
}

/* Proxies in front of us may say how many may follow, never that there are more. */
Test(imap_front_id, identity)
{
	struct front_answer refusal = {.outcome = FRONT_REFUSED, .text = STR_INIT("no")};

	begin();
	conf.id = false;
	expect(STR("a ID (\"x-proxy-ttl\" \"0\")\r\n"), STR("a BAD invalid command\r\n"));
	conf.identity = true;
	out_reset(&out);
	front_greet(&front, &out);
	cr_assert(said(STR("* OK [CAPABILITY IMAP4rev1 UIDPLUS ID AUTH=PLAIN] IMAP4 ready\r\n")));
	cr_assert_eq(front.login.hops, FRONT_HOPS);
	expect(STR("a ID (\"x-proxy-ttl\" \"9\")\r\n"), STR("* ID NIL\r\na OK completed\r\n"));
	cr_assert_eq(front.login.hops, FRONT_HOPS);
	expect(STR("a ID (\"x-originating-ip\" \"192.0.2.1\" \"x-proxy-ttl\" \"2\")\r\n"),
	       STR("* ID NIL\r\na OK completed\r\n"));
	expect(STR("a ID (\"x-proxy-ttl\" \"3\")\r\n"), STR("* ID NIL\r\na OK completed\r\n"));
	expect(STR("a ID (\"x-proxy-ttl\" \"-1\")\r\n"), STR("* ID NIL\r\na OK completed\r\n"));
	cr_assert_eq(say(STR("a LOGIN tim secret\r\n")), FRONT_LOGIN);
	cr_assert_eq(front.login.hops, 2);
	front_verdict(&front, &refusal, &out);
	cr_assert_eq(say(STR("b ID ({1+}\r\na NIL \"x-proxy-ttl\" \"0\")\r\nc NOOP\r\n")),
		     FRONT_FAIL);
	cr_assert_eq(front.reason, REASON_CLIENT_LOOP);
	cr_assert(said(STR("* BYE proxies run in a circle\r\nb NO [CONTACTADMIN] proxies run in a "
			   "circle\r\n")));
	cr_assert(str_eq(buf_data(&in), STR("c NOOP\r\n")));
}

Test(imap_front_id, it_is_announced_to_proxies)
{
	static const struct str with_id[] = {STR_INIT("id"), STR_INIT("X")};

	begin();
	expect(STR("a CAPABILITY\r\n"),
	       STR("* CAPABILITY IMAP4rev1 UIDPLUS AUTH=PLAIN\r\na OK completed\r\n"));
	conf.identity = true;
	expect(STR("a CAPABILITY\r\n"),
	       STR("* CAPABILITY IMAP4rev1 UIDPLUS ID AUTH=PLAIN\r\na OK completed\r\n"));
	conf.capabilities = with_id;
	expect(STR("a CAPABILITY\r\n"), STR("* CAPABILITY id X AUTH=PLAIN\r\na OK completed\r\n"));
}
