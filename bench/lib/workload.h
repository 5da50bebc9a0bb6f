/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload: what is sent. A table; every entry is bounded in count, and constant.
 * The names are those of --only and of the saved file.
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>

enum workload_kind {
	WORKLOAD_FLOOD,  /* Postfix's smtp-source, as fast as it goes                  */
	WORKLOAD_OPEN,   /* own generator: so many sessions a second, come what may    */
	WORKLOAD_CLOSED, /* own generator: so many sessions at once                    */
	WORKLOAD_IDLE,   /* clients that say EHLO and then nothing: memory, not time   */
	WORKLOAD_TLS,    /* own generator, TLS at once: handshakes, messages           */
};

struct workload {
	const char *name, *text;
	enum workload_kind kind;
	int parallel;    /* sessions at once; idle: clients held */
	int full, quick; /* messages (sessions, clients) per run */
	size_t bytes;    /* of one message */
	bool persistent; /* many messages per session */
	int per_second;  /* open loop: sessions started per second */
	bool tls;        /* idle and TLS only, at targets that speak it */
	bool rsa;        /* the certificate; else ECDSA */
	bool resume;     /* sessions of TLS are resumed */
};

int workload_count(void);
const struct workload *workload_at(int i);

#endif
