/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sink: an SMTP server (RFC 5321, PIPELINING of RFC 2920, SIZE, 8BITMIME, XCLIENT, AUTH PLAIN) that
 * throws mail away, but not before it has counted and, when asked, proved every byte of it.
 *
 * One thread, one epoll loop. Reads into one buffer that all connections share; a connection at
 * rest costs its small structure only. Replies to pipelined commands go out in one write. Ends a
 * message at CRLF.CRLF and at nothing else. --reply, --close-at and the like make it misbehave on
 * purpose.
 */
#include "tools/lib/b64.h"
#include "tools/lib/check.h"
#include "tools/lib/control.h"
#include "tools/lib/dot.h"
#include "tools/lib/loop.h"
#include "tools/lib/net.h"
#include "tools/lib/rules.h"
#include "tools/lib/tally.h"
#include "tools/lib/wbuf.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define READ_SIZE   (256 * 1024)
#define COMMAND_MAX (16 * 1024)
#define OUT_MAX     (64 * 1024)

struct conn {
	struct loop_watch watch;
	struct loop_timer slow;
	unsigned long id;
	struct wbuf out, line; /* line: the beginning of a command that is not whole yet */
	struct dot dot;
	struct check *check;   /* NULL unless messages are proved */
	uint64_t message_n;    /* bytes of the message being read */
	bool in_data, in_auth; /* next line is not a command */
	bool mail, rcpt, quit, closing, quiet;
};

static struct rules rules;
static enum check_kind kind = CHECK_NONE;
static const char *name = "sink.example";
static FILE *transcript;
static uint8_t input[READ_SIZE];

static void on_usr1(void)
{
	control_print(&tally_counts, stderr);
}

/* --- one connection ----------------------------------------------------------------------------
 */

static void note(const struct conn *c, char who, const char *p, size_t n)
{
	if (!transcript)
		return;
	fprintf(transcript, "%lu %c: ", c->id, who);
	for (size_t i = 0; i < n; i++) {
		unsigned char b = (unsigned char)p[i];

		if (b < 0x20 || b >= 0x7f || b == '\\')
			fprintf(transcript, "\\x%02x", b);
		else
			fputc(b, transcript);
	}
	fputc('\n', transcript);
	fflush(transcript);
}

/* The usual reply, unless a rule has another one; true when it was the usual. */
static bool reply(struct conn *c, enum rules_stage stage, const char *usual)
{
	const char *other = rules.reply[stage];
	const char *text = other ? other : usual;

	if (c->closing)
		return false;
	if (rules.close_at[stage]) {
		c->closing = true;
		return false;
	}
	note(c, 'S', text, strlen(text));
	wbuf_text(&c->out, text);
	wbuf_text(&c->out, "\r\n");
	if (text[0] == '4' || text[0] == '5')
		tally_seen.refused++;
	return !other || other[0] == usual[0];
}

static void say(struct conn *c, const char *text)
{
	note(c, 'S', text, strlen(text));
	wbuf_text(&c->out, text);
	wbuf_text(&c->out, "\r\n");
}

static void end(struct conn *c)
{
	tally_seen.open--;
	if (c->quit)
		tally_seen.quits++;
	else
		tally_seen.early++;
	if (c->in_data)
		tally_seen.cut++;
	loop_disarm(&c->slow);
	loop_drop(&c->watch);
	close(c->watch.fd);
	wbuf_free(&c->out);
	wbuf_free(&c->line);
	free(c->check);
	free(c);
}

/* --- commands: each gets the text after its verb ------------------------------------------------
 */

static void on_helo(struct conn *c, const char *arg)
{
	char text[512];

	(void)arg;
	c->mail = c->rcpt = false;
	snprintf(text, sizeof(text), "250 %s", name);
	reply(c, RULES_HELO, text);
}

static void on_ehlo(struct conn *c, const char *arg)
{
	char text[512];

	(void)arg;
	c->mail = c->rcpt = false;
	snprintf(text, sizeof(text),
		 "250-%s\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n250-8BITMIME\r\n"
		 "250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT\r\n"
		 "250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN",
		 name);
	reply(c, RULES_HELO, text);
}

static void on_xclient(struct conn *c, const char *arg)
{
	char text[512];

	(void)arg;
	tally_seen.xclients++;
	c->mail = c->rcpt = false;
	snprintf(text, sizeof(text), "220 %s ESMTP", name);
	reply(c, RULES_XCLIENT, text);
}

static void check_login(struct conn *c, const char *base64)
{
	uint8_t given[2048];
	char want[1024] = "";
	size_t n = strlen(base64);
	long got = n < sizeof(given) ? b64_decode(base64, n, given) : -1;
	const uint8_t *login = got > 0 ? memchr(given, '\0', (size_t)got) : NULL;
	bool good = login != NULL;

	if (good && rules.login) {
		size_t want_n = strlen(rules.login);

		snprintf(want, sizeof(want), "%s", rules.login);
		want[strcspn(want, ":")] = '\0';
		login++;
		good = (size_t)(given + got - login) == want_n && !memcmp(login, want, want_n);
	}
	if (good)
		good = reply(c, RULES_AUTH, "235 2.7.0 Authentication successful");
	else
		say(c, "535 5.7.8 Authentication failed");
	tally_seen.auth_accepted += good;
	tally_seen.auth_refused += !good;
}

static void on_auth(struct conn *c, const char *arg)
{
	if (strncasecmp(arg, "PLAIN", 5) != 0) {
		say(c, "504 5.5.4 Only AUTH PLAIN");
	} else if (arg[5] == ' ') {
		check_login(c, arg + 6);
	} else {
		c->in_auth = true;
		say(c, "334 ");
	}
}

/* "<a@b>" of "FROM:<a@b> SIZE=1" */
static void keep_address(char to[CHECK_ADDRESS_SIZE], const char *arg)
{
	const char *p = strchr(arg, ':');
	size_t n;

	p = p ? p + 1 : arg;
	p += strspn(p, " ");
	n = strcspn(p, " ");
	snprintf(to, CHECK_ADDRESS_SIZE, "%.*s", (int)n, p);
}

static void on_mail(struct conn *c, const char *arg)
{
	if (c->mail) {
		say(c, "503 5.5.1 Nested MAIL");
	} else if (reply(c, RULES_MAIL, "250 2.1.0 Ok")) {
		c->mail = true;
		if (c->check)
			keep_address(c->check->from, arg);
	}
}

static void on_rcpt(struct conn *c, const char *arg)
{
	if (!c->mail) {
		say(c, "503 5.5.1 MAIL first");
	} else if (rules.refuse_rcpt && strstr(arg, rules.refuse_rcpt)) {
		tally_seen.refused++;
		say(c, "550 5.1.1 No such mailbox");
	} else if (reply(c, RULES_RCPT, "250 2.1.5 Ok")) {
		if (c->check && !c->rcpt)
			keep_address(c->check->to, arg);
		c->rcpt = true;
	}
}

static void on_data(struct conn *c, const char *arg)
{
	(void)arg;
	if (!c->rcpt) {
		say(c, c->mail ? "554 5.5.1 No valid recipients" : "503 5.5.1 RCPT first");
	} else if (reply(c, RULES_DATA, "354 End data with <CR><LF>.<CR><LF>")) {
		c->in_data = true;
		c->message_n = 0;
		dot_start(&c->dot);
		if (c->check)
			check_start(c->check, kind);
	}
}

static void on_rset(struct conn *c, const char *arg)
{
	(void)arg;
	c->mail = c->rcpt = false;
	reply(c, RULES_RSET, "250 2.0.0 Ok");
}

static void on_noop(struct conn *c, const char *arg)
{
	(void)arg;
	reply(c, RULES_NOOP, "250 2.0.0 Ok");
}

static void on_quit(struct conn *c, const char *arg)
{
	(void)arg;
	reply(c, RULES_QUIT, "221 2.0.0 Bye");
	c->quit = c->closing = true;
}

static const struct {
	const char *verb;
	void (*on_command)(struct conn *, const char *arg);
} commands[] = {
	{"MAIL", on_mail}, {"RCPT", on_rcpt}, {"DATA", on_data},       {"EHLO", on_ehlo},
	{"HELO", on_helo}, {"QUIT", on_quit}, {"RSET", on_rset},       {"NOOP", on_noop},
	{"AUTH", on_auth}, {"VRFY", on_noop}, {"XCLIENT", on_xclient},
};

static void on_line(struct conn *c, char *line, size_t n)
{
	size_t verb;

	if (n && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	note(c, 'C', line, n);
	if (c->in_auth) {
		c->in_auth = false;
		check_login(c, line);
		return;
	}
	tally_seen.commands++;
	verb = strcspn(line, " ");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strlen(commands[i].verb) != verb ||
		    strncasecmp(commands[i].verb, line, verb) != 0)
			continue;
		commands[i].on_command(c, line + verb + (line[verb] == ' '));
		return;
	}
	say(c, "500 5.5.2 Unknown command");
}

/* --- messages -----------------------------------------------------------------------------------
 */

static void on_bytes(void *owner, const uint8_t *p, size_t n)
{
	struct conn *c = owner;

	c->message_n += n;
	if (c->check)
		check_add(c->check, p, n);
	if (rules.close_after && c->message_n >= rules.close_after)
		c->closing = c->quiet = true;
}

static void on_message(struct conn *c)
{
	uint64_t number = 0;
	enum check_verdict verdict = c->check ? check_done(c->check, &number) : CHECK_WITHOUT;

	c->in_data = c->mail = c->rcpt = false;
	tally_seen.messages++;
	tally_seen.bytes += c->message_n;
	tally_number(number);
	switch (verdict) {
	case CHECK_INTACT:
		tally_seen.intact++;
		break;
	case CHECK_WITHOUT:
		tally_seen.without++;
		break;
	case CHECK_DAMAGED:
		if (tally_seen.damaged++ == 0)
			snprintf(tally_seen.first_damage, sizeof(tally_seen.first_damage),
				 "session %lu, message %llu, %llu bytes: %s", c->id,
				 (unsigned long long)number, (unsigned long long)c->message_n,
				 c->check->why);
		break;
	}
	reply(c, RULES_END, "250 2.0.0 Ok");
}

/* --- input and output ----------------------------------------------------------------------------
 */

/* One line of a command, whole or with what came before it; returns the bytes used. */
static size_t feed_line(struct conn *c, uint8_t *p, size_t n)
{
	uint8_t *lf = memchr(p, '\n', n);
	size_t used = lf ? (size_t)(lf - p) + 1 : n;

	if (lf && c->line.n == 0) {
		on_line(c, (char *)p, used - 1);
		return used;
	}
	wbuf_add(&c->line, p, used);
	if (c->line.n > COMMAND_MAX) {
		say(c, "500 5.5.6 Line too long");
		c->closing = true;
	} else if (lf) {
		on_line(c, (char *)c->line.p, c->line.n - 1);
		c->line.n = 0;
	}
	return used;
}

static void feed(struct conn *c, uint8_t *p, size_t n)
{
	while (n && !c->closing) {
		size_t used;

		if (c->in_data) {
			used = dot_feed(&c->dot, p, n);
			if (c->dot.at == DOT_END && !c->closing)
				on_message(c);
		} else {
			used = feed_line(c, p, n);
		}
		p += used;
		n -= used;
	}
}

/* Sends what there is, or waits for room; ends the connection when its time has come. */
static void flush(struct conn *c)
{
	int done = c->quiet ? 1 : wbuf_flush(&c->out, c->watch.fd);

	if (done < 0 || (done > 0 && c->closing))
		end(c);
	else if (done == 0)
		loop_change(&c->watch,
			    c->out.n - c->out.sent > OUT_MAX ? EPOLLOUT : EPOLLIN | EPOLLOUT);
}

static void on_slow(struct loop_timer *t)
{
	flush(LOOP_OWNER(t, struct conn, slow));
}

static void flush_soon(struct conn *c)
{
	if (c->out.n == 0 && !c->closing)
		return;
	if (rules.slow_ms == 0)
		flush(c);
	else if (c->slow.due_ms == 0)
		loop_arm(&c->slow, rules.slow_ms);
}

/* The client sends no more: what it is owed still goes out. False when the connection is gone. */
static bool take_end(struct conn *c)
{
	if (c->out.n == 0) {
		end(c);
		return false;
	}
	c->closing = true;
	loop_change(&c->watch, 0);
	return true;
}

static void on_ready(struct loop_watch *w, uint32_t events)
{
	struct conn *c = LOOP_OWNER(w, struct conn, watch);

	if (events & EPOLLOUT) {
		if (wbuf_flush(&c->out, w->fd) > 0)
			loop_change(w, EPOLLIN);
		else if (!(events & EPOLLIN))
			return;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		ssize_t n = recv(w->fd, input, sizeof(input) - 1, 0);

		if (n < 0 && errno != EAGAIN) {
			end(c);
			return;
		}
		if (n == 0 && !take_end(c))
			return;
		if (n > 0)
			feed(c, input, (size_t)n);
	}
	flush_soon(c);
}

static void on_listener(struct loop_watch *w, uint32_t events)
{
	char greeting[512];
	int fd = net_accept_client(w->fd);
	struct conn *c = fd < 0 ? NULL : calloc(1, sizeof(*c));

	(void)events;
	if (!c)
		return;
	c->watch = (struct loop_watch){.fd = fd, .on_ready = on_ready};
	c->slow.on_due = on_slow;
	c->dot.on_bytes = on_bytes;
	c->dot.owner = c;
	c->id = ++tally_seen.sessions;
	c->check = kind == CHECK_NONE ? NULL : calloc(1, sizeof(*c->check));
	if (++tally_seen.open > tally_seen.most_open)
		tally_seen.most_open = tally_seen.open;
	if (loop_add(&c->watch, EPOLLIN) < 0) {
		end(c);
		return;
	}
	snprintf(greeting, sizeof(greeting), "220 %s ESMTP", name);
	reply(c, RULES_CONNECT, greeting);
	flush_soon(c);
}

/* --- command line --------------------------------------------------------------------------------
 */

static const char help[] =
	"sink: an SMTP server that counts mail and throws it away\n"
	"\n"
	"  --listen ADDR         IP:PORT, PORT or unix:/path; port 0 is chosen and printed\n"
	"  --control ADDR        answers the counts as JSON (curl http://ADDR/, nc -N)\n"
	"  --count               only count messages and bytes (the default, and the fastest)\n"
	"  --verify              prove each message by its X-Ringpost-SHA256 header line\n"
	"  --verify-source N     prove that each message is one of Postfix's smtp-source -l N\n"
	"  --name NAME           host name in greeting and EHLO reply\n"
	"  --stats-file FILE     write the counts there at the end\n"
	"  --transcript FILE     write every command and reply there\n"
	"\n"
	"To misbehave (STAGE: connect helo xclient auth mail rcpt data end rset noop quit):\n"
	"  --reply STAGE=TEXT    this reply in place of the usual one\n"
	"  --close-at STAGE      close the connection in place of a reply\n"
	"  --close-after BYTES   close in the middle of a message\n"
	"  --slow-ms N           wait before each reply\n"
	"  --refuse-rcpt TEXT    550 for recipients that contain TEXT\n"
	"  --auth USER:PASSWORD  the only login that AUTH PLAIN accepts\n"
	"\n"
	"SIGUSR1 and the end print the counts to standard error; Ctrl-C or SIGTERM ends.\n";

static const char *listen_at = "127.0.0.1:0", *control_at, *stats_file;

static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
					{"control", required_argument, NULL, 'c'},
					{"count", no_argument, NULL, 'C'},
					{"verify", no_argument, NULL, 'v'},
					{"verify-source", required_argument, NULL, 'V'},
					{"name", required_argument, NULL, 'n'},
					{"stats-file", required_argument, NULL, 's'},
					{"transcript", required_argument, NULL, 't'},
					{"reply", required_argument, NULL, 'r'},
					{"close-at", required_argument, NULL, 'x'},
					{"close-after", required_argument, NULL, 'b'},
					{"slow-ms", required_argument, NULL, 'w'},
					{"refuse-rcpt", required_argument, NULL, 'R'},
					{"auth", required_argument, NULL, 'a'},
					{"help", no_argument, NULL, 'h'},
					{NULL, 0, NULL, 0}};

static void set_option(int option, const char *value)
{
	if (option == 'l')
		listen_at = value;
	else if (option == 'c')
		control_at = value;
	else if (option == 'n')
		name = value;
	else if (option == 's')
		stats_file = value;
	else if (option == 'r')
		rules_reply(&rules, value);
	else if (option == 'x')
		rules_close(&rules, value);
	else if (option == 'b')
		rules.close_after = strtoull(value, NULL, 10);
	else if (option == 'w')
		rules.slow_ms = strtoull(value, NULL, 10);
	else if (option == 'R')
		rules.refuse_rcpt = value;
	else if (option == 'a')
		rules.login = value;
}

static void parse_options(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h' || option == '?') {
			fputs(help, option == 'h' ? stdout : stderr);
			exit(option == 'h' ? 0 : 1);
		}
		if (option == 'C') {
			kind = CHECK_NONE;
		} else if (option == 'v') {
			kind = CHECK_SHA256;
		} else if (option == 'V') {
			kind = CHECK_SOURCE;
			check_source_size(strtoull(optarg, NULL, 10));
		} else if (option == 't' && !(transcript = fopen(optarg, "we"))) {
			fprintf(stderr, "cannot write %s: %s\n", optarg, strerror(errno));
			exit(1);
		}
		set_option(option, optarg);
	}
}

int main(int argc, char **argv)
{
	struct loop_watch listener = {.fd = -1, .on_ready = on_listener};
	struct net_address a;
	char text[NET_TEXT_SIZE];

	parse_options(argc, argv);
	loop_open(on_usr1);
	listener.fd = net_listen(listen_at, &a);
	net_text(&a, text);
	printf("listening %s\n", text);
	if (control_at) {
		control_open(control_at, &a, &tally_counts);
		net_text(&a, text);
		printf("control %s\n", text);
	}
	fflush(stdout);
	loop_add(&listener, EPOLLIN);
	loop_run();
	control_print(&tally_counts, stderr);
	if (stats_file)
		control_save(&tally_counts, stats_file);
	return 0;
}
