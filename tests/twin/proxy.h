/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy: one running proxy with one server{} per transcript, each on a port of its own. Owns its
 * folder below the run's folder: configuration, pid, error log.
 */
#ifndef TESTS_TWIN_PROXY_H
#define TESTS_TWIN_PROXY_H

#include "tests/lib/script.h"

#include <stdio.h>
#include <sys/types.h>

struct proxy {
	enum script_proxy which;
	const char *name, *binary;
	char folder[256], conf_path[300], log_path[300];
	pid_t pid;
	unsigned probe_port; /* one more server{}: answers when the proxy is up */
	FILE *conf;          /* while being written */
};

/* Create the folder and begin the configuration. -1 after a message. */
int proxy_init(struct proxy *p, const char *parent);

/* One server{} for the script: its protocol and directives, on the ports of `vars`. -1 after a
 * message. */
NODISCARD int proxy_add(struct proxy *p, const struct script *script,
			const struct script_vars *vars);

/* The one that answers on probe_port. */
NODISCARD int proxy_add_probe(struct proxy *p);

/* Run it and wait until it answers. -1 after a message. */
int proxy_start(struct proxy *p);

/* Ask it to end when its connections have. */
void proxy_quit(const struct proxy *p);

/* Ask it to end and wait. -1 after a message if it did not end well. */
int proxy_stop(struct proxy *p);

#endif
