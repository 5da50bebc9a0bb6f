/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main: the plain runner: walks the sections in which Criterion's Test() and TestSuite() leave
 * their records, runs each test in a child, a few at once, and counts.
 *
 *     unit-tests [--filter SUITE/NAME] [--jobs N]      (a shell pattern; as many as processors)
 *
 * What a test wrote is shown if it failed or was skipped. TEST_SLOWNESS=N: time limits are N times
 * as long.
 */
#include "tests/lib/plain/plain.h"
#include "tests/lib/slowness.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 160, JOBS_MAX = 64, LIMIT_S = 600 };

/* Where the linker put the records; one test at least, but there may be no suite with options. */
extern struct criterion_test *__start_cr_tst[], *__stop_cr_tst[];
extern struct criterion_suite *__start_cr_sts[] __attribute__((weak));
extern struct criterion_suite *__stop_cr_sts[] __attribute__((weak));

struct job {
	pid_t pid; /* 0: free */
	const struct criterion_test *test;
	int output; /* what it writes, a file in memory */
	double ends_at;
	bool too_long;
};

static struct job jobs[JOBS_MAX];
static unsigned passed, failed, skipped;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const struct criterion_test_extra_data *suite_of(const struct criterion_test *t)
{
	static const struct criterion_test_extra_data none;

	for (struct criterion_suite **s = __start_cr_sts; s < __stop_cr_sts; s++)
		if (*s && strcmp((*s)->name, t->category) == 0)
			return (*s)->data;
	return &none;
}

static const char *name_of(const struct criterion_test *t)
{
	static char name[NAME_MAX_BYTES];

	snprintf(name, sizeof(name), "%s::%s", t->category, t->name);
	return name;
}

/* The child: never returns. */
static void perform(const struct criterion_test *t, int output)
{
	const struct criterion_test_extra_data *own = t->data, *suite = suite_of(t);
	sigset_t none;
	int end;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	if (dup2(output, 1) < 0 || dup2(output, 2) < 0)
		_exit(PLAIN_FAILED);
	close(output);
	end = plain_perform(t->test, own->init ? own->init : suite->init,
			    own->fini ? own->fini : suite->fini, name_of(t));
	fflush(NULL);
	exit(end);
}

static void start(struct job *j, const struct criterion_test *t)
{
	double limit = t->data->timeout > 0 ? t->data->timeout : suite_of(t)->timeout;

	fflush(NULL);
	j->test = t;
	j->too_long = false;
	j->ends_at = now() + (limit > 0 ? limit : LIMIT_S) * slowness();
	j->output = memfd_create("test", MFD_CLOEXEC);
	j->pid = fork();
	if (j->output < 0 || j->pid < 0) {
		perror("plain runner");
		exit(2);
	}
	if (j->pid == 0)
		perform(t, j->output);
}

static void show_output(int fd)
{
	char bytes[4096];
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t)n, stdout);
}

/* Empty: as expected. */
static const char *fault(const struct job *j, int status)
{
	static char why[64];
	int expected = j->test->data->signal ? j->test->data->signal : suite_of(j->test)->signal;

	if (j->too_long)
		return "took too long";
	if (WIFSIGNALED(status) && WTERMSIG(status) != expected)
		snprintf(why, sizeof(why), "killed by signal %d", WTERMSIG(status));
	else if (WIFEXITED(status) && expected)
		snprintf(why, sizeof(why), "not killed by signal %d", expected);
	else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		snprintf(why, sizeof(why), "exit status %d", WEXITSTATUS(status));
	else
		return "";
	return why;
}

static void finish(struct job *j, int status)
{
	const char *why = fault(j, status);

	if (WIFEXITED(status) && WEXITSTATUS(status) == PLAIN_SKIPPED) {
		skipped++;
		show_output(j->output);
	} else if (*why) {
		failed++;
		show_output(j->output);
		printf("[FAIL] %s: %s\n", name_of(j->test), why);
	} else {
		passed++;
	}
	close(j->output);
	kill(-j->pid, SIGKILL); /* what it left behind */
	j->pid = 0;
}

static struct job *job_of(pid_t pid)
{
	for (unsigned i = 0; i < JOBS_MAX; i++)
		if (jobs[i].pid == pid)
			return &jobs[i];
	return NULL;
}

static void end_late_ones(void)
{
	for (unsigned i = 0; i < JOBS_MAX; i++)
		if (jobs[i].pid && now() > jobs[i].ends_at) {
			jobs[i].too_long = true;
			kill(-jobs[i].pid, SIGKILL);
		}
}

/* Until at most so many run. SIGCHLD is blocked and cuts the pause short. */
static void await(unsigned most)
{
	static const struct timespec pause = {.tv_nsec = 200000000};
	unsigned running = 0;
	sigset_t child;
	int status;
	pid_t pid;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (unsigned i = 0; i < JOBS_MAX; i++)
		running += jobs[i].pid != 0;
	while (running > most) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid > 0 && job_of(pid)) {
			finish(job_of(pid), status);
			running--;
		} else if (pid <= 0) {
			end_late_ones();
			sigtimedwait(&child, NULL, &pause);
		}
	}
}

static int by_name(const void *a, const void *b)
{
	const struct criterion_test *x = *(struct criterion_test *const *)a;
	const struct criterion_test *y = *(struct criterion_test *const *)b;
	int order = strcmp(x->category, y->category);

	return order ? order : strcmp(x->name, y->name);
}

static bool is_wanted(const struct criterion_test *t, const char *filter)
{
	char path[NAME_MAX_BYTES];

	snprintf(path, sizeof(path), "%s/%s", t->category, t->name);
	return t->data && !t->data->disabled && fnmatch(filter, path, 0) == 0;
}

int main(int argc, char **argv)
{
	long at_once = sysconf(_SC_NPROCESSORS_ONLN);
	const char *filter = "*";
	size_t n = (size_t)(__stop_cr_tst - __start_cr_tst);
	sigset_t child;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--filter") == 0)
			filter = argv[i + 1];
		if (strcmp(argv[i], "--jobs") == 0)
			at_once = atol(argv[i + 1]);
	}
	if (at_once < 1 || at_once > JOBS_MAX)
		at_once = 1;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	qsort(__start_cr_tst, n, sizeof(*__start_cr_tst), by_name);
	for (size_t i = 0; i < n; i++)
		if (is_wanted(__start_cr_tst[i], filter)) {
			await((unsigned)at_once - 1);
			start(job_of(0), __start_cr_tst[i]);
		}
	await(0);
	printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed != 0;
}
