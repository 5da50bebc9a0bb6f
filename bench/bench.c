/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench: what a message costs through ringpost, nginx's mail module and HAProxy, on this machine,
 * now. Drives the rounds: in each, every workload visits every target, in an order that is
 * shuffled anew, so that whatever else happens on the machine hits all targets alike.
 */
#include "bench/lib/chart.h"
#include "bench/lib/child.h"
#include "bench/lib/clock.h"
#include "bench/lib/grid.h"
#include "bench/lib/host.h"
#include "bench/lib/loopback.h"
#include "bench/lib/report.h"
#include "bench/lib/save.h"
#include "bench/lib/stop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILES_NEEDED = 20000, FILES_IDLE = 9000 };

static void choose(struct grid *g, const struct options *o)
{
	for (int i = 0; i < workload_count(); i++)
		if (!o->only || options_listed(o->only, workload_at(i)->name))
			g->workloads[g->n_workloads++] = workload_at(i);
	for (int i = 0; i < target_count(); i++)
		if (target_usable(target_at(i), o))
			g->targets[g->n_targets++] = target_at(i);
}

/* Starts all targets; those that do not start are said so and left out. */
static void start_targets(struct grid *g, const struct stage *s)
{
	int kept = 0;

	for (int i = 0; i < g->n_targets; i++)
		if (!target_start(g->targets[i], s))
			g->targets[kept++] = g->targets[i];
	g->n_targets = kept;
}

static void shuffle(int *order, int n)
{
	for (int i = 0; i < n; i++)
		order[i] = i;
	for (int i = n - 1; i > 0; i--) {
		int j = (int)(random() % (i + 1)), swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
}

/* Starts a target again whose process is gone. One crash may not end its whole bench, but it
 * makes the next sample a failed one: nothing is hidden. */
static bool revive(struct target *t, const struct stage *s)
{
	if (t->kind == TARGET_DIRECT || child_running(t->pid))
		return false;
	fprintf(stderr, "bench: %s is gone, starting it again\n", t->name);
	target_start(t, s);
	return true;
}

static void run_sample(const struct run *run, struct sample *sample)
{
	bool gone = revive(run->target, run->stage);

	run_once(run, sample);
	if (gone) {
		sample->failed = true;
		snprintf(sample->why, sizeof(sample->why), "its process had died before the run");
	}
	if (stop_asked())
		sample->done = false;
}

/* round < 0: the warm-up, whose samples are dropped. */
static void run_round(const struct grid *g, const struct stage *s, int round)
{
	for (int w = 0; w < g->n_workloads; w++) {
		int order[GRID_SIDE_MAX];

		shuffle(order, g->n_targets);
		for (int i = 0; i < g->n_targets && !stop_asked(); i++) {
			struct cell c = {w, order[i]};
			struct sample dropped;
			struct run run = {.stage = s,
					  .workload = g->workloads[w],
					  .target = g->targets[order[i]],
					  .warm_up = round < 0};

			if (!run_applies(run.workload, run.target) ||
			    (run.warm_up && run.workload->kind == WORKLOAD_IDLE))
				continue;
			run_sample(&run, run.warm_up ? &dropped : grid_at(g, c, round));
		}
	}
}

static void run_all(const struct grid *g, const struct stage *s)
{
	uint64_t start_ns = clock_now_ns();

	for (int round = -1; round < s->options->rounds && !stop_asked(); round++) {
		run_round(g, s, round);
		fprintf(stderr, "%s %d of %d done after %.0f s\n", round < 0 ? "warm-up," : "round",
			round < 0 ? 0 : round + 1, s->options->rounds,
			(double)(clock_now_ns() - start_ns) / 1e9);
	}
}

static int make_folders(const char *path)
{
	char part[512];

	snprintf(part, sizeof(part), "%s/", path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) && errno != EEXIST) {
			fprintf(stderr, "bench: cannot make %s: %s\n", part, strerror(errno));
			return -1;
		}
		*slash = '/';
	}
	return 0;
}

static int save(const struct grid *g, const struct options *o, const struct host *h)
{
	char date[32], json[560], svg[560], caption[400];
	time_t now = time(NULL);
	struct tm tm;

	if (make_folders(o->folder))
		return -1;
	strftime(date, sizeof(date), "%Y-%m-%d-%H%M%S", gmtime_r(&now, &tm));
	snprintf(json, sizeof(json), "%s/%s.json", o->folder, date);
	snprintf(svg, sizeof(svg), "%s/%s.svg", o->folder, date);
	snprintf(caption, sizeof(caption),
		 "%s UTC, %s; %ld CPUs, Linux %s; one worker each, medians of up to %d interleaved "
		 "rounds, whiskers: whole range",
		 date, h->system, h->cpus, h->kernel, o->rounds);
	if (save_json(g, h, o, json) || chart_write(g, caption, svg))
		return -1;
	printf("\nsaved %s and %s\n", json, svg);
	return 0;
}

/* The smtp-source of Postfix sends most of the load: without it there is nothing to do. */
static int check_machine(void)
{
	uint64_t files = loopback_files_raise();

	if (files < FILES_NEEDED)
		fprintf(stderr, "bench: only %llu open files allowed%s\n",
			(unsigned long long)files,
			files < FILES_IDLE ? ": the idle workload will fail (ulimit -n)" : "");
	if (access("/usr/sbin/smtp-source", X_OK) && access("/usr/bin/smtp-source", X_OK)) {
		fprintf(stderr, "bench: Postfix's smtp-source is missing: run tools/setup bench\n");
		return -1;
	}
	return 0;
}

static int bench(const struct options *o)
{
	struct stage stage = {.options = o};
	struct grid grid;
	struct host host;
	int result = -1;

	if (check_machine() || grid_open(&grid))
		return -1;
	host_read(&host, o);
	host_print(&host);
	choose(&grid, o);
	if (!stage_open(&stage, o)) {
		start_targets(&grid, &stage);
		run_all(&grid, &stage);
		if (stop_asked())
			printf("\ninterrupted: only what was measured before\n");
		report_print(&grid);
		result = save(&grid, o, &host);
	}
	stage_close(&stage);
	grid_close(&grid);
	return stop_asked() ? -1 : result;
}

int main(int argc, char **argv)
{
	struct options options;
	int end = options_read(&options, argc, argv);

	if (end)
		return end - 1;
	setlinebuf(stdout);
	srandom((unsigned)time(NULL));
	stop_install();
	return bench(&options) ? 1 : 0;
}
