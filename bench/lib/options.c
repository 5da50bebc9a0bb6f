/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options: reads the command line. Finds ringpost and its tools beside its own executable, so
 * that each build flavour measures itself.
 */
#include "bench/lib/options.h"
#include "bench/lib/target.h"
#include "bench/lib/workload.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: bench [--quick] [--only WORKLOAD,..] [--targets TARGET,..] [--rounds N]\n"
	"             [--sink own|smtp-sink] [--binary PATH] [--other PATH] [--out FOLDER] "
	"[--list]\n"
	"\n"
	"  --quick      about three minutes: fewer messages, three rounds\n"
	"  --only       these workloads only         --targets  these targets only\n"
	"  --rounds     counted rounds (a warm-up round comes before them)\n"
	"  --sink       the mail server behind the proxies: tools/sink (own) or Postfix's "
	"smtp-sink\n"
	"  --binary     the ringpost to measure      --other    a second one, as target \"other\"\n"
	"  --out        where results go (build/bench)\n"
	"  --list       names of workloads and targets\n";

void options_find(struct options *o)
{
	char exe[400];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	exe[n > 0 ? n : 0] = '\0';
	/* build/<flavour>/bench/bench: two levels up is the flavour's folder */
	for (int i = 0; i < 2 && (slash = strrchr(exe, '/')); i++)
		*slash = '\0';
	snprintf(o->binary_default, sizeof(o->binary_default), "%s/ringpost", exe);
	snprintf(o->tools, sizeof(o->tools), "%s/tools", exe);
	o->binary = o->binary_default;
}

static void print_lists(void)
{
	printf("workloads:\n");
	for (int i = 0; i < workload_count(); i++)
		printf("  %-10s %s\n", workload_at(i)->name, workload_at(i)->text);
	printf("targets (* = not measured unless named):\n");
	for (int i = 0; i < target_count(); i++)
		printf("  %-16s %s%s\n", target_at(i)->name, target_at(i)->label,
		       target_at(i)->by_default ? "" : " *");
}

bool options_listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += n)
		if ((at == list || at[-1] == ',') && (at[n] == '\0' || at[n] == ','))
			return true;
	return false;
}

/* Says which word of a list nobody knows. */
static bool all_known(const char *list, bool workloads)
{
	char copy[256];
	char *save = NULL;

	snprintf(copy, sizeof(copy), "%s", list ? list : "");
	for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		int i, n = workloads ? workload_count() : target_count();

		for (i = 0; i < n; i++)
			if (!strcmp(workloads ? workload_at(i)->name : target_at(i)->name, w))
				break;
		if (i == n) {
			fprintf(stderr, "bench: no %s \"%s\" (see --list)\n",
				workloads ? "workload" : "target", w);
			return false;
		}
	}
	return true;
}

static int read_one(struct options *o, int key)
{
	switch (key) {
	case 'q':
		o->quick = true;
		return 0;
	case 'w':
		o->only = optarg;
		return all_known(optarg, true) ? 0 : 2;
	case 't':
		o->targets = optarg;
		return all_known(optarg, false) ? 0 : 2;
	case 'r':
		o->rounds = atoi(optarg);
		return o->rounds > 0 && o->rounds <= 50 ? 0 : 2;
	case 's':
		o->sink_postfix = !strcmp(optarg, "smtp-sink");
		return o->sink_postfix || !strcmp(optarg, "own") ? 0 : 2;
	case 'b':
		o->binary = optarg;
		return 0;
	case 'o':
		o->other = optarg;
		return 0;
	case 'd':
		o->folder = optarg;
		return 0;
	case 'l':
		print_lists();
		return 1;
	case 'h':
		printf("%s", usage);
		return 1;
	}
	return 2;
}

int options_read(struct options *o, int argc, char **argv)
{
	static const struct option words[] = {
		{"quick", no_argument, NULL, 'q'},
		{"only", required_argument, NULL, 'w'},
		{"targets", required_argument, NULL, 't'},
		{"rounds", required_argument, NULL, 'r'},
		{"sink", required_argument, NULL, 's'},
		{"binary", required_argument, NULL, 'b'},
		{"other", required_argument, NULL, 'o'},
		{"out", required_argument, NULL, 'd'},
		{"list", no_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int key, end;

	*o = (struct options){.folder = "build/bench"};
	options_find(o);
	while ((key = getopt_long(argc, argv, "", words, NULL)) != -1) {
		end = read_one(o, key);
		if (end == 2)
			fprintf(stderr, "%s", usage);
		if (end)
			return end;
	}
	if (optind < argc) {
		fprintf(stderr, "bench: \"%s\" is not an option\n%s", argv[optind], usage);
		return 2;
	}
	if (!o->rounds)
		o->rounds = o->quick ? 3 : 7;
	return 0;
}
