/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pulse: reads status, smaps_rollup and fd of one process, and the system's table of connections.
 * Owns nothing; never touches the process.
 */
#include "bench/lib/pulse.h"
#include "bench/lib/stat.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { TCP_STATE_LISTEN = 10, SAMPLES_MAX = 2048 };

/* The number behind `key` in a file of /proc/PID, 0 when it is not there. */
static double number_in(pid_t pid, const char *file, const char *key)
{
	char path[64], line[256];
	double value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)) && sscanf(line + strlen(key), "%lf", &value))
			break;
	if (f)
		fclose(f);
	return value;
}

static double count_files(pid_t pid)
{
	char path[64];
	double n = -2; /* "." and ".." */
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	if (!folder)
		return 0;
	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

/* What a process still has open has an inode. Counts by port of this or of the other end. */
static void count_connections(struct pulse *p, struct pulse_ports ports)
{
	FILE *f = fopen("/proc/net/tcp", "re");
	char line[256];

	p->clients = p->kept = 0;
	while (f && fgets(line, sizeof(line), f)) {
		unsigned local, remote, state;
		unsigned long inode;

		if (sscanf(line, " %*d: %*x:%x %*x:%x %x %*x:%*x %*x:%*x %*x %*u %*u %lu", &local,
			   &remote, &state, &inode) != 4 ||
		    state == TCP_STATE_LISTEN || !inode)
			continue;
		p->clients += local == ports.port;
		p->kept += remote == ports.auth_port;
	}
	if (f)
		fclose(f);
}

void pulse_read(struct pulse *p, pid_t worker, struct pulse_ports ports)
{
	p->rss_kb = number_in(worker, "status", "VmRSS:");
	p->private_kb = number_in(worker, "smaps_rollup", "Private_Dirty:");
	p->files = count_files(worker);
	count_connections(p, ports);
}

static double lasting_files(const struct pulse *p)
{
	return p->files - p->kept;
}

static double median_private(const struct pulse *samples, int n)
{
	double values[SAMPLES_MAX];
	int kept = n < SAMPLES_MAX ? n : SAMPLES_MAX;

	for (int i = 0; i < kept; i++)
		values[i] = samples[i].private_kb;
	return stat_spread(values, kept).median;
}

struct pulse_verdict pulse_judge(const struct pulse *samples, int n, const struct pulse rest[2])
{
	int third = n >= 3 ? n / 3 : n;
	struct pulse_verdict v = {
		.first_kb = median_private(samples, third),
		.last_kb = median_private(samples + n - third, third),
		.files_flat =
			rest[1].files > 0 && lasting_files(&rest[1]) <= lasting_files(&rest[0]),
		.clients_gone = rest[1].clients == 0,
	};

	v.allowed_kb = v.first_kb / 100 + 256;
	v.memory_flat = n > 0 && v.first_kb > 0 && v.last_kb <= v.first_kb + v.allowed_kb;
	return v;
}
