/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_table: THE table of directives: ours, NGINX's mail module's, and those of NGINX's core that
 * a file with a mail{} block also has. What is not here is unknown and refused. The rows are in
 * conf_rows_core, conf_rows_tls and conf_rows_nginx; here is how they are found.
 */
#include "app/conf_table.h"

#include "app/conf_rows.h"

#include <string.h>

/* In the order of the manual. */
static const struct conf_rows *const parts[] = {&conf_rows_core, &conf_rows_tls, &conf_rows_nginx};
enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

uint32_t conf_table_n(void)
{
	uint32_t n = 0;

	for (size_t i = 0; i < PARTS; i++)
		n += parts[i]->n;
	return n;
}

const struct conf_row *conf_table_row(uint32_t i)
{
	size_t part = 0;

	while (i >= parts[part]->n)
		i -= parts[part++]->n;
	return &parts[part]->v[i];
}

uint32_t conf_table_index(const struct conf_row *row)
{
	uint32_t before = 0;
	size_t part = 0;

	while ((uintptr_t)row < (uintptr_t)parts[part]->v ||
	       (uintptr_t)row >= (uintptr_t)(parts[part]->v + parts[part]->n))
		before += parts[part++]->n;
	return before + (uint32_t)(row - parts[part]->v);
}

const struct conf_row *conf_table_find(struct str name)
{
	for (size_t part = 0; part < PARTS; part++)
		for (uint32_t i = 0; i < parts[part]->n; i++)
			if (str_eq(name, str_cstr(parts[part]->v[i].name)))
				return &parts[part]->v[i];
	return NULL;
}

const char *conf_table_context_name(unsigned one_context)
{
	switch (one_context) {
	case CONF_IN_MAIN:
		return "main";
	case CONF_IN_EVENTS:
		return "events";
	case CONF_IN_MAIL:
		return "mail";
	case CONF_IN_NAME:
		return "ssl_server_name";
	default:
		return "server";
	}
}

enum { NAME_MAX_FOR_GUESS = 40 };

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that make a into b. */
static uint32_t edit_distance(struct str a, struct str b)
{
	uint32_t row[3][NAME_MAX_FOR_GUESS + 1];
	uint32_t *before = row[0], *last = row[1], *now = row[2];

	for (uint32_t j = 0; j <= b.n; j++)
		last[j] = j;
	for (uint32_t i = 1; i <= a.n; i++) {
		uint32_t *oldest = before;

		now[0] = i;
		for (uint32_t j = 1; j <= b.n; j++) {
			uint8_t x = a.p[i - 1], y = b.p[j - 1];

			now[j] = least(last[j - 1] + (x != y), least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && x == b.p[j - 2] && y == a.p[i - 2])
				now[j] = least(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = oldest;
	}
	return last[b.n];
}

enum { PREFIX_MIN_FOR_GUESS = 5 };

/* Nothing is near: then the name that begins alike longest, as half-remembered names do. */
static const char *begins_alike(struct str name)
{
	const char *alike = NULL;
	size_t best = PREFIX_MIN_FOR_GUESS - 1;

	for (uint32_t i = 0; i < conf_table_n(); i++) {
		struct str known = str_cstr(conf_table_row(i)->name);
		size_t n = 0;

		while (n < name.n && n < known.n && name.p[n] == known.p[n])
			n++;
		if (n > best) {
			best = n;
			alike = conf_table_row(i)->name;
		}
	}
	return alike;
}

const char *conf_table_nearest(struct str name, unsigned context)
{
	const char *nearest = NULL;
	uint32_t best = (uint32_t)(name.n / 3 < 1 ? 1 : name.n / 3) * 2 + 2;

	if (name.n > NAME_MAX_FOR_GUESS)
		return NULL;
	for (uint32_t i = 0; i < conf_table_n(); i++) {
		struct str known = str_cstr(conf_table_row(i)->name);
		/* Half a step nearer when it could stand here. */
		uint32_t d =
			2 * edit_distance(name, known) + !(conf_table_row(i)->contexts & context);

		if (d < best) {
			best = d;
			nearest = conf_table_row(i)->name;
		}
	}
	return nearest ? nearest : begins_alike(name);
}
