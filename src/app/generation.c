/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generation: brings a configuration to life up to the point where processes can be started, or
 * takes back what it began.
 */
#include "app/generation.h"

#include "app/log.h"

#include <stdlib.h>

enum { ERROR_MAX = 1200 };

static void log_notes(const struct conf *c)
{
	for (uint32_t i = 0; i < c->n_notes; i++)
		log_put(c->notes[i].level, "%s", c->notes[i].text);
}

static int open_parts(struct generation *g, const struct options *o, const struct generation *old)
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
	if (!old)
		log_use(log_set_outputs(g->logs));
	log_notes(g->conf);
	return listeners_open(&g->listeners, &g->conf->worker, old ? &old->listeners : NULL);
}

struct generation *generation_open(const struct options *o, const struct generation *old)
{
	struct generation *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->users = 1;
	if (open_parts(g, o, old) == 0)
		return g;
	if (!old)
		log_use(NULL);
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
