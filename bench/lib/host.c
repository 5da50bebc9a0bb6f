/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host: describes machine and software, so that a saved result can be judged later. Asks each
 * program for its version; an unknown one is an empty string, never an error.
 */
#include "bench/lib/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Where the answer is, the text before it, the characters that end it. */
struct question {
	const char *from, *mark, *ends;
};

static void find_line(FILE *f, const struct question *q, char *out, size_t n)
{
	char line[512];

	out[0] = '\0';
	while (f && !out[0] && fgets(line, sizeof(line), f)) {
		const char *at = strstr(line, q->mark);

		if (!at)
			continue;
		at += strlen(q->mark);
		at += strspn(at, " \t:=\"");
		snprintf(out, n, "%.*s", (int)strcspn(at, q->ends), at);
	}
}

static void ask_file(struct question q, char *out, size_t n)
{
	FILE *f = fopen(q.from, "re");

	find_line(f, &q, out, n);
	if (f)
		fclose(f);
}

static void ask_command(struct question q, char *out, size_t n)
{
	FILE *f = popen(q.from, "re");

	find_line(f, &q, out, n);
	if (f)
		pclose(f);
}

#define ASK(how, from, mark, ends, out) how((struct question){from, mark, ends}, out, sizeof(out))

void host_read(struct host *h, const struct options *o)
{
	char ringpost[600];
	struct utsname u;

	*h = (struct host){.cpus = sysconf(_SC_NPROCESSORS_ONLN)};
	if (!uname(&u))
		snprintf(h->kernel, sizeof(h->kernel), "%.40s %.80s", u.release, u.machine);
	if (getloadavg(&h->load_average, 1) < 1)
		h->load_average = 0;
	snprintf(ringpost, sizeof(ringpost), "'%s' -v 2>&1", o->binary);
	ASK(ask_file, "/proc/cpuinfo", "model name", "\n", h->cpu);
	ASK(ask_file, "/etc/os-release", "PRETTY_NAME=", "\"\n", h->system);
	ASK(ask_command, "nginx -v 2>&1", "nginx/", " \n", h->nginx);
	ASK(ask_command, "haproxy -v 2>/dev/null", "version ", " \n", h->haproxy);
	ASK(ask_command, "postconf -d mail_version 2>/dev/null", "mail_version", "\n", h->postfix);
	ASK(ask_command, "pkg-config --modversion liburing 2>/dev/null", "", "\n", h->liburing);
	ASK(ask_command, ringpost, "ringpost/", " \n", h->ringpost);
}

void host_print(const struct host *h)
{
	printf("%s, %ld CPUs (%s), Linux %s, load %.2f\n", h->system, h->cpus, h->cpu, h->kernel,
	       h->load_average);
	printf("ringpost %s, nginx %s, HAProxy %s, Postfix %s, liburing %s\n", h->ringpost,
	       h->nginx, h->haproxy, h->postfix, h->liburing);
	if (h->load_average > 0.5)
		printf("NOTE: something else is running on this machine; expect wide ranges\n");
}

json_t *host_json(const struct host *h)
{
	return json_pack("{s:s,s:i,s:s,s:s,s:f,s:s,s:s,s:s,s:s,s:s}", "cpu", h->cpu, "cpus",
			 (int)h->cpus, "kernel", h->kernel, "system", h->system, "load_average",
			 h->load_average, "ringpost", h->ringpost, "nginx", h->nginx, "haproxy",
			 h->haproxy, "postfix", h->postfix, "liburing", h->liburing);
}
