/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare: see compare.h.
 */
#include "tests/twin/compare.h"

#include "tests/twin/accepted.h"
#include "tests/twin/coverage.h"
#include "tests/twin/logbook.h"
#include "tests/twin/logdiff.h"

#include <stdio.h>
#include <stdlib.h>

static const char accepted_path[] = "tests/twin/accepted.txt";
static const char logs_path[] = "tests/twin/accepted-logs.txt";
static const char coverage_path[] = "tests/twin/coverage.txt";

struct compare {
	struct accepted *accepted;
	struct logdiff *logdiff;
	struct coverage *coverage;
	struct logbook *books[PROXIES];
};

struct compare *compare_open(void)
{
	struct compare *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->accepted = accepted_load(accepted_path);
	c->logdiff = logdiff_load(logs_path);
	c->coverage = coverage_load(coverage_path);
	if (c->accepted && c->logdiff && c->coverage)
		return c;
	compare_close(c);
	return NULL;
}

void compare_close(struct compare *c)
{
	if (!c)
		return;
	accepted_free(c->accepted);
	logdiff_free(c->logdiff);
	coverage_free(c->coverage);
	for (int p = 0; p < PROXIES; p++)
		logbook_free(c->books[p]);
	free(c);
}

int compare_logs(struct compare *c, const char *const paths[PROXIES])
{
	for (int p = 0; p < PROXIES; p++) {
		c->books[p] = logbook_open(paths[p]);
		if (!c->books[p])
			return -1;
	}
	return 0;
}

static unsigned compare_wire(struct compare *c, const struct slot *s, enum script_wire w)
{
	static const char *const names[] = {"client", "auth service", "backend"};
	struct str a = s->heard[SCRIPT_NGINX][w], b = s->heard[SCRIPT_RINGPOST][w];
	const char *name = s->scripts[0]->name;

	if (str_eq(a, b) || accepted_allows(c->accepted, name, w))
		return 0;
	fprintf(stderr, "%s.txt: the %s heard different things, and no entry of %s says why\n",
		name, names[w], accepted_path);
	fprintf(stderr, "    from nginx    \"");
	script_print(a);
	fprintf(stderr, "\"\n    from ringpost \"");
	script_print(b);
	fprintf(stderr, "\"\n");
	return 1;
}

/* The talk of a run, ports named; NULL: it never was. */
static struct logbook_talk *compare_talk(struct compare *c, const struct slot *s, int proxy,
					 int way)
{
	unsigned nth = way && s->played[proxy][0];
	const struct logbook_talk *t = logbook_find(c->books[proxy], s->listen_port[proxy], nth);
	struct script_vars vars = s->vars;
	struct logbook_talk *named;

	if (!t)
		return NULL;
	vars.listen_port = s->listen_port[proxy];
	named = calloc(1, sizeof(*named));
	if (!named || !(named->lines = calloc(t->n, sizeof(*named->lines))))
		abort();
	named->n = t->n;
	for (size_t i = 0; i < t->n; i++)
		named->lines[i] = logbook_line(t->lines[i], &vars);
	return named;
}

static void compare_forget(struct logbook_talk *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->lines[i]);
	free(t->lines);
	free(t);
}

static struct logdiff_lines compare_lines(const struct logbook_talk *t)
{
	return t ? (struct logdiff_lines){t->lines, t->n} : (struct logdiff_lines){NULL, 0};
}

static unsigned compare_way(struct compare *c, const struct slot *s, int way)
{
	const char *name = s->scripts[0]->name;
	struct logbook_talk *t[PROXIES];
	unsigned failures = 0;

	if (!s->played[0][way] || !s->played[1][way])
		return 0;
	for (int p = 0; p < PROXIES; p++)
		t[p] = compare_talk(c, s, p, way);
	if (t[0] || t[1]) {
		struct logdiff_lines a = compare_lines(t[0]), b = compare_lines(t[1]);

		failures = !logdiff_compare(c->logdiff, name, &a, &b);
	} else if (way == 0) {
		fprintf(stderr, "%s.txt: neither proxy has logged anything\n", name);
		failures = 1;
	}
	if (way == 0)
		failures += coverage_check(c->coverage, s,
					   (const struct logbook_talk *const[]){t[0], t[1]});
	compare_forget(t[0]);
	compare_forget(t[1]);
	return failures;
}

unsigned compare_slot(struct compare *c, const struct slot *s)
{
	unsigned failures = 0;

	for (int w = 0; w < SCRIPT_WIRES; w++)
		failures += compare_wire(c, s, (enum script_wire)w);
	if (s->mended)
		return failures;
	for (int way = 0; way < WAYS; way++)
		failures += compare_way(c, s, way);
	accepted_played(c->accepted, s->scripts[0]->name);
	logdiff_played(c->logdiff, s->scripts[0]->name);
	return failures;
}

unsigned compare_end(struct compare *c, bool all)
{
	unsigned failures = accepted_stale(c->accepted) + logdiff_stale(c->logdiff, all);

	failures += all ? coverage_rest(c->coverage) : 0;
	coverage_report(c->coverage);
	return failures;
}
