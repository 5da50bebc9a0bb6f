/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_set: turns the error_log lists of a configuration into shared outputs and targets.
 *
 * Grows while it is built, one allocation per piece, so that pointers into it stay; afterwards it
 * does not change but for the descriptors behind the outputs.
 */
#include "app/log_set.h"

#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct target_node {
	struct target_node *next;
	struct log_target target;
	struct log_rule rules[];
};

struct log_set {
	struct log_outputs outputs;
	struct log_output **items; /* what outputs.items points to */
	struct target_node *targets;
	bool failed; /* out of memory */
};

/* conf_bind_logs() takes a plain function: the set that is being built, NULL otherwise. */
static struct log_set *building;

static enum log_output_kind kind_of(const struct conf_log *log)
{
	if (log->syslog)
		return LOG_OUTPUT_SYSLOG;
	return log->path ? LOG_OUTPUT_FILE : LOG_OUTPUT_STDERR;
}

static struct log_output *add_output(struct log_set *s, const struct conf_log *log)
{
	struct log_output *o = calloc(1, sizeof(*o));
	struct log_output **items =
		realloc(s->items, (s->outputs.n + 1) * sizeof(struct log_output *));

	if (items)
		s->outputs.items = s->items = items;
	if (!o || !items) {
		free(o);
		return NULL;
	}
	o->kind = kind_of(log);
	o->fd = -1;
	o->index = s->outputs.n;
	o->syslog = log->syslog;
	o->path = log->path;
	s->items[s->outputs.n++] = o;
	return o;
}

/* What a directive names is the same for all servers that inherit it, and a file is the same
 * whoever names it. */
static struct log_output *output_of(struct log_set *s, const struct conf_log *log)
{
	for (unsigned i = 0; i < s->outputs.n; i++) {
		const struct log_output *o = s->items[i];

		if (o->kind == kind_of(log) && o->syslog == log->syslog &&
		    (!log->path || strcmp(o->path, log->path) == 0))
			return s->items[i];
	}
	return add_output(s, log);
}

static const struct log_target *target_of(const struct conf_log *v, size_t n)
{
	struct log_set *s = building;
	struct target_node *t = calloc(1, sizeof(*t) + n * sizeof(t->rules[0]));

	if (!t) {
		s->failed = true;
		return NULL;
	}
	t->next = s->targets;
	s->targets = t;
	t->target.rules = t->rules;
	for (size_t i = 0; i < n; i++) {
		struct log_output *o = output_of(s, &v[i]);

		if (!o) {
			s->failed = true;
			break;
		}
		t->rules[i] = (struct log_rule){o, v[i].level};
		t->target.n_rules++;
	}
	return &t->target;
}

struct log_set *log_set_open(struct conf *conf, char *error, size_t error_size)
{
	struct log_set *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(error, error_size, "out of memory for the logs");
		return NULL;
	}
	building = s;
	s->outputs.main = target_of(conf->main.logs.v, conf->main.logs.n);
	conf_bind_logs(conf, target_of);
	building = NULL;
	if (s->failed)
		snprintf(error, error_size, "out of memory for the logs");
	if (!s->failed && log_output_open_all(&s->outputs, error, error_size) == 0)
		return s;
	log_set_close(s);
	return NULL;
}

void log_set_close(struct log_set *s)
{
	struct target_node *next;

	log_output_close_all(&s->outputs);
	for (unsigned i = 0; i < s->outputs.n; i++)
		free(s->items[i]);
	free(s->items);
	for (struct target_node *t = s->targets; t; t = next) {
		next = t->next;
		free(t);
	}
	free(s);
}

const struct log_outputs *log_set_outputs(const struct log_set *s)
{
	return &s->outputs;
}

unsigned log_set_reopen(const struct log_set *s)
{
	unsigned failures = 0;

	for (unsigned i = 0; i < s->outputs.n; i++) {
		struct log_output *o = s->items[i];
		int fd;

		if (o->kind == LOG_OUTPUT_STDERR)
			continue;
		fd = log_output_reopened(o);
		if (fd < 0)
			failures++;
		else
			log_output_replace(o, fd);
	}
	return failures;
}
