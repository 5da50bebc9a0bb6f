/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits: descriptors, locked memory, accept queues, io_uring. Reads /proc and getrlimit, sets
 * only limits of its own process.
 */
#include "app/limits.h"

#include "app/log.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	FILES_BASE = 64,          /* logs, rings, eventfds, what libraries open */
	FILES_PIPES = 2 * 64,     /* pipes of a thread's bulk transfers */
	RING_OVERHEAD = 64 << 10, /* of a ring beside its queues */
};

/* The first number of a file, -1 when there is none. */
static long read_number(const char *path)
{
	FILE *f = fopen(path, "re");
	long value = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%ld", &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

static void set_limit(int resource, const char *name, rlim_t value)
{
	struct rlimit limit = {.rlim_cur = value, .rlim_max = value};

	if (setrlimit((__rlimit_resource_t)resource, &limit) != 0)
		log_put(LEVEL_ALERT, "setrlimit(%s, %llu) failed (%d: %s)", name,
			(unsigned long long)value, errno, strerror(errno));
}

static void raise_soft(int resource)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit((__rlimit_resource_t)resource, &limit);
}

/* Of one thread's ring, and generously: systems round differently. */
uint64_t limits_locked_bytes(const struct worker_conf *conf)
{
	uint64_t queues = conf->ring.submissions * sizeof(struct io_uring_sqe) +
			  conf->ring.completions * sizeof(struct io_uring_cqe);

	return conf->threads * (2 * queues + RING_OVERHEAD);
}

void limits_raise(const struct conf *conf)
{
	rlim_t memlock = limits_locked_bytes(&conf->worker);
	struct rlimit limit;

	if (conf->main.nofile_max)
		set_limit(RLIMIT_NOFILE, "RLIMIT_NOFILE", conf->main.nofile_max);
	else
		raise_soft(RLIMIT_NOFILE);
	if (conf->main.core_max)
		set_limit(RLIMIT_CORE, "RLIMIT_CORE", conf->main.core_max);
	raise_soft(RLIMIT_MEMLOCK);
	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_max < memlock && geteuid() == 0)
		set_limit(RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK", memlock);
}

void limits_ring_text(int error, int disabled, char *text)
{
	const char *mend =
		"this kernel is too old or built without it: Linux 6.1 or newer is needed";

	if (disabled == 2)
		mend = "kernel.io_uring_disabled is 2: run sysctl -w kernel.io_uring_disabled=0";
	else if (disabled == 1 && error == EPERM)
		mend = "kernel.io_uring_disabled is 1: put our group into kernel.io_uring_group, "
		       "or "
		       "run sysctl -w kernel.io_uring_disabled=0";
	else if (error == EPERM || error == EACCES)
		mend = "a seccomp filter or security module forbids it: in a container, start it "
		       "with a profile that allows io_uring_setup, io_uring_enter and "
		       "io_uring_register (Docker: --security-opt seccomp=FILE)";
	else if (error == ENOMEM)
		mend = "the limit of locked memory is too low: raise it with ulimit -l, or "
		       "LimitMEMLOCK= in the service's unit";
	else if (error == EMFILE || error == ENFILE)
		mend = "no file descriptors are left: raise worker_rlimit_nofile";
	snprintf(text, LIMITS_TEXT_MAX, "io_uring cannot be used (%d: %s): %s", error,
		 strerror(error), mend);
}

int limits_ring(char *text)
{
	struct io_uring_params params;
	long fd;
	int error;

	memset(&params, 0, sizeof(params));
	fd = syscall(SYS_io_uring_setup, 8, &params);
	if (fd >= 0) {
		close((int)fd);
		return 0;
	}
	error = errno;
	limits_ring_text(error, (int)read_number("/proc/sys/kernel/io_uring_disabled"), text);
	return -1;
}

uint64_t limits_files_needed(const struct worker_conf *conf)
{
	uint64_t auth = 0;

	for (uint32_t i = 0; i < conf->n_auth_services; i++)
		auth += conf->auth_services[i]->connections_max;
	return FILES_BASE +
	       conf->threads * (2ULL * conf->connections + conf->n_listens + auth + FILES_PIPES);
}

static void report_files(const struct conf *conf)
{
	uint64_t need = limits_files_needed(&conf->worker);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (need <= limit.rlim_cur) {
		log_put(LEVEL_NOTICE, "file descriptors: %llu needed at most, %llu allowed",
			(unsigned long long)need, (unsigned long long)limit.rlim_cur);
		return;
	}
	log_put(LEVEL_WARN,
		"%u worker_connections in %u threads may need %llu file descriptors, but only %llu "
		"are "
		"allowed: set \"worker_rlimit_nofile %llu;\" (as root), or LimitNOFILE=%llu in the "
		"service's unit, or lower worker_connections",
		conf->worker.connections, conf->worker.threads, (unsigned long long)need,
		(unsigned long long)limit.rlim_cur, (unsigned long long)need,
		(unsigned long long)need);
}

static void report_locked_memory(const struct conf *conf)
{
	uint64_t need = limits_locked_bytes(&conf->worker);
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur >= need)
		return;
	log_put(LEVEL_WARN,
		"%u rings may need %llu KiB of locked memory, but only %llu KiB are allowed: raise "
		"it "
		"with ulimit -l, or LimitMEMLOCK=%llu in the service's unit, or lower "
		"ring_entries",
		conf->worker.threads, (unsigned long long)need >> 10,
		(unsigned long long)limit.rlim_cur >> 10, (unsigned long long)need);
}

static void report_accept_queues(const struct conf *conf)
{
	long most = read_number("/proc/sys/net/core/somaxconn");
	const struct listen_conf *worst = NULL;

	for (uint32_t i = 0; i < conf->worker.n_listens; i++) {
		const struct listen_conf *l = &conf->worker.listens[i];

		if (l->backlog > most && (!worst || l->backlog > worst->backlog))
			worst = l;
	}
	if (most < 0 || !worst)
		return;
	log_put(LEVEL_WARN,
		"backlog %d of %.*s is cut to %ld by the system: run sysctl -w "
		"net.core.somaxconn=%d",
		worst->backlog, (int)worst->text.n, (const char *)worst->text.p, most,
		worst->backlog);
}

void limits_report(const struct conf *conf, size_t memory)
{
	log_put(LEVEL_NOTICE,
		"threads: %u, connections per thread: %u, memory reserved: %zu.%zu MB",
		conf->worker.threads, conf->worker.connections, memory / 1000000,
		memory / 100000 % 10);
	report_files(conf);
	report_locked_memory(conf);
	report_accept_queues(conf);
}
