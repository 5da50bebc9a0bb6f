/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * balancer: writes HAProxy's configuration into the place and runs it there.
 */
#include "tests/it/lib/balancer.h"

#include "tests/it/lib/talk.h"
#include "tests/lib/certs.h"
#include "tests/lib/port.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void balancer_choose(struct balancer *b)
{
	b->front = port_free();
	b->behind = port_free();
}

#define USUAL                                                                                      \
	"global\n\tmaxconn 500\n\tnbthread 1\n\tlog stdout format raw local0\n"                    \
	"\ttune.ssl.default-dh-param 2048\n"                                                       \
	"defaults\n\tmode tcp\n\ttimeout connect 10s\n\ttimeout client 60s\n"                      \
	"\ttimeout server 60s\n"

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

/* Runs it with this configuration, until `port` answers. */
static void start(struct place *p, const char *text, uint16_t port)
{
	uint64_t began = place_now_ms();
	char conf[256], out[256];
	struct talk t;
	FILE *f;
	pid_t pid;

	snprintf(conf, sizeof(conf), "%s/haproxy.cfg", p->dir);
	snprintf(out, sizeof(out), "%s/haproxy.out", p->dir);
	f = fopen(conf, "we");
	cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0, "%s", conf);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0)
		run(conf, out);
	while (talk_try(&t, port) < 0) {
		cr_assert(waitpid(pid, NULL, WNOHANG) == 0 && place_now_ms() - began < 10000,
			  "haproxy does not start:\n%s", place_read(p, "haproxy.out"));
		place_pause();
	}
	talk_close(&t);
}

void balancer_start(struct place *p, const struct balancer *b)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 USUAL "listen front\n\tbind 127.0.0.1:%u\n\tserver proxy 127.0.0.1:%u %s\n"
		       "listen behind\n\tbind 127.0.0.1:%u accept-proxy\n\tserver sink %s\n"
		       "\tlog global\n\tlog-format \"%%ci:%%cp to %%fi:%%fp\"\n",
		 b->front, b->proxy, b->send, b->behind, b->to);
	start(p, text, b->front);
}

void balancer_choose_tls(struct balancer_tls *b)
{
	b->plain = port_free();
	b->tls = port_free();
}

void balancer_start_tls(struct place *p, const struct balancer_tls *b)
{
	const char *certs = certs_folder();
	char text[2048];

	snprintf(text, sizeof(text),
		 USUAL "listen front\n\tbind 127.0.0.1:%u\n\tserver proxy 127.0.0.1:%u ssl verify "
		       "required ca-file %s/ca.pem verifyhost mx.test\n"
		       "listen behind\n\tbind 127.0.0.1:%u ssl crt %s/%s.both ca-file %s/ca.pem "
		       "verify optional\n\tserver sink %s\n"
		       "\tlog global\n\tlog-format \"%%[ssl_fc_protocol] resumed "
		       "%%[ssl_fc_is_resumed] sni %%[ssl_fc_sni] cert %%[ssl_c_s_dn(CN)]\"\n",
		 b->plain, b->tls_to, certs, b->tls, certs, b->identity, certs, b->plain_to);
	start(p, text, b->plain);
}
