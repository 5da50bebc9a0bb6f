/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy: see proxy.h. Both proxies get the same mail{} block; what only one of them knows is
 * added here.
 */
#include "tests/twin/proxy.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

static const char nginx_head[] = "load_module /usr/lib/nginx/modules/ngx_mail_module.so;\n"
				 "user root;\n";
static const char ringpost_mail[] = "\tauth_http_keepalive 0;\n";

enum { START_TRIES = 500, STOP_TRIES = 500, TRY_US = 10000 };

int proxy_init(struct proxy *p, const char *parent)
{
	p->name = p->which == SCRIPT_NGINX ? "nginx" : "ringpost";
	snprintf(p->folder, sizeof(p->folder), "%.200s/%s", parent, p->name);
	snprintf(p->conf_path, sizeof(p->conf_path), "%s/nginx.conf", p->folder);
	snprintf(p->log_path, sizeof(p->log_path), "%s/error.log", p->folder);
	if (mkdir(p->folder, 0700) || !(p->conf = fopen(p->conf_path, "w"))) {
		perror(p->folder);
		return -1;
	}
	fprintf(p->conf,
		"%sdaemon off;\nworker_processes 1;\nworker_shutdown_timeout 1s;\npid %s/pid;\n"
		"error_log %s info;\nevents {\n\tworker_connections 1024;\n}\n"
		"mail {\n\tserver_name mx.example;\n%s",
		p->which == SCRIPT_NGINX ? nginx_head : "", p->folder, p->log_path,
		p->which == SCRIPT_NGINX ? "" : ringpost_mail);
	return 0;
}

/* Who speaks TLS has to have a certificate. */
static int proxy_certify(const struct proxy *p)
{
	char command[640];

	snprintf(command, sizeof(command),
		 "cd %s && { test -e cert.pem || openssl req -x509 -newkey ec -pkeyopt "
		 "ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mx.example "
		 "-keyout key.pem -out cert.pem >output 2>&1; }",
		 p->folder);
	if (!system(command))
		return 0;
	fprintf(stderr, "no certificate; see %s/output\n", p->folder);
	return -1;
}

static int proxy_add_tls(struct proxy *p, const struct script *script)
{
	if (!script->starttls[0] && !strstr(script->listen, " ssl"))
		return 0;
	fprintf(p->conf,
		"\t\tstarttls %s;\n\t\tssl_certificate cert.pem;\n"
		"\t\tssl_certificate_key key.pem;\n\t\tssl_protocols TLSv1.3;\n",
		script->starttls[0] ? script->starttls : "off");
	return proxy_certify(p);
}

int proxy_add(struct proxy *p, const struct script *script, const struct script_vars *vars)
{
	struct str directives = script_expand(str_cstr(script->conf), vars);
	int failed;

	fprintf(p->conf, "\tserver {\n\t\tlisten 127.0.0.1:%u%s;\n\t\tprotocol %s;\n",
		vars->listen_port, script->listen, script->protocol);
	if (!strstr(script->conf, "\tauth_http "))
		fprintf(p->conf, "\t\tauth_http 127.0.0.1:%u/auth;\n", vars->auth_port);
	failed = proxy_add_tls(p, script);
	fprintf(p->conf, "%s\t}\n", (const char *)directives.p);
	free((void *)(uintptr_t)directives.p);
	return failed;
}

int proxy_add_probe(struct proxy *p)
{
	struct script_vars vars = {.listen_port = p->probe_port, .auth_port = p->probe_port};
	char nothing[] = "";
	struct script probe = {
		.protocol = "smtp", .conf = nothing, .listen = nothing, .starttls = nothing};

	return proxy_add(p, &probe, &vars);
}

static int proxy_answers(const struct proxy *p)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)p->probe_port),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte;
	int up = !connect(fd, (struct sockaddr *)&to, sizeof(to)) && read(fd, &byte, 1) == 1;

	close(fd);
	return up;
}

static void proxy_sleep(void)
{
	struct timespec t = {0, TRY_US * 1000};

	nanosleep(&t, NULL);
}

static _Noreturn void proxy_exec(const struct proxy *p)
{
	char output[320];
	int fd;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	snprintf(output, sizeof(output), "%s/output", p->folder);
	fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd >= 0) {
		dup2(fd, 1);
		dup2(fd, 2);
	}
	execlp(p->binary, p->binary, "-p", p->folder, "-c", p->conf_path, (char *)NULL);
	perror(p->binary);
	_exit(127);
}

int proxy_start(struct proxy *p)
{
	int status;

	fprintf(p->conf, "}\n");
	if (fclose(p->conf)) {
		perror(p->conf_path);
		return -1;
	}
	p->pid = fork();
	if (p->pid == 0)
		proxy_exec(p);
	setpgid(p->pid, p->pid);
	for (int i = 0; i < START_TRIES; i++) {
		if (proxy_answers(p))
			return 0;
		if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
			p->pid = 0;
			break;
		}
		proxy_sleep();
	}
	fprintf(stderr, "%s does not start; see %s\n", p->name, p->folder);
	return -1;
}

void proxy_quit(const struct proxy *p)
{
	kill(p->pid, SIGQUIT);
}

int proxy_stop(struct proxy *p)
{
	pid_t pid = p->pid;
	int status = 0;

	p->pid = 0;
	if (pid <= 0)
		return 0;
	kill(pid, SIGTERM);
	for (int i = 0; i < STOP_TRIES; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
				return 0;
			fprintf(stderr, "%s ended badly (status %#x)\n", p->name, (unsigned)status);
			return -1;
		}
		proxy_sleep();
	}
	fprintf(stderr, "%s does not end\n", p->name);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}
