/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pulse: what a proxy's worker process holds at one moment: memory, descriptors, clients. Reads
 * /proc only; a process that is gone reads as all zeros.
 */
#ifndef BENCH_PULSE_H
#define BENCH_PULSE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pulse {
	double at_s;       /* since the run began; the caller's */
	double rss_kb;     /* VmRSS */
	double private_kb; /* private and dirty: what is its own and nobody else's */
	double files;      /* open descriptors */
	double clients;    /* connections on its port that are still its own */
	double kept;       /* connections to the auth service, busy or kept for later */
	double messages;   /* that the sink has; the caller's */
};

/* Its clients come to `port`; the auth service is at `auth_port`, and nobody else asks there. */
struct pulse_ports {
	uint16_t port, auth_port;
};

void pulse_read(struct pulse *, pid_t worker, struct pulse_ports ports);

/* The rule of a soak, and what the samples say. */
struct pulse_verdict {
	double first_kb, last_kb; /* medians of the first and last third after the warm-up */
	double allowed_kb;        /* that the last may be above the first */
	bool memory_flat, files_flat, clients_gone;
};

/*
 * samples[0..n-1] were taken under load after the warm-up, `rest` before and after them,
 * both with no load at all. Memory is flat when the median of its last third is at most 1 % and
 * 256 KB above that of its first; descriptors when no more are open at the end than before, not
 * counting what is kept for the auth service, which is some number up to its own limit.
 */
struct pulse_verdict pulse_judge(const struct pulse *samples, int n, const struct pulse rest[2]);

#endif
