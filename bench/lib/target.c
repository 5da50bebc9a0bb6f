/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target: the table of targets, their configuration files, start and stop. nginx and ringpost
 * get the same configuration but for the line that loads nginx's mail module.
 */
#include "bench/lib/target.h"
#include "bench/lib/child.h"
#include "bench/lib/loopback.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUFFERS_64K "smtp_client_buffer 64k; proxy_buffer 64k;"

static struct target table[] = {
	{.name = "direct", .label = "direct to sink", .kind = TARGET_DIRECT, .by_default = true},
	{.name = "nginx", .label = "nginx", .kind = TARGET_NGINX, .by_default = true},
	{.name = "nginx64k",
	 .label = "nginx, 64k buffers",
	 .kind = TARGET_NGINX,
	 .extra = BUFFERS_64K,
	 .by_default = true},
	{.name = "haproxy", .label = "HAProxy TCP", .kind = TARGET_HAPROXY, .by_default = true},
	{.name = "haproxy-splice",
	 .label = "HAProxy TCP, splice",
	 .kind = TARGET_HAPROXY,
	 .extra = "option splice-auto",
	 .by_default = true},
	{.name = "ringpost", .label = "ringpost", .kind = TARGET_RINGPOST, .by_default = true},
	{.name = "ringpost64k",
	 .label = "ringpost, 64k buffers",
	 .kind = TARGET_RINGPOST,
	 .extra = BUFFERS_64K},
	{.name = "ringpost-auth0",
	 .label = "ringpost, auth not kept alive",
	 .kind = TARGET_RINGPOST,
	 .extra = "auth_http_keepalive 0;"},
	{.name = "other", .label = "ringpost of --other", .kind = TARGET_RINGPOST, .second = true},
};

static const char *const nginx_modules[] = {
	"/usr/lib/nginx/modules/ngx_mail_module.so",
	"/usr/lib64/nginx/modules/ngx_mail_module.so",
	"/usr/share/nginx/modules/ngx_mail_module.so",
};

int target_count(void)
{
	return (int)(sizeof(table) / sizeof(table[0]));
}

struct target *target_at(int i)
{
	return &table[i];
}

static const char *nginx_module(void)
{
	for (size_t i = 0; i < sizeof(nginx_modules) / sizeof(nginx_modules[0]); i++)
		if (!access(nginx_modules[i], R_OK))
			return nginx_modules[i];
	return NULL;
}

static bool installed(const char *name)
{
	static const char *const folders[] = {"/usr/sbin", "/usr/bin", "/usr/local/sbin",
					      "/usr/local/bin"};
	char path[128];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (!access(path, X_OK))
			return true;
	}
	return false;
}

static const char *binary_of(const struct target *t, const struct options *o)
{
	return t->second ? o->other : o->binary;
}

static bool there(const struct target *t, const struct options *o)
{
	switch (t->kind) {
	case TARGET_DIRECT:
		return true;
	case TARGET_NGINX:
		return installed("nginx") && nginx_module();
	case TARGET_HAPROXY:
		return installed("haproxy");
	case TARGET_RINGPOST:
		return binary_of(t, o) && !access(binary_of(t, o), X_OK);
	}
	return false;
}

bool target_usable(const struct target *t, const struct options *o)
{
	bool wanted = o->targets ? options_listed(o->targets, t->name) : t->by_default;

	wanted = wanted || (t->second && o->other && !o->targets);
	if (!wanted || there(t, o))
		return wanted;
	fprintf(stderr, "bench: left out %s: %s\n", t->name,
		t->kind == TARGET_RINGPOST ? "no such binary (run make first)"
					   : "not installed (run tools/setup bench)");
	return false;
}

static void write_mail_conf(const struct target *t, const struct stage *s, char *text, size_t n)
{
	char load[160] = "";

	if (t->kind == TARGET_NGINX)
		snprintf(load, sizeof(load), "load_module %s;\n", nginx_module());
	snprintf(text, n,
		 "%s"
		 "daemon off;\n"
		 "worker_processes 1;\n"
		 "pid %s/%s.pid;\n"
		 "error_log %s/%s.log error;\n"
		 "events { worker_connections 16384; }\n"
		 "mail {\n"
		 "\tserver_name bench.test;\n"
		 "\tauth_http 127.0.0.1:%u/auth;\n"
		 "\tsmtp_auth none;\n"
		 "\txclient off;\n"
		 "\t%s\n"
		 "\tserver { listen 127.0.0.1:%u backlog=4096; protocol smtp; }\n"
		 "\tssl_protocols TLSv1.2 TLSv1.3;\n"
		 "\tserver { listen 127.0.0.1:%u ssl backlog=4096; protocol smtp;\n"
		 "\t\tssl_certificate %s/ecdsa.pem; ssl_certificate_key %s/ecdsa.key; }\n"
		 "\tserver { listen 127.0.0.1:%u ssl backlog=4096; protocol smtp;\n"
		 "\t\tssl_certificate %s/rsa.pem; ssl_certificate_key %s/rsa.key; }\n"
		 "}\n",
		 load, s->folder, t->name, s->folder, t->name, s->auth_port,
		 t->extra ? t->extra : "", t->port, t->tls_port[0], s->folder, s->folder,
		 t->tls_port[1], s->folder, s->folder);
}

static void write_haproxy_conf(const struct target *t, const struct stage *s, char *text, size_t n)
{
	snprintf(text, n,
		 "global\n"
		 "\tmaxconn 4000\n"
		 "\tmaxpipes 1000\n"
		 "\tnbthread 1\n"
		 "defaults\n"
		 "\tmode tcp\n"
		 "\ttimeout connect 10s\n"
		 "\ttimeout client 60s\n"
		 "\ttimeout server 60s\n"
		 "\t%s\n"
		 "listen bench\n"
		 "\tbind 127.0.0.1:%u backlog 4096\n"
		 "\tserver sink 127.0.0.1:%u\n",
		 t->extra ? t->extra : "", t->port, s->sink_port);
}

static pid_t launch(const struct target *t, const struct stage *s)
{
	char name[48], log_name[48], text[4096];
	struct stage_path conf, log;
	const char *prefix = s->folder;

	snprintf(name, sizeof(name), "%s.conf", t->name);
	snprintf(log_name, sizeof(log_name), "%s.log", t->name);
	conf = stage_path(s, name);
	log = stage_path(s, log_name);
	if (t->kind == TARGET_HAPROXY)
		write_haproxy_conf(t, s, text, sizeof(text));
	else
		write_mail_conf(t, s, text, sizeof(text));
	if (stage_write(s, name, text))
		return -1;
	const char *haproxy[] = {"haproxy", "-db", "-f", conf.text, NULL};
	const char *nginx[] = {"nginx", "-p", prefix, "-e", log.text, "-c", conf.text, NULL};
	const char *ringpost[] = {
		binary_of(t, s->options), "-p", prefix, "-e", log.text, "-c", conf.text, NULL};

	return child_start(t->kind == TARGET_HAPROXY ? haproxy
			   : t->kind == TARGET_NGINX ? nginx
						     : ringpost,
			   log.text);
}

int target_start(struct target *t, const struct stage *s)
{
	char log_name[48];

	if (t->kind == TARGET_DIRECT) {
		t->port = s->sink_port;
		return 0;
	}
	t->port = loopback_port_free();
	for (int i = 0; i < 2 && t->kind != TARGET_HAPROXY; i++)
		t->tls_port[i] = loopback_port_free();
	t->pid = launch(t, s);
	if (t->pid > 0 && loopback_port_wait(t->port, 5000) && child_running(t->pid))
		return 0;
	fprintf(stderr, "bench: %s did not start\n", t->name);
	snprintf(log_name, sizeof(log_name), "%s.log", t->name);
	stage_show(s, log_name);
	target_stop(t);
	return -1;
}

void target_stop(struct target *t)
{
	if (t->pid > 0)
		child_stop(t->pid);
	t->pid = 0;
}
