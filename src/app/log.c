/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log: formats lines and spreads them over the outputs whose level takes them.
 *
 * Line: "YYYY/MM/DD HH:MM:SS [level] pid#tid: *conn message". The text of the time is made once per
 * second and thread. A full buffer is written early, never waited for.
 */
#include "app/log.h"

#include "app/log_syslog.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	LOG_LINE_MAX = LOG_MESSAGE_MAX + 128, /* stamp, level, ids and line end included */
	LOG_TEXT_MAX = LOG_LINE_MAX + LOG_SYSLOG_HEAD_MAX,
	QUIET_S = 60, /* between two lines about the same trouble */
};

static const char *const level_names[] = {
	[LEVEL_EMERG] = "emerg", [LEVEL_ALERT] = "alert", [LEVEL_CRIT] = "crit",
	[LEVEL_ERR] = "error",   [LEVEL_WARN] = "warn",   [LEVEL_NOTICE] = "notice",
	[LEVEL_INFO] = "info",   [LEVEL_DEBUG] = "debug",
};

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

enum log_level log_target_level(const struct log_target *t)
{
	enum log_level most = LEVEL_EMERG;

	for (unsigned i = 0; i < t->n_rules; i++) {
		if (t->rules[i].level > most)
			most = t->rules[i].level;
	}
	return most;
}

static void make_stamp(struct log_thread *t, int64_t second)
{
	time_t now = (time_t)second;
	struct tm tm;
	struct out o;

	localtime_r(&now, &tm);
	out_init(&o, t->stamp, sizeof(t->stamp));
	out_u64_pad(&o, (uint64_t)tm.tm_year + 1900, 4);
	out_lit(&o, "/");
	out_u64_pad(&o, (uint64_t)tm.tm_mon + 1, 2);
	out_lit(&o, "/");
	out_u64_pad(&o, (uint64_t)tm.tm_mday, 2);
	out_lit(&o, " ");
	out_u64_pad(&o, (uint64_t)tm.tm_hour, 2);
	out_lit(&o, ":");
	out_u64_pad(&o, (uint64_t)tm.tm_min, 2);
	out_lit(&o, ":");
	out_u64_pad(&o, (uint64_t)tm.tm_sec, 2);
	out_init(&o, t->syslog_stamp, sizeof(t->syslog_stamp));
	log_syslog_time(&o, &tm);
	t->second = second;
}

static void out_line(struct log_thread *t, struct out *o, const struct log_line *line)
{
	out_str(o, str_of(t->stamp, 19));
	out_lit(o, " [");
	out_str(o, str_cstr(level_names[line->level]));
	out_lit(o, "] ");
	out_u64(o, (uint64_t)t->pid);
	out_lit(o, "#");
	out_u64(o, (uint64_t)t->tid);
	out_lit(o, ": ");
	if (line->conn) {
		out_lit(o, "*");
		out_u64(o, line->conn);
		out_lit(o, " ");
	}
	out_str(o, str_first(line->message, LOG_MESSAGE_MAX));
	out_lit(o, "\n");
}

/* The line in the form that `to` takes. */
static void out_line_for(struct log_thread *t, struct out *o, const struct log_output *to,
			 const struct log_line *line)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != t->second)
		make_stamp(t, now.tv_sec);
	if (to->kind == LOG_OUTPUT_SYSLOG)
		log_syslog_head(o, to->syslog, line->level, str_of(t->syslog_stamp, 15));
	out_line(t, o, line);
}

static int64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec;
}

/* One of all who ask is told to speak, once in QUIET_S. */
static bool may_speak(_Atomic int64_t *quiet_until_s)
{
	int64_t until_s = atomic_load(quiet_until_s);
	int64_t now = now_s();

	if (until_s && now < until_s)
		return false;
	return atomic_compare_exchange_strong(quiet_until_s, &until_s, now + QUIET_S);
}

static void deliver(struct log_thread *t, struct log_output *out, const struct log_line *line);

/* Tells the others of the main error_log that this one takes nothing. */
static void complain(struct log_thread *t, struct log_output *about)
{
	const struct log_target *main = t->outputs->main;
	uint8_t text[LOG_MESSAGE_MAX];
	struct log_line line = {.level = LEVEL_ALERT};
	struct out message;

	if (!main || !may_speak(&about->quiet_until_s))
		return;
	out_init(&message, text, sizeof(text));
	out_lit(&message, "lines cannot be written to log \"");
	out_str(&message, str_cstr(log_output_name(about)));
	out_lit(&message, "\": ");
	out_str(&message, str_cstr(strerrordesc_np(atomic_load(&about->lost_errno))));
	line.message = out_data(&message);
	for (unsigned i = 0; i < main->n_rules; i++) {
		if (main->rules[i].output != about)
			deliver(t, main->rules[i].output, &line);
	}
}

/* Says how many lines an output lost, when it takes lines again. */
static void report_lost(struct log_thread *t, struct log_output *out)
{
	uint8_t text[160], whole[LOG_TEXT_MAX];
	struct log_line line = {.level = LEVEL_ALERT};
	struct out message, o;
	uint64_t lost = atomic_exchange_explicit(&out->lost, 0, memory_order_relaxed);
	size_t left;

	if (lost == 0)
		return;
	out_init(&message, text, sizeof(text));
	out_u64(&message, lost);
	out_str(&message, lost == 1 ? STR(" log line was lost: ") : STR(" log lines were lost: "));
	out_str(&message, str_cstr(strerrordesc_np(atomic_load(&out->lost_errno))));
	line.message = out_data(&message);
	out_init(&o, whole, sizeof(whole));
	out_line_for(t, &o, out, &line);
	left = log_output_write(out, whole, o.n);
	if (left)
		log_output_forget(out, str_of(whole, left));
	/* The report itself did not get through: it was counted as one, the others are added. */
	if (atomic_load_explicit(&out->lost, memory_order_relaxed) > 0)
		atomic_fetch_add_explicit(&out->lost, lost - 1, memory_order_relaxed);
}

/* Whole lines to their output; as log_output_write(), and what is to be said of it. */
static size_t hand_on(struct log_thread *t, struct log_output *out, uint8_t *lines, size_t n)
{
	uint64_t before = atomic_load_explicit(&out->lost, memory_order_relaxed);
	size_t left = log_output_write(out, lines, n);

	if (left || atomic_load_explicit(&out->lost, memory_order_relaxed) != before)
		complain(t, out);
	else if (before)
		report_lost(t, out);
	return left;
}

static void flush_output(struct log_thread *t, struct log_output *out, struct log_buffer *b)
{
	if (b->n == 0 || b->busy)
		return;
	b->busy = true;
	b->n = hand_on(t, out, b->base, b->n);
	b->busy = false;
}

static void keep_line(struct log_thread *t, struct log_output *out, struct str text)
{
	struct log_buffer *b = &t->buffers[out->index];

	if (b->n + text.n > LOG_BUFFER_SIZE)
		flush_output(t, out, b);
	if (b->busy || b->n + text.n > LOG_BUFFER_SIZE) {
		atomic_fetch_add_explicit(&out->lost, 1, memory_order_relaxed);
		return;
	}
	memcpy(b->base + b->n, text.p, text.n);
	b->n += text.n;
	t->logger.pending = true;
}

static void deliver(struct log_thread *t, struct log_output *out, const struct log_line *line)
{
	uint8_t text[LOG_TEXT_MAX];
	struct out o;
	size_t left;

	out_init(&o, text, sizeof(text));
	out_line_for(t, &o, out, line);
	if (t->buffers) {
		keep_line(t, out, out_data(&o));
		return;
	}
	left = hand_on(t, out, text, o.n);
	if (left)
		log_output_forget(out, str_of(text, left));
}

static void log_write(struct logger *self, const struct log_line *line)
{
	struct log_thread *t = (struct log_thread *)(void *)self;
	const struct log_target *target = line->target ? line->target : t->outputs->main;

	for (unsigned i = 0; i < target->n_rules; i++) {
		if (line->level <= target->rules[i].level || line->traced)
			deliver(t, target->rules[i].output, line);
	}
}

static void log_flush(struct logger *self)
{
	struct log_thread *t = (struct log_thread *)(void *)self;

	self->pending = false;
	if (!t->buffers)
		return;
	for (unsigned i = 0; i < t->outputs->n; i++)
		flush_output(t, t->outputs->items[i], &t->buffers[i]);
	/* Also what one output has had to say to another. */
	for (unsigned i = 0; i < t->outputs->n; i++)
		self->pending |= t->buffers[i].n > 0;
}

size_t log_thread_memory(const struct log_outputs *outputs)
{
	return outputs->n * (sizeof(struct log_buffer) + LOG_BUFFER_SIZE);
}

void log_thread_init(struct log_thread *t, const struct log_outputs *outputs, void *memory)
{
	*t = (struct log_thread){
		.logger = {.write = log_write, .flush = log_flush},
		.outputs = outputs,
		.buffers = memory,
		.pid = getpid(),
		.tid = gettid(),
		.second = -1,
	};
	for (unsigned i = 0; memory && i < outputs->n; i++) {
		t->buffers[i].base = (uint8_t *)memory + outputs->n * sizeof(struct log_buffer) +
				     i * LOG_BUFFER_SIZE;
		t->buffers[i].n = 0;
		t->buffers[i].busy = false;
	}
}

/* The process's own voice. Only the main thread speaks with it, but for log_must. */
static struct log_thread own;
static const struct log_outputs *own_outputs;
static bool also_stderr = true;

void log_use(const struct log_outputs *outputs)
{
	own_outputs = outputs;
	if (outputs)
		log_thread_init(&own, outputs, NULL);
}

void log_also_stderr(bool on)
{
	also_stderr = on;
}

void log_forked(void)
{
	log_use(own_outputs);
}

static bool main_has_stderr(void)
{
	const struct log_target *t = own_outputs->main;

	for (unsigned i = 0; i < t->n_rules; i++) {
		if (t->rules[i].output->kind == LOG_OUTPUT_STDERR)
			return true;
	}
	return false;
}

static void say_on_stderr(enum log_level level, const char *text)
{
	dprintf(STDERR_FILENO, "ringpost: [%s] %s\n", level_names[level], text);
}

void log_put(enum log_level level, const char *format, ...)
{
	char text[LOG_MESSAGE_MAX];
	struct log_line line = {.level = level};
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < 0x20)
			*c = ' ';
	}
	if (own_outputs) {
		line.message = str_cstr(text);
		own.logger.write(&own.logger, &line);
	}
	if (level <= LEVEL_WARN && also_stderr && !(own_outputs && main_has_stderr()))
		say_on_stderr(level, text);
}

/* One more line of the main log from any thread, with nothing shared but the descriptors. */
static void put_anywhere(enum log_level level, const char *text)
{
	struct log_thread here;
	struct log_line line = {.level = level, .message = str_cstr(text)};

	if (!own_outputs || (also_stderr && !main_has_stderr()))
		say_on_stderr(level, text);
	if (!own_outputs)
		return;
	log_thread_init(&here, own_outputs, NULL);
	here.logger.write(&here.logger, &line);
}

enum { SITES_MAX = 64 };

struct site {
	_Atomic(const char *) where;
	_Atomic uint64_t count;
	_Atomic int64_t quiet_until_s;
};

static struct site sites[SITES_MAX];
static _Atomic uint64_t odd_count;

/* The place's own entry; the last one is shared by all that find no other. */
static struct site *site_of(const char *where)
{
	const char *nobody;
	unsigned i;

	for (i = 0; i < SITES_MAX - 1; i++) {
		nobody = NULL;
		if (atomic_load(&sites[i].where) == where ||
		    atomic_compare_exchange_strong(&sites[i].where, &nobody, where) ||
		    nobody == where)
			break;
	}
	return &sites[i];
}

static void report_odd(const char *where, const char *what)
{
	struct site *site = site_of(where);
	uint64_t count = atomic_fetch_add(&site->count, 1) + 1;
	char text[LOG_MESSAGE_MAX];

	atomic_fetch_add(&odd_count, 1);
	if (!may_speak(&site->quiet_until_s))
		return;
	snprintf(text, sizeof(text), "unexpected (%llu times so far) at %s: %s",
		 (unsigned long long)count, where, what);
	put_anywhere(LEVEL_ALERT, text);
}

void log_must(enum must_grade grade, const char *where, const char *what)
{
	char text[LOG_MESSAGE_MAX];

	if (grade == MUST_ODD) {
		report_odd(where, what);
		return;
	}
	snprintf(text, sizeof(text), "broken promise at %s: %s; this process ends", where, what);
	put_anywhere(LEVEL_ALERT, text);
	if (own_outputs && !also_stderr && !main_has_stderr())
		say_on_stderr(LEVEL_ALERT, text);
}

uint64_t log_odd_count(void)
{
	return atomic_load(&odd_count);
}
