/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf: a configuration file, loaded: the way in for main and master.
 *
 * conf_load() reads nginx.conf syntax, resolves inheritance, units and names, and gives one
 * immutable object that owns all memory of it. It opens no log, binds no socket, changes nothing
 * in the process.
 */
#ifndef APP_CONF_H
#define APP_CONF_H

#include "io/conf.h"
#include "app/options.h"

#include <sched.h>
#include <sys/types.h>

struct log_syslog;

/* One error_log in force. */
struct conf_log {
	const char *path;                /* absolute, or NULL: standard error, or syslog */
	const struct log_syslog *syslog; /* app/log_syslog.h, or NULL */
	enum log_level level;
};

struct conf_logs {
	const struct conf_log *v; /* none: only memory: was named */
	uint32_t n;
};

/* worker_cpu_affinity; see affinity.h */
struct conf_affinity {
	const cpu_set_t *masks;
	uint32_t n;  /* 0: not said */
	bool choose; /* auto: masks[0] is where to take one processor for each thread from */
};

/* What the configuration says about the processes. */
struct conf_main {
	bool daemon;          /* default on */
	bool master_process;  /* default on */
	bool drop_privileges; /* become uid and gid; only ever true as root */
	const char *user;     /* for initgroups() */
	uid_t uid;
	gid_t gid;
	const char *pid_path;          /* absolute */
	const char *working_directory; /* absolute, or NULL: leave it */
	uint64_t nofile_max;           /* worker_rlimit_nofile, 0: as far as allowed */
	uint64_t core_max;             /* worker_rlimit_core in bytes, when core_said */
	bool core_said;
	struct conf_logs logs; /* error_log of the main level */
	struct conf_affinity affinity;
	int priority;           /* worker_priority, 0: as it is */
	const char *const *env; /* "NAME" or "NAME=VALUE" each */
	uint32_t n_env;
};

/* A remark on a configuration that is usable: to be logged once at start. */
struct conf_note {
	enum log_level level; /* LEVEL_WARN or LEVEL_NOTICE */
	const char *text;     /* with file and line */
};

/* A file that was read as configuration. */
struct conf_source {
	const char *path; /* absolute */
	struct str text;
};

/* A directive as it was written, before those in its block; with options.json only. */
struct conf_node {
	const struct str *words; /* its name and its arguments */
	uint32_t n, depth;       /* words; blocks around it */
	const char *file;        /* NULL: the option -g */
	uint32_t line;           /* where it begins */
	bool is_block;
};

struct conf_settings; /* conf_table.h: by directive, what counts */

struct conf_server {
	struct server_conf session; /* what the sessions see */
	struct conf_logs logs;      /* its error_log targets */
	const struct conf_settings *said;
};

struct conf_pool;   /* owns everything that a struct conf points to */
struct conf_opened; /* but for what speaks TLS */

struct conf {
	const char *path; /* of the main file, absolute */
	struct conf_main main;
	struct worker_conf worker;
	struct conf_server **servers; /* every mail server{}, in the order of the file */
	uint32_t n_servers;
	const struct conf_note *notes;
	uint32_t n_notes;
	const struct conf_source *sources; /* each once, in the order in which they were read */
	uint32_t n_sources;
	const struct conf_settings *said; /* of the main level and of events */
	const struct conf_node *nodes;
	uint32_t n_nodes;
	struct conf_pool *pool;
	struct conf_opened *opened;
};

enum { CONF_ERROR_MAX = 1024 };

/* "MESSAGE in FILE:LINE (what to do)", printable, without "ringpost: [emerg] ". */
struct conf_error {
	char text[CONF_ERROR_MAX];
};

/* NULL: *e says why. May block on name resolution (auth_http and listen with host names). */
NODISCARD struct conf *conf_load(const struct options *o, struct conf_error *e);
void conf_free(struct conf *c);

/*
 * Give each server its log target: once, after conf_load and before any session. The app's
 * logger is the `of`; targets are its own and outlive c.
 */
typedef const struct log_target *conf_log_of(const struct conf_log *v, size_t n);
void conf_bind_logs(struct conf *c, conf_log_of *of);

#endif
