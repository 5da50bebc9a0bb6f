/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sender: sends real messages (lib/sample.h) through an SMTP server, many sessions at once, and
 * says how many were taken and how long it took. Each message carries its own number and SHA-256,
 * by which `sink --verify` proves it.
 *
 * A small SMTP client (RFC 5321, AUTH PLAIN of RFC 4616): one thread, one epoll loop. A session
 * that fails is not tried again: its message counts as failed and the first failure is told.
 */
#include "tools/lib/b64.h"
#include "tools/lib/loop.h"
#include "tools/lib/net.h"
#include "tools/lib/sample.h"
#include "tools/lib/wbuf.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REPLY_MAX 8192

/* What the session waits for the answer to. */
enum step {
	STEP_CONNECT,
	STEP_EHLO,
	STEP_AUTH,
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_END,
	STEP_QUIT
};

static const char *const step_names[] = {"greeting", "EHLO", "AUTH",    "MAIL",
					 "RCPT",     "DATA", "message", "QUIT"};
static const char wanted[] = "22222322"; /* the first digit of a good answer to each step */

struct session {
	struct loop_watch watch;
	struct loop_timer limit;
	struct wbuf in, out;
	enum step step;
	unsigned left; /* messages still to send in this session, with the one under way */
	uint64_t began_us;
};

static struct {
	uint64_t messages, first, parallel, per_session, timeout_ms;
	const char *auth; /* user:password */
	struct net_address server;
	struct sample_kind kind;
	bool json;
} want = {.messages = 100,
	  .first = 1,
	  .parallel = 10,
	  .per_session = 1,
	  .timeout_ms = 60000,
	  .kind = {.seed = 1,
		   .size_min = 1024,
		   .size_max = 5 << 20,
		   .from = "sender@ringpost.test",
		   .to = "rcpt@ringpost.test"}};

static struct {
	uint64_t given, sent, failed, sessions, bytes, open;
	double *session_ms;
	char first_failure[512];
} done;

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void start_sessions(void);

static void end(struct session *s)
{
	loop_disarm(&s->limit);
	loop_drop(&s->watch);
	close(s->watch.fd);
	wbuf_free(&s->in);
	wbuf_free(&s->out);
	free(s);
	done.open--;
	start_sessions();
}

static void fail(struct session *s, const char *what, size_t n)
{
	done.failed += s->left;
	if (!done.first_failure[0])
		snprintf(done.first_failure, sizeof(done.first_failure), "at %s: %.*s",
			 step_names[s->step], (int)n, what);
	end(s);
}

static void flush(struct session *s)
{
	int flushed = wbuf_flush(&s->out, s->watch.fd);

	if (flushed < 0)
		fail(s, strerror(errno), strlen(strerror(errno)));
	else
		loop_change(&s->watch, flushed ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

static void say_auth(struct session *s)
{
	uint8_t plain[1024] = "";
	char coded[1400];
	size_t n = strlen(want.auth);

	memcpy(plain + 1, want.auth, n);
	plain[1 + strcspn(want.auth, ":")] = '\0';
	coded[b64_encode(plain, n + 1, coded)] = '\0';
	wbuf_printf(&s->out, "AUTH PLAIN %s\r\n", coded);
}

static void say(struct session *s, enum step step)
{
	s->step = step;
	switch (step) {
	case STEP_CONNECT:
		break;
	case STEP_EHLO:
		wbuf_text(&s->out, "EHLO sender.ringpost.test\r\n");
		break;
	case STEP_AUTH:
		say_auth(s);
		break;
	case STEP_MAIL:
		wbuf_printf(&s->out, "MAIL FROM:<%s> BODY=8BITMIME\r\n", want.kind.from);
		break;
	case STEP_RCPT:
		wbuf_printf(&s->out, "RCPT TO:<%s>\r\n", want.kind.to);
		break;
	case STEP_DATA:
		wbuf_text(&s->out, "DATA\r\n");
		break;
	case STEP_END:
		sample_write(&want.kind, want.first + done.given++, &s->out);
		done.bytes += s->out.n;
		break;
	case STEP_QUIT:
		wbuf_text(&s->out, "QUIT\r\n");
		break;
	}
	flush(s);
}

static void on_good(struct session *s)
{
	switch (s->step) {
	case STEP_CONNECT:
		say(s, STEP_EHLO);
		break;
	case STEP_EHLO:
		say(s, want.auth ? STEP_AUTH : STEP_MAIL);
		break;
	case STEP_AUTH:
	case STEP_MAIL:
	case STEP_RCPT:
	case STEP_DATA:
		say(s, s->step + 1);
		break;
	case STEP_END:
		done.sent++;
		say(s, --s->left ? STEP_MAIL : STEP_QUIT);
		break;
	case STEP_QUIT:
		done.session_ms[done.sessions++] = (double)(now_us() - s->began_us) / 1000;
		end(s);
		break;
	}
}

/* The size of a whole reply in `in`, all its lines, or 0. */
static size_t reply_size(const struct wbuf *in)
{
	size_t at = 0;

	while (at < in->n) {
		const uint8_t *lf = memchr(in->p + at, '\n', in->n - at);

		if (!lf)
			return 0;
		if ((size_t)(lf - in->p) < at + 4 || in->p[at + 3] != '-')
			return (size_t)(lf - in->p) + 1;
		at = (size_t)(lf - in->p) + 1;
	}
	return 0;
}

static void on_input(struct session *s)
{
	size_t n = reply_size(&s->in);
	bool good = n && s->in.p[0] == (uint8_t)wanted[s->step];

	if (n == 0 && s->in.n > REPLY_MAX) {
		fail(s, "the reply does not end", 22);
	} else if (n && !good) {
		fail(s, (const char *)s->in.p, n - (n > 1 && s->in.p[n - 2] == '\r') - 1);
	} else if (n) {
		wbuf_eat(&s->in, n);
		on_good(s);
	}
}

static void on_ready(struct loop_watch *w, uint32_t events)
{
	struct session *s = LOOP_OWNER(w, struct session, watch);
	uint8_t bytes[4096];
	ssize_t n;

	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
		flush(s);
		return;
	}
	n = recv(w->fd, bytes, sizeof(bytes), 0);
	if (n > 0) {
		wbuf_add(&s->in, bytes, (size_t)n);
		on_input(s);
	} else if (n == 0) {
		fail(s, "closed by the server", 20);
	} else if (errno != EAGAIN) {
		fail(s, strerror(errno), strlen(strerror(errno)));
	}
}

static void on_limit(struct loop_timer *t)
{
	fail(LOOP_OWNER(t, struct session, limit), "timed out", 9);
}

static void start_session(uint64_t messages)
{
	struct session *s = calloc(1, sizeof(*s));
	int fd = net_connect(&want.server);

	if (!s || fd < 0) {
		fprintf(stderr, "cannot connect: %s\n", strerror(errno));
		exit(1);
	}
	s->watch = (struct loop_watch){.fd = fd, .on_ready = on_ready};
	s->limit.on_due = on_limit;
	s->left = (unsigned)messages;
	s->began_us = now_us();
	done.open++;
	loop_add(&s->watch, EPOLLIN);
	loop_arm(&s->limit, want.timeout_ms);
}

static uint64_t planned; /* messages that sessions were started for */

static void start_sessions(void)
{
	while (done.open < want.parallel && planned < want.messages) {
		uint64_t n = want.messages - planned;

		if (n > want.per_session)
			n = want.per_session;
		planned += n;
		start_session(n);
	}
	if (done.open == 0)
		loop_stop();
}

/* --- the end
 * ---------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static double percentile(double share)
{
	return done.sessions ? done.session_ms[(size_t)(share * (double)(done.sessions - 1))] : 0;
}

static void report(double seconds)
{
	double rate = (double)done.sent / seconds, mb = (double)done.bytes / 1e6;
	json_t *all;

	qsort(done.session_ms, done.sessions, sizeof(double), compare);
	if (!want.json) {
		printf("%llu sent, %llu failed, %llu sessions, %.1f MB in %.2f s: %.0f messages/s, "
		       "%.1f MB/s, session p50 %.2f ms, p99 %.2f ms\n",
		       (unsigned long long)done.sent, (unsigned long long)done.failed,
		       (unsigned long long)done.sessions, mb, seconds, rate, mb / seconds,
		       percentile(0.5), percentile(0.99));
		return;
	}
	all = json_pack("{sI sI sI sI sf sf sf sf ss}", "sent", (json_int_t)done.sent, "failed",
			(json_int_t)done.failed, "sessions", (json_int_t)done.sessions, "bytes",
			(json_int_t)done.bytes, "seconds", seconds, "rate", rate, "p50_ms",
			percentile(0.5), "p99_ms", percentile(0.99), "first_failure",
			done.first_failure);
	json_dumpf(all, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(all);
}

static const char help[] = "sender: sends real messages through an SMTP server\n"
			   "\n"
			   "  sender [options] ADDR    IP:PORT, PORT or unix:/path\n"
			   "\n"
			   "  --messages N             how many (100)\n"
			   "  --parallel N             sessions at once (10)\n"
			   "  --per-session N          messages in each session (1)\n"
			   "  --auth USER:PASSWORD     log in with AUTH PLAIN\n"
			   "  --size-min N, --size-max N   bytes of a message (1024, 5242880)\n"
			   "  --seed N                 other messages (1)\n"
			   "  --from ADDRESS, --to ADDRESS\n"
			   "  --timeout-s N            for a session (60)\n"
			   "  --json                   the result as JSON\n"
			   "\n"
			   "Exit status 0 when all were sent, 2 when some failed.\n";

static const struct option options[] = {{"messages", required_argument, NULL, 'm'},
					{"parallel", required_argument, NULL, 'p'},
					{"per-session", required_argument, NULL, 'n'},
					{"auth", required_argument, NULL, 'a'},
					{"size-min", required_argument, NULL, 'i'},
					{"size-max", required_argument, NULL, 'x'},
					{"seed", required_argument, NULL, 's'},
					{"first", required_argument, NULL, 'F'},
					{"from", required_argument, NULL, 'f'},
					{"to", required_argument, NULL, 't'},
					{"timeout-s", required_argument, NULL, 'T'},
					{"json", no_argument, NULL, 'j'},
					{"help", no_argument, NULL, 'h'},
					{NULL, 0, NULL, 0}};

static uint64_t number(const char *text)
{
	char *rest;
	unsigned long long n = strtoull(text, &rest, 10);

	if (*rest || rest == text || n == 0) {
		fprintf(stderr, "\"%s\" is not a number above 0\n", text);
		exit(1);
	}
	return n;
}

static void set_option(int option, const char *value)
{
	if (option == 'm')
		want.messages = number(value);
	else if (option == 'p')
		want.parallel = number(value);
	else if (option == 'n')
		want.per_session = number(value);
	else if (option == 'a')
		want.auth = value;
	else if (option == 'i')
		want.kind.size_min = number(value);
	else if (option == 'x')
		want.kind.size_max = number(value);
	else if (option == 's')
		want.kind.seed = number(value);
	else if (option == 'F')
		want.first = number(value);
	else if (option == 'f')
		want.kind.from = value;
	else if (option == 't')
		want.kind.to = value;
	else if (option == 'T')
		want.timeout_ms = number(value) * 1000;
	else if (option == 'j')
		want.json = true;
}

static void parse_options(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h' || option == '?') {
			fputs(help, option == 'h' ? stdout : stderr);
			exit(option == 'h' ? 0 : 1);
		}
		set_option(option, optarg);
	}
	if (optind + 1 != argc || net_parse(argv[optind], &want.server) < 0) {
		fprintf(stderr, "sender needs one address to send to, as in 127.0.0.1:25\n");
		exit(1);
	}
	if (want.auth && strlen(want.auth) > 1000) {
		fprintf(stderr, "--auth is too long\n");
		exit(1);
	}
}

static void on_usr1(void)
{
	fprintf(stderr, "%llu sent, %llu failed\n", (unsigned long long)done.sent,
		(unsigned long long)done.failed);
}

int main(int argc, char **argv)
{
	uint64_t began;

	parse_options(argc, argv);
	loop_open(on_usr1);
	done.session_ms = calloc(want.messages, sizeof(double));
	if (!done.session_ms) {
		perror("memory");
		return 1;
	}
	began = now_us();
	start_sessions();
	loop_run();
	report((double)(now_us() - began) / 1e6);
	if (done.first_failure[0])
		fprintf(stderr, "first failure %s\n", done.first_failure);
	return done.sent == want.messages ? 0 : 2;
}
