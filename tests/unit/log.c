/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/log and app/log_output: format, levels, cut and lost lines, reopening.
 */
#include "app/log.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Two outputs: a takes errors, b takes all; `main` names both. */
struct world {
	char dir[64], path_a[80], path_b[80];
	struct log_output a, b;
	struct log_output *items[2];
	struct log_rule rules[2];
	struct log_target main;
	struct log_outputs all;
	struct log_thread thread;
};

static void world_init(struct world *w)
{
	char error[256];

	*w = (struct world){.dir = "/tmp/ringpost-log-XXXXXX"};
	cr_assert(mkdtemp(w->dir));
	snprintf(w->path_a, sizeof(w->path_a), "%s/a.log", w->dir);
	snprintf(w->path_b, sizeof(w->path_b), "%s/b.log", w->dir);
	w->a = (struct log_output){.path = w->path_a, .fd = -1, .index = 0};
	w->b = (struct log_output){.path = w->path_b, .fd = -1, .index = 1};
	w->items[0] = &w->a;
	w->items[1] = &w->b;
	w->rules[0] = (struct log_rule){&w->a, LEVEL_ERR};
	w->rules[1] = (struct log_rule){&w->b, LEVEL_DEBUG};
	w->main = (struct log_target){w->rules, 2};
	w->all = (struct log_outputs){w->items, 2, &w->main};
	cr_assert_eq(log_output_open_all(&w->all, error, sizeof(error)), 0, "%s", error);
}

static void world_done(struct world *w)
{
	log_use(NULL);
	log_output_close_all(&w->all);
	unlink(w->path_a);
	unlink(w->path_b);
	rmdir(w->dir);
}

static char *contents(const char *path)
{
	static char text[200000];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void say(struct log_thread *t, enum log_level level, uint64_t conn, const char *text)
{
	struct log_line line = {.level = level, .conn = conn, .message = str_cstr(text)};

	t->logger.write(&t->logger, &line);
}

Test(log, a_line_looks_like_nginx_s)
{
	struct world w;
	char expected[128], *text;
	int y, mo, d, h, mi, s, n = 0;

	world_init(&w);
	log_thread_init(&w.thread, &w.all, NULL);
	say(&w.thread, LEVEL_INFO, 7, "client logged in");
	text = contents(w.path_b);
	cr_assert_eq(sscanf(text, "%4d/%2d/%2d %2d:%2d:%2d %n", &y, &mo, &d, &h, &mi, &s, &n), 6);
	cr_assert_eq(n, 20);
	snprintf(expected, sizeof(expected), "[info] %d#%d: *7 client logged in\n", getpid(),
		 gettid());
	cr_assert_str_eq(text + 20, expected);
	world_done(&w);
}

Test(log, the_time_is_local_time)
{
	struct world w;
	struct tm tm = {0};
	time_t now, shown;

	setenv("TZ", "Asia/Kolkata", 1);
	tzset();
	world_init(&w);
	log_thread_init(&w.thread, &w.all, NULL);
	say(&w.thread, LEVEL_INFO, 0, "x");
	now = time(NULL);
	cr_assert(strptime(contents(w.path_b), "%Y/%m/%d %H:%M:%S", &tm));
	tm.tm_isdst = -1;
	shown = mktime(&tm);
	cr_assert(shown <= now && now - shown < 60);
	world_done(&w);
}

Test(log, without_a_connection_there_is_no_star)
{
	struct world w;

	world_init(&w);
	log_thread_init(&w.thread, &w.all, NULL);
	say(&w.thread, LEVEL_EMERG, 0, "gone");
	cr_assert(strstr(contents(w.path_a), "[emerg] "));
	cr_assert(strstr(contents(w.path_a), ": gone\n"));
	cr_assert_null(strchr(contents(w.path_a), '*'));
	world_done(&w);
}

Test(log, each_output_takes_its_level_and_worse)
{
	struct world w;

	world_init(&w);
	log_thread_init(&w.thread, &w.all, NULL);
	say(&w.thread, LEVEL_WARN, 0, "mild");
	say(&w.thread, LEVEL_ERR, 0, "bad");
	say(&w.thread, LEVEL_ALERT, 0, "worse");
	cr_assert_null(strstr(contents(w.path_a), "mild"));
	cr_assert(strstr(contents(w.path_a), "[error] "));
	cr_assert(strstr(contents(w.path_a), "worse"));
	cr_assert(strstr(contents(w.path_b), "mild"));
	cr_assert(strstr(contents(w.path_b), "worse"));
	cr_assert_eq(log_target_level(&w.main), LEVEL_DEBUG);
	world_done(&w);
}

Test(log, a_line_may_name_another_target_than_the_main_one)
{
	struct world w;
	struct log_rule rule;
	struct log_target only_a;
	struct log_line line = {.level = LEVEL_INFO, .message = STR_INIT("here")};

	world_init(&w);
	rule = (struct log_rule){&w.a, LEVEL_INFO};
	only_a = (struct log_target){&rule, 1};
	line.target = &only_a;
	log_thread_init(&w.thread, &w.all, NULL);
	w.thread.logger.write(&w.thread.logger, &line);
	cr_assert(strstr(contents(w.path_a), "here"));
	cr_assert_str_empty(contents(w.path_b));
	world_done(&w);
}

Test(log, a_traced_line_goes_to_all_outputs_whatever_their_levels)
{
	struct world w;
	struct log_line line = {.level = LEVEL_DEBUG, .traced = true, .message = STR_INIT("step")};

	world_init(&w);
	log_thread_init(&w.thread, &w.all, NULL);
	w.thread.logger.write(&w.thread.logger, &line);
	cr_assert(strstr(contents(w.path_a), "[debug] "));
	cr_assert(strstr(contents(w.path_a), ": step\n"));
	world_done(&w);
}

Test(log, a_message_over_the_limit_is_cut_and_ends_its_line)
{
	struct world w;
	char text[LOG_MESSAGE_MAX + 100], *shown;

	world_init(&w);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_thread_init(&w.thread, &w.all, NULL);
	say(&w.thread, LEVEL_INFO, 1, text);
	shown = strstr(contents(w.path_b), "xxx");
	cr_assert_eq(strlen(shown), LOG_MESSAGE_MAX + 1);
	cr_assert_eq(shown[LOG_MESSAGE_MAX], '\n');
	world_done(&w);
}

Test(log, a_buffered_thread_writes_at_flush)
{
	struct world w;
	void *memory;

	world_init(&w);
	memory = malloc(log_thread_memory(&w.all));
	log_thread_init(&w.thread, &w.all, memory);
	say(&w.thread, LEVEL_INFO, 1, "one");
	say(&w.thread, LEVEL_ERR, 2, "two");
	cr_assert(w.thread.logger.pending);
	cr_assert_str_empty(contents(w.path_b));
	w.thread.logger.flush(&w.thread.logger);
	cr_assert(!w.thread.logger.pending);
	cr_assert(strstr(contents(w.path_b), "*1 one\n"));
	cr_assert(strstr(contents(w.path_b), "*2 two\n"));
	cr_assert(strstr(contents(w.path_a), "*2 two\n"));
	free(memory);
	world_done(&w);
}

Test(log, a_turn_with_more_than_the_buffer_loses_nothing)
{
	struct world w;
	void *memory;
	char text[1000], *shown;
	unsigned lines = 0;

	world_init(&w);
	memory = malloc(log_thread_memory(&w.all));
	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_thread_init(&w.thread, &w.all, memory);
	for (unsigned i = 0; i < 100; i++)
		say(&w.thread, LEVEL_INFO, i + 1, text);
	w.thread.logger.flush(&w.thread.logger);
	for (shown = contents(w.path_b); *shown; shown++)
		lines += *shown == '\n';
	cr_assert_eq(lines, 100);
	cr_assert_eq(w.b.lost, 0);
	free(memory);
	world_done(&w);
}

/* Output b becomes a pipe of `room` bytes that nobody reads yet. Returns its reading end. */
static int b_is_a_pipe(struct world *w, size_t room)
{
	static char filler[65536];
	int ends[2];
	int size;

	cr_assert_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	size = fcntl(ends[1], F_SETPIPE_SZ, 4096);
	cr_assert_geq(size, 4096);
	cr_assert_eq(write(ends[1], filler, (size_t)size - room), size - (ssize_t)room);
	log_output_replace(&w->b, ends[1]);
	return ends[0];
}

static void drain(int fd, char *text, size_t size)
{
	size_t n = 0;
	ssize_t got;

	while (n < size - 1 && (got = read(fd, text + n, size - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
}

Test(log, lost_lines_are_counted_and_reported_when_the_output_takes_more)
{
	struct world w;
	char text[8192], *shown;
	void *memory;
	int fd;

	world_init(&w);
	memory = malloc(log_thread_memory(&w.all));
	fd = b_is_a_pipe(&w, 0);
	log_thread_init(&w.thread, &w.all, memory);
	for (unsigned i = 0; i < 3; i++)
		say(&w.thread, LEVEL_INFO, 0, "into the void");
	w.thread.logger.flush(&w.thread.logger);
	cr_assert_eq(w.b.lost, 3);
	drain(fd, text, sizeof(text));
	say(&w.thread, LEVEL_INFO, 0, "better times");
	w.thread.logger.flush(&w.thread.logger);
	drain(fd, text, sizeof(text));
	cr_assert(strstr(text, "better times\n"));
	shown = strstr(text, "[alert] ");
	cr_assert(shown);
	cr_assert(strstr(shown, "3 log lines were lost: Resource temporarily unavailable\n"));
	cr_assert_eq(w.b.lost, 0);
	free(memory);
	world_done(&w);
}

/* A file that may grow to `size` bytes takes the front of a write, then EFBIG. */
static void limit_files_to(rlim_t size)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size ? size : limit.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

Test(log, a_half_written_line_is_completed_before_the_next)
{
	struct world w;
	uint8_t lines[] = "first line\nsecond line\nthird\n";
	size_t left;

	world_init(&w);
	limit_files_to(15);
	left = log_output_write(&w.b, lines, sizeof(lines) - 1);
	limit_files_to(0);
	cr_assert_eq(left, strlen("nd line\n"));
	cr_assert_eq(w.b.lost, 1);
	cr_assert_eq(w.b.lost_errno, EFBIG);
	cr_assert_eq(log_output_write(&w.b, lines, left), 0);
	cr_assert_str_eq(contents(w.path_b), "first line\nsecond line\n");
	world_done(&w);
}

Test(log, reopening_goes_to_the_path_under_the_same_descriptor)
{
	struct world w;
	char moved[100];
	int fd;

	world_init(&w);
	log_thread_init(&w.thread, &w.all, NULL);
	say(&w.thread, LEVEL_INFO, 0, "before");
	snprintf(moved, sizeof(moved), "%s.1", w.path_b);
	cr_assert_eq(rename(w.path_b, moved), 0);
	say(&w.thread, LEVEL_INFO, 0, "between");
	fd = log_output_reopened(&w.b);
	cr_assert_geq(fd, 0);
	log_output_replace(&w.b, fd);
	say(&w.thread, LEVEL_INFO, 0, "after");
	cr_assert(strstr(contents(moved), "between"));
	cr_assert_null(strstr(contents(moved), "after"));
	cr_assert(strstr(contents(w.path_b), "after"));
	unlink(moved);
	world_done(&w);
}

Test(log, a_place_that_cannot_be_opened_is_named)
{
	struct world w;
	struct log_output o = {.path = "/nonexistent/dir/x.log", .fd = -1};
	struct log_output *items[] = {&o};
	struct log_outputs all = {items, 1, NULL};
	char error[256];

	world_init(&w);
	cr_assert_eq(log_output_open_all(&all, error, sizeof(error)), -1);
	cr_assert_str_eq(error, "open() \"/nonexistent/dir/x.log\" failed (2: No such file or "
				"directory): make its folder, or name another file with "
				"error_log");
	world_done(&w);
}

Test(log, odd_places_are_reported_once_a_minute_and_counted)
{
	struct world w;
	uint64_t before = log_odd_count();
	char *text;

	world_init(&w);
	log_use(&w.all);
	log_also_stderr(false);
	must_report_to(log_must);
	for (unsigned i = 0; i < 5; i++)
		cr_assert(odd_if(w.dir[0] == '/'));
	must_report_to(NULL);
	text = contents(w.path_b);
	cr_assert_eq(log_odd_count() - before, 5);
	cr_assert(strstr(text, "unexpected (1 times so far) at "));
	cr_assert_eq(strchr(text, '\n')[1], '\0');
	world_done(&w);
}

Test(log, a_broken_must_says_where)
{
	struct world w;

	world_init(&w);
	log_use(&w.all);
	log_also_stderr(false);
	log_must(MUST_BROKEN, "src/x.c:12", "n > 0");
	cr_assert(strstr(contents(w.path_a), "[alert] "));
	cr_assert(strstr(contents(w.path_a), ": broken promise at src/x.c:12: n > 0; this process "
					     "ends\n"));
	world_done(&w);
}

Test(log, the_process_s_own_lines_hold_no_control_bytes)
{
	struct world w;

	world_init(&w);
	log_use(&w.all);
	log_also_stderr(false);
	log_put(LEVEL_NOTICE, "a%cb %d", '\n', 5);
	cr_assert(strstr(contents(w.path_b), "[notice] "));
	cr_assert(strstr(contents(w.path_b), ": a b 5\n"));
	world_done(&w);
}
