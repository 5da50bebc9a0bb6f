/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/log_syslog and of what app/log makes of it: datagrams as NGINX sends them, and
 * servers that are slow, gone and back again. The servers are sockets of the test itself.
 */
#include "app/log_syslog.h"

#include "app/log.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One server behind a thread's log. */
struct world {
	char dir[64];
	struct log_syslog to;
	struct log_output output, file;
	struct log_output *items[2];
	struct log_rule rules[2];
	struct log_target main;
	struct log_outputs all;
	struct log_thread thread;
	void *memory;
	int server; /* its socket */
	char path[100];
};

static void serve(struct world *w)
{
	w->server = socket(w->to.address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	cr_assert_geq(w->server, 0);
	cr_assert_eq(bind(w->server, &w->to.address.any,
			  w->to.address.any.sa_family == AF_UNIX ? sizeof(w->to.address.un)
								 : sizeof(w->to.address.ip4)),
		     0);
}

static void world_init(struct world *w)
{
	*w = (struct world){.dir = "/tmp/ringpost-syslog-XXXXXX", .server = -1};
	cr_assert(mkdtemp(w->dir));
	w->to = (struct log_syslog){
		.facility = 2, .tag = STR("tag"), .host = STR("host"), .text = "syslog:x"};
	w->output = (struct log_output){.kind = LOG_OUTPUT_SYSLOG, .syslog = &w->to, .fd = -1};
	snprintf(w->path, sizeof(w->path), "%s/file", w->dir);
	w->file = (struct log_output){.path = w->path, .fd = -1, .index = 1};
	w->items[0] = &w->output;
	w->items[1] = &w->file;
	w->rules[0] = (struct log_rule){&w->output, LEVEL_DEBUG};
	w->rules[1] = (struct log_rule){&w->file, LEVEL_ALERT};
	w->main = (struct log_target){w->rules, 2};
	w->all = (struct log_outputs){w->items, 2, &w->main};
}

static void world_unix(struct world *w)
{
	world_init(w);
	w->to.address.un.sun_family = AF_UNIX;
	snprintf(w->to.address.un.sun_path, sizeof(w->to.address.un.sun_path), "%s/log", w->dir);
}

/* A server on a port of its own. */
static void world_udp(struct world *w)
{
	socklen_t n = sizeof(w->to.address.ip4);

	world_init(w);
	w->to.address.ip4 = (struct sockaddr_in){.sin_family = AF_INET,
						 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	serve(w);
	cr_assert_eq(getsockname(w->server, &w->to.address.any, &n), 0);
}

static void start(struct world *w, bool buffered)
{
	char error[256];

	cr_assert_eq(log_output_open_all(&w->all, error, sizeof(error)), 0, "%s", error);
	w->memory = buffered ? malloc(log_thread_memory(&w->all)) : NULL;
	log_thread_init(&w->thread, &w->all, w->memory);
}

static void stop_server(struct world *w)
{
	close(w->server);
	w->server = -1;
	if (w->to.address.any.sa_family == AF_UNIX)
		unlink(w->to.address.un.sun_path);
}

static void world_done(struct world *w)
{
	if (w->server >= 0)
		stop_server(w);
	log_output_close_all(&w->all);
	free(w->memory);
	unlink(w->path);
	rmdir(w->dir);
}

static void say(struct world *w, enum log_level level, const char *text)
{
	struct log_line line = {.level = level, .conn = 7, .message = str_cstr(text)};

	w->thread.logger.write(&w->thread.logger, &line);
}

static void flush(struct world *w)
{
	w->thread.logger.flush(&w->thread.logger);
}

/* The next datagram, "" if there is none. */
static const char *hear(struct world *w)
{
	static char text[8192];
	ssize_t n = recv(w->server, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static const char *in_file(struct world *w)
{
	static char text[65536];
	int fd = open(w->path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void let_time_pass(struct world *w)
{
	atomic_store(&w->output.again_ms, 0);
}

Test(log_syslog, time_has_a_space_before_a_single_digit)
{
	struct tm tm = {.tm_mon = 10, .tm_mday = 2, .tm_hour = 3, .tm_min = 4, .tm_sec = 5};
	uint8_t text[32];
	struct out o;

	out_init(&o, text, sizeof(text));
	log_syslog_time(&o, &tm);
	cr_assert(str_eq(out_data(&o), STR("Nov  2 03:04:05")));
	out_reset(&o);
	tm.tm_mon = 0;
	tm.tm_mday = 31;
	log_syslog_time(&o, &tm);
	cr_assert(str_eq(out_data(&o), STR("Jan 31 03:04:05")));
}

Test(log_syslog, head_has_facility_and_the_line_s_level)
{
	struct log_syslog to = {.facility = 23, .tag = STR("nginx"), .host = STR("mx")};
	uint8_t text[128];
	struct out o;

	out_init(&o, text, sizeof(text));
	log_syslog_head(&o, &to, LEVEL_INFO, STR("Nov  2 03:04:05"));
	cr_assert(str_eq(out_data(&o), STR("<190>Nov  2 03:04:05 mx nginx: ")));
	to.host = str_none();
	to.facility = 0;
	out_reset(&o);
	log_syslog_head(&o, &to, LEVEL_EMERG, STR("Nov  2 03:04:05"));
	cr_assert(str_eq(out_data(&o), STR("<0>Nov  2 03:04:05 nginx: ")));
}

Test(log_syslog, each_line_is_a_datagram_without_a_line_end)
{
	struct world w;
	int pri = 0, n = 0;
	const char *text;

	world_udp(&w);
	start(&w, true);
	say(&w, LEVEL_INFO, "one");
	say(&w, LEVEL_ERR, "two");
	cr_assert_str_empty(hear(&w));
	flush(&w);
	text = hear(&w);
	cr_assert_eq(sscanf(text,
			    "<%d>%*3s %*2d %*2d:%*2d:%*2d host tag: %*4d/%*d/%*d "
			    "%*d:%*d:%*d %n",
			    &pri, &n),
		     1);
	cr_assert_eq(pri, 22);
	cr_assert_eq(strncmp(text + n, "[info] ", 7), 0, "%s", text);
	cr_assert(strstr(text, ": *7 one"));
	cr_assert_null(strchr(text, '\n'));
	text = hear(&w);
	cr_assert_eq(strncmp(text, "<19>", 4), 0, "%s", text);
	cr_assert(strstr(text, ": *7 two"));
	cr_assert_str_empty(hear(&w));
	world_done(&w);
}

Test(log_syslog, an_own_voice_is_sent_at_once)
{
	struct world w;

	world_udp(&w);
	start(&w, false);
	say(&w, LEVEL_NOTICE, "now");
	cr_assert(strstr(hear(&w), ": *7 now"));
	world_done(&w);
}

Test(log_syslog, the_longest_line_fits)
{
	struct world w;
	static char longest[LOG_MESSAGE_MAX + 100];
	const char *text;

	memset(longest, 'x', sizeof(longest) - 1);
	world_udp(&w);
	start(&w, true);
	say(&w, LEVEL_INFO, longest);
	say(&w, LEVEL_INFO, "next");
	flush(&w);
	text = strstr(hear(&w), "xxx");
	cr_assert(text);
	cr_assert_eq(strlen(text), LOG_MESSAGE_MAX);
	cr_assert(strstr(hear(&w), "next"));
	world_done(&w);
}

Test(log_syslog, lines_that_a_udp_server_refused_are_counted_and_reported)
{
	struct world w;

	world_udp(&w);
	start(&w, true);
	stop_server(&w);
	for (int i = 0; i < 3; i++) {
		say(&w, LEVEL_INFO, "refused");
		flush(&w);
	}
	cr_assert_eq(w.output.lost, 2); /* of the third nobody has heard yet */
	cr_assert_eq(w.output.lost_errno, ECONNREFUSED);
	serve(&w);
	say(&w, LEVEL_INFO, "first");
	flush(&w);
	say(&w, LEVEL_INFO, "second");
	flush(&w);
	cr_assert(strstr(hear(&w), "first"));
	cr_assert(strstr(hear(&w), "second"));
	cr_assert(strstr(hear(&w), "[alert] "));
	cr_assert_eq(w.output.lost, 0);
	world_done(&w);
}

Test(log_syslog, another_output_is_told_once_that_a_server_takes_nothing)
{
	struct world w;
	const char *at;

	world_unix(&w);
	start(&w, true);
	for (int i = 0; i < 5; i++) {
		say(&w, LEVEL_INFO, "nobody there");
		flush(&w);
		let_time_pass(&w);
	}
	at = strstr(in_file(&w), "[alert] ");
	cr_assert(at);
	cr_assert(strstr(at, "lines cannot be written to log \"syslog:x\": No such file or "
			     "directory\n"),
		  "%s", at);
	cr_assert_null(strstr(at + 1, "[alert]"));
	world_done(&w);
}

Test(log_syslog, lines_wait_for_a_unix_server_that_starts_later)
{
	struct world w;

	world_unix(&w);
	start(&w, true);
	say(&w, LEVEL_INFO, "early");
	flush(&w);
	cr_assert(w.thread.logger.pending);
	serve(&w);
	let_time_pass(&w);
	flush(&w);
	cr_assert(!w.thread.logger.pending);
	cr_assert(strstr(hear(&w), "early"));
	cr_assert_eq(w.output.lost, 0);
	world_done(&w);
}

Test(log_syslog, a_unix_server_that_restarts_is_found_again)
{
	struct world w;

	world_unix(&w);
	serve(&w);
	start(&w, true);
	say(&w, LEVEL_INFO, "before");
	flush(&w);
	cr_assert(strstr(hear(&w), "before"));
	stop_server(&w);
	say(&w, LEVEL_INFO, "between");
	flush(&w);
	serve(&w);
	let_time_pass(&w);
	say(&w, LEVEL_INFO, "after");
	flush(&w);
	cr_assert(strstr(hear(&w), "between"));
	cr_assert(strstr(hear(&w), "after"));
	world_done(&w);
}

Test(log_syslog, connecting_again_is_not_tried_at_every_line)
{
	struct world w;

	world_unix(&w);
	start(&w, true);
	say(&w, LEVEL_INFO, "x");
	flush(&w);
	cr_assert_gt(w.output.again_ms, 0);
	serve(&w);
	atomic_store(&w.output.again_ms, INT64_MAX);
	flush(&w);
	cr_assert_str_empty(hear(&w));
	world_done(&w);
}

Test(log_syslog, what_a_slow_server_leaves_is_kept_then_counted)
{
	struct world w;
	char text[64];
	const char *line, *at;
	unsigned heard = 0, lost = 0, said = 3000, n;

	world_unix(&w);
	serve(&w);
	start(&w, true);
	for (unsigned i = 0; i < said; i++) {
		snprintf(text, sizeof(text), "line %u", i);
		say(&w, LEVEL_INFO, text);
		flush(&w);
	}
	cr_assert_gt(w.output.lost, 0);
	cr_assert_eq(w.output.lost_errno, EAGAIN);
	/* Room comes: what was kept goes first, in order; the report follows, with the next line if
	 * not before. */
	for (int i = 0; i < 2; i++) {
		for (flush(&w); *(line = hear(&w)); flush(&w)) {
			if ((at = strstr(line, "*7 line ")))
				cr_assert_eq(strtoul(at + 8, NULL, 10), heard++);
			else if (sscanf(strchr(line, '#'), "#%*d: %u log lines were", &n) == 1)
				lost += n;
		}
		say(&w, LEVEL_INFO, "end");
	}
	cr_assert_eq(heard + lost, said, "%u %u", heard, lost);
	world_done(&w);
}

Test(log_syslog, an_unbuffered_line_that_nobody_takes_is_lost_and_counted)
{
	struct world w;

	world_unix(&w);
	start(&w, false);
	say(&w, LEVEL_INFO, "x");
	cr_assert_eq(w.output.lost, 1);
	serve(&w);
	let_time_pass(&w);
	say(&w, LEVEL_INFO, "y");
	cr_assert(strstr(hear(&w), "*7 y"));
	cr_assert(strstr(hear(&w), ": 1 log line was lost: No such file or directory"));
	world_done(&w);
}

Test(log_syslog, reopening_makes_another_socket)
{
	struct world w;
	int fd;

	world_udp(&w);
	start(&w, false);
	fd = log_output_reopened(&w.output);
	cr_assert_geq(fd, 0);
	cr_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	log_output_replace(&w.output, fd);
	say(&w, LEVEL_INFO, "again");
	cr_assert(strstr(hear(&w), "again"));
	world_done(&w);
}
