/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_script: decodes a play. A step is one byte, four bits of what, one of who, three of how
 * (enum how below), and what bytes the step takes from behind it. Missing bytes are zero.
 */
#include "tests/lib/stage_script.h"

#include "base/codec.h"
#include "base/must.h"
#include "tests/lib/stage.h"

#include <stddef.h>
#include <string.h>

/* Steps; sides are SIDE_FRONT and SIDE_BACK. */
enum what {
	CLIENT_TEXT, /* length, bytes */
	CLIENT_LINE, /* index */
	CLIENT_AUTH, /* length, bytes to be encoded */
	CLIENT_BULK, /* length */
	CLIENT_END,
	BACK_TEXT,
	BACK_LINE,
	BACK_BULK,
	BACK_END,
	RECEIVE,
	SENT,
	FAIL,
	ANSWER, /* length, more header lines */
	DIALLED,
	PASS,
	OTHER,
};

/* Of text: in what pieces it arrives, and whether it does at once. */
enum how { PIECES = 3, LATER = 4 };

enum { SMALL_MAX = 64 }; /* small pieces of one text: there is not time for more */

static const struct str client_lines[] = {
	STR_INIT("EHLO client.example\r\n"),
	STR_INIT("HELO a\r\n"),
	STR_INIT("AUTH PLAIN AHRpbW90aHkAb3Blbi1zZXNhbWU=\r\n"),
	STR_INIT("AUTH PLAIN\r\n"),
	STR_INIT("AUTH LOGIN\r\n"),
	STR_INIT("AUTH CRAM-MD5\r\n"),
	STR_INIT("AUTH EXTERNAL dGlt\r\n"),
	STR_INIT("dGltb3RoeQ==\r\n"),
	STR_INIT("b3Blbi1zZXNhbWU=\r\n"),
	STR_INIT("MAIL FROM:<a@example.org>\r\n"),
	STR_INIT("RCPT TO:<b@example.org>\r\n"),
	STR_INIT("DATA\r\nSubject: x\r\n\r\nhello\r\n.\r\n"),
	STR_INIT("QUIT\r\n"),
	STR_INIT("NOOP\r\n"),
	STR_INIT("STARTTLS\r\n"),
	STR_INIT("GET / HTTP/1.1\r\n"),
	STR_INIT("WHAT\r\n"),
	STR_INIT("dGltIDAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm\r\n"),
	STR_INIT("PROXY TCP4 198.51.100.7 192.0.2.2 4711 25\r\n"),
	STR_INIT("PROXY UNKNOWN\r\n"),
	STR_INIT("AUTH XOAUTH2 dXNlcj10aW0BYXV0aD1CZWFyZXIgdG9rZW4tb2YtdGltAQE=\r\n"),
	STR_INIT("AUTH OAUTHBEARER\r\n"),
	STR_INIT("bixhPXRpbSwBYXV0aD1CZWFyZXIgdG9rZW4tb2YtdGltAQE=\r\n"),
	STR_INIT("\r\n"),
	STR_INIT("CAPA\r\n"),
	STR_INIT("USER timothy\r\n"),
	STR_INIT("PASS open-sesame\r\n"),
	STR_INIT("APOP timothy 0123456789abcdef0123456789abcdef\r\n"),
	STR_INIT("STLS\r\n"),
	STR_INIT("a LOGIN timothy open-sesame\r\n"),
	STR_INIT("a LOGIN {7}\r\n"),
	STR_INIT("timothy {11}\r\n"),
	STR_INIT("open-sesame\r\n"),
	STR_INIT("b LOGIN {7+}\r\ntimothy \"open-sesame\"\r\n"),
	STR_INIT("c AUTHENTICATE PLAIN\r\n"),
	STR_INIT("AHRpbW90aHkAb3Blbi1zZXNhbWU=\r\n"),
	STR_INIT("d CAPABILITY\r\n"),
	STR_INIT("e LOGOUT\r\n"),
	STR_INIT("f ID NIL\r\n"),
	STR_INIT("g STARTTLS\r\n"),
};

static const struct str back_lines[] = {
	STR_INIT("220 back.example ESMTP\r\n"),
	STR_INIT("250 back.example\r\n"),
	STR_INIT("250-back.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n"),
	STR_INIT("235 2.7.0 in\r\n"),
	STR_INIT("250 2.1.0 Ok\r\n"),
	STR_INIT("250-2.1.5 Ok\r\n250 and more\r\n"),
	STR_INIT("550 5.1.1 no\r\n"),
	STR_INIT("535 5.7.8 no\r\n"),
	STR_INIT("421 4.3.2 later\r\n"),
	STR_INIT("354 go on\r\n"),
	STR_INIT("221 2.0.0 Bye\r\n"),
	STR_INIT("* OK ready\r\n"),
	STR_INIT("+OK ready\r\n"),
	STR_INIT("+OK [XCLIENT] ready\r\n"),
	STR_INIT("-ERR no\r\n"),
	STR_INIT("* OK [CAPABILITY IMAP4rev1 ID] ready\r\n"),
	STR_INIT("I OK hello\r\n"),
	STR_INIT("+ go on\r\n"),
	STR_INIT("* CAPABILITY IMAP4rev1\r\na OK in\r\n"),
	STR_INIT("a NO out\r\n"),
	STR_INIT("c OK in\r\n"),
	STR_INIT("250-back.example\r\n250 STARTTLS\r\n"),
	STR_INIT("S OK go\r\n"),
};

#define STATUS "HTTP/1.0 200 OK\r\nAuth-Status: "
#define SERVER "OK\r\nAuth-Server: 192.0.2.9\r\nAuth-Port: 25\r\n"

static const struct str answers[] = {
	STR_INIT(STATUS SERVER),
	STR_INIT(STATUS SERVER "Auth-User: robert\r\nAuth-Pass: wonderland\r\n"),
	STR_INIT(STATUS "WAIT\r\nAuth-Wait: 3\r\n"),
	STR_INIT(STATUS "Invalid login or password\r\nAuth-Wait: 2\r\n"),
	STR_INIT(STATUS "No\r\nAuth-Error-Code: 454 4.7.0\r\n"),
	STR_INIT(STATUS),
	STR_INIT(STATUS "No\r\nAuth-Error-SASL: eyJzdGF0dXMiOiI0MDEifQ==\r\n"),
	STR_INIT(""),
};

static struct {
	struct stage *st;
	struct server_conf conf;
	struct stage_listen listen;
	struct str rest; /* of the script */
} play;

static uint8_t take_byte(void)
{
	uint8_t c = play.rest.n ? play.rest.p[0] : 0;

	play.rest = str_from(play.rest, 1);
	return c;
}

static struct str take_bytes(void)
{
	struct str bytes = str_first(str_from(play.rest, 1), take_byte());

	play.rest = str_from(play.rest, bytes.n);
	return bytes;
}

static void configure(struct session_sizes *sizes)
{
	static const struct str capabilities[] = {STR_INIT("SIZE 1000"), STR_INIT("8BITMIME")};
	static const enum protocol protocols[] = {PROTOCOL_SMTP, PROTOCOL_POP3, PROTOCOL_IMAP,
						  PROTOCOL_SMTP};
	static const struct addr_net trusted = {.base = {.family = ADDR_IP4}};
	static const uint32_t buffers[] = {512, 1024, 4096, 64};
	static const max_align_t somebodys[1]; /* a session only looks whether there is one */
	uint8_t methods = take_byte(), buffer = take_byte(), flags = take_byte(),
		limits = take_byte();
	enum protocol protocol = protocols[flags >> 6];
	struct server_conf *c = &play.conf;

	sizes->client_buffer = buffers[buffer & 3];
	sizes->proxy_buffer = buffers[buffer >> 2 & 3];
	*c = (struct server_conf){
		.front = {.protocol = protocol,
			  .server_name = STR("mx.test"),
			  .capabilities = capabilities},
		.back = {.protocol = protocol, .server_name = STR("mx.test")},
		.timeout_ms = 60000,
		.proxy_timeout_ms = limits & 128 ? 20000 : 3600000,
		.greeting_delay_ms = flags & 8 ? 1000 : 0,
		.pass_error_message = flags & 4,
		.acceptor = (const struct acceptor *)somebodys,
		.connector = (const struct connector *)somebodys,
		.auth_name = STR("127.0.0.1:9000"),
		.proxy_out = buffer & 16   ? PROXY_OUT_V1
			     : buffer & 32 ? PROXY_OUT_V2
					   : PROXY_OUT_OFF,
		.real_ip_from = &trusted,
		.n_real_ip_from = buffer & 64 ? 1 : 0,
		.log_level = flags & 16 ? LEVEL_ERR : LEVEL_DEBUG,
	};
	c->front.methods = methods;
	c->front.n_capabilities = flags & 32 ? 2 : 0;
	c->front.line_max = sizes->client_buffer;
	c->front.errors_max = 1 + (limits & 7);
	c->front.commands_max = limits & 64 ? limits >> 3 & 7 : 0;
	c->back.xclient = flags & 1;
	c->back.identity = flags & 1;
	c->back.smtp_auth = flags & 2;
	c->back.reply_max = sizes->proxy_buffer;
	play.listen = (struct stage_listen){.proxied = buffer & 128};
}

/* ---- steps ---- */

static void arrive(struct stage_actor *a, enum side from, unsigned how)
{
	static const size_t pieces[] = {STAGE_STREAM_MAX, 1, 7, 100};
	struct stage_end *e = &a->end[from];
	size_t n = pieces[how & PIECES];

	if (how & LATER)
		return;
	for (int i = 0; e->got < e->said.n; i++) {
		size_t got = e->got;

		stage_receive(play.st, a, from, i < SMALL_MAX ? n : STAGE_STREAM_MAX);
		if (e->got == got)
			return;
	}
}

static void say(struct stage_actor *a, enum side from, struct str bytes, unsigned how)
{
	stage_say(a, from, bytes);
	arrive(a, from, how);
}

/* AUTH PLAIN, a lone response, or AUTH LOGIN, of any bytes. */
static void say_auth(struct stage_actor *a, unsigned how)
{
	static const struct str verbs[] = {STR_INIT("AUTH PLAIN "), STR_INIT(""),
					   STR_INIT("AUTH LOGIN "), STR_INIT("AUTH EXTERNAL ")};
	uint8_t text[1024];
	struct out o;

	out_init(&o, text, sizeof(text));
	out_str(&o, verbs[take_byte() & 3]);
	codec_base64(&o, take_bytes());
	out_lit(&o, "\r\n");
	say(a, SIDE_FRONT, out_data(&o), how);
}

enum { BULK_LINE = 15, BULK_LINES = 32768 };

/* Numbered lines, so that each byte has its place. */
static struct str numbered(enum side from)
{
	static uint8_t text[2][BULK_LINES * BULK_LINE];
	struct out o;

	out_init(&o, text[from], sizeof(text[from]));
	for (uint64_t i = 0; !text[from][0] || (i && i < BULK_LINES); i++) {
		out_str(&o, from == SIDE_FRONT ? STR("NOOP ") : STR("250- "));
		out_u64_pad(&o, i, BULK_LINE - 7);
		out_lit(&o, "\r\n");
	}
	return str_of(text[from], sizeof(text[from]));
}

static void say_bulk(struct stage_actor *a, enum side from, unsigned how)
{
	size_t c = take_byte(), n = c < 128 ? c * 64 : (c - 127) * 2000;
	size_t at = a->end[from].said.n % (BULK_LINES / 2) * BULK_LINE;

	say(a, from, str_first(str_from(numbered(from), at), n), how);
}

static void say_line(struct stage_actor *a, enum side from, unsigned how)
{
	size_t i = take_byte();

	if (from == SIDE_FRONT)
		say(a, from, client_lines[i % (sizeof(client_lines) / sizeof(struct str))], how);
	else
		say(a, from, back_lines[i % (sizeof(back_lines) / sizeof(struct str))], how);
}

static void hang_up(struct stage_actor *a, enum side from, unsigned how)
{
	stage_hang_up(a, from);
	arrive(a, from, how);
	if (!(how & LATER))
		stage_receive(play.st, a, from, 0);
}

static void receive(struct stage_actor *a, unsigned how)
{
	enum side from = (enum side)(how & 1);

	switch (how >> 1) {
	case 0:
		stage_receive(play.st, a, from, STAGE_STREAM_MAX);
		return;
	case 1:
		stage_receive(play.st, a, from, 1);
		return;
	case 2:
		stage_receive(play.st, a, from, take_byte());
		return;
	case 3:
		stage_receive_late(play.st, a, from);
		return;
	}
}

static void sent(struct stage_actor *a, unsigned how)
{
	enum side to = (enum side)(how & 1);
	size_t asked = a->end[to].asked;
	const size_t parts[] = {asked, asked / 2, asked ? 1 : 0, 0};

	stage_sent(play.st, a, to, parts[how >> 1 & 3]);
}

static void answer(struct stage_actor *a, unsigned how)
{
	uint8_t text[1024];
	struct out o;

	out_init(&o, text, sizeof(text));
	out_str(&o, answers[how]);
	out_str(&o, take_bytes());
	out_lit(&o, "\r\n");
	stage_answer(play.st, a, out_data(&o));
}

static void pass(struct stage_actor *a, unsigned how)
{
	uint64_t now = play.st->env.now_ms, at = a->session->deadline_ms;

	if (how & 4 || at <= now)
		stage_pass(play.st, (uint64_t)take_byte() * 100);
	else
		stage_pass(play.st, at - now - (how & 1));
}

/* Where sessions that begin from now on speak TLS. */
static void configure_tls(void)
{
	static const enum front_starttls starttls[] = {STARTTLS_OFF, STARTTLS_ON, STARTTLS_ONLY,
						       STARTTLS_ON};
	static const enum back_tls back[] = {BACK_TLS_OFF, BACK_TLS_ON, BACK_TLS_STARTTLS,
					     BACK_TLS_UNSAID};
	uint8_t c = take_byte();

	play.conf.front.starttls = starttls[c & 3];
	play.listen.tls = c & 4;
	play.conf.back_tls = back[c >> 3 & 3];
}

static void secured(struct stage_actor *a, enum side side)
{
	static const enum reason reasons[2][4] = {
		{REASON_NONE, REASON_CLIENT_TLS, REASON_CLIENT_CERT_BAD, REASON_CLIENT_CERT_NONE},
		{REASON_NONE, REASON_BACK_TLS, REASON_BACK_CERT, REASON_NONE},
	};

	stage_secured(play.st, a, side, reasons[side][take_byte() & 3]);
}

/* Whether sessions that begin from now on resolve names. */
static void configure_names(void)
{
	static const max_align_t somebody;

	play.conf.resolver = take_byte() & 1 ? (const struct resolver_conf *)&somebody : NULL;
}

/* The DNS answers: as is right, that there is nothing, that it does not know, or anything. */
static void named(struct stage_actor *a)
{
	enum { RIGHT, NOTHING, UNKNOWN, ANYTHING, ADDRESSES_MAX = 20 };
	struct addr addresses[ADDRESSES_MAX] = {{0}};
	uint8_t c = take_byte();
	struct name_answer answer = {.outcome = NAME_FOUND,
				     .name = STR("client.example"),
				     .addresses = addresses,
				     .n_addresses = 1 + (c >> 2) % ADDRESSES_MAX};

	for (uint8_t i = 0; i < ADDRESSES_MAX; i++)
		addresses[i] = (struct addr){.family = c & 128 ? ADDR_IP6 : ADDR_IP4,
					     .ip = {198, 51, 100, i}};
	if ((c & 3) == RIGHT)
		addresses[answer.n_addresses - 1] = a->session->client;
	else if ((c & 3) == ANYTHING)
		answer.name = take_bytes();
	else
		answer = (struct name_answer){.outcome =
						      (c & 3) == NOTHING ? NAME_NONE : NAME_FAILED,
					      .code = c,
					      .error = STR("Host not found")};
	stage_named(play.st, a, &answer);
}

static void other(struct stage_actor *a, unsigned how)
{
	if (how == 5) {
		named(a);
		return;
	}
	switch (how & 3) {
	case 0:
		stage_leave(play.st, a);
		break;
	case 1:
		stage_shutdown(play.st, a);
		break;
	case 2:
	case 3:
		secured(a, how & 1 ? SIDE_BACK : SIDE_FRONT);
	}
}

static void step(void)
{
	uint8_t c = take_byte();
	struct stage_actor *a = &play.st->actor[c >> 4 & 1];
	enum what what = (enum what)(c & 15);
	unsigned how = c >> 5;

	if (what == OTHER && how == 6) {
		configure_names();
		return;
	}
	if (what == OTHER && how & 4 && how != 5) {
		configure_tls();
		return;
	}
	if (!a->playing)
		stage_start(play.st, a, &play.conf, play.listen);
	switch (what) {
	case CLIENT_TEXT:
	case BACK_TEXT:
		say(a, what == BACK_TEXT ? SIDE_BACK : SIDE_FRONT, take_bytes(), how);
		break;
	case CLIENT_LINE:
	case BACK_LINE:
		say_line(a, what == BACK_LINE ? SIDE_BACK : SIDE_FRONT, how);
		break;
	case CLIENT_AUTH:
		say_auth(a, how);
		break;
	case CLIENT_BULK:
	case BACK_BULK:
		say_bulk(a, what == BACK_BULK ? SIDE_BACK : SIDE_FRONT, how);
		break;
	case CLIENT_END:
	case BACK_END:
		hang_up(a, what == BACK_END ? SIDE_BACK : SIDE_FRONT, how);
		break;
	case RECEIVE:
		receive(a, how);
		break;
	case SENT:
		sent(a, how);
		break;
	case FAIL:
		stage_fail(play.st, a, (enum side)(how & 1), STR("104: Connection reset by peer"));
		break;
	case ANSWER:
		answer(a, how);
		break;
	case DIALLED:
		stage_dialled(play.st, a, how & 1 ? STR("111: Connection refused") : str_none());
		break;
	case PASS:
		pass(a, how);
		break;
	case OTHER:
		other(a, how);
		break;
	}
}

void stage_script_play(struct str script)
{
	struct session_sizes sizes;

	play.rest = script;
	configure(&sizes);
	play.st = stage_open(&sizes);
	while (play.rest.n)
		step();
	stage_close(play.st);
}
