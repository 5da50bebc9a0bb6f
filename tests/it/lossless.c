/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nobody is lost: reloads among hundreds of sessions, fewer threads under a storm of connections, a
 * worker process that is killed, and the binary changed while mail flows.
 */
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"
#include "tests/lib/slowness.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct place *here;

static pid_t pid_in(const char *file)
{
	return here ? (pid_t)strtol(place_read(here, file), NULL, 10) : 0;
}

/* A new master is nobody's child once the old one has gone. */
static void fini(void)
{
	pid_t pid = pid_in("proxy.pid");

	if (pid > 0)
		kill(pid, SIGKILL);
	place_fini();
}

TestSuite(it_lossless, .timeout = 300, .fini = fini);

static void begin(const char *threads)
{
	here = place_new();
	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	place_sink(here, NULL);
	place_authd(here, "{\"users\": {\"alice\": {\"password\": \"secret\"}}}", NULL);
	place_proxy(here, &(struct place_conf){.workers = (unsigned)atoi(threads)});
}

static void end(void)
{
	struct place *p = here;

	here = NULL;
	place_end(p, false);
}

static void await_lines(const char *text, unsigned times)
{
	uint64_t began = place_now_ms();
	unsigned n = 0;

	while (n < times) {
		n = 0;
		for (const char *at = place_read(here, "proxy.log"); (at = strstr(at, text)); at++)
			n++;
		cr_assert_lt(place_now_ms() - began, 20000U * slowness(), "\"%s\" only %u times",
			     text, n);
		if (n < times)
			place_pause();
	}
}

enum { SESSIONS = 200, RELOADS = 10 };

/* The first half is logged in and has begun a message, the second is in the middle of its login. */
static struct talk *open_all(void)
{
	struct talk *all = calloc(2 * SESSIONS, sizeof(*all));

	for (int i = 0; i < SESSIONS; i++) {
		talk_login(&all[i], here->login);
		talk_say(&all[i], "MAIL FROM:<a@b.test>", "250");
	}
	for (int i = SESSIONS; i < 2 * SESSIONS; i++) {
		talk_open(&all[i], here->login);
		talk_expect_code(&all[i], "220");
		talk_say(&all[i], "EHLO client.test", "250");
		talk_say(&all[i], "AUTH LOGIN", "334");
		talk_say(&all[i], "YWxpY2U=", "334");
	}
	return all;
}

static void finish_all(struct talk *all)
{
	for (int i = 0; i < 2 * SESSIONS; i++) {
		if (i < SESSIONS)
			talk_say(&all[i], "RSET", "250");
		else
			talk_say(&all[i], "c2VjcmV0", "235");
		talk_message(&all[i]);
		talk_say(&all[i], "QUIT", "221");
		talk_expect_end(&all[i]);
		talk_close(&all[i]);
	}
	free(all);
}

Test(it_lossless, ten_reloads_among_four_hundred_sessions)
{
	struct talk *all;

	if (place_is_nginx())
		cr_skip("nginx says nothing when a reload is done");
	begin("2");
	all = open_all();
	for (unsigned i = 1; i <= RELOADS; i++) {
		cr_assert_eq(kill(here->proxy, SIGHUP), 0);
		await_lines("reload is done", i);
	}
	finish_all(all);
	cr_assert_eq(place_await_sink(here, "messages", 2 * SESSIONS), 2 * SESSIONS);
	await_lines("exited with code 0", RELOADS);
	end();
}

/* ---- storms ---- */

static volatile sig_atomic_t enough;

static void on_term(int signal)
{
	(void)signal;
	enough = 1;
}

/* One connection after the other, each of which must be greeted. */
_Noreturn static void be_storm(uint16_t port, bool may_be_cut)
{
	static struct talk t;

	while (!enough) {
		/* The signal to stop interrupts both. */
		if (talk_try(&t, port) < 0)
			_exit(enough ? 0 : 2);
		if (!talk_is_line(&t, "220") && !may_be_cut)
			_exit(enough ? 0 : 3);
		talk_close(&t);
	}
	_exit(0);
}

static void start_storm(pid_t *pids, int n, bool may_be_cut)
{
	struct sigaction action = {.sa_handler = on_term, .sa_flags = SA_RESTART};

	for (int i = 0; i < n; i++) {
		pids[i] = fork();
		cr_assert_geq(pids[i], 0);
		if (pids[i] > 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigaction(SIGTERM, &action, NULL);
		be_storm(here->login, may_be_cut);
	}
}

static void end_storm(const pid_t *pids, int n)
{
	for (int i = 0; i < n; i++) {
		kill(pids[i], SIGTERM);
		int status = place_wait(pids[i]);

		cr_expect_eq(status, 0, "%s", status == 2 ? "refused" : "reset");
	}
}

/* The configuration with another number of threads. */
static void set_threads(char threads)
{
	char path[256], *text = strdup(place_read(here, "nginx.conf")), *at;
	FILE *f;

	at = strstr(text, "worker_processes ");
	cr_assert(at);
	at[strlen("worker_processes ")] = threads;
	snprintf(path, sizeof(path), "%s/nginx.conf", here->dir);
	f = fopen(path, "we");
	cr_assert(f);
	fputs(text, f);
	cr_assert_eq(fclose(f), 0);
	free(text);
}

enum { STORMS = 3 };

Test(it_lossless, fewer_threads_under_a_storm)
{
	static const char threads[] = "13121";
	pid_t pids[STORMS];

	if (place_is_nginx())
		cr_skip("nginx loses what waits on a listener of reuseport that goes");
	begin("4");
	start_storm(pids, STORMS, false);
	for (unsigned i = 0; threads[i]; i++) {
		set_threads(threads[i]);
		cr_assert_eq(kill(here->proxy, SIGHUP), 0);
		await_lines("reload is done", i + 1);
		await_lines("exited with code 0", i + 1);
	}
	end_storm(pids, STORMS);
	end();
}

static int unlink_log(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/proxy.log", here->dir);
	return unlink(path);
}

Test(it_lossless, a_killed_worker_is_replaced_within_a_second)
{
	pid_t pids[STORMS];
	struct talk t;

	if (place_is_nginx())
		cr_skip("its workers are several");
	begin("2");
	start_storm(pids, STORMS, true);
	for (int i = 0; i < 3; i++) {
		uint64_t began;

		place_pause();
		cr_assert_eq(kill(place_worker(here), SIGKILL), 0);
		began = place_now_ms();
		do {
			talk_open(&t, here->login);
		} while (!talk_is_line(&t, "220"));
		cr_assert_lt(place_now_ms() - began, 1000U * slowness());
		talk_close(&t);
	}
	end_storm(pids, STORMS);
	kill(here->proxy, SIGTERM);
	cr_assert_eq(place_wait(here->proxy), 0);
	cr_assert_eq(unlink_log(), 0); /* place_end() takes a death for a crash */
	here->proxy = 0;
	end();
}

/* ---- the dance ---- */

static void change_binary(void)
{
	uint64_t began = place_now_ms();
	pid_t old = here->proxy, new = old;

	cr_assert_eq(kill(old, SIGUSR2), 0);
	while (new == old || new <= 0 || pid_in("proxy.pid.oldbin") != old) {
		place_pause();
		cr_assert_lt(place_now_ms() - began, 20000U * slowness());
		new = pid_in("proxy.pid");
	}
	cr_assert_eq(kill(old, SIGWINCH), 0);
	cr_assert_eq(kill(old, SIGQUIT), 0);
	here->proxy = new;
	cr_assert_eq(place_wait(old), 0);
}

Test(it_lossless, the_binary_is_changed_while_mail_flows)
{
	enum { TIMES = 3, MESSAGES = 1500 };
	char to[32];
	const char *argv[] = {"smtp-source", "-s", "20",          "-m", "1500", "-l",
			      "2048",        "-M", "client.test", to,   NULL};

	if (place_is_nginx())
		cr_skip("it does not change its binary without a daemon");
	begin("2");
	snprintf(to, sizeof(to), "127.0.0.1:%u", here->none);
	setenv("PATH", "/usr/sbin:/usr/bin:/bin:/sbin:/usr/local/bin", 1);
	for (int i = 1; i <= TIMES; i++) {
		pid_t source = place_start(here, "smtp-source", argv);

		place_await_sink(here, "messages", (i - 1) * MESSAGES + 1);
		change_binary();
		cr_assert_eq(place_wait(source), 0, "%s", place_read(here, "smtp-source.err"));
		cr_assert_eq(place_await_sink(here, "messages", i * MESSAGES), i * MESSAGES);
	}
	end();
}
