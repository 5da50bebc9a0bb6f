/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/command: what the short commands print and return, above all -t and -s, run
 * on files in a temporary folder.
 */
#include "app/command.h"
#include "tests/lib/certs.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Made by folder_open: the folder, and options that name the file "c" in it. */
static char folder[64];
static struct options options;

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "we");

	cr_assert(f);
	fputs(text, f);
	fclose(f);
}

static void folder_open(void)
{
	snprintf(folder, sizeof(folder), "/tmp/ringpost-command-XXXXXX");
	cr_assert(mkdtemp(folder));
	options = (struct options){.conf = "c", .prefix = folder, .error_log = "log"};
	cr_redirect_stderr();
	cr_redirect_stdout();
}

static void folder_close(void)
{
	static const char *const names[] = {"c", "pid", "log"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i]));
	rmdir(folder);
}

/* The lines about limits taken out, which every system has others of; how many there were. */
static unsigned take_out_limits(char *text)
{
	unsigned n = 0;

	for (char *p = strstr(text, ": found "); p; p = strstr(text, ": found ")) {
		char *end = strchr(p, '\n') + 1;

		while (p > text && p[-1] != '\n')
			p--;
		memmove(p, end, strlen(end) + 1);
		n++;
	}
	return n;
}

/* What was written to standard error, with the folder's name taken out. */
static char *said(void)
{
	static char text[4096];
	FILE *f = cr_get_redirected_stderr();
	size_t n;

	fflush(stderr);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	for (char *p = strstr(text, folder); p; p = strstr(p, folder))
		memmove(p, p + strlen(folder) + 1, strlen(p + strlen(folder) + 1) + 1);
	return text;
}

static const char good[] = "pid pid;\nlock_file A;\nmail { auth_http 127.0.0.1:9;\n"
			   "server { listen 127.0.0.1:25; } }\n";

TestSuite(command, .init = folder_open, .fini = folder_close);

Test(command, run_is_left_to_the_caller)
{
	cr_assert_eq(command_perform(&options), COMMAND_SERVE);
}

Test(command, a_good_configuration_is_told_so)
{
	char *text;

	options.action = OPTIONS_TEST;
	write_file("c", "pid pid;\nlock_file A;\nmail { auth_http 127.0.0.1:9;\n"
			"server { protocol smtp; listen 127.0.0.1:2525; } }\n");
	cr_assert_eq(command_perform(&options), 0);
	text = said();
	cr_assert(strstr(text, "file descriptors (RLIMIT_NOFILE): found "), "%s", text);
	cr_assert_geq(take_out_limits(text), 3);
	cr_assert_str_eq(text, "ringpost: [notice] \"lock_file\" has no effect in c:2\n"
			       "ringpost: the configuration file c syntax is ok\n"
			       "ringpost: configuration file c test is successful\n");
	cr_assert_neq(access(path_of("log"), F_OK), 0);
	cr_assert_neq(access(path_of("pid"), F_OK), 0);
}

Test(command, q_leaves_out_notices)
{
	options.action = OPTIONS_TEST;
	options.quiet = true;
	write_file("c", "pid pid;\nlock_file A;\nmail { auth_http 127.0.0.1:9;\n"
			"server { protocol smtp; listen unix:/tmp/x; } }\n");
	cr_assert_eq(command_perform(&options), 0);
	cr_assert_str_eq(said(), "");
}

Test(command, q_leaves_warnings_about_the_configuration)
{
	options.action = OPTIONS_TEST;
	options.quiet = true;
	write_file("c", "pid pid;\nlock_file A;\nmail { auth_http 127.0.0.1:9;\nproxy on;\n"
			"server { protocol smtp; listen unix:/tmp/x; } }\n");
	cr_assert_eq(command_perform(&options), 0);
	cr_assert_str_eq(said(), "ringpost: [warn] the \"proxy\" directive has no effect any more: "
				 "mail is always proxied in c:4\n");
}

Test(command, a_bad_configuration_fails_the_test)
{
	options.action = OPTIONS_TEST;
	options.quiet = true;
	write_file("c", "\nlisten 25;");
	cr_assert_eq(command_perform(&options), 1);
	cr_assert_str_eq(said(),
			 "ringpost: [emerg] \"listen\" directive is not allowed here in c:2 "
			 "(this is main, it belongs in server)\n"
			 "ringpost: configuration file c test failed\n");
}

/* What was written to standard output, with the folder's name taken out. */
static const char *shown(void)
{
	static char text[8192];
	FILE *f = cr_get_redirected_stdout();
	size_t n;

	fflush(stdout);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	for (char *p = strstr(text, folder); p; p = strstr(p, folder))
		memmove(p, p + strlen(folder) + 1, strlen(p + strlen(folder) + 1) + 1);
	return text;
}

Test(command, what_has_been_read_is_shown_each_file_once)
{
	options.action = OPTIONS_DUMP;
	options.quiet = true;
	write_file("c", "pid pid;\nmail {\nserver { listen unix:/tmp/x; include log; }\n"
			"server { listen unix:/tmp/y; include log; } }");
	write_file("log", "protocol smtp; auth_http 127.0.0.1:9;\n");
	cr_assert_eq(command_perform(&options), 0);
	cr_assert_str_eq(shown(), "# configuration file c:\npid pid;\nmail {\n"
				  "server { listen unix:/tmp/x; include log; }\n"
				  "server { listen unix:/tmp/y; include log; } }\n"
				  "# configuration file log:\n"
				  "protocol smtp; auth_http 127.0.0.1:9;\n\n");
	cr_assert_str_eq(said(), "");
}

Test(command, what_has_been_read_is_shown_as_json)
{
	const char *text;

	options.action = OPTIONS_DUMP;
	options.quiet = options.json = true;
	write_file("c", "pid pid;\nmail { auth_http 127.0.0.1:9;\n"
			"server { listen unix:/tmp/x; protocol smtp; } }");
	cr_assert_eq(command_perform(&options), 0);
	text = shown();
	cr_expect_eq(text[0], '{');
	cr_expect(strstr(text, "\"protocol\": \"smtp\""));
	cr_expect_not(strstr(text, "# configuration file"));
	cr_assert_str_eq(said(), "");
}

Test(command, the_ciphers_of_each_server_are_shown)
{
	const char *certs = certs_folder();
	char text[1024];

	cr_assert(certs);
	options.action = OPTIONS_DUMP;
	options.quiet = true;
	snprintf(text, sizeof(text),
		 "pid pid; mail { auth_http 127.0.0.1:9; ssl_certificate "
		 "%s/rsa.pem;\nssl_certificate_key %s/rsa.key;\n"
		 "server { listen unix:/tmp/x ssl; listen unix:/tmp/y; protocol "
		 "imap;\nssl_protocols TLSv1.2;"
		 "ssl_ciphers ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256; } }",
		 certs, certs);
	write_file("c", text);
	cr_assert_eq(command_perform(&options), 0);
	cr_assert(strstr(shown(), "\n# server unix:/tmp/x unix:/tmp/y ciphers: "
				  "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256\n"));
}

Test(command, what_is_wrong_is_not_shown)
{
	options.action = OPTIONS_DUMP;
	write_file("c", "\nlisten 25;");
	cr_assert_eq(command_perform(&options), 1);
	cr_assert_str_eq(shown(), "");
}

static const struct {
	const char *text, *error;
} around[] = {
	{"error_log /nowhere/x; pid pid;",
	 "open() \"/nowhere/x\" failed (2: No such file or directory)"},
	{"pid /nowhere/pid;", "open() \"/nowhere/pid\" failed (2: No such file or directory)"},
	{"pid pid; working_directory /nowhere;",
	 "chdir() \"/nowhere\" failed (2: No such file or directory)"},
};

Test(command, what_the_configuration_needs_is_tried)
{
	options.action = OPTIONS_TEST;
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
			 "%s mail { auth_http 127.0.0.1:9; server { listen 127.0.0.1:2525; "
			 "protocol smtp; } }",
			 around[i].text);
		write_file("c", text);
		cr_expect_eq(command_perform(&options), 1);
		cr_expect(strstr(said(), around[i].error), "%s", around[i].error);
	}
}

Test(command, an_address_that_is_not_ours_fails_the_test)
{
	options.action = OPTIONS_TEST;
	write_file("c", "pid pid; mail { auth_http 127.0.0.1:9; server { listen 192.0.2.1:25; } }");
	cr_assert_eq(command_perform(&options), 1);
	cr_assert(strstr(said(), "[emerg] bind() to 192.0.2.1:25 failed (99: Cannot assign"));
}

Test(command, a_signal_goes_to_the_process_of_the_pid_file)
{
	char pid[32];

	signal(SIGUSR1, SIG_IGN);
	options.action = OPTIONS_SIGNAL;
	options.signal_number = SIGUSR1;
	write_file("c", good);
	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	write_file("pid", pid);
	cr_assert_eq(command_perform(&options), 0, "%s", said());
	write_file("pid", "no number\n");
	cr_assert_eq(command_perform(&options), 1);
	cr_assert(strstr(said(), "ringpost: [error] invalid PID number \"no number\" in \"pid\""));
	unlink(path_of("pid"));
	cr_assert_eq(command_perform(&options), 1);
	cr_assert(strstr(said(), "ringpost: [error] open() \"pid\" failed (2: No such file"));
}

Test(command, versions_help_and_manual_are_printed)
{
	const char *text;

	options.action = OPTIONS_VERSION;
	cr_assert_eq(command_perform(&options), 0);
	cr_assert_str_eq(said(), "ringpost version: ringpost/" RINGPOST_VERSION "\n");
	options.action = OPTIONS_VERSION_LONG;
	cr_assert_eq(command_perform(&options), 0);
	text = said();
	cr_assert(strstr(text, "\nrunning with wolfSSL 5."));
	cr_assert(strstr(text, "\nrunning with c-ares 1."));
	cr_assert(strstr(text, "--with-mail"));
	options.action = OPTIONS_HELP;
	cr_assert_eq(command_perform(&options), 0);
	cr_assert(strstr(said(), "-t            : test configuration and exit\n"));
	options.action = OPTIONS_MAN;
	cr_assert_eq(command_perform(&options), 0);
	options.action = OPTIONS_BAD;
	snprintf(options.problem, sizeof(options.problem), "invalid option: \"-x\"");
	cr_assert_eq(command_perform(&options), 1);
	cr_assert_str_eq(said(), "ringpost: invalid option: \"-x\"\n");
}
