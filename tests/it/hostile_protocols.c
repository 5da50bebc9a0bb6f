/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backends of all three protocols that break off, say too much, too long, or the wrong thing, at
 * every step of a login: the client hears the protocol's error and nothing else, and the log says
 * what came. One proxy serves all cases; each logs in by a name of its own, which the log shows.
 */
#include "tests/it/lib/fake.h"
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"
#include "tests/lib/port.h"
#include "tools/lib/b64.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

TestSuite(it_hostile_protocols, .timeout = 120, .fini = place_fini);

enum protocol { SMTP, POP3, IMAP, PROTOCOLS };

/* How each says that something is wrong, and what it has to hear at every step of a good login:
 * '|' stands between the replies. */
static const char *const error_of[PROTOCOLS] = {
	"451 4.3.2 Internal server error",
	"-ERR internal server error",
	"* BAD internal server error",
};
static const char *const good[PROTOCOLS] = {
	"220 s\r\n|250 s\r\n|220 s\r\n|250 s\r\n",
	"+OK s\r\n|+OK\r\n|+OK in\r\n",
	"* OK s\r\n|+ go\r\n|+ go\r\n|a OK in\r\n",
};
static const char *const welcome[PROTOCOLS] = {"235 2.0.0 OK", "+OK in", "a OK in"};

static struct {
	struct place *place;
	struct fake *auth, *backend;
	uint16_t port[PROTOCOLS];
	unsigned users;
	size_t script_n; /* bytes of it that the backend says before it closes */
	char script[1024];
	bool endless; /* the last reply is said again and again */
} stand;

/* One reply for every command, as the script says. */
static void backend(struct fake *f, int fd)
{
	const char *at = stand.script, *end = at + stand.script_n;
	const char *reply;

	(void)f;
	for (;;) {
		for (reply = at; at < end && *at != '|'; at++)
			;
		if (at > reply)
			send(fd, reply, (size_t)(at - reply), MSG_NOSIGNAL);
		if (at == end)
			break;
		at++;
		fake_read_until(fd, "\n");
	}
	for (int i = 0; stand.endless && i < 100000; i++)
		if (send(fd, reply, (size_t)(end - reply), MSG_NOSIGNAL) < 0)
			break;
	if (stand.script_n == strlen(stand.script))
		fake_read_until(fd, "nothing of the kind");
}

/* Everybody is good, and the backend is where it is. */
static void auth(struct fake *f, int fd)
{
	char answer[128];

	(void)f;
	fake_read_until(fd, "\r\n\r\n");
	snprintf(answer, sizeof(answer),
		 "HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: 127.0.0.1\r\n"
		 "Auth-Port: %u\r\n\r\n",
		 stand.backend->port);
	fake_write(fd, answer);
}

static void begin(const char *directives)
{
	char mail[512];

	if (place_is_nginx())
		cr_skip("the log lines are our own");
	memset(&stand, 0, sizeof(stand));
	stand.place = place_new();
	stand.auth = fake_start(auth, NULL);
	stand.backend = fake_start(backend, NULL);
	stand.port[POP3] = port_free();
	stand.port[IMAP] = port_free();
	snprintf(mail, sizeof(mail),
		 "%s server { listen 127.0.0.1:%u; protocol pop3; }\n"
		 "server { listen 127.0.0.1:%u; protocol imap; }\n",
		 directives, stand.port[POP3], stand.port[IMAP]);
	place_proxy(stand.place, &(struct place_conf){.mail = mail, .auth_http = stand.auth->at});
	stand.port[SMTP] = stand.place->login;
}

static void set_script(const char *text, size_t n, bool endless)
{
	cr_assert_lt(n, sizeof(stand.script));
	memcpy(stand.script, text, n);
	stand.script[n] = '\0';
	stand.script_n = n;
	stand.endless = endless;
}

static void log_in(struct talk *t, enum protocol protocol)
{
	char user[32], line[128], plain[64];
	size_t n;

	snprintf(user, sizeof(user), "u%u", ++stand.users);
	talk_open(t, stand.port[protocol]);
	switch (protocol) {
	case SMTP:
		talk_expect_code(t, "220");
		talk_say(t, "EHLO c", "250");
		n = (size_t)snprintf(plain, sizeof(plain), "%c%s%cp", 0, user, 0);
		n = b64_encode((const uint8_t *)plain, n, line);
		talk_send(t, "AUTH PLAIN ");
		talk_send_bytes(t, line, n);
		talk_send(t, "\r\n");
		break;
	case POP3:
		talk_expect_code(t, "+OK");
		snprintf(line, sizeof(line), "USER %s", user);
		talk_say(t, line, "+OK");
		talk_send(t, "PASS p\r\n");
		break;
	case IMAP:
		talk_expect_code(t, "* OK");
		snprintf(line, sizeof(line), "a LOGIN %s p\r\n", user);
		talk_send(t, line);
		break;
	case PROTOCOLS:
		break;
	}
}

/* The log says of the last one who came what went wrong, and where. */
static void expect_log(const char *what, const char *tail)
{
	char pattern[512];

	snprintf(pattern, sizeof(pattern),
		 "%s, client: 127\\.0\\.0\\.1, server: 127\\.0\\.0\\.1:[0-9]+, login: \"u%u\", "
		 "upstream: 127\\.0\\.0\\.1:%u%s",
		 what, stand.users, stand.backend->port, tail);
	place_await_log(stand.place, pattern);
}

static void fails(enum protocol protocol, const char *log)
{
	struct talk t;

	log_in(&t, protocol);
	talk_expect(&t, error_of[protocol]);
	talk_expect_end(&t);
	talk_close(&t);
	expect_log(log, "");
}

static void succeeds(enum protocol protocol)
{
	struct talk t;

	log_in(&t, protocol);
	talk_expect(&t, welcome[protocol]);
	talk_expect_silence(&t, 20);
	talk_close(&t);
	expect_log("client logged in", ", \\[.*");
}

#define SAYS(text) text, sizeof(text) - 1

Test(it_hostile_protocols, breaks_off_behind_every_byte)
{
	int fds;

	begin("");
	fds = place_worker_fds(stand.place);
	for (int p = 0; p < PROTOCOLS; p++) {
		size_t n = strlen(good[p]);

		for (size_t cut = 0; cut < n; cut++) {
			set_script(good[p], n, false);
			stand.script_n = cut;
			fails((enum protocol)p,
			      "upstream prematurely closed connection while [a-zA-Z/ ]+");
		}
		set_script(good[p], n, false);
		succeeds((enum protocol)p);
	}
	place_expect_fds(stand.place, fds);
	place_end(stand.place, false);
}

#define INVALID(shown)                                                                             \
	"upstream sent invalid response: \"" shown "\" while reading response from upstream"

Test(it_hostile_protocols, says_the_wrong_thing)
{
	static const struct {
		enum protocol protocol;
		const char *text;
		size_t n;
		const char *log;
	} cases[] = {
		{SMTP, SAYS("554 no\r\n"), INVALID("554 no")},
		{SMTP, SAYS("250 s\r\n"), INVALID("250 s")},
		{SMTP, SAYS("220-a\r\n554 b\r\n|500 c\r\n"), INVALID("500 c")},
		{SMTP, SAYS("220 s\r\n|354 go\r\n"), INVALID("354 go")},
		{SMTP, SAYS("220 s\r\n|250 s\r\n|550 x\r\n"), INVALID("550 x")},
		{SMTP, SAYS("220 s\r\n|250 s\r\n|220 s\r\n|421 x\r\n"), INVALID("421 x")},
		{SMTP, SAYS("2200 s\r\n"), INVALID("2200 s")},
		{SMTP, SAYS("22\r\n"), INVALID("22")},
		{SMTP, SAYS("\r\n"), INVALID("")},
		{SMTP, SAYS("\n"), INVALID("")},
		{SMTP, SAYS("22\0 s\r\n"), INVALID("22\\\\x00 s")},
		{SMTP, SAYS("\0\0\0\0\r\n"), INVALID("(\\\\x00){4}")},
		{SMTP, SAYS("220-a\r\nhello\r\n"), INVALID("220-a__hello")},
		{SMTP, SAYS("+OK\r\n"), INVALID("\\+OK")},
		{SMTP, SAYS("* OK\r\n"), INVALID("\\* OK")},
		{POP3, SAYS("-ERR no\r\n"), INVALID("-ERR no")},
		{POP3, SAYS("+OK\r\n|-ERR u\r\n"), INVALID("-ERR u")},
		{POP3, SAYS("+OK\r\n|+OK\r\n|-ERR p\r\n"), INVALID("-ERR p")},
		{POP3, SAYS("+ok\r\n"), INVALID("\\+ok")},
		{POP3, SAYS("+\0K\r\n"), INVALID("\\+\\\\x00K")},
		{POP3, SAYS("\r\n"), INVALID("")},
		{POP3, SAYS("220 s\r\n"), INVALID("220 s")},
		{IMAP, SAYS("* PREAUTH hi\r\n"), INVALID("\\* PREAUTH hi")},
		{IMAP, SAYS("* BYE no\r\n"), INVALID("\\* BYE no")},
		{IMAP, SAYS("* NO no\r\n"), INVALID("\\* NO no")},
		{IMAP, SAYS("a OK in\r\n"), INVALID("a OK in")},
		{IMAP, SAYS("* OK\r\n|a NO x\r\n"), INVALID("a NO x")},
		{IMAP, SAYS("* OK\r\n|a OK in\r\n"), INVALID("a OK in")},
		{IMAP, SAYS("* OK\r\n|+ \r\n|a BAD x\r\n"), INVALID("a BAD x")},
		{IMAP, SAYS("* OK\r\n|+ \r\n|+ \r\n|a NO x\r\n"), INVALID("NO x")},
		{IMAP, SAYS("* O\0K\r\n"), INVALID("\\* O\\\\x00K")},
	};

	begin("");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_script(cases[i].text, cases[i].n, false);
		fails(cases[i].protocol, cases[i].log);
	}
	place_end(stand.place, false);
}

/* In the steps before the last one, what nobody has asked for reaches nobody. */
Test(it_hostile_protocols, says_more_than_was_asked)
{
	static const char *const scripts[PROTOCOLS] = {
		"220 s\r\n250 x\r\n|250 s\r\n535 x\r\n|220 s\r\n500 x\r\n|250 s\r\n421 x\r\n250",
		"+OK s\r\n-ERR x\r\n|+OK\r\n-ERR x\r\n+OK\r\n|+OK in\r\n",
		"* OK s\r\na NO x\r\n|+ go\r\na NO x\r\n|+ go\r\na NO x\r\n* BYE\r\n|a OK in\r\n",
	};

	begin("");
	for (int p = 0; p < PROTOCOLS; p++) {
		set_script(scripts[p], strlen(scripts[p]), false);
		succeeds((enum protocol)p);
	}
	place_end(stand.place, false);
}

Test(it_hostile_protocols, ends_its_lines_with_a_bare_line_feed)
{
	static const char *const scripts[PROTOCOLS] = {
		"220-s\n220 s\n|250-s\n250 s\n|220 s\n|250 s\n",
		"+OK s\n|+OK\n|+OK in\n",
		"* OK s\n|+ go\n|+ go\n|a OK in\n",
	};

	begin("");
	for (int p = 0; p < PROTOCOLS; p++) {
		set_script(scripts[p], strlen(scripts[p]), false);
		succeeds((enum protocol)p);
	}
	place_end(stand.place, false);
}

/* At each step: one line without end, and, where a reply may have several, lines without end. */
Test(it_hostile_protocols, does_not_come_to_an_end)
{
	static const struct {
		enum protocol protocol;
		const char *last; /* said again and again instead of a reply */
	} cases[] = {
		{SMTP, "220-more\r\n"}, {SMTP, "250-more\r\n"}, {SMTP, "xxxxxxxx"},
		{POP3, "+OK more"},     {IMAP, "* OK more"},    {IMAP, "+ more"},
	};
	char script[256];

	begin("");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *before = good[cases[i].protocol];

		for (const char *at = before; at; at = strchr(at, '|')) {
			at += *at == '|';
			/* what is no beginning of this step's reply is invalid at once */
			snprintf(script, sizeof(script), "%.*s%s", (int)(at - before), before,
				 cases[i].last);
			set_script(script, strlen(script), true);
			fails(cases[i].protocol,
			      "upstream sent (too long response line|invalid response): .*");
		}
	}
	place_end(stand.place, false);
}

/* At each step: the time-out is for all of them together. */
Test(it_hostile_protocols, says_nothing)
{
	begin("timeout 700ms;");
	for (int p = 0; p < PROTOCOLS; p++) {
		const char *before = good[p];

		for (const char *at = before; at; at = strchr(at, '|')) {
			at += *at == '|';
			set_script(before, (size_t)(at - before), false);
			fails((enum protocol)p, "upstream timed out \\(110: Connection timed out\\)"
						" while [a-zA-Z/ ]+");
		}
	}
	place_end(stand.place, false);
}
