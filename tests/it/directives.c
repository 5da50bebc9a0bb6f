/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directives whose effect is a matter of the whole program and of no other suite: what the worker
 * process may use and where it stands, and configurations as they were written years ago.
 */
#include "tests/lib/program.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The soft limit of that name in /proc/PID/limits. */
static unsigned long limit_of(pid_t pid, const char *name)
{
	char path[64], line[256];
	unsigned long value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	f = fopen(path, "re");
	cr_assert(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			sscanf(line + strlen(name), "%lu", &value);
	fclose(f);
	return value;
}

Test(it_directives, limits_and_folder_of_the_worker)
{
	char link[64], folder[PATH_MAX] = "";
	struct program p;
	pid_t worker;

	program_init(&p);
	program_configure(&p,
			  "worker_rlimit_nofile 777; worker_rlimit_core 3m;"
			  " working_directory %D;",
			  "");
	program_start(&p);
	worker = program_worker(&p, 0);
	cr_expect_eq(limit_of(worker, "Max open files"), 777);
	cr_expect_eq(limit_of(worker, "Max core file size"), 3 << 20);
	snprintf(link, sizeof(link), "/proc/%d/cwd", (int)worker);
	cr_assert_gt(readlink(link, folder, sizeof(folder) - 1), 0);
	cr_expect_str_eq(folder, p.dir);
	program_done(&p);
}
