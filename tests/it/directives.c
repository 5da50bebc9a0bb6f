/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directives whose effect is a matter of the whole program and of no other suite: what the worker
 * process may use and where it stands, and configurations as they were written years ago.
 */
#include "tests/it/lib/dovecot.h"
#include "tests/it/lib/secure.h"
#include "tests/it/lib/talk.h"
#include "tests/lib/certs.h"
#include "tests/lib/port.h"
#include "tests/lib/program.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(it_directives, .timeout = 60, .fini = place_fini);

/* The soft limit of that name in /proc/PID/limits. */
static unsigned long limit_of(pid_t pid, const char *name)
{
	char path[64], line[256];
	unsigned long value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	f = fopen(path, "re");
	cr_assert(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			sscanf(line + strlen(name), "%lu", &value);
	fclose(f);
	return value;
}

Test(it_directives, limits_and_folder_of_the_worker)
{
	char link[64], folder[PATH_MAX] = "";
	struct program p;
	pid_t worker;

	program_init(&p);
	program_configure(&p,
			  "worker_rlimit_nofile 777; worker_rlimit_core 3m;"
			  " working_directory %D;",
			  "");
	program_start(&p);
	close(program_greeted(p.port)); /* by then it is what it shall be */
	worker = program_worker(&p, 0);
	cr_expect_eq(limit_of(worker, "Max open files"), 777);
	cr_expect_eq(limit_of(worker, "Max core file size"), 3 << 20);
	snprintf(link, sizeof(link), "/proc/%d/cwd", (int)worker);
	cr_assert_gt(readlink(link, folder, sizeof(folder) - 1), 0);
	cr_expect_str_eq(folder, p.dir);
	program_done(&p);
}

/* --- a configuration of long ago -----------------------------------------------------------------
 */

/* What of the file stands for what of the test. */
struct swap {
	const char *from;
	char to[256];
};

static void write_older(struct place *p, const struct swap *swaps, size_t n)
{
	char path[256], line[512];
	FILE *from = fopen("tests/it/older.conf", "re"), *to;

	snprintf(path, sizeof(path), "%s/older.conf", p->dir);
	to = fopen(path, "we");
	cr_assert(from && to);
	while (fgets(line, sizeof(line), from)) {
		const char *at = NULL;
		size_t i = 0;

		while (i < n && !(at = strstr(line, swaps[i].from)))
			i++;
		if (at)
			fprintf(to, "%.*s%s%s", (int)(at - line), line, swaps[i].to,
				at + strlen(swaps[i].from));
		else
			fputs(line, to);
	}
	fclose(from);
	cr_assert_eq(fclose(to), 0);
}

static void configure_older(struct secure *s, uint16_t relay)
{
	struct swap swaps[10] = {{"localhost:9000", ""}, {"cert.pem", ""}, {"cert.key", ""}};
	const struct {
		const char *from;
		uint16_t port;
	} ports[] = {{"25;", relay},     {"465;", s->smtps}, {"587;", s->smtp}, {"110;", s->pop3},
		     {"995;", s->pop3s}, {"143;", s->imap},  {"993;", s->imaps}};

	snprintf(swaps[0].to, sizeof(swaps[0].to), "%s", s->place->authd_at);
	snprintf(swaps[1].to, sizeof(swaps[1].to), "%s/rsa.pem", certs_folder());
	snprintf(swaps[2].to, sizeof(swaps[2].to), "%s/rsa.key", certs_folder());
	for (size_t i = 0; i < 7; i++) {
		swaps[3 + i].from = ports[i].from;
		snprintf(swaps[3 + i].to, sizeof(swaps[3 + i].to), "127.0.0.1:%u;", ports[i].port);
	}
	write_older(s->place, swaps, 10);
}

/* So many lines of the log or of what -t prints, and no other warning. */
static const struct {
	const char *text;
	unsigned times;
} told[] = {
	{"[notice] \"multi_accept\" has no effect in ", 1},
	{"[notice] \"http\" block is skipped, it is for NGINX to serve in ", 1},
	{"[warn] the \"proxy\" directive has no effect any more", 1},
	{"[warn] \"timeout 1200000\" is 333 hours", 1},
	{"[warn] \"timeout 120000\" is 33 hours", 1},
	{"[warn] \"SSLv3\" of \"ssl_protocols\" does not exist here", 1},
	{"[warn] \"ssl_protocols\" has nothing newer than \"TLSv1\"", 1},
	{"[warn] the \"ssl\" directive is deprecated", 3},
};
enum { WARNINGS = 8 };

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
		n++;
	return n;
}

static void expect_told(struct place *p, const char *program)
{
	const char *argv[] = {program, "-t", "-p", p->dir, "-c", "older.conf", NULL};
	const char *text;

	cr_assert_eq(place_run(p, "test", argv), 0, "%s", place_read(p, "test.err"));
	text = place_read(p, "test.err");
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		cr_expect_eq(count(text, told[i].text), told[i].times, "not %u times %s:\n%s",
			     told[i].times, told[i].text, text);
	/* and without root "user" is ignored */
	cr_expect_eq(count(text, "[warn] the \"user\" directive makes sense only"), getuid() != 0);
	cr_expect_eq(count(text, "[warn] "), WARNINGS + (getuid() != 0), "%s", text);
}

static void start_older(struct secure *s, uint16_t relay)
{
	const char *build = getenv("BUILD");
	char program[256];
	const char *argv[] = {program,      "-p", s->place->dir, "-c",
			      "older.conf", "-g", "daemon off;", NULL};
	uint64_t began = place_now_ms();
	struct talk t;

	snprintf(program, sizeof(program), "%s/ringpost", build ? build : "build/release");
	expect_told(s->place, program);
	s->place->proxy = place_start(s->place, "proxy", argv);
	while (talk_try(&t, relay) < 0) {
		cr_assert(place_now_ms() - began < 10000, "%s", place_read(s->place, "proxy.err"));
		place_pause();
	}
	talk_expect(&t, "220 mail.example.com ESMTP ready");
	talk_say(&t, "EHLO client.test", "250");
	talk_say(&t, "AUTH PLAIN AGFsaWNlAHNlY3JldA==", "235");
	talk_close(&t);
}

Test(it_directives, an_older_configuration_serves)
{
	uint16_t relay = port_free();
	struct dovecot d = {.identity = NULL};
	struct secure s;
	char users[512];

	if (place_is_nginx())
		cr_skip("nginx has no SSLv3 any more and says less");
	if (!dovecot_is_known())
		cr_skip("Dovecot is not 2.3, which these tests configure");
	secure_begin(&s, NULL);
	dovecot_start(s.place, &d);
	snprintf(users, sizeof(users),
		 "{\"imap\": {\"server\": \"127.0.0.1\", \"port\": %u},"
		 " \"pop3\": {\"server\": \"127.0.0.1\", \"port\": %u},"
		 " \"users\": {\"alice\": {\"password\": \"secret\", \"login\": \"alice@inside\","
		 " \"backend_password\": \"%s\"}}}",
		 d.imap, d.pop3, DOVECOT_PASSWORD);
	place_authd(s.place, users, NULL);
	configure_older(&s, relay);
	start_older(&s, relay);
	SECURE_PYTHON(&s, "tls_mail.py", "clients");
	cr_assert_eq(place_await_sink(s.place, "messages", 6), 6);
	place_end(s.place, false);
}
