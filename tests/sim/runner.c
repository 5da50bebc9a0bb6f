/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runner: parent and children share one page: which item a child is at and what has failed. A
 * child ends after its first failure, and the parent starts another behind it.
 */
#include "tests/sim/runner.h"

#include "base/must.h"
#include "tests/lib/slowness.h"
#include "tests/sim/sweep.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	JOBS_MAX = 16,
	WORLD_SECONDS = 60, /* of its own time, whatever else runs */
	PLANT_SECONDS = 1,
	EXIT_FAILED = 10
};

struct shared {
	uint32_t item, passed;
	bool reported; /* the child has said what was wrong */
	char check[32], text[512];
	struct world_start start; /* of the world that runs or failed */
};

static unsigned limit_s = WORLD_SECONDS;
static struct shared *shared; /* one for each job */

static const char *commit(void)
{
	static char text[80];
	FILE *p = text[0] ? NULL : popen("git describe --always --dirty 2>/dev/null", "r");

	if (p && fgets(text, sizeof(text), p))
		text[strcspn(text, "\n")] = '\0';
	if (p)
		pclose(p);
	return text[0] ? text : "unknown";
}

/* ---- in a child ---- */

static unsigned guest_in(const char *text)
{
	const char *at = strstr(text, "guest ");

	return at ? (unsigned)strtoul(at + 6, NULL, 10) : 0;
}

static void on_crash(int signal)
{
	kernel_trace_print(stdout, 0);
	fflush(stdout);
	_exit(128 + signal);
}

/* A world that goes round and round is ended. */
static void set_limit(void)
{
	struct itimerval limit = {.it_value.tv_sec = limit_s * slowness()};

	setitimer(ITIMER_PROF, &limit, NULL);
}

static void fail(struct shared *s, const struct world_result *r)
{
	snprintf(s->check, sizeof(s->check), "%s", r->check);
	snprintf(s->text, sizeof(s->text), "%s", r->text);
	s->reported = true;
	_exit(EXIT_FAILED);
}

static uint64_t run_world(struct shared *s, const struct world_start *start, bool *untouched)
{
	struct world_result r;
	bool well;

	s->start = *start;
	set_limit();
	well = world_run(start, &r);
	kernel_close();
	if (!well)
		fail(s, &r);
	s->passed++;
	*untouched = r.untouched;
	return r.hash;
}

static void run_twice(struct shared *s, const struct world_start *start)
{
	struct world_result other = {.check = "replay"};
	bool untouched;
	uint64_t first = run_world(s, start, &untouched);

	s->passed--;
	if (run_world(s, start, &untouched) != first) {
		snprintf(other.text, sizeof(other.text), "the same seed, another course");
		fail(s, &other);
	}
}

static void run_sweep(struct shared *s, const struct item *item)
{
	struct world_start start = {
		.seed = item->seed, .plan = sweep_plan(item->scenario), .fault = item->fault};
	bool untouched = false;

	for (uint64_t n = sweep_is_single(item->scenario) ? 0 : 1; !untouched && n < SWEEP_MAX;
	     n++) {
		start.fault_n = n;
		run_world(s, &start, &untouched);
	}
}

static void child(const struct runner *r, unsigned job, uint32_t from)
{
	struct shared *s = &shared[job];

	for (uint32_t i = from; i < r->n_items; i += r->jobs) {
		const struct item *item = &r->items[i];
		struct world_start start = {.seed = item->seed, .plan = plan_world};
		bool untouched;

		s->item = i;
		if (item->kind == ITEM_SWEEP)
			run_sweep(s, item);
		else if (item->kind == ITEM_TWICE)
			run_twice(s, &start);
		else
			run_world(s, &start, &untouched);
	}
	exit(0); /* leaks are looked for at an exit, and coverage is written */
}

/* ---- the parent ---- */

static pid_t start_child(const struct runner *r, unsigned job, uint32_t from)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0)
		child(r, job, from);
	return pid;
}

static void print_replay(const struct world_start *start, uint32_t who)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct world_result r;

		signal(SIGABRT, on_crash);
		signal(SIGSEGV, on_crash);
		signal(SIGPROF, on_crash);
		set_limit();
		kernel_tracing = true;
		world_run(start, &r);
		kernel_trace_print(stdout, who);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void report(const struct runner *r, const struct shared *s)
{
	const struct item *item = &r->items[s->item];

	printf("FAIL %s: %s\n", s->check, s->text);
	printf("  seed %llu, commit %s", (unsigned long long)item->seed, commit());
	if (item->kind == ITEM_SWEEP)
		printf("; again: make sim SWEEP=%s:%s:%llu\n", sweep_name(item->scenario),
		       sweep_fault(item->fault), (unsigned long long)s->start.fault_n);
	else
		printf("; again: make sim SEED=%llu\n", (unsigned long long)item->seed);
	if (!r->wanted)
		print_replay(&s->start, guest_in(s->text));
	fflush(stdout);
}

/* A child has ended before its work was done: what was it? */
static void on_ended(struct runner *r, struct shared *s, int status)
{
	if (!s->reported) {
		bool hung = WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF;

		snprintf(s->check, sizeof(s->check), hung ? "hang" : "crash");
		snprintf(s->text, sizeof(s->text), "status %d", status);
	}
	r->failed++;
	if (r->wanted && !strcmp(s->check, r->wanted)) {
		r->caught = true;
		printf("caught by %s in world %u, seed %llu: %s\n", s->check, s->passed + 1,
		       (unsigned long long)s->start.seed, s->text);
	} else {
		report(r, s);
	}
	s->reported = false;
}

static bool is_enough(const struct runner *r)
{
	return r->caught || r->failed >= r->failures_max;
}

static unsigned job_of(const pid_t *pids, unsigned jobs, pid_t pid)
{
	unsigned job = 0;

	while (job < jobs && pids[job] != pid)
		job++;
	return job;
}

void runner_run(struct runner *r)
{
	pid_t pids[JOBS_MAX], pid;
	unsigned left = 0;
	int status;

	if (r->wanted)
		limit_s = PLANT_SECONDS;
	if (r->jobs > JOBS_MAX)
		r->jobs = JOBS_MAX;
	shared = mmap(NULL, sizeof(*shared) * JOBS_MAX, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED);
	for (unsigned job = 0; job < r->jobs && job < r->n_items; job++, left++)
		pids[job] = start_child(r, job, job);
	while (left && (pid = wait(&status)) > 0) {
		unsigned job = job_of(pids, r->jobs, pid);
		uint32_t next;

		if (job == r->jobs)
			continue;
		left--;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			continue;
		on_ended(r, &shared[job], status);
		next = shared[job].item + r->jobs;
		if (!is_enough(r) && next < r->n_items) {
			pids[job] = start_child(r, job, next);
			left++;
		}
	}
	for (unsigned job = 0; job < r->jobs; job++)
		r->passed += shared[job].passed;
	munmap(shared, sizeof(*shared) * JOBS_MAX);
}

bool runner_trace(const struct world_start *start)
{
	struct world_result r;
	bool well;

	signal(SIGABRT, on_crash);
	signal(SIGSEGV, on_crash);
	kernel_tracing = true;
	well = world_run(start, &r);
	kernel_trace_print(stdout, 0);
	printf("seed %llu, commit %s: %u guests, %s%s%s\n", (unsigned long long)start->seed,
	       commit(), r.guests, well ? "all is well" : r.check, well ? "" : ": ", r.text);
	kernel_close();
	return well;
}
