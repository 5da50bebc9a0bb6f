/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree: a process and its descendants, and what they have used. A proxy is measured as a whole
 * tree: its master is idle, and whoever does the work is counted without knowing its shape.
 */
#ifndef BENCH_TREE_H
#define BENCH_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { TREE_MAX = 32 };

struct tree {
	pid_t pids[TREE_MAX];
	int n;
};

/* The tree below and including `top`, in order of discovery. */
void tree_read(pid_t top, struct tree *);

/* CPU time of all threads of all processes, kernel worker threads of io_uring included. */
uint64_t tree_cpu_ns(const struct tree *);

/* Memory that is private to its processes, or -1 where it may not be read. */
int64_t tree_private_bytes(const struct tree *);

/* The same processes? False means that a worker died in between. */
bool tree_same(const struct tree *, const struct tree *);

#endif
