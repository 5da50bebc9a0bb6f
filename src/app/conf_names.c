/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_names: checks names. There may be thousands, so that duplicates are found by sorting.
 */
#include "app/conf_names.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES_MAX = 255 };

/* A name and the block that has it. */
struct owned {
	struct str name;
	const struct conf_settings *block;
};

/* "a.example", "*.example" or ".example", in ASCII: names in other scripts are sent as "xn--". */
static bool is_name(struct str s)
{
	struct str labels = str_from(s, str_starts(s, STR("*.")) ? 2 : str_starts(s, STR(".")));

	if (!labels.n || s.n > NAME_BYTES_MAX || labels.p[0] == '.')
		return false;
	for (size_t i = 0; i < labels.n; i++) {
		uint8_t x = labels.p[i];

		if ((x < 'a' || x > 'z') && (x < '0' || x > '9') && x != '-' && x != '_' &&
		    x != '.')
			return false;
		if (x == '.' && i + 1 < labels.n && labels.p[i + 1] == '.')
			return false;
	}
	return true;
}

static struct str lower(struct conf_build *b, struct str s)
{
	uint8_t *to = (uint8_t *)conf_pool_text(b->pool, s);

	for (size_t i = 0; i < s.n; i++)
		if (to[i] >= 'A' && to[i] <= 'Z')
			to[i] = (uint8_t)(to[i] - 'A' + 'a');
	return str_of(to, s.n);
}

struct conf_settings *conf_names_open(struct conf_build *b, const struct conf_call *c)
{
	struct conf_settings *block = conf_pool_take(b->pool, sizeof(*block));

	for (uint32_t i = 0; i < c->n; i++) {
		struct str name = lower(b, c->args[i].text);

		if (!is_name(name)) {
			conf_error_at(b->error, c->where,
				      "invalid server name or wildcard \"%.*s\"",
				      CONF_STR(c->args[i].text));
			conf_error_help(b->error, "mx.example.org, *.example.org and .example.org "
						  "are such");
			return NULL;
		}
		*(struct str *)conf_pool_push(b->pool, &block->tls.own, sizeof(name)) = name;
	}
	*(struct conf_settings **)conf_pool_push(b->pool, &c->to->tls.names, sizeof(block)) = block;
	return block;
}

/* By name, and by line where they are the same. */
static int compare(const void *x, const void *y)
{
	const struct owned *a = x, *b = y;
	size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
	int rc = memcmp(a->name.p, b->name.p, n);

	if (rc)
		return rc;
	if (a->name.n != b->name.n)
		return a->name.n < b->name.n ? -1 : 1;
	return (a->block->where.line > b->block->where.line) -
	       (a->block->where.line < b->block->where.line);
}

static int duplicate(struct conf_build *b, const struct owned *first, const struct owned *again)
{
	struct conf_where w = first->block->where;

	conf_error_at(b->error, again->block->where, "duplicate server name \"%.*s\"",
		      CONF_STR(again->name));
	return conf_error_help(b->error, "it has a certificate in %s:%u already",
			       w.file ? w.file : "the command line", w.line);
}

int conf_names_check(struct conf_build *b, const struct conf_vec *blocks)
{
	struct conf_settings *const *all = blocks->items;
	struct conf_vec names = {0};
	const struct owned *sorted;

	for (uint32_t i = 0; i < blocks->n; i++) {
		const struct str *own = all[i]->tls.own.items;

		for (uint32_t k = 0; k < all[i]->tls.own.n; k++)
			*(struct owned *)conf_pool_push(b->pool, &names, sizeof(*sorted)) =
				(struct owned){own[k], all[i]};
	}
	if (names.n)
		qsort(names.items, names.n, sizeof(*sorted), compare);
	sorted = names.items;
	for (uint32_t i = 1; i < names.n; i++)
		if (str_eq(sorted[i - 1].name, sorted[i].name))
			return duplicate(b, &sorted[i - 1], &sorted[i]);
	return 0;
}
