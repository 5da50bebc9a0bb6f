/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chart: horizontal bars, one block per workload, two panels per block (cost on the left, rate or
 * session time on the right). The bar is the median, the whisker the range over the rounds.
 * Colour belongs to the target and is the same everywhere; ringpost's is the strong one.
 */
#include "bench/lib/chart.h"

#include <math.h>
#include <stdio.h>

enum {
	WIDTH = 1080,
	MARGIN = 24,
	LABEL = 190,
	PANEL = 400,
	GAP = 34,
	BAR = 15,
	STEP = 21,
	TOP = 86,
	HEAD = 46,
	VALUE = 104,
};

struct panel {
	enum metric metric;
	const char *title;
	double unit;
	int decimals;
};

/* What the two panels of a block show. */
static const struct panel panels[][2] = {
	[WORKLOAD_FLOOD] = {{METRIC_CPU, "CPU of the proxy, us per message (less is better)", 1, 0},
			    {METRIC_RATE, "messages per second (more is better)", 1, 0}},
	[WORKLOAD_TLS] = {{METRIC_CPU, "CPU of the proxy, us per message (less is better)", 1, 0},
			  {METRIC_RATE, "messages per second (more is better)", 1, 0}},
	[WORKLOAD_OPEN] = {{METRIC_CPU, "CPU of the proxy, us per message (less is better)", 1, 0},
			   {METRIC_P50, "session time, median, ms (less is better)", 1000, 2}},
	[WORKLOAD_CLOSED] = {{METRIC_RATE, "messages per second (more is better)", 1, 0},
			     {METRIC_P50, "session time, median, ms (less is better)", 1000, 2}},
	[WORKLOAD_IDLE] = {{METRIC_IDLE, "memory added per client, bytes (less is better)", 1, 0},
			   {METRIC_IDLE_WHOLE, "whole process per client, bytes (less is better)",
			    1, 0}},
};

static const char *colour_of(const struct target *t)
{
	switch (t->kind) {
	case TARGET_DIRECT:
		return "#b9bec5";
	case TARGET_NGINX:
		return t->extra ? "#8fb996" : "#5f9a6b";
	case TARGET_HAPROXY:
		return t->extra ? "#9db4d3" : "#6f8fbd";
	case TARGET_RINGPOST:
		return t->extra || t->second ? "#f0a773" : "#d9541e";
	}
	return "#000000";
}

/* The right end of a panel's scale. A stray maximum may not squeeze all bars: the whisker is cut.
 */
static double scale_of(const struct grid *g, int w, enum metric m)
{
	double top = 0;

	for (int t = 0; t < g->n_targets; t++) {
		struct spread s = grid_spread(g, (struct cell){w, t}, m);

		if (s.n)
			top = fmax(top, fmax(s.median * 1.05, fmin(s.max, s.median * 1.6)));
	}
	return top > 0 ? top : 1;
}

static void draw_bar(FILE *f, struct spread s, double scale, const char *colour)
{
	double width = PANEL - VALUE, per = width / scale;
	double low = s.min * per, high = fmin(s.max * per, width + 4), middle = BAR / 2.0;

	fprintf(f, "<rect width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>\n", s.median * per,
		BAR, colour);
	fprintf(f,
		"<path d=\"M%.1f %.1fH%.1fM%.1f %.1fv7M%.1f %.1fv7\" stroke=\"#222\" "
		"fill=\"none\"/>\n",
		low, middle, high, low, middle - 3.5, high, middle - 3.5);
}

static void draw_value(FILE *f, const struct panel *p, struct spread s, double x)
{
	fprintf(f, "<text x=\"%.1f\" y=\"%d\">%.*f</text>\n", x, BAR - 3, p->decimals,
		s.median / p->unit);
}

static void draw_panel(FILE *f, const struct grid *g, int w, const struct panel *p)
{
	double scale = scale_of(g, w, p->metric);
	int row = 0;

	fprintf(f, "<text y=\"-7\" class=\"axis\">%s</text>\n", p->title);
	for (int t = 0; t < g->n_targets; t++) {
		struct cell c = {w, t};
		struct spread s = grid_spread(g, c, p->metric);
		double per = (PANEL - VALUE) / scale;

		if (!grid_runs(g, c))
			continue;
		fprintf(f, "<g transform=\"translate(0,%d)\">\n", row++ * STEP);
		if (s.n) {
			draw_bar(f, s, scale, colour_of(g->targets[t]));
			draw_value(f, p, s,
				   fmin(fmax(s.max, s.median) * per, PANEL - VALUE + 4) + 8);
		} else {
			const char *why;

			fprintf(f, "<text y=\"%d\" class=\"none\">%s</text>\n", BAR - 3,
				grid_failures(g, c, &why) ? "all runs failed" : "no proxy");
		}
		fprintf(f, "</g>\n");
	}
}

static int rows_of(const struct grid *g, int w)
{
	int rows = 0;

	for (int t = 0; t < g->n_targets; t++)
		rows += grid_runs(g, (struct cell){w, t}) > 0;
	return rows;
}

static void draw_labels(FILE *f, const struct grid *g, int w)
{
	int row = 0;

	for (int t = 0; t < g->n_targets; t++) {
		struct cell c = {w, t};
		const char *why;
		int failed = grid_failures(g, c, &why);

		if (!grid_runs(g, c))
			continue;
		fprintf(f, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\"%s>%s", LABEL - 12,
			row++ * STEP + BAR - 3,
			g->targets[t]->kind == TARGET_RINGPOST ? " font-weight=\"bold\"" : "",
			g->targets[t]->label);
		if (failed)
			fprintf(f, " (%d failed)", failed);
		fprintf(f, "</text>\n");
	}
}

static void draw_block(FILE *f, const struct grid *g, int w)
{
	const struct panel *pair = panels[g->workloads[w]->kind];

	fprintf(f, "<text x=\"0\" y=\"-26\" class=\"head\">%s</text>\n", g->workloads[w]->text);
	draw_labels(f, g, w);
	for (int i = 0; i < 2; i++) {
		fprintf(f, "<g transform=\"translate(%d,0)\">\n", LABEL + i * (PANEL + GAP));
		draw_panel(f, g, w, &pair[i]);
		fprintf(f, "</g>\n");
	}
}

static int height_of(const struct grid *g)
{
	int height = TOP;

	for (int w = 0; w < g->n_workloads; w++)
		if (rows_of(g, w))
			height += HEAD + rows_of(g, w) * STEP + 18;
	return height + 10;
}

static void draw(FILE *f, const struct grid *g, const char *caption)
{
	int y = TOP, height = height_of(g);

	fprintf(f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"height=\"%d\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n"
		"<style>.axis{font-size:11px;fill:#666}.none{fill:#999;font-style:italic}"
		".head{font-size:14px;font-weight:bold}</style>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<text x=\"%d\" y=\"34\" font-size=\"20\" font-weight=\"bold\">ringpost "
		"bench</text>\n"
		"<text x=\"%d\" y=\"54\" class=\"axis\">%s</text>\n",
		WIDTH, height, WIDTH, height, MARGIN, MARGIN, caption);
	for (int w = 0; w < g->n_workloads; w++) {
		if (!rows_of(g, w))
			continue;
		y += HEAD;
		fprintf(f, "<g transform=\"translate(%d,%d)\">\n", MARGIN, y);
		draw_block(f, g, w);
		fprintf(f, "</g>\n");
		y += rows_of(g, w) * STEP + 18;
	}
	fprintf(f, "</svg>\n");
}

int chart_write(const struct grid *g, const char *caption, const char *path)
{
	FILE *f = fopen(path, "we");

	if (f)
		draw(f, g, caption);
	if (f && !fclose(f))
		return 0;
	fprintf(stderr, "bench: cannot write %s\n", path);
	return -1;
}
