/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generation: brings a configuration to life up to the point where processes can be started, or
 * takes back what it began.
 */
#include "app/generation.h"

#include "app/log.h"
#include "app/upgrade.h"

#include <stdlib.h>

enum { ERROR_MAX = 1200 };

static void log_notes(const struct conf *c)
{
	for (uint32_t i = 0; i < c->n_notes; i++)
		log_put(c->notes[i].level, "%s", c->notes[i].text);
}

static int open_conf(struct generation *g, const struct options *o)
{
	struct conf_error ce;
	char error[ERROR_MAX];

	g->conf = conf_load(o, &ce);
	if (!g->conf) {
		log_put(LEVEL_EMERG, "%s", ce.text);
		return -1;
	}
	g->logs = log_set_open(g->conf, error, sizeof(error));
	if (!g->logs) {
		log_put(LEVEL_EMERG, "%s", error);
		return -1;
	}
	return 0;
}

static struct generation *new_generation(void)
{
	struct generation *g = calloc(1, sizeof(*g));

	if (g)
		g->users = 1;
	return g;
}

struct generation *generation_open(const struct options *o, const struct generation *old)
{
	struct generation *g = new_generation();

	if (!g)
		return NULL;
	if (open_conf(g, o) == 0) {
		log_notes(g->conf);
		if (listeners_open(&g->listeners, &g->conf->worker, &old->listeners) == 0)
			return g;
	}
	generation_leave(g);
	return NULL;
}

/* Sockets that the configuration does not name any more are the old master's alone. */
static int open_first_listeners(struct generation *g, pid_t *elder)
{
	struct listeners inherited;
	int rc;

	*elder = upgrade_inherit(&inherited);
	rc = listeners_open(&g->listeners, &g->conf->worker, *elder ? &inherited : NULL);
	listeners_forget(&inherited, rc == 0 ? &g->listeners : NULL);
	return rc;
}

struct generation *generation_first(const struct options *o, pid_t *elder)
{
	struct generation *g = new_generation();

	if (!g)
		return NULL;
	if (open_conf(g, o) == 0) {
		log_use(log_set_outputs(g->logs));
		log_notes(g->conf);
		if (open_first_listeners(g, elder) == 0)
			return g;
		log_use(NULL);
	}
	generation_leave(g);
	return NULL;
}

void generation_leave(struct generation *g)
{
	if (--g->users > 0)
		return;
	if (g->logs)
		log_set_close(g->logs);
	if (g->conf)
		conf_free(g->conf);
	free(g);
}
