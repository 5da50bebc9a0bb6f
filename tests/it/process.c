/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real program as a process: start, signals, reload, crash, pid file, daemon, privileges.
 */
#include "tests/lib/certs.h"
#include "tests/lib/program.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void begin(struct program *p)
{
	program_init(p);
	program_configure(p, "", "");
	program_start(p);
}

static pid_t pid_in_file(const struct program *p)
{
	int pid = 0;
	FILE *f = fopen(p->pid_path, "re");

	if (!f)
		return 0;
	if (fscanf(f, "%d", &pid) != 1)
		pid = 0;
	fclose(f);
	return pid;
}

/* The number behind "NAME:" in /proc/PID/status. */
static long status_of(pid_t pid, const char *name)
{
	char path[64], line[256], format[64];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	snprintf(format, sizeof(format), "%s:", name);
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, format, strlen(format)) == 0)
			value = strtol(line + strlen(format), NULL, 10);
	}
	if (f)
		fclose(f);
	return value;
}

Test(process, serves_and_ends_on_term)
{
	struct program p;

	begin(&p);
	close(program_greeted(p.port));
	cr_assert_eq(pid_in_file(&p), p.master);
	program_signal(&p, SIGTERM);
	cr_assert_eq(program_wait(&p), 0);
	cr_assert_eq(program_connect(p.port), -1);
	cr_assert_neq(access(p.pid_path, F_OK), 0);
	cr_assert(program_file_has(p.log, "signal 15 (SIGTERM) received from "));
	cr_assert(program_file_has(p.log, "[notice] "));
	program_done(&p);
}

Test(process, term_ends_sessions_at_once)
{
	struct program p;
	int fd;

	begin(&p);
	fd = program_greeted(p.port);
	program_signal(&p, SIGTERM);
	program_closed(fd);
	cr_assert_eq(program_wait(&p), 0);
	program_done(&p);
}

Test(process, quit_lets_sessions_finish)
{
	struct program p;
	int fd;

	begin(&p);
	fd = program_greeted(p.port);
	program_signal(&p, SIGQUIT);
	program_logged(&p, "(SIGQUIT) received", 1);
	program_refused(p.port);
	program_talk(fd, "NOOP", "250 ");
	program_talk(fd, "QUIT", "221 ");
	program_closed(fd);
	cr_assert_eq(program_wait(&p), 0);
	program_done(&p);
}

Test(process, quit_waits_no_longer_than_worker_shutdown_timeout)
{
	struct program p;
	int fd;

	program_init(&p);
	program_configure(&p, "worker_shutdown_timeout 50ms;", "");
	program_start(&p);
	fd = program_greeted(p.port);
	program_signal(&p, SIGQUIT);
	program_closed(fd);
	cr_assert_eq(program_wait(&p), 0);
	program_done(&p);
}

/* A session of the new worker. The old one may still take clients that come before it has heard
 * that it is to stop. */
static int greeted_as(uint16_t port, const char *greeting)
{
	for (int i = 0; i < 1000; i++) {
		int fd = program_connect(port);
		char text[256] = "";

		cr_assert_gt(recv(fd, text, sizeof(text) - 1, 0), 0);
		if (strncmp(text, greeting, strlen(greeting)) == 0)
			return fd;
		close(fd);
	}
	cr_assert_fail("nobody says \"%s\"", greeting);
	return -1;
}

Test(process, a_reload_changes_the_worker_and_keeps_sessions)
{
	struct program p;
	pid_t before;
	int old, new;

	begin(&p);
	before = program_worker(&p, 0);
	old = program_greeted(p.port);
	program_configure(&p, "", "server_name mx2.example;");
	program_signal(&p, SIGHUP);
	program_logged(&p, "reload is done", 1);
	new = greeted_as(p.port, "220 mx2.example ");
	program_talk(old, "HELO me", "250 mx.example");
	program_talk(old, "QUIT", "221 ");
	program_closed(old);
	program_gone(before);
	cr_assert_neq(program_worker(&p, before), before);
	program_talk(new, "NOOP", "250 ");
	close(new);
	program_done(&p);
}

Test(process, nobody_is_refused_during_reloads)
{
	struct program p;
	const char *done = "reload is done";

	program_init(&p);
	program_configure(&p, "worker_processes 2;", "");
	program_start(&p);
	for (unsigned i = 1; i <= 5; i++) {
		program_signal(&p, SIGHUP);
		do
			close(program_greeted(p.port));
		while (!program_file_has(p.log, done));
		program_logged(&p, done, i);
	}
	program_done(&p);
}

Test(process, a_reload_binds_new_addresses_and_lets_old_ones_go)
{
	struct program p;

	begin(&p);
	cr_assert_eq(program_connect(p.spare_port), -1);
	program_configure_all(&p, "daemon off; pid %D/ringpost.pid; error_log %D/error.log info;\n"
				  "events { }\n"
				  "mail { server_name b; auth_http 127.0.0.1:1/;\n"
				  "	server { listen 127.0.0.1:%S; protocol smtp; } }\n");
	program_signal(&p, SIGHUP);
	program_logged(&p, "reload is done", 1);
	close(program_greeted(p.spare_port));
	cr_assert_eq(program_connect(p.port), -1);
	program_done(&p);
}

Test(process, a_reload_may_change_the_number_of_threads)
{
	static const char *const counts[] = {"worker_processes 3;", "worker_processes 1;",
					     "worker_processes 2;"};
	struct program p;

	begin(&p);
	for (unsigned i = 0; i < 3; i++) {
		program_configure(&p, counts[i], "");
		program_signal(&p, SIGHUP);
		program_logged(&p, "reload is done", i + 1);
		for (unsigned j = 0; j < 20; j++)
			close(program_greeted(p.port));
	}
	program_done(&p);
}

Test(process, a_bad_configuration_changes_nothing)
{
	struct program p;
	pid_t worker;

	begin(&p);
	worker = program_worker(&p, 0);
	program_configure(&p, "", "smtp_auht plain;");
	program_signal(&p, SIGHUP);
	program_logged(&p, "reload failed", 1);
	cr_assert(program_file_has(p.log, "[emerg] "));
	cr_assert(program_file_has(p.log, "smtp_auht"));
	close(program_greeted(p.port));
	cr_assert_eq(program_worker(&p, 0), worker);
	program_configure(&p, "", "");
	program_signal(&p, SIGHUP);
	program_logged(&p, "reload is done", 1);
	close(program_greeted(p.port));
	program_done(&p);
}

Test(process, a_pid_file_that_cannot_be_written_stays_where_it_was)
{
	struct program p;
	char command[300];

	begin(&p);
	snprintf(command, sizeof(command), "sed -i 's#/ringpost.pid;#/nowhere/ringpost.pid;#' '%s'",
		 p.conf);
	cr_assert_eq(system(command), 0);
	program_signal(&p, SIGHUP);
	program_logged(&p, "reload is done", 1);
	cr_assert(program_file_has(p.log, "nowhere/ringpost.pid\" failed"));
	cr_assert_eq(access(p.pid_path, F_OK), 0);
	program_signal(&p, SIGTERM);
	cr_assert_eq(program_wait(&p), 0);
	cr_assert_neq(access(p.pid_path, F_OK), 0);
	program_done(&p);
}

/* tls.pem and tls.key in the folder of the configuration: copies of those, where the key may be
 * that of another. */
static void install(const struct program *p, const char *certificate, const char *key)
{
	char command[1024];
	const char *from = certs_folder();

	cr_assert(from);
	snprintf(command, sizeof(command), "cp %s/%s.pem %s/tls.pem && cp %s/%s.key %s/tls.key",
		 from, certificate, p->dir, from, key, p->dir);
	cr_assert_eq(system(command), 0);
}

static void offers_starttls(const struct program *p)
{
	int client = program_greeted(p->port);

	program_talk(client, "STARTTLS", "220 2.0.0 Start TLS");
	close(client);
}

Test(process, a_certificate_that_does_not_fit_fails_a_reload_only)
{
	struct program p;

	program_init(&p);
	install(&p, "ecdsa", "ecdsa");
	program_configure(&p, "",
			  "starttls on; ssl_certificate tls.pem; ssl_certificate_key "
			  "tls.key;");
	program_start(&p);
	offers_starttls(&p);
	install(&p, "renewed", "ecdsa");
	program_signal(&p, SIGHUP);
	program_logged(&p, "reload failed", 1);
	cr_assert(program_file_has(p.log, "cannot load certificate key \""));
	offers_starttls(&p);
	install(&p, "renewed", "renewed");
	program_signal(&p, SIGHUP);
	program_logged(&p, "reload is done", 1);
	offers_starttls(&p);
	program_done(&p);
}

Test(process, an_address_in_use_fails_a_reload_only)
{
	struct program a, b;

	begin(&a);
	program_init(&b);
	b.spare_port = a.port;
	program_configure(&b, "", "");
	program_start(&b);
	program_configure_all(&b, "daemon off; pid %D/ringpost.pid; error_log %D/error.log info;\n"
				  "events { }\n"
				  "mail { server_name b; auth_http 127.0.0.1:1/;\n"
				  "	server { listen 127.0.0.1:%P; protocol smtp; }\n"
				  "	server { listen 192.0.2.1:%P; protocol smtp; } }\n");
	program_signal(&b, SIGHUP);
	program_logged(&b, "reload failed", 1);
	cr_assert(program_file_has(b.log, "bind() to 192.0.2.1:"));
	close(program_greeted(b.port));
	program_done(&b);
	program_done(&a);
}

Test(process, usr1_reopens_logs_after_a_rename)
{
	struct program p;
	char moved[128];

	begin(&p);
	close(program_greeted(p.port));
	snprintf(moved, sizeof(moved), "%s.1", p.log);
	cr_assert_eq(rename(p.log, moved), 0);
	program_signal(&p, SIGUSR1);
	do
		close(program_greeted(p.port));
	while (!program_file_has(p.log, "*"));
	cr_assert(program_file_has(moved, "(SIGUSR1) received"));
	program_done(&p);
}

Test(process, a_crashed_worker_is_replaced_and_serves)
{
	struct program p;
	pid_t worker;

	begin(&p);
	worker = program_worker(&p, 0);
	for (unsigned i = 0; i < 3; i++) {
		close(program_greeted(p.port));
		cr_assert_eq(kill(worker, SIGABRT), 0);
		worker = program_worker(&p, worker);
	}
	close(program_greeted(p.port));
	program_logged(&p, "exited on signal 6", 3);
	cr_assert(program_file_has(p.log, "[alert] "));
	program_done(&p);
}

Test(process, the_worker_ends_with_its_master)
{
	struct program p;
	pid_t worker;

	begin(&p);
	close(program_greeted(p.port));
	worker = program_worker(&p, 0);
	program_signal(&p, SIGKILL);
	program_wait(&p);
	program_gone(worker);
	program_refused(p.port);
	program_done(&p);
}

Test(process, a_port_in_use_is_named)
{
	struct program a, b;
	char text[2048], expected[128];

	begin(&a);
	program_init(&b);
	b.port = a.port;
	program_configure(&b, "", "");
	cr_assert_eq(program_run(&b, NULL, text, sizeof(text)), 1);
	snprintf(expected, sizeof(expected),
		 "ringpost: [emerg] bind() to 127.0.0.1:%u failed (98: Address already in use)\n",
		 a.port);
	cr_assert(strstr(text, expected), "%s", text);
	cr_assert(strstr(text, "ringpost: [emerg] still could not bind()\n"), "%s", text);
	close(program_greeted(a.port));
	cr_assert_neq(access(b.pid_path, F_OK), 0);
	program_done(&b);
	program_done(&a);
}

Test(process, a_daemon_serves_when_the_command_returns)
{
	struct program p;
	char text[2048];
	pid_t master;

	program_init(&p);
	program_configure(&p, "daemon on;", "");
	cr_assert_eq(program_run(&p, NULL, text, sizeof(text)), 0, "%s", text);
	close(program_greeted(p.port));
	master = pid_in_file(&p);
	cr_assert_gt(master, 1);
	cr_assert_eq(getsid(master), master);
	cr_assert_eq(program_run(&p, (const char *[]){"-s", "reload", NULL}, text, sizeof(text)),
		     0);
	program_logged(&p, "reload is done", 1);
	cr_assert_eq(program_run(&p, (const char *[]){"-s", "quit", NULL}, text, sizeof(text)), 0);
	program_gone(master);
	cr_assert_neq(access(p.pid_path, F_OK), 0);
	program_done(&p);
}

Test(process, winch_stops_a_daemon_accepting_until_a_reload)
{
	struct program p;
	char text[2048];
	pid_t master;
	int fd;

	program_init(&p);
	program_configure(&p, "daemon on;", "");
	cr_assert_eq(program_run(&p, NULL, text, sizeof(text)), 0, "%s", text);
	master = pid_in_file(&p);
	cr_assert_eq(kill(master, SIGWINCH), 0);
	program_logged(&p, "exited with code 0", 1);
	fd = program_connect(p.port); /* waits in the queue */
	cr_assert_eq(kill(master, SIGHUP), 0);
	program_talk(fd, NULL, "220 ");
	close(fd);
	cr_assert_eq(kill(master, SIGTERM), 0);
	program_gone(master);
	program_done(&p);
}

Test(process, a_daemon_that_cannot_start_fails_the_command)
{
	struct program a, b;
	char text[2048];

	begin(&a);
	program_init(&b);
	b.port = a.port;
	program_configure(&b, "daemon on;", "");
	cr_assert_eq(program_run(&b, NULL, text, sizeof(text)), 1);
	cr_assert(strstr(text, "Address already in use"), "%s", text);
	program_configure(&b, "daemon on; error_log /nonexistent/error.log;", "");
	cr_assert_eq(program_run(&b, NULL, text, sizeof(text)), 1);
	cr_assert(strstr(text, "open() \"/nonexistent/error.log\" failed (2: "), "%s", text);
	program_done(&b);
	program_done(&a);
}

Test(process, s_without_a_running_master_fails)
{
	struct program p;
	char text[2048];

	program_init(&p);
	program_configure(&p, "", "");
	cr_assert_eq(program_run(&p, (const char *[]){"-s", "stop", NULL}, text, sizeof(text)), 1);
	cr_assert(strstr(text, p.pid_path), "%s", text);
	program_done(&p);
}

Test(process, master_process_off_is_one_process)
{
	struct program p;

	program_init(&p);
	program_configure(&p, "master_process off; worker_processes 2;", "");
	program_start(&p);
	close(program_greeted(p.port));
	cr_assert_eq(pid_in_file(&p), p.master);
	cr_assert_geq(status_of(p.master, "Threads"), 2);
	program_signal(&p, SIGQUIT);
	cr_assert_eq(program_wait(&p), 0);
	cr_assert_neq(access(p.pid_path, F_OK), 0);
	program_done(&p);
}

Test(process, one_thread_per_worker_processes)
{
	struct program p;
	char path[64], name[16] = "";
	FILE *f;
	pid_t worker;

	program_init(&p);
	program_configure(&p, "worker_processes 3;", "");
	program_start(&p);
	close(program_greeted(p.port));
	worker = program_worker(&p, 0);
	cr_assert_geq(status_of(worker, "Threads"), 3);
	snprintf(path, sizeof(path), "/proc/%d/comm", worker);
	f = fopen(path, "re");
	cr_assert(f && fgets(name, sizeof(name), f));
	fclose(f);
	cr_assert_str_eq(name, "ringpost\n");
	program_done(&p);
}

Test(process, the_worker_gives_up_its_privileges)
{
	struct program p;
	pid_t worker;

	begin(&p);
	close(program_greeted(p.port));
	worker = program_worker(&p, 0);
	cr_assert_eq(status_of(worker, "NoNewPrivs"), 1);
	if (geteuid() == 0) {
		cr_assert_neq(status_of(worker, "Uid"), 0);
		cr_assert_neq(status_of(worker, "Gid"), 0);
	}
	program_done(&p);
}

/* The worker's user may not even look into the folder. */
Test(process, logs_are_reopened_for_a_user_who_may_not)
{
	struct program p;
	char moved[128];

	program_init(&p);
	program_configure(&p, "", "");
	cr_assert_eq(chmod(p.dir, 0700), 0);
	program_start(&p);
	close(program_greeted(p.port));
	snprintf(moved, sizeof(moved), "%s.1", p.log);
	cr_assert_eq(rename(p.log, moved), 0);
	program_signal(&p, SIGUSR1);
	do
		close(program_greeted(p.port));
	while (!program_file_has(p.log, "*"));
	program_done(&p);
}

static int connect_unix(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

Test(process, a_unix_socket_lives_as_long_as_the_master)
{
	struct program p;
	char path[96];
	int fd;

	program_init(&p);
	snprintf(path, sizeof(path), "%s/smtp.sock", p.dir);
	program_configure_all(&p, "daemon off; pid %D/ringpost.pid; error_log %D/error.log info;\n"
				  "worker_processes 2;\n"
				  "events { }\n"
				  "mail { server_name b; auth_http 127.0.0.1:1/;\n"
				  "	server { listen 127.0.0.1:%P; protocol smtp; }\n"
				  "	server { listen unix:%D/smtp.sock; protocol smtp; } }\n");
	program_start(&p);
	fd = connect_unix(path);
	program_talk(fd, NULL, "220 ");
	close(fd);
	program_signal(&p, SIGKILL); /* leaves the file behind */
	program_wait(&p);
	cr_assert_eq(access(path, F_OK), 0);
	while ((fd = connect_unix(path)) >= 0)
		close(fd);
	program_start(&p);
	program_signal(&p, SIGHUP);
	program_logged(&p, "reload is done", 1);
	fd = connect_unix(path);
	program_talk(fd, NULL, "220 ");
	close(fd);
	program_signal(&p, SIGTERM);
	cr_assert_eq(program_wait(&p), 0);
	cr_assert_neq(access(path, F_OK), 0);
	program_done(&p);
}

/* A connection wakes one accept only; a reload must not lose it between two worker processes. */
Test(process, a_lone_client_after_a_reload_is_greeted)
{
	struct program p;

	program_init(&p);
	program_configure(&p, "worker_processes 2;", "");
	program_start(&p);
	for (unsigned i = 1; i <= 20; i++) {
		program_signal(&p, SIGHUP);
		program_logged(&p, "reload is done", i);
		close(program_greeted(p.port));
	}
	program_done(&p);
}
