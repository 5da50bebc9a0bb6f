/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chaos: clients that leave in the middle of anything, in crowds and in every way there is,
 * backends and reloads that come between; beside them mail goes through, whole and once.
 */
#include "tests/it/lib/crowd.h"
#include "tests/it/lib/place.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(it_chaos, .timeout = 180, .fini = place_fini);

/* Mail through the login listener; all of it must be taken. */
static void send_mail(struct place *p, const char *messages)
{
	char program[256], to[32];
	const char *argv[] = {program,      "--messages", messages, "--parallel",   "8",
			      "--size-max", "300000",     "--auth", "alice:secret", to,
			      NULL};

	snprintf(program, sizeof(program), "%s/tools/sender",
		 getenv("BUILD") ? getenv("BUILD") : "build/release");
	snprintf(to, sizeof(to), "127.0.0.1:%u", p->login);
	cr_assert_eq(place_run(p, "sender", argv), 0, "%s", place_read(p, "sender.err"));
}

static struct place *place_verifying(const char *mail)
{
	struct place *p = place_new();

	place_sink(p, (const char *const[]){"--verify", NULL});
	place_authd(p, CROWD_USERS, NULL);
	place_proxy(p, &(struct place_conf){.mail = mail});
	return p;
}

Test(it_chaos, crowds_that_leave_do_not_touch_the_mail_of_others)
{
	enum { CROWDS = 6, KEPT = 80 }; /* descriptors that may be kept: auth service, pipes */
	struct place *p = place_verifying(place_ours("auth_http_keepalive 8;"));
	pid_t worker = place_worker(p), pids[CROWDS];
	int fds = place_worker_fds(p);

	for (int i = 0; i < CROWDS; i++)
		pids[i] = crowd_start(&(struct crowd){.port = i % 3 == 2 ? p->pass : p->login,
						      .seed = (unsigned)i * 7919 + 1,
						      .sessions = 250});
	send_mail(p, "300");
	crowd_wait(pids, CROWDS);
	send_mail(p, "50");
	cr_assert_geq(place_sink_count(p, "intact"), 350);
	cr_assert_eq(place_sink_count(p, "damaged"), 0);
	place_expect_fds(p, fds + KEPT);
	cr_assert_eq(place_worker(p), worker, "the worker process was replaced");
	place_end(p, false);
}

Test(it_chaos, reloads_lose_no_session)
{
	struct place *p = place_verifying(NULL);
	pid_t mail = fork(), done = 0;
	int status = -1;

	if (mail == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		send_mail(p, "1500");
		_exit(0);
	}
	for (int i = 0; i < 8 && done == 0; i++) {
		json_int_t before = place_sink_count(p, "messages");

		kill(p->proxy, SIGHUP);
		while (place_sink_count(p, "messages") < before + 100 &&
		       (done = waitpid(mail, &status, WNOHANG)) == 0)
			place_pause();
	}
	if (done == 0)
		waitpid(mail, &status, 0);
	cr_assert_eq(status, 0, "%s", place_read(p, "sender.err"));
	cr_assert_eq(place_await_sink(p, "messages", 1500), 1500);
	cr_assert_eq(place_sink_count(p, "intact"), 1500);
	place_end(p, false);
}

Test(it_chaos, auth_service_on_a_unix_socket)
{
	struct place *p = place_new();
	char listen_at[160], auth_http[200];

	snprintf(listen_at, sizeof(listen_at), "unix:%s/authd", p->dir);
	snprintf(auth_http, sizeof(auth_http), "unix:%s/authd:", p->dir);
	place_sink(p, (const char *const[]){"--verify", NULL});
	place_authd(p, CROWD_USERS, (const char *const[]){"--listen", listen_at, NULL});
	place_proxy(p, &(struct place_conf){.auth_http = auth_http});
	send_mail(p, "50");
	cr_assert_eq(place_await_sink(p, "intact", 50), 50);
	cr_assert_eq(place_auth_count(p, "accepted"), 50);
	place_end(p, false);
}
