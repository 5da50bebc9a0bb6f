/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage: temporary folder, auth service and sink. Both servers run through the whole bench and
 * serve all targets alike, so whatever they cost is the same for everyone.
 */
#include "bench/lib/stage.h"
#include "bench/lib/child.h"
#include "bench/lib/loopback.h"

#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct stage_path stage_path(const struct stage *s, const char *name)
{
	struct stage_path p;

	snprintf(p.text, sizeof(p.text), "%s/%s", s->folder, name);
	return p;
}

int stage_write(const struct stage *s, const char *name, const char *text)
{
	struct stage_path p = stage_path(s, name);
	FILE *f = fopen(p.text, "we");

	if (f && fputs(text, f) >= 0 && !fclose(f))
		return 0;
	fprintf(stderr, "bench: cannot write %s: %s\n", p.text, strerror(errno));
	return -1;
}

void stage_show(const struct stage *s, const char *name)
{
	struct stage_path p = stage_path(s, name);
	FILE *f = fopen(p.text, "re");
	char line[300];

	for (int i = 0; f && i < 20 && fgets(line, sizeof(line), f); i++)
		fprintf(stderr, "  %s: %s", name, line);
	if (f)
		fclose(f);
}

static bool up(pid_t pid, uint16_t port, const char *what)
{
	if (pid > 0 && loopback_port_wait(port, 5000) && child_running(pid))
		return true;
	fprintf(stderr, "bench: the %s did not start\n", what);
	return false;
}

/* Says yes to everybody, and sends everybody to the sink. */
static int start_auth(struct stage *s)
{
	struct stage_path log = stage_path(s, "authd.log");
	char program[600], place[32], sink[32];
	const char *argv[] = {program, "--listen", place, "--backend", sink, "--accept-all", NULL};

	s->auth_port = loopback_port_free();
	snprintf(program, sizeof(program), "%s/authd", s->options->tools);
	snprintf(place, sizeof(place), "127.0.0.1:%u", s->auth_port);
	snprintf(sink, sizeof(sink), "127.0.0.1:%u", s->sink_port);
	s->auth = child_start(argv, log.text);
	if (up(s->auth, s->auth_port, "auth service"))
		return 0;
	stage_show(s, "authd.log");
	return -1;
}

static pid_t launch_postfix_sink(const char *place, const char *log)
{
	/* its default of 256 sessions would stop every proxy at 800 parallel ones */
	const char *as_root[] = {"smtp-sink", "-4",  "-m",   "20000", "-u",
				 "nobody",    place, "4096", NULL};
	const char *as_user[] = {"smtp-sink", "-4", "-m", "20000", place, "4096", NULL};

	/* only root may, and must, name a user */
	return child_start(geteuid() ? as_user : as_root, log);
}

static pid_t launch_own_sink(struct stage *s, const char *place, const char *log)
{
	char program[600], control[32];
	const char *argv[] = {program, "--listen", place, "--control", control, "--count", NULL};

	s->control_port = loopback_port_free();
	snprintf(program, sizeof(program), "%s/sink", s->options->tools);
	snprintf(control, sizeof(control), "127.0.0.1:%u", s->control_port);
	return child_start(argv, log);
}

static int start_sink(struct stage *s)
{
	struct stage_path log = stage_path(s, "sink.log");
	char place[32];

	s->sink_port = loopback_port_free();
	snprintf(place, sizeof(place), "127.0.0.1:%u", s->sink_port);
	s->sink = s->options->sink_postfix ? launch_postfix_sink(place, log.text)
					   : launch_own_sink(s, place, log.text);
	if (up(s->sink, s->sink_port, "mail sink"))
		return 0;
	stage_show(s, "sink.log");
	return -1;
}

/* The certificates that targets show: ecdsa.pem and rsa.pem with their keys. */
static int make_certificates(struct stage *s)
{
	static const char *const names[] = {"ecdsa", "rsa"};
	struct stage_path log = stage_path(s, "openssl.log");

	for (int i = 0; i < 2; i++) {
		char pem[32], key[32];
		struct stage_path pem_path, key_path;

		snprintf(pem, sizeof(pem), "%s.pem", names[i]);
		snprintf(key, sizeof(key), "%s.key", names[i]);
		pem_path = stage_path(s, pem);
		key_path = stage_path(s, key);
		const char *argv[] = {"openssl",
				      "req",
				      "-x509",
				      "-nodes",
				      "-newkey",
				      i ? "rsa:2048" : "ec",
				      "-subj",
				      "/CN=bench.test",
				      "-days",
				      "30",
				      "-keyout",
				      key_path.text,
				      "-out",
				      pem_path.text,
				      i ? NULL : "-pkeyopt",
				      "ec_paramgen_curve:P-256",
				      NULL};
		pid_t pid = child_start(argv, log.text);

		if (pid < 0 || child_wait(pid, 20000)) {
			fprintf(stderr, "bench: openssl makes no certificate\n");
			stage_show(s, "openssl.log");
			return -1;
		}
	}
	return 0;
}

int stage_open(struct stage *s, const struct options *o)
{
	*s = (struct stage){.options = o};
	snprintf(s->folder, sizeof(s->folder), "/tmp/ringpost-bench.XXXXXX");
	/* readable for the users that the workers change to */
	if (!mkdtemp(s->folder) || chmod(s->folder, 0755)) {
		fprintf(stderr, "bench: no temporary folder: %s\n", strerror(errno));
		s->folder[0] = '\0';
		return -1;
	}
	return make_certificates(s) || start_sink(s) || start_auth(s) ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

void stage_close(struct stage *s)
{
	child_stop_all();
	if (s->folder[0])
		nftw(s->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
