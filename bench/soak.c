/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * soak: hours of clients that come, send, stall, reset and are killed, and a look at what the
 * worker process holds every few seconds. Prints a table and a verdict; the exit status says
 * whether memory and descriptors were flat. Pauses between bursts leave the machine to others.
 */
#include "bench/lib/child.h"
#include "bench/lib/clock.h"
#include "bench/lib/counts.h"
#include "bench/lib/loopback.h"
#include "bench/lib/options.h"
#include "bench/lib/pulse.h"
#include "bench/lib/stop.h"
#include "bench/lib/target.h"
#include "bench/lib/tree.h"
#include "bench/lib/unrest.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES_MAX = 2048, REST_MS = 90000, PAUSE_MS_MIN = 50 };

static const char usage[] =
	"usage: soak [--seconds N] [--every N] [--seed N] [--idle N] [--binary PATH]\n"
	"\n"
	"  --seconds   how long, after a warm-up with everything at once (60)\n"
	"  --every     seconds between samples (10; fewer where it lasts less than 30 samples)\n"
	"  --seed      of the chances, to repeat a run (the time)\n"
	"  --idle      pause after a burst, in times of the burst's length (3)\n"
	"  --binary    the ringpost to watch\n";

struct soak {
	struct options options;
	struct stage stage;
	struct target *target;
	struct unrest unrest;
	struct tree tree; /* as it was at the start */
	double seconds, every, idle;
	unsigned seed;
	uint64_t start_ns;
	struct pulse rest_end[2];
	struct pulse samples[SAMPLES_MAX];
	int n;
};

static double now_s(const struct soak *s)
{
	return (double)(clock_now_ns() - s->start_ns) / 1e9;
}

static pid_t worker_of(const struct soak *s)
{
	return s->tree.n > 1 ? s->tree.pids[1] : s->tree.pids[0];
}

static void take(struct soak *s, struct pulse *p)
{
	pulse_read(p, worker_of(s), (struct pulse_ports){s->target->port, s->stage.auth_port});
	p->at_s = now_s(s);
	p->messages = (double)counts_messages(s->stage.control_port);
}

static void print(const struct pulse *p, const char *when)
{
	printf("%7.0f %9.0f %12.0f %6.0f %6.0f %8.0f %10.0f  %s\n", p->at_s, p->rss_kb,
	       p->private_kb, p->files, p->kept, p->clients, p->messages, when);
}

static bool same_processes(const struct soak *s)
{
	struct tree now;

	tree_read(s->target->pid, &now);
	return tree_same(&s->tree, &now);
}

/* Nobody is there any more, and nothing changes: then what is held is held for good. */
static void come_to_rest(struct soak *s, struct pulse *p, const char *when)
{
	uint64_t end_ns = clock_now_ns() + (uint64_t)REST_MS * 1000000u;
	int steady = 0;

	take(s, p);
	while (steady < 10 && clock_now_ns() < end_ns && !stop_asked()) {
		struct pulse last = *p;

		clock_pause_ms(100);
		take(s, p);
		steady = p->clients == 0 && p->files == last.files ? steady + 1 : 0;
	}
	print(p, when);
}

static void load(struct soak *s)
{
	double next_s = now_s(s) + s->every, end_s = now_s(s) + s->seconds;

	while (now_s(s) < end_s && !stop_asked() && same_processes(s)) {
		double began_s = now_s(s);

		unrest_step(&s->unrest);
		if (now_s(s) >= next_s && s->n < SAMPLES_MAX) {
			take(s, &s->samples[s->n]);
			print(&s->samples[s->n++], "");
			next_s += s->every;
		}
		clock_pause_ms(PAUSE_MS_MIN + (unsigned)((now_s(s) - began_s) * 1000 * s->idle));
	}
}

static void print_range(const struct soak *s, const char *what, size_t offset)
{
	double min = 0, max = 0, first = 0, last = 0;

	for (int i = 0; i < s->n; i++) {
		double v;

		memcpy(&v, (const char *)&s->samples[i] + offset, sizeof(v));
		first = i ? first : v;
		min = i && min < v ? min : v;
		max = i && max > v ? max : v;
		last = v;
	}
	printf("%-18s first %8.0f  last %8.0f  min %8.0f  max %8.0f\n", what, first, last, min,
	       max);
}

static const char *word(bool good)
{
	return good ? "flat" : "NOT FLAT";
}

static bool is_sound(const struct soak *s)
{
	const struct unrest *u = &s->unrest;

	if (!same_processes(s))
		printf("NOT SOUND: the worker process is not the one of the start\n");
	else if (u->failed)
		printf("NOT SOUND: %llu runs failed, the last: %s\n", (unsigned long long)u->failed,
		       u->why);
	else if (s->rest_end[1].messages < (double)u->promised)
		printf("NOT SOUND: fewer messages arrived than smtp-source was promised\n");
	else
		return true;
	return false;
}

static bool judge(const struct soak *s)
{
	const struct unrest *u = &s->unrest;
	struct pulse_verdict v = pulse_judge(s->samples, s->n, s->rest_end);

	printf("\n%llu runs of smtp-source, %llu killed, %llu resets, %llu idle clients; %llu "
	       "messages were accepted in whole runs, %.0f arrived\n",
	       (unsigned long long)u->runs, (unsigned long long)u->killed,
	       (unsigned long long)u->resets, (unsigned long long)u->idlers,
	       (unsigned long long)u->promised, s->rest_end[1].messages);
	print_range(s, "RSS, KB", offsetof(struct pulse, rss_kb));
	print_range(s, "private dirty, KB", offsetof(struct pulse, private_kb));
	print_range(s, "descriptors", offsetof(struct pulse, files));
	print_range(s, "clients", offsetof(struct pulse, clients));
	printf("memory: %s (median of the last third %.0f KB, of the first %.0f KB, up to %.0f "
	       "KB more is flat)\n",
	       word(v.memory_flat), v.last_kb, v.first_kb, v.allowed_kb);
	printf("descriptors: %s (%.0f at rest at the end, %.0f at rest after the warm-up; of these "
	       "%.0f and %.0f kept for the auth service)\n",
	       word(v.files_flat), s->rest_end[1].files, s->rest_end[0].files, s->rest_end[1].kept,
	       s->rest_end[0].kept);
	printf("clients: %.0f at rest at the end\n", s->rest_end[1].clients);
	return is_sound(s) && v.memory_flat && v.files_flat && v.clients_gone && !stop_asked();
}

static struct target *find_target(void)
{
	for (int i = 0; i < target_count(); i++)
		if (!strcmp(target_at(i)->name, "ringpost"))
			return target_at(i);
	abort();
}

static int run(struct soak *s)
{
	bool good;

	s->target = find_target();
	if (stage_open(&s->stage, &s->options) || target_start(s->target, &s->stage))
		return -1;
	tree_read(s->target->pid, &s->tree);
	s->unrest = (struct unrest){.stage = &s->stage, .port = s->target->port};
	s->start_ns = clock_now_ns();
	printf("seed %u, worker process %d\n", s->seed, (int)worker_of(s));
	printf("seconds   RSS, KB  private, KB  files   kept  clients   messages\n");
	take(s, &s->rest_end[0]);
	print(&s->rest_end[0], "at start");
	unrest_peak(&s->unrest);
	come_to_rest(s, &s->rest_end[0], "at rest after the warm-up");
	load(s);
	unrest_end(&s->unrest);
	come_to_rest(s, &s->rest_end[1], "at rest at the end");
	good = judge(s);
	stage_show(&s->stage, "ringpost.log");
	printf("%s\n", stop_asked() ? "interrupted" : good ? "good" : "bad");
	return good ? 0 : -1;
}

/* 0: go on; otherwise the process ends with the result minus 1. */
static int read_options(struct soak *s, int argc, char **argv)
{
	static const struct option names[] = {{"seconds", required_argument, NULL, 's'},
					      {"every", required_argument, NULL, 'e'},
					      {"seed", required_argument, NULL, 'r'},
					      {"idle", required_argument, NULL, 'i'},
					      {"binary", required_argument, NULL, 'b'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (c == 's')
			s->seconds = strtod(optarg, NULL);
		else if (c == 'e')
			s->every = strtod(optarg, NULL);
		else if (c == 'r')
			s->seed = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'i')
			s->idle = strtod(optarg, NULL);
		else if (c == 'b')
			s->options.binary = optarg;
		else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? 1 : 3;
		}
	}
	if (s->every > s->seconds / 30)
		s->every = s->seconds / 30;
	return 0;
}

int main(int argc, char **argv)
{
	static struct soak s = {.seconds = 60, .every = 10, .idle = 3};
	int end, result;

	s.seed = (unsigned)time(NULL);
	options_find(&s.options);
	end = read_options(&s, argc, argv);
	if (end)
		return end - 1;
	setlinebuf(stdout);
	srandom(s.seed);
	stop_install();
	loopback_files_raise();
	result = run(&s);
	stage_close(&s.stage);
	return result ? 1 : 0;
}
