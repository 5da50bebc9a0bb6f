/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target: what is measured. Each is one process tree with one worker between the load and the
 * sink (or the sink itself), started once and kept for the whole bench.
 */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include "bench/lib/stage.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum target_kind {
	TARGET_DIRECT,
	TARGET_NGINX,
	TARGET_HAPROXY,
	TARGET_RINGPOST,
};

struct target {
	const char *name, *label;
	const char *extra; /* lines of configuration that make this variant */
	enum target_kind kind;
	bool by_default;
	bool second; /* runs the binary of --other */
	pid_t pid;   /* 0: not running (or direct) */
	uint16_t port;
	uint16_t tls_port[2]; /* TLS at once, with an ECDSA and an RSA certificate; 0: none */
};

int target_count(void);
struct target *target_at(int i);

/* Is it wanted, and are its programs there? Says what to install where they are not. */
bool target_usable(const struct target *, const struct options *);

/* 0 when it accepts connections, -1 with the reason on stderr. */
int target_start(struct target *, const struct stage *);
void target_stop(struct target *);

#endif
