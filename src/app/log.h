/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log: what a line of error_log looks like (NGINX's format) and how threads write theirs.
 *
 * Every ring thread has its own log_thread with a buffer per output, handed on once per turn. The
 * process itself (start-up, master, signals) speaks through log_put(), which writes at once.
 *
 * What an output does not take is lost and counted. The count is the first line that it takes
 * again; the other outputs of the main error_log are told meanwhile, once a minute.
 */
#ifndef APP_LOG_H
#define APP_LOG_H

#include "base/must.h"
#include "base/out.h"
#include "app/log_output.h"

enum { LOG_BUFFER_SIZE = 32768 }; /* bytes kept per thread and output, at most one turn */

struct log_buffer {
	uint8_t *base;
	size_t n;
	bool busy; /* being handed on: what comes in the meantime is lost */
};

struct log_thread {
	struct logger logger; /* first: write() and flush() get this */
	const struct log_outputs *outputs;
	struct log_buffer *buffers; /* [output index]; NULL: every line is written at once */
	int pid, tid;
	int64_t second; /* what `stamp` shows */
	uint8_t stamp[20];
	uint8_t syslog_stamp[16]; /* the same in syslog's form */
};

/* The most verbose level that any rule of the target takes. */
enum log_level log_target_level(const struct log_target *t);

const char *log_level_name(enum log_level level);

/* Bytes of memory for log_thread_init(). */
size_t log_thread_memory(const struct log_outputs *outputs);

/*
 * In the thread that will log. `memory` is log_thread_memory() bytes, aligned as malloc's, that
 * outlive t; NULL makes every line be written at once.
 */
void log_thread_init(struct log_thread *t, const struct log_outputs *outputs, void *memory);

/* From now on log_put() writes to the main error_log of these; NULL: to stderr only, as at start.
 */
void log_use(const struct log_outputs *outputs);

/* While on (as at start) lines of level warn and worse also go to stderr, "ringpost: [warn] ...".
 */
void log_also_stderr(bool on);

/* In the child after fork(): lines bear its own pid. */
void log_forked(void);

/* printf's format; text of our own, main thread only. */
void log_put(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The hook of must_report_to(), from any thread: an alert for a broken must(); for odd_if() one
 * line per place and minute with the count.
 */
void log_must(enum must_grade grade, const char *where, const char *what);

/* How often odd_if() was true in this process, all places together. */
uint64_t log_odd_count(void);

#endif
