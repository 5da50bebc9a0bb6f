/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * balancer: writes HAProxy's configuration into the place and runs it there.
 */
#include "tests/it/lib/balancer.h"

#include "tests/it/lib/talk.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void balancer_choose(struct balancer *b)
{
	b->front = place_free_port();
	b->behind = place_free_port();
}

static void write_conf(const struct balancer *b, const char *path)
{
	FILE *f = fopen(path, "we");

	cr_assert(f, "%s", path);
	fprintf(f,
		"global\n\tmaxconn 500\n\tnbthread 1\n\tlog stdout format raw local0\n"
		"defaults\n\tmode tcp\n\ttimeout connect 10s\n\ttimeout client 60s\n"
		"\ttimeout server 60s\n"
		"listen front\n\tbind 127.0.0.1:%u\n\tserver proxy 127.0.0.1:%u %s\n"
		"listen behind\n\tbind 127.0.0.1:%u accept-proxy\n\tserver sink %s\n"
		"\tlog global\n\tlog-format \"%%ci:%%cp to %%fi:%%fp\"\n",
		b->front, b->proxy, b->send, b->behind, b->to);
	fclose(f);
}

static _Noreturn void run(const char *conf, const char *out)
{
	int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(fd, 1);
	dup2(fd, 2);
	setenv("PATH", "/usr/sbin:/usr/bin:/bin:/sbin:/usr/local/bin", 1);
	execlp("haproxy", "haproxy", "-db", "-f", conf, (char *)NULL);
	perror("haproxy");
	_exit(127);
}

void balancer_start(struct place *p, const struct balancer *b)
{
	uint64_t began = place_now_ms();
	char conf[256], out[256];
	struct talk t;
	pid_t pid;

	snprintf(conf, sizeof(conf), "%s/haproxy.cfg", p->dir);
	snprintf(out, sizeof(out), "%s/haproxy.out", p->dir);
	write_conf(b, conf);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0)
		run(conf, out);
	while (talk_try(&t, b->front) < 0) {
		cr_assert(waitpid(pid, NULL, WNOHANG) == 0 && place_now_ms() - began < 10000,
			  "haproxy does not start:\n%s", place_read(p, "haproxy.out"));
		place_pause();
	}
	talk_close(&t);
}
