/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf: include with names and patterns, in every context, its limits, and
 * mistakes in the files included. And the option -g, which is one more text.
 */
#include "app/conf.h"
#include "tests/lib/conf_try.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Test(conf_include, a_file_is_read_in_place_of_the_directive)
{
	static const struct conf_try_file more[] = {
		{"main.inc", "worker_processes 3;\ninclude events.inc;\n"},
		{"events.inc", "events { include inner.inc; }"},
		{"inner.inc", "worker_connections 9;"},
		{"mail.inc", "mail { auth_http 127.0.0.1; include server.inc; }"},
		{"server.inc",
		 "server { include listen.inc; }\nserver { listen 26; protocol smtp; }"},
		{"listen.inc", "listen 25;\n# an end without a line end"},
		{NULL, NULL},
	};
	struct conf_error e;
	struct conf *c = conf_try_files("include main.inc;\ninclude mail.inc;", more, &e);

	cr_assert(c, "%s", e.text);
	cr_assert_eq(c->worker.threads, 3);
	cr_assert_eq(c->worker.connections, 9);
	cr_assert_eq(c->n_servers, 2);
	conf_free(c);
}

Test(conf_include, a_pattern_reads_all_that_match_in_order_and_none_is_fine)
{
	static const struct conf_try_file more[] = {
		{"2.srv", "server { listen 587; server_name two; }"},
		{"1.srv", "server { listen 25; server_name one; }"},
		{"3.other", "broken"},
		{NULL, NULL},
	};
	struct conf_error e;
	struct conf *c = conf_try_files("include *.none;\nmail { auth_http 127.0.0.1; include "
					"[1-9].srv; }",
					more, &e);

	cr_assert(c, "%s", e.text);
	cr_assert_eq(c->n_servers, 2);
	cr_assert(str_eq(c->servers[0]->session.front.server_name, STR("one")));
	cr_assert(str_eq(c->servers[1]->session.front.server_name, STR("two")));
	conf_free(c);
}

static const struct {
	const char *text;
	struct conf_try_file more[3];
	const char *error;
} bad[] = {
	{"\ninclude x;",
	 {{NULL, NULL}},
	 "open() \"x\" failed (2: No such file or directory) in c:2"},
	{"include x;", {{"x", "a;\n"}}, "unknown directive \"a\" in x:1"},
	{"include x;",
	 {{"x", "\n\ndaemon maybe;"}},
	 "invalid value \"maybe\" in \"daemon\" directive, it must be \"on\" or \"off\" in x:3"},
	{"mail { include x;", {{"x", "}"}}, "unexpected \"}\" in x:1"},
	{"include x; }",
	 {{"x", "mail {"}},
	 "unexpected end of file, expecting \"}\" in x:1 (the block opened in line 1 is not "
	 "closed)"},
	{"include x", {{"x", ""}}, "unexpected end of file, expecting \";\" or \"}\" in c:1"},
	{"include x { }", {{"x", ""}}, "directive \"include\" is not terminated by \";\" in c:1"},
	{"daemon on; include x;",
	 {{"x", "daemon on;"}},
	 "\"daemon\" directive is duplicate in x:1"},
	{"mail { include x; }",
	 {{"x", "daemon on;"}},
	 "\"daemon\" directive is not allowed here in x:1 (this is mail, it belongs in main)"},
	{"include c;",
	 {{NULL, NULL}},
	 "\"include\" is nested too deeply in c:1 (does a file include itself?)"},
	{"include x;",
	 {{"x", "include y;"}, {"y", "\ninclude x;"}},
	 "\"include\" is nested too deeply in y:2 (does a file include itself?)"},
	{"include *;",
	 {{"x", "include *;"}},
	 "\"include\" is nested too deeply in c:1 (does a file include itself?)"},
	{"include x;",
	 {{"x", "\xff\xfe"}},
	 "unexpected end of file, expecting \";\" or \"}\" in x:1"},
};

Test(conf_include, mistakes_are_told_with_the_file_they_are_in)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct conf_error e;
		struct conf *c = conf_try_files(bad[i].text, bad[i].more, &e);

		cr_expect_null(c, "accepted: %s", bad[i].text);
		if (!c)
			cr_expect_str_eq(e.text, bad[i].error, "%s\n  %s", bad[i].text, e.text);
		conf_free(c);
	}
}

/* Loads a file with no more than a server after these directives. */
static struct conf *load_directives(const char *directives, struct conf_error *e)
{
	char path[] = "/tmp/ringpost-conf-XXXXXX";
	struct options o = {
		.conf = path, .prefix = "/x", .error_log = "e.log", .directives = directives};
	int fd = mkstemp(path);
	struct conf *c;

	cr_assert_geq(fd, 0);
	cr_assert_gt(dprintf(fd, "mail { auth_http 127.0.0.1; server { listen 25; } }"), 0);
	close(fd);
	c = conf_load(&o, e);
	unlink(path);
	return c;
}

Test(conf_include, directives_of_the_command_line_come_first)
{
	struct conf_error e;
	struct conf *c = load_directives("daemon off; pid p;", &e);

	cr_assert(c, "%s", e.text);
	cr_assert(!c->main.daemon);
	cr_assert_str_eq(c->main.pid_path, "/x/p");
	cr_assert_str_eq(c->main.logs.v[0].path, "/x/e.log");
	cr_assert_eq(c->main.logs.v[0].level, LEVEL_ERR);
	conf_free(c);
}

Test(conf_include, mistakes_on_the_command_line_are_told_as_such)
{
	struct conf_error e;

	cr_assert_null(load_directives("demon off;", &e));
	cr_assert_str_eq(e.text,
			 "unknown directive \"demon\" in command line (did you mean \"daemon\"?)");
	cr_assert_null(load_directives("daemon off", &e));
	cr_assert_str_eq(e.text, "unexpected end of parameter, expecting \";\" in command line");
	cr_assert_null(load_directives("events { }", &e));
	cr_assert_str_eq(e.text, "block directives are not supported in -g option in command line");
}
