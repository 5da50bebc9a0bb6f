/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_output: one opened destination of error_log lines: a file, stderr or a syslog server.
 *
 * Shared by all error_log directives that name it and by all threads of a process. Built by the
 * configuration, which it belongs to; opened and written here. Writes never wait: what a full
 * pipe or disk or an absent server does not take is counted, and reported with the first line that
 * gets through.
 */
#ifndef APP_LOG_OUTPUT_H
#define APP_LOG_OUTPUT_H

#include "base/log.h"

#include <stdatomic.h>

enum log_output_kind { LOG_OUTPUT_FILE, LOG_OUTPUT_STDERR, LOG_OUTPUT_SYSLOG };

struct log_syslog; /* log_syslog.h */

struct log_output {
	enum log_output_kind kind;
	const char *path;                /* LOG_OUTPUT_FILE: absolute, no variables */
	const struct log_syslog *syslog; /* LOG_OUTPUT_SYSLOG */
	int fd;                          /* -1 until opened */
	unsigned index;                  /* position in log_outputs.items */
	_Atomic uint64_t lost;
	_Atomic int lost_errno;        /* why lines were lost, or kept back, the last time */
	_Atomic int64_t quiet_until_s; /* the log's: when to speak again of what it loses */
	_Atomic int64_t again_ms;      /* LOG_OUTPUT_SYSLOG: not before then, connect again */
};

struct log_rule {
	struct log_output *output;
	enum log_level level; /* the most verbose level it takes */
};

/* The error_log directives in force in one place of the configuration. */
struct log_target {
	const struct log_rule *rules;
	unsigned n_rules;
};

/* All that one configuration names. */
struct log_outputs {
	struct log_output *const *items;
	unsigned n;
	const struct log_target *main; /* error_log of the main context */
};

/* Opens all that are not open. -1 with a sentence in error[]; log_output_close_all() in any case.
 */
NODISCARD int log_output_open_all(const struct log_outputs *all, char *error, size_t error_size);
void log_output_close_all(const struct log_outputs *all);

/* As messages name it: a path, "stderr", "syslog:server=...". */
const char *log_output_name(const struct log_output *o);

/* The file opened anew by its path, or another socket: the caller's descriptor, or -1 with errno.
 * Async-signal-safe. Not for LOG_OUTPUT_STDERR. */
NODISCARD int log_output_reopened(const struct log_output *o);

/* From now on lines go to what fd is open on; closes fd. Async-signal-safe, at any moment. */
void log_output_replace(struct log_output *o, int fd);

/*
 * Writes n bytes of whole lines, each ended by LF (the first may be the end of one begun before).
 * Returns 0 when all are dealt with: written, or lost and counted. Else how many bytes were moved
 * to the front of `lines`, to be offered again first, or to be forgotten with log_output_forget():
 * the end of a line that is half written; for a syslog server, whole lines that it does not take
 * yet.
 */
size_t log_output_write(struct log_output *o, uint8_t *lines, size_t n);

/* Lines that log_output_write() has given back will not be offered again. */
void log_output_forget(struct log_output *o, struct str lines);

#endif
