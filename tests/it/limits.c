/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the system allows: io_uring forbidden, the seccomp profile that we ship, too few
 * descriptors, too little memory. Each is told in one sentence, by -t and at start.
 */
#include "tests/it/lib/confine.h"
#include "tests/it/lib/place.h"
#include "tests/it/lib/secure.h"
#include "tests/it/lib/talk.h"
#include "tests/lib/program.h"

#include <criterion/criterion.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(it_limits, .timeout = 120, .fini = place_fini);

/* A sanitizer makes calls of its own, and takes all address space. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WATCHED 1
#endif
#endif
#ifndef WATCHED
#define WATCHED 0
#endif

#define TEST_ONLY        ((const char *const[]){"-t", NULL})
#define TEST_QUIET       ((const char *const[]){"-t", "-q", NULL})
#define SAYS(text, part) cr_assert(strstr((text), (part)), "%s", (text))

static void configured(struct program *p, void (*before)(void), const char *main)
{
	if (place_is_nginx())
		cr_skip("nginx has no ring");
	program_init(p);
	p->before = before;
	program_configure(p, main, "");
}

/* ---- io_uring ---- */

static void says_remedy(const char *text, const char *call)
{
	char start[160];

	snprintf(start, sizeof(start),
		 "[emerg] io_uring cannot be used: %s() failed (1: Operation not permitted): a "
		 "seccomp filter forbids it: ",
		 call);
	if (!strstr(text, start)) /* the log has process numbers before its message */
		SAYS(text, strstr(start, "io_uring"));
	SAYS(text, "docker run --security-opt seccomp=seccomp-ringpost.json ");
	SAYS(text, "seccompProfile: {type: Localhost, localhostProfile: seccomp-ringpost.json}");
}

static void is_refused(void (*before)(void), const char *call)
{
	static char text[16384];
	struct program p;

	configured(&p, before, "");
	cr_assert_eq(program_run(&p, TEST_ONLY, text, sizeof(text)), 1);
	says_remedy(text, call);
	SAYS(text, "ringpost.conf test failed\n");
	cr_assert_eq(program_run(&p, TEST_QUIET, text, sizeof(text)), 1);
	says_remedy(text, call);
	cr_assert_eq(program_run(&p, NULL, text, sizeof(text)), 1);
	says_remedy(text, call);
	cr_assert(program_file_has(p.log, "[emerg] "));
	cr_assert(program_file_has(p.log, "--security-opt seccomp="));
	program_configure(&p, "daemon on;", "");
	cr_assert_eq(program_run(&p, NULL, text, sizeof(text)), 1);
	says_remedy(text, call);
	program_configure(&p, "master_process off;", "");
	cr_assert_eq(program_run(&p, NULL, text, sizeof(text)), 1);
	says_remedy(text, call);
	cr_assert_eq(program_connect(p.port), -1);
	program_done(&p);
}

Test(it_limits, a_container_that_forbids_rings)
{
	is_refused(confine_no_setup, "io_uring_setup");
}

Test(it_limits, a_container_that_forbids_to_enter_them)
{
	is_refused(confine_no_enter, "io_uring_enter");
}

/* ---- our profile ---- */

Test(it_limits, the_profile_is_a_filter)
{
	const char *wrong = confine_check_profile();

	cr_assert_null(wrong, "%s", wrong);
}

static void serves_mail(struct place *p)
{
	char to[32];
	const char *argv[] = {"smtp-source", "-s", "4",           "-m", "8", "-l",
			      "1000000",     "-M", "client.test", to,   NULL};

	snprintf(to, sizeof(to), "127.0.0.1:%u", p->none);
	setenv("PATH", "/usr/sbin:/usr/bin:/bin:/sbin:/usr/local/bin", 1);
	cr_assert_eq(place_run(p, "smtp-source", argv), 0, "%s", place_read(p, "smtp-source.err"));
}

/* Large messages, a login, logs to a syslog server, names that a resolver does not find, an address
 * of our own to dial from, reopened logs, a reload. */
Test(it_limits, mail_is_served_under_the_profile)
{
	struct place *p;
	struct talk t;

	if (place_is_nginx() || WATCHED)
		cr_skip("the profile is ringpost's, without a sanitizer");
	p = place_new();
	p->before = confine_profile;
	place_sink(p, (const char *const[]){"--verify-source", "1000000", NULL});
	place_authd(p, "{\"users\": {\"alice\": {\"password\": \"secret\"}}}", NULL);
	place_proxy(p, &(struct place_conf){.workers = 2,
					    .mail = "error_log syslog:server=127.0.0.1:9 info;"
						    "error_log proxy.log info;"
						    "proxy_bind 127.0.0.2;"
						    "resolver 127.0.0.1:9;"
						    "resolver_timeout 100ms;"});
	serves_mail(p);
	cr_assert_eq(place_await_sink(p, "intact", 8), 8);
	place_await_log(p, ".*could not be resolved \\(.*");
	cr_assert_eq(kill(p->proxy, SIGUSR1), 0);
	cr_assert_eq(kill(p->proxy, SIGHUP), 0);
	place_await_log(p, ".*exited with code 0");
	serves_mail(p);
	cr_assert_eq(place_await_sink(p, "intact", 16), 16);
	talk_login(&t, p->login);
	talk_close(&t);
	place_end(p, false);
}

Test(it_limits, tls_is_spoken_under_the_profile)
{
	struct secure s;

	if (place_is_nginx() || WATCHED)
		cr_skip("the profile is ringpost's, without a sanitizer");
	secure_begin(&s, NULL);
	s.place->before = confine_profile;
	secure_proxy(&s, &(struct secure_conf){.workers = 2});
	SECURE_PYTHON(&s, "tls_front.py", "starttls");
	place_end(s.place, false);
}

Test(it_limits, every_other_option_works_under_the_profile)
{
	static char text[16384];
	struct program p;

	if (WATCHED)
		cr_skip("the profile is ringpost's, without a sanitizer");
	configured(&p, confine_profile, "daemon on;");
	cr_assert_eq(program_run(&p, TEST_ONLY, text, sizeof(text)), 0, "%s", text);
	cr_assert_eq(program_run(&p, (const char *[]){"-V", NULL}, text, sizeof(text)), 0);
	SAYS(text, "io_uring can be used");
	cr_assert_eq(program_run(&p, NULL, text, sizeof(text)), 0, "%s", text);
	close(program_greeted(p.port));
	cr_assert_eq(program_run(&p, (const char *[]){"-s", "quit", NULL}, text, sizeof(text)), 0);
	program_refused(p.port);
	program_done(&p);
}

/* ---- too little of something ---- */

/* -t says that it is too low, and what to do; it is no reason to fail. */
static void is_too_low(struct program *p, const char *row, const char *remedy)
{
	static char text[16384];
	char *line, *end;

	cr_assert_eq(program_run(p, TEST_ONLY, text, sizeof(text)), 0, "%s", text);
	line = strstr(text, row);
	cr_assert(line, "no \"%s\" in:\n%s", row, text);
	end = strchr(line, '\n');
	*end = '\0';
	SAYS(line, ": too low: ");
	SAYS(line, remedy);
	cr_assert_eq(program_run(p, TEST_QUIET, text, sizeof(text)), 0, "%s", text);
	cr_assert_str_empty(text);
}

Test(it_limits, few_descriptors)
{
	struct program p;

	configured(&p, confine_few_files, "");
	is_too_low(&p, "[warn] file descriptors (RLIMIT_NOFILE): found 64, needed ",
		   "; or lower worker_connections");
	program_start(&p);
	close(program_greeted(p.port));
	program_logged(&p, "file descriptors (RLIMIT_NOFILE): found 64, needed ", 1);
	program_done(&p);
}

Test(it_limits, no_descriptors)
{
	static char text[4096];
	struct program p;

	configured(&p, confine_no_files, "worker_processes 4;");
	cr_assert_eq(program_run(&p, NULL, text, sizeof(text)), 1, "%s", text);
	SAYS(text, "[emerg] ");
	SAYS(text, "(24: Too many open files)");
	program_done(&p);
}

/* Locked memory counts by user: one that serves nothing else here. Root needs no such limit. */
static void configured_as_other(struct program *p, void (*before)(void))
{
	if (getuid() != 0 || !getpwnam("games"))
		cr_skip("another user is needed");
	configured(p, before, "user games;");
}

Test(it_limits, little_locked_memory)
{
	struct program p;

	configured_as_other(&p, confine_little_locked);
	is_too_low(&p, "[warn] locked memory (RLIMIT_MEMLOCK): found 64 KiB, needed 448 KiB",
		   "; or lower ring_entries");
	program_start(&p);
	close(program_greeted(p.port));
	program_logged(&p, "locked memory (RLIMIT_MEMLOCK): found 64 KiB, needed 448 KiB", 1);
	program_done(&p);
}

/* Where rings count as locked memory: not in every kernel. */
Test(it_limits, no_locked_memory)
{
	static char text[16384];
	struct program p;

	configured_as_other(&p, confine_no_locked);
	if (program_run(&p, TEST_ONLY, text, sizeof(text)) == 0)
		cr_skip("rings are not counted here");
	SAYS(text, "[emerg] io_uring cannot be used: io_uring_setup() failed (12: Cannot allocate "
		   "memory): the limit of locked memory of this user is too low: ");
	cr_assert_eq(program_run(&p, NULL, text, sizeof(text)), 1, "%s", text);
	SAYS(text, "the limit of locked memory of this user is too low: run ulimit -l unlimited");
	program_done(&p);
}

Test(it_limits, little_address_space)
{
	static char text[4096];
	struct program p;

	if (WATCHED)
		cr_skip("a sanitizer takes all address space");
	configured(&p, confine_little_space, "");
	is_too_low(&p, "[warn] address space (RLIMIT_AS): found 95 MiB, needed ", "");
	program_configure_all(&p, "daemon off; pid %D/ringpost.pid; error_log %D/error.log;\n"
				  "events { worker_connections 5000; }\n"
				  "mail { server_name b; auth_http 127.0.0.1:1/;\n"
				  "	server { listen 127.0.0.1:%P; protocol smtp; } }\n");
	cr_assert_eq(program_run(&p, NULL, text, sizeof(text)), 1, "%s", text);
	SAYS(text, "[emerg] thread 0: ");
	SAYS(text, " bytes of memory cannot be had: lower worker_connections or the buffer sizes");
	program_done(&p);
}

Test(it_limits, what_the_configuration_asks_for_decides)
{
	struct program p;

	configured(&p, NULL, "");
	program_configure_all(&p, "daemon off; pid %D/ringpost.pid; error_log %D/error.log info;\n"
				  "worker_processes 2; events { worker_connections 40000; }\n"
				  "mail { server_name b; auth_http 127.0.0.1:1/;\n"
				  "	server { listen 127.0.0.1:%P backlog=1000000;\n"
				  "		protocol smtp; } }\n");
	is_too_low(&p, "[warn] accept queue of 127.0.0.1:", "net.core.somaxconn=1000000");
	is_too_low(&p, "[warn] local ports towards one mail server from 1 address (",
		   "name 2 addresses of this machine in proxy_bind");
	program_done(&p);
}
