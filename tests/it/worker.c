/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What directives of the processes make of a worker process: its processors, priority and
 * environment, as the system shows them; and its title.
 */
#include "tests/lib/program.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The processors of every thread of a process, in order of their ids, as "0 1 ". */
static void processors_of(pid_t pid, char *to, size_t size)
{
	struct dirent **tasks;
	char path[64];
	int n;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	n = scandir(path, &tasks, NULL, versionsort);
	cr_assert_gt(n, 2);
	*to = '\0';
	for (int i = 0; i < n; i++) {
		int tid = atoi(tasks[i]->d_name);
		cpu_set_t set;

		free(tasks[i]);
		if (tid <= 0)
			continue;
		cr_assert_eq(sched_getaffinity(tid, sizeof(set), &set), 0);
		for (unsigned cpu = 0; cpu < 64; cpu++) {
			if (CPU_ISSET(cpu, &set))
				snprintf(to + strlen(to), size - strlen(to), "%u", cpu);
		}
		snprintf(to + strlen(to), size - strlen(to), " ");
	}
	free(tasks);
}

/* Those of two processors that this machine has for us, else there is nothing to be seen. */
static void expect_processors(const char *directive, const char *want)
{
	struct program p;
	char got[256];

	program_init(&p);
	program_configure(&p, directive, "");
	program_start(&p);
	close(program_greeted(p.port));
	processors_of(program_worker(&p, 0), got, sizeof(got));
	cr_expect_eq(strncmp(got, want, strlen(want)), 0, "\"%s\" gives \"%s\"", directive, got);
	program_done(&p);
}

Test(it_worker, threads_stay_on_their_processors)
{
	cpu_set_t set;

	cr_assert_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	if (!CPU_ISSET(0, &set) || !CPU_ISSET(1, &set)) {
		expect_processors("worker_processes 1;", "");
		return;
	}
	expect_processors("worker_processes 2; worker_cpu_affinity 10 01;", "1 0 ");
	expect_processors("worker_processes 2; worker_cpu_affinity auto;", "0 1 ");
	expect_processors("worker_processes 3; worker_cpu_affinity 01 10;", "0 1 1 ");
	expect_processors("worker_processes 2; worker_cpu_affinity auto 10;", "1 1 ");
	expect_processors("worker_processes 2; worker_cpu_affinity 11;", "01 01 ");
}

Test(it_worker, masks_for_another_number_of_threads_are_a_warning)
{
	struct program p;
	char text[4096];

	program_init(&p);
	program_configure(&p, "worker_processes 3; worker_cpu_affinity 01 01;", "");
	cr_assert_eq(program_run(&p, (const char *[]){"-t", NULL}, text, sizeof(text)), 0);
	cr_assert(strstr(text, "[warn] the number of \"worker_processes\" is not equal to the "
			       "number of \"worker_cpu_affinity\" masks, using last mask for "
			       "remaining worker processes\n"),
		  "%s", text);
	program_configure(&p, "worker_processes 3; worker_cpu_affinity 01;", "");
	cr_assert_eq(program_run(&p, (const char *[]){"-t", NULL}, text, sizeof(text)), 0);
	cr_assert_not(strstr(text, "using last mask"), "%s", text);
	program_done(&p);
}

Test(it_worker, the_worker_has_its_priority)
{
	struct program p;
	pid_t worker;
	int ours = getpriority(PRIO_PROCESS, 0);

	program_init(&p);
	program_configure(&p, "worker_priority 7;", "");
	program_start(&p);
	worker = program_worker(&p, 0);
	close(program_greeted(p.port));
	cr_expect_eq(getpriority(PRIO_PROCESS, (id_t)worker), 7);
	cr_expect_eq(getpriority(PRIO_PROCESS, (id_t)p.master), ours);
	program_done(&p);
}

Test(it_worker, the_worker_knows_of_the_environment_what_env_names)
{
	static const char want[] = "TZ=UTC|RINGPOST_TEST_KEPT=yes|RINGPOST_TEST_NEW=a b|";
	char path[64], got[4096] = "";
	struct program p;
	size_t n = 0;
	ssize_t size;
	int fd;

	setenv("TZ", "UTC", 1);
	setenv("RINGPOST_TEST_KEPT", "yes", 1);
	setenv("RINGPOST_TEST_SECRET", "hunter2", 1);
	program_init(&p);
	program_configure(
		&p,
		"env RINGPOST_TEST_KEPT; env RINGPOST_TEST_NONE; env \"RINGPOST_TEST_NEW=a b\";",
		"");
	program_start(&p);
	close(program_greeted(p.port));
	snprintf(path, sizeof(path), "/proc/%d/environ", program_worker(&p, 0));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	while (n < sizeof(got) - 1 && (size = read(fd, got + n, sizeof(got) - 1 - n)) > 0)
		n += (size_t)size;
	close(fd);
	while (n && !got[n - 1])
		n--;
	for (size_t i = 0; i <= n; i++)
		got[i] = got[i] ? got[i] : '|';
	got[n + 1] = '\0';
	cr_expect_str_eq(got, want);
	program_done(&p);
}

/* What ps shows of it begins so, in the end; as far as there is room. */
static void is_titled(pid_t pid, const char *title)
{
	char path[64], line[512] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	for (int i = 0; i < 5000 && strncmp(line, title, strlen(title)) != 0; i++) {
		usleep(1000);
		f = fopen(path, "re");
		cr_assert(f, "%s", path);
		memset(line, 0, sizeof(line));
		cr_assert_gt(fread(line, 1, sizeof(line) - 1, f), 0);
		fclose(f);
	}
	cr_assert_eq(strncmp(line, title, strlen(title)), 0, "\"%s\"", line);
}

Test(it_worker, ps_shows_who_is_who)
{
	struct program p;
	char master[400];
	pid_t worker;
	int fd;

	program_init(&p);
	program_configure(&p, "", "");
	program_start(&p);
	snprintf(master, sizeof(master), "ringpost: master process %s", p.binary);
	is_titled(p.master, master);
	worker = program_worker(&p, 0);
	is_titled(worker, "ringpost: worker process");
	fd = program_greeted(p.port);
	program_signal(&p, SIGQUIT);
	is_titled(worker, "ringpost: worker process is shutting");
	close(fd);
	program_done(&p);
}
