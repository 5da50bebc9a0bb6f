/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits_found: what the system allows this process, read from /proc, control groups and
 * getrlimit(2), and what kind of place it runs in, which decides how a limit is raised.
 */
#ifndef APP_LIMITS_FOUND_H
#define APP_LIMITS_FOUND_H

#include "app/conf.h"

#define LIMITS_UNLIMITED UINT64_MAX
#define LIMITS_UNKNOWN   (UINT64_MAX - 1) /* the system does not say */

enum limits_place {
	LIMITS_HOST,      /* started by hand, or we cannot tell */
	LIMITS_SERVICE,   /* a unit of systemd */
	LIMITS_CONTAINER, /* of Docker, Podman or their kin */
	LIMITS_POD,       /* of Kubernetes */
};

/* Everything may be LIMITS_UNLIMITED or LIMITS_UNKNOWN. */
struct limits_found {
	enum limits_place place;
	char unit[64];           /* LIMITS_SERVICE: "ringpost.service" */
	uint64_t files;          /* RLIMIT_NOFILE, soft */
	uint64_t files_each;     /* fs.nr_open: where RLIMIT_NOFILE ends */
	uint64_t files_all;      /* fs.file-max */
	uint64_t locked_bytes;   /* RLIMIT_MEMLOCK, soft */
	uint64_t address_bytes;  /* RLIMIT_AS, soft */
	uint64_t backlog;        /* net.core.somaxconn */
	uint64_t syn_backlog;    /* net.ipv4.tcp_max_syn_backlog; unlimited: with SYN cookies */
	uint64_t ports;          /* of net.ipv4.ip_local_port_range without reserved ones */
	uint64_t pipe_pages;     /* fs.pipe-user-pages-soft; unlimited: we are above it */
	uint64_t maps;           /* vm.max_map_count */
	uint64_t promised_bytes; /* left to be promised; unlimited: unless vm.overcommit_memory=2 */
	uint64_t memory_bytes;   /* the machine's, or the control group's if that is less */
	uint64_t tasks;          /* pids.max of the control group */
};

/* All files are looked for behind `root`, "" but in tests. */
void limits_found_read(struct limits_found *f, const char *root, const struct conf *conf);

/* How many of the ports first..last are not in a list like "8080,9000-9100". */
uint32_t limits_found_ports(uint32_t first, uint32_t last, const char *reserved);

/* The first number of a file; LIMITS_UNKNOWN without one, LIMITS_UNLIMITED for "max". */
uint64_t limits_found_number(const char *root, const char *path);

#endif
