/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * criterion: what the assertions and tests of Criterion's headers call, for the plain runner: a
 * failed assertion is said on standard error and remembered, or leaves the test at once.
 */
#include "tests/lib/plain/plain.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct criterion_options criterion_options;

static jmp_buf away;                   /* where a test that cannot go on goes */
static int own_stderr = STDERR_FILENO; /* also while the test's is redirected */
static const char *running;
static enum plain_end end;

int plain_perform(void (*test)(void), void (*init)(void), void (*fini)(void), const char *name)
{
	running = name;
	end = PLAIN_PASSED;
	if (setjmp(away) == 0) {
		if (init)
			init();
		test();
	}
	if (fini && setjmp(away) == 0)
		fini();
	return end;
}

void criterion_internal_test_setup(void)
{
}

void criterion_internal_test_main(void (*fn)(void))
{
	fn();
}

void criterion_internal_test_teardown(void)
{
}

void criterion_send_assert(struct criterion_assert_stats *stats)
{
	if (!stats->passed)
		dprintf(own_stderr, "[----] %s:%u: %s\n", stats->file, stats->line, stats->message);
}

void criterion_continue_test(void)
{
	end = PLAIN_FAILED;
}

void criterion_abort_test(void)
{
	end = PLAIN_FAILED;
	longjmp(away, 1);
}

void cr_log(enum criterion_severity severity, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(own_stderr, format, args);
	va_end(args);
	dprintf(own_stderr, "\n");
}

void criterion_skip_test(const char *format, ...)
{
	va_list args;

	dprintf(own_stderr, "[SKIP] %s: ", running);
	va_start(args, format);
	vdprintf(own_stderr, format, args);
	va_end(args);
	dprintf(own_stderr, "\n");
	end = PLAIN_SKIPPED;
	longjmp(away, 1);
}

void cri_asserts_passed_incr(void)
{
}

int cr_asprintf(char **text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(text, format, args);
	va_end(args);
	if (n < 0)
		abort();
	return n;
}

void cr_asprintf_free(char *text)
{
	free(text);
}

/* The expression as it stands in the test says enough. */
char *cr_translate_assert_msg(int message, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, message);
	cr_asprintf(&text, "does not hold: %s",
		    message == CRITERION_ASSERT_MSG_FAIL ? "" : va_arg(args, const char *));
	va_end(args);
	return text;
}

/* ---- what a test writes, kept for it to read ---- */

static FILE *redirected(int fd)
{
	char path[32];
	FILE *f = tmpfile();
	FILE *reader;

	if (!f || fflush(NULL) != 0 || dup2(fileno(f), fd) < 0)
		abort();
	fclose(f);
	/* A descriptor of its own: reading has another place in the file than writing. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reader = fopen(path, "re");
	if (!reader)
		abort();
	return reader;
}

static FILE *out_reader, *err_reader;

static void close_readers(void)
{
	if (out_reader)
		fclose(out_reader);
	if (err_reader)
		fclose(err_reader);
}

static FILE *redirect(FILE **reader, int fd)
{
	if (!out_reader && !err_reader)
		atexit(close_readers);
	return *reader = redirected(fd);
}

void cr_redirect_stdout(void)
{
	redirect(&out_reader, STDOUT_FILENO);
}

void cr_redirect_stderr(void)
{
	own_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	redirect(&err_reader, STDERR_FILENO);
}

FILE *cr_get_redirected_stdout(void)
{
	clearerr(out_reader);
	return out_reader;
}

FILE *cr_get_redirected_stderr(void)
{
	clearerr(err_reader); /* its end moves */
	return err_reader;
}
