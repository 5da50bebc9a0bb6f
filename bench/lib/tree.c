/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree: CPU and memory of a process tree. CPU comes from the process clocks
 * (clock_getcpuclockid), which count nanoseconds where /proc/PID/stat counts ticks of 10 ms.
 * Never changes anything about the processes that it looks at.
 */
#include "bench/lib/tree.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pid_t parent_of(pid_t pid)
{
	char path[64], line[512];
	const char *end;
	int parent = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return -1;
	/* the name in parentheses may hold anything: the fields start behind the last one */
	if (fgets(line, sizeof(line), f) && (end = strrchr(line, ')')))
		sscanf(end + 1, " %*c %d", &parent);
	fclose(f);
	return parent;
}

static bool holds(const struct tree *t, pid_t pid)
{
	for (int i = 0; i < t->n; i++)
		if (t->pids[i] == pid)
			return true;
	return false;
}

/* Adds every process whose parent is in the tree; the number added. */
static int grow(struct tree *t)
{
	DIR *proc = opendir("/proc");
	const struct dirent *e;
	int added = 0;

	while (proc && (e = readdir(proc))) {
		pid_t pid = isdigit((unsigned char)e->d_name[0]) ? (pid_t)atoi(e->d_name) : 0;

		if (pid <= 0 || t->n == TREE_MAX || holds(t, pid) || !holds(t, parent_of(pid)))
			continue;
		t->pids[t->n++] = pid;
		added++;
	}
	if (proc)
		closedir(proc);
	return added;
}

void tree_read(pid_t top, struct tree *t)
{
	*t = (struct tree){.pids = {top}, .n = 1};
	while (grow(t) > 0)
		;
}

uint64_t tree_cpu_ns(const struct tree *t)
{
	uint64_t sum = 0;

	for (int i = 0; i < t->n; i++) {
		struct timespec used;
		clockid_t id;

		if (!clock_getcpuclockid(t->pids[i], &id) && !clock_gettime(id, &used))
			sum += (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
	}
	return sum;
}

static int64_t private_of(pid_t pid)
{
	char path[64], line[256];
	int64_t sum = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		long kb;

		if (sscanf(line, "Private_Clean: %ld", &kb) == 1 ||
		    sscanf(line, "Private_Dirty: %ld", &kb) == 1)
			sum = (sum < 0 ? 0 : sum) + kb * 1024;
	}
	if (f)
		fclose(f);
	return sum;
}

int64_t tree_private_bytes(const struct tree *t)
{
	int64_t sum = 0;

	for (int i = 0; i < t->n; i++) {
		int64_t bytes = private_of(t->pids[i]);

		if (bytes < 0)
			return -1;
		sum += bytes;
	}
	return sum;
}

bool tree_same(const struct tree *a, const struct tree *b)
{
	if (a->n != b->n)
		return false;
	for (int i = 0; i < a->n; i++)
		if (!holds(b, a->pids[i]))
			return false;
	return true;
}
