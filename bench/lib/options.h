/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options: the command line of the bench. Read once, constant afterwards; strings belong to the
 * command line itself.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>

struct options {
	bool quick;
	int rounds;          /* counted rounds, without the warm-up */
	const char *only;    /* names of workloads with commas between, NULL: all */
	const char *targets; /* names of targets with commas between, NULL: the default ones */
	const char *binary;  /* the ringpost to measure */
	const char *other;   /* a second ringpost to compare with (target "other"), NULL: none */
	const char *folder;  /* where the results are saved */
	bool sink_postfix;   /* Postfix's smtp-sink instead of tools/sink */
	char tools[512];     /* folder of the built auth service and sink */
	char binary_default[512];
};

/* Where our own programs are: beside the running one, which may be any of the bench's. */
void options_find(struct options *);

/* 0: go on; otherwise the process should end with the result minus 1. */
int options_read(struct options *, int argc, char **argv);

/* Is `name` one of the words of `list`? */
bool options_listed(const char *list, const char *name);

#endif
