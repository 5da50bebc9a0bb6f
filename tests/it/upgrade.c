/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The binary is changed in flight: USR2, WINCH, QUIT, and all the ways back.
 *
 * A new master is nobody's child once the old one has gone: this process takes it in.
 */
#include "tests/lib/program.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One per test process. */
static struct program p;

static void pause_briefly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static pid_t pid_in(const char *ending)
{
	char path[128];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", p.pid_path, ending);
	f = fopen(path, "re");
	if (f && fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		fclose(f);
	return pid;
}

static void fini(void)
{
	static const char *const endings[] = {"", ".oldbin"};

	for (int i = 0; i < 2; i++) {
		if (pid_in(endings[i]) > 0)
			kill(pid_in(endings[i]), SIGKILL);
	}
}

TestSuite(it_upgrade, .fini = fini);

/* With a binary of its own, that a test can replace. */
static void prepare(const char *main, const char *server)
{
	char command[600], from[256];

	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	program_init(&p);
	memcpy(from, p.binary, sizeof(from));
	snprintf(p.binary, sizeof(p.binary), "%s/ringpost", p.dir);
	snprintf(command, sizeof(command), "cp '%s' '%s'", from, p.binary);
	cr_assert_eq(system(command), 0);
	program_configure(&p, main, server);
}

static void begin(const char *main, const char *server)
{
	prepare(main, server);
	program_start(&p);
}

/* The command ends when the daemon serves. */
static void begin_daemon(void)
{
	char text[2048];

	prepare("daemon on;", "");
	cr_assert_eq(program_run(&p, NULL, text, sizeof(text)), 0, "%s", text);
	p.master = pid_in("");
}

/* USR2 to the master; returns the new one when its pid file is there. */
static pid_t start_new(void)
{
	pid_t old = p.master;

	cr_assert_eq(kill(old, SIGUSR2), 0);
	for (int i = 0; i < 10000; i++) {
		pid_t now = pid_in("");

		if (now && now != old && pid_in(".oldbin") == old)
			return now;
		pause_briefly();
	}
	cr_assert_fail("there is no new master");
	return 0;
}

/* Whose pid file it is, in the end. */
static void await_pid(pid_t pid, const char *ending)
{
	for (int i = 0; i < 10000 && pid_in(ending) != pid; i++)
		pause_briefly();
	cr_assert_eq(pid_in(ending), pid, "\"%s\" does not name %d", ending, pid);
}

/* A connection that is greeted so; others are let go. As long as two masters accept on a socket, it
 * may well be the same one each time. */
static int greeted_as(const char *name)
{
	char want[64];

	snprintf(want, sizeof(want), "220 %s ", name);
	for (int i = 0; i < 2000; i++) {
		int fd = program_connect(p.port);
		char text[256] = "";

		cr_assert_geq(fd, 0);
		cr_assert_gt(recv(fd, text, sizeof(text) - 1, 0), 0);
		if (strncmp(text, want, strlen(want)) == 0)
			return fd;
		close(fd);
		pause_briefly();
	}
	cr_assert_fail("nobody says \"%s\"", want);
	return -1;
}

/* All of so many are. */
static void all_greeted_as(const char *name, int n)
{
	char want[64];

	snprintf(want, sizeof(want), "220 %s ", name);
	for (int i = 0; i < n; i++) {
		int fd = program_connect(p.port);

		program_talk(fd, NULL, want);
		close(fd);
	}
}

static void master_ends(int signal)
{
	program_signal(&p, signal);
	cr_assert_eq(program_wait(&p), 0);
}

Test(it_upgrade, the_whole_dance)
{
	pid_t old, new;
	int before, paused;

	begin("worker_processes 2;", "");
	old = p.master;
	before = program_greeted(p.port);
	program_configure(&p, "worker_processes 2;", "server_name mx2.example;");
	new = start_new();
	program_signal(&p, SIGWINCH);
	program_logged(&p, "(SIGWINCH) received from ", 1);
	program_logged(&p, "gracefully shutting down", 1);
	paused = greeted_as("mx2.example");
	program_talk(before, "HELO me", "250 mx.example");
	program_talk(before, "QUIT", "221 ");
	program_closed(before);
	program_logged(&p, "exited with code 0", 1);
	all_greeted_as("mx2.example", 40);
	master_ends(SIGQUIT);
	cr_assert_eq(pid_in(".oldbin"), 0);
	cr_assert_eq(pid_in(""), new);
	program_talk(paused, "NOOP", "250 ");
	close(paused);
	p.master = new;
	/* And once more, now that it has the place to itself. */
	old = new;
	new = start_new();
	cr_assert_neq(new, old);
	master_ends(SIGQUIT);
	p.master = new;
	all_greeted_as("mx2.example", 40);
	cr_assert(program_file_has(p.log, "changing binary"));
	cr_assert(program_file_has(p.log, "start new binary process "));
	cr_assert(program_file_has(p.log, "using inherited sockets from \""));
	program_done(&p);
}

Test(it_upgrade, back_with_hup_and_quit)
{
	pid_t old, new;
	int fd;

	begin("", "");
	old = p.master;
	program_configure(&p, "", "server_name mx2.example;");
	new = start_new();
	program_signal(&p, SIGWINCH);
	program_logged(&p, "exited with code 0", 1);
	fd = greeted_as("mx2.example");
	program_signal(&p, SIGHUP); /* reads nothing: the file is the new one's */
	program_logged(&p, "start worker process ", 3);
	cr_assert_eq(kill(new, SIGQUIT), 0);
	program_logged(&p, "gracefully shutting down", 2);
	close(greeted_as("mx.example"));
	program_talk(fd, "QUIT", "221 ");
	program_closed(fd);
	await_pid(old, "");
	cr_assert_eq(pid_in(".oldbin"), 0);
	program_logged(&p, "new binary process", 2);
	all_greeted_as("mx.example", 40);
	program_signal(&p, SIGHUP);
	program_logged(&p, "reload is done", 1);
	close(greeted_as("mx2.example"));
	program_done(&p);
}

Test(it_upgrade, the_end_of_the_new_one_wakes_the_old_one)
{
	static const int signals[] = {SIGTERM, SIGKILL};

	for (int i = 0; i < 2; i++) {
		pid_t old, new;
		int waits;

		begin("", "");
		old = p.master;
		program_configure(&p, "", "server_name mx2.example;");
		new = start_new();
		program_signal(&p, SIGWINCH);
		program_logged(&p, "exited with code 0", 1);
		close(greeted_as("mx2.example"));
		cr_assert_eq(kill(new, signals[i]), 0);
		await_pid(old, "");
		waits = program_connect(p.port);
		program_talk(waits, NULL, "220 ");
		close(waits);
		close(greeted_as("mx.example"));
		cr_assert_eq(pid_in(".oldbin"), 0);
		program_done(&p);
	}
}

Test(it_upgrade, the_old_one_may_be_killed)
{
	pid_t new;
	int status;

	begin("", "");
	new = start_new();
	program_signal(&p, SIGKILL);
	status = program_wait(&p);
	cr_assert(WIFSIGNALED(status));
	p.master = new;
	close(program_greeted(p.port));
	cr_assert_eq(pid_in(""), new);
	new = start_new();
	master_ends(SIGTERM);
	p.master = new;
	close(program_greeted(p.port));
	program_done(&p);
}

Test(it_upgrade, a_second_usr2_is_ignored)
{
	pid_t new;

	begin("", "");
	new = start_new();
	program_signal(&p, SIGUSR2);
	program_logged(&p, "the changing binary signal is ignored: ", 1);
	close(program_greeted(p.port));
	cr_assert_eq(kill(new, SIGUSR2), 0);
	program_logged(&p, "the changing binary signal is ignored: ", 2);
	cr_assert(program_file_has(p.log, "signal 12 (SIGUSR2) received from "));
	cr_assert_eq(kill(new, SIGTERM), 0);
	await_pid(p.master, "");
	cr_assert_eq(pid_in(".oldbin"), 0);
	program_done(&p);
}

static void replace_binary(const char *text)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s.new", p.binary);
	f = fopen(path, "we");
	cr_assert(f);
	fputs(text, f);
	cr_assert_eq(fclose(f), 0);
	cr_assert_eq(chmod(path, 0755), 0);
	cr_assert_eq(rename(path, p.binary), 0);
}

/* The old one ends before the new one has begun: the sockets, and who waits in them, are not lost.
 */
Test(it_upgrade, the_old_one_may_quit_at_once)
{
	char text[700], real[300];
	pid_t old, new = 0;
	int fd;

	begin("", "");
	old = p.master;
	snprintf(real, sizeof(real), "%s.real", p.binary);
	cr_assert_eq(rename(p.binary, real), 0);
	snprintf(text, sizeof(text),
		 "#!/bin/sh\nwhile kill -0 %d 2>&-; do sleep 0.01; done\n"
		 "while ! [ -e '%s/go' ]; do sleep 0.01; done\nexec '%s' \"$@\"\n",
		 old, p.dir, real);
	replace_binary(text);
	program_signal(&p, SIGUSR2);
	program_logged(&p, "start new binary process", 1);
	master_ends(SIGQUIT);
	fd = program_connect(p.port);
	snprintf(text, sizeof(text), "%s/go", p.dir);
	cr_assert_geq(close(creat(text, 0600)), 0);
	program_talk(fd, NULL, "220 ");
	close(fd);
	for (int i = 0; i < 10000 && !new; i++) {
		new = pid_in("");
		pause_briefly();
	}
	cr_assert_neq(new, 0);
	cr_assert_neq(new, old);
	cr_assert_eq(pid_in(".oldbin"), 0);
	p.master = new;
	master_ends(SIGTERM);
	program_done(&p);
}

/* The new one does not stay: everything is as before. */
static void fails_with(const char *line, unsigned times)
{
	program_signal(&p, SIGUSR2);
	program_logged(&p, "the upgrade has ended", times);
	cr_assert(program_file_has(p.log, line), "no \"%s\"", line);
	cr_assert_eq(pid_in(""), p.master);
	cr_assert_eq(pid_in(".oldbin"), 0);
	close(greeted_as("mx.example"));
}

Test(it_upgrade, a_binary_that_fails_changes_nothing)
{
	begin("", "");
	replace_binary("#!/bin/sh\nexit 3\n");
	fails_with("exited with code 3", 1);
	replace_binary("#!/bin/sh\nkill -9 $$\n");
	fails_with("exited on signal 9", 2);
	replace_binary("not a program");
	fails_with("execve() failed while executing new binary process \"", 3);
	cr_assert_eq(unlink(p.binary), 0);
	fails_with("(2: No such file or directory)", 4);
	program_done(&p);
}

Test(it_upgrade, a_bad_configuration_changes_nothing)
{
	pid_t old;

	begin_daemon();
	old = p.master;
	program_configure(&p, "daemon on;", "smtp_auht plain;");
	fails_with("unknown directive \"smtp_auht\"", 1);
	program_configure(&p, "daemon on; error_log /nonexistent/error.log;", "");
	fails_with("open() \"/nonexistent/error.log\" failed (2: ", 2);
	program_configure(&p, "daemon on;", "");
	cr_assert_neq(start_new(), old);
	cr_assert_eq(kill(old, SIGQUIT), 0);
	program_gone(old);
	p.master = pid_in("");
	close(program_greeted(p.port));
	program_done(&p);
}

/* A daemon, and what a service manager and "-s" make of it. */
Test(it_upgrade, a_daemon_and_s_quit)
{
	char text[1024];
	pid_t old, new;

	begin_daemon();
	old = p.master;
	new = start_new();
	cr_assert_eq(getsid(new), old);
	cr_assert_eq(program_run(&p, (const char *[]){"-s", "reload", NULL}, text, sizeof(text)),
		     0);
	program_logged(&p, "reload is done", 1);
	cr_assert_eq(kill(old, SIGWINCH), 0);
	program_logged(&p, "stop accepting connections", 1);
	cr_assert_eq(program_run(&p, (const char *[]){"-s", "quit", NULL}, text, sizeof(text)), 0);
	program_gone(new);
	await_pid(old, "");
	close(program_greeted(p.port));
	cr_assert_eq(program_run(&p, (const char *[]){"-s", "stop", NULL}, text, sizeof(text)), 0);
	program_gone(old);
	cr_assert_neq(access(p.pid_path, F_OK), 0);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	p.master = 0;
	program_done(&p);
}

Test(it_upgrade, the_file_may_be_another_by_now)
{
	char path[300], command[1300], link[300] = "";
	pid_t new;

	begin("", "");
	snprintf(path, sizeof(path), "%s.new", p.binary);
	snprintf(command, sizeof(command), "cp '%s' '%s' && mv '%s' '%s'", p.binary, path, path,
		 p.binary);
	cr_assert_eq(system(command), 0);
	new = start_new();
	snprintf(path, sizeof(path), "/proc/%d/exe", new);
	cr_assert_gt(readlink(path, link, sizeof(link) - 1), 0);
	cr_assert_str_eq(link, p.binary);
	snprintf(path, sizeof(path), "/proc/%d/exe", p.master);
	memset(link, 0, sizeof(link));
	cr_assert_gt(readlink(path, link, sizeof(link) - 1), 0);
	cr_assert(strstr(link, "(deleted)"), "%s", link);
	master_ends(SIGQUIT);
	p.master = new;
	program_done(&p);
}

static int connect_unix(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/smtp.sock", p.dir);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* One of them on a unix socket. */
static void configure_two(const char *main)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "%s daemon off; pid %%D/ringpost.pid; error_log %%D/error.log info; events { }\n"
		 "mail { server_name mx.example; auth_http 127.0.0.1:1/;\n"
		 "	server { listen 127.0.0.1:%%P; protocol smtp; }\n"
		 "	server { listen unix:%%D/smtp.sock; protocol smtp; } }\n",
		 main);
	program_configure_all(&p, text);
}

/* Other threads, other addresses; a unix socket, whose file belongs to both. */
Test(it_upgrade, threads_and_addresses_may_change)
{
	char path[128];
	pid_t new;
	int fd;

	begin("", "");
	configure_two("worker_processes 4;");
	program_signal(&p, SIGHUP);
	program_logged(&p, "reload is done", 1);
	program_configure(&p, "worker_processes 1;", "listen 127.0.0.1:%S;");
	new = start_new();
	close(program_greeted(p.spare_port));
	fd = connect_unix();
	program_talk(fd, NULL, "220 ");
	close(fd);
	cr_assert_eq(kill(new, SIGTERM), 0);
	await_pid(p.master, "");
	fd = connect_unix();
	program_talk(fd, NULL, "220 ");
	close(fd);
	configure_two("worker_processes 1;");
	new = start_new();
	master_ends(SIGQUIT);
	p.master = new;
	all_greeted_as("mx.example", 60);
	fd = connect_unix();
	program_talk(fd, NULL, "220 ");
	close(fd);
	master_ends(SIGTERM);
	snprintf(path, sizeof(path), "%s/smtp.sock", p.dir);
	cr_assert_neq(access(path, F_OK), 0);
	program_done(&p);
}

Test(it_upgrade, sockets_from_elsewhere_are_not_taken)
{
	pid_t worker;
	char path[64], text[8192];
	ssize_t n;
	int fd;

	setenv("RINGPOST_LISTENERS", "1;0;2;7;", 1);
	begin("", "");
	unsetenv("RINGPOST_LISTENERS");
	program_logged(&p, "RINGPOST_LISTENERS is not meant for this process", 1);
	worker = program_worker(&p, 0);
	close(program_greeted(p.port));
	snprintf(path, sizeof(path), "/proc/%d/environ", worker);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text));
	close(fd);
	cr_assert_gt(n, 0);
	cr_assert_null(memmem(text, (size_t)n, "RINGPOST_", 9));
	program_done(&p);
}

/* For the process that reads it, but nothing to listen on: what is good before it counts. */
Test(it_upgrade, numbers_that_are_no_sockets_are_named)
{
	char text[700], from[256];

	program_init(&p);
	memcpy(from, p.binary, sizeof(from));
	snprintf(p.binary, sizeof(p.binary), "%s/ringpost", p.dir);
	snprintf(text, sizeof(text),
		 "#!/bin/sh\nRINGPOST_LISTENERS=\"$PPID;$$;0;\" exec '%s' \"$@\"\n", from);
	replace_binary(text);
	program_configure(&p, "", "");
	program_start(&p);
	program_logged(&p, "invalid socket number \"0\" in RINGPOST_LISTENERS environment ", 1);
	cr_assert(program_file_has(p.log, "variable, ignoring the rest of the variable"));
	close(program_greeted(p.port));
	program_done(&p);
}
