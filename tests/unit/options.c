/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/options: every flag, joined and apart, and what is wrong with a command line.
 */
#include "app/options.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* "a|b" as the arguments a and b. They live until the next call. */
static struct options parse(const char *line)
{
	static char text[256];
	char *argv[16] = {text};
	int argc = 1;

	snprintf(text, sizeof(text), "ringpost%s%s", *line ? "|" : "", line);
	for (char *p = strchr(text, '|'); p; p = strchr(p, '|')) {
		*p++ = '\0';
		argv[argc++] = p;
	}
	return options_parse(argc, argv);
}

Test(options, none_means_run_with_the_built_in_names)
{
	struct options o = parse("");

	cr_assert_eq(o.action, OPTIONS_RUN);
	cr_assert_str_eq(o.conf, RINGPOST_CONF);
	cr_assert_str_eq(o.prefix, RINGPOST_PREFIX);
	cr_assert_null(o.error_log);
	cr_assert_null(o.directives);
	cr_assert(!o.quiet);
	o = options_parse(0, (char *const[]){NULL});
	cr_assert_eq(o.action, OPTIONS_RUN);
}

Test(options, values_follow_their_letter_or_come_next)
{
	struct options o = parse("-c|a|-pb|-e|c|-g|daemon off;");

	cr_assert_eq(o.action, OPTIONS_RUN);
	cr_assert_str_eq(o.conf, "a");
	cr_assert_str_eq(o.prefix, "b");
	cr_assert_str_eq(o.error_log, "c");
	cr_assert_str_eq(o.directives, "daemon off;");
}

Test(options, letters_may_be_joined)
{
	struct options o = parse("-tqc|x");

	cr_assert_eq(o.action, OPTIONS_TEST);
	cr_assert(o.quiet);
	cr_assert_str_eq(o.conf, "x");
}

Test(options, actions)
{
	cr_assert_eq(parse("-t").action, OPTIONS_TEST);
	cr_assert_eq(parse("-T").action, OPTIONS_DUMP);
	cr_assert_eq(parse("-tTq").action, OPTIONS_DUMP);
	cr_assert_eq(parse("-T|-t").action, OPTIONS_DUMP);
	cr_assert_eq(parse("-v").action, OPTIONS_VERSION);
	cr_assert_eq(parse("-V").action, OPTIONS_VERSION_LONG);
	cr_assert_eq(parse("-h").action, OPTIONS_HELP);
	cr_assert_eq(parse("-?").action, OPTIONS_HELP);
	cr_assert_eq(parse("-v|-s|stop").action, OPTIONS_VERSION);
	cr_assert_eq(parse("-t|-s|stop").action, OPTIONS_TEST);
	cr_assert_eq(parse("-tV").action, OPTIONS_TEST);
	cr_assert_eq(parse("-tV").first, OPTIONS_VERSION_LONG);
	cr_assert_eq(parse("-hv").action, OPTIONS_HELP);
	cr_assert_eq(parse("--man-directives").action, OPTIONS_MAN);
}

static const struct {
	const char *name;
	int number;
} signals[] = {
	{"stop", SIGTERM},
	{"quit", SIGQUIT},
	{"reload", SIGHUP},
	{"reopen", SIGUSR1},
};

Test(options, signals_have_names)
{
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		char line[32];
		struct options o;

		snprintf(line, sizeof(line), "-s|%s", signals[i].name);
		o = parse(line);

		cr_assert_eq(o.action, OPTIONS_SIGNAL);
		cr_assert_eq(o.signal_number, signals[i].number);
		cr_assert_str_eq(o.signal_name, signals[i].name);
	}
}

static const struct {
	const char *argument, *problem;
} bad[] = {
	{"-c", "option \"-c\" requires file name"},
	{"-e", "option \"-e\" requires file name"},
	{"-p", "option \"-p\" requires directory name"},
	{"-g", "option \"-g\" requires parameter"},
	{"-s", "option \"-s\" requires parameter (stop, quit, reload or reopen)"},
	{"-sx", "invalid option: \"-s x\""},
	{"-x", "invalid option: \"x\""},
	{"-tx", "invalid option: \"x\""},
	{"-", "invalid option: \"-\""},
	{"--json", "option \"--json\" goes with \"-T\""},
	{"-t|--json", "option \"--json\" goes with \"-T\""},
	{"--help", "invalid option: \"--help\""},
	{"file", "invalid option: \"file\""},
};

Test(options, a_wrong_command_line_is_told)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct options o = parse(bad[i].argument);

		cr_expect_eq(o.action, OPTIONS_BAD, "%s", bad[i].argument);
		cr_expect_str_eq(o.problem, bad[i].problem, "%s: %s", bad[i].argument, o.problem);
	}
}
