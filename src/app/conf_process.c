/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_process: a number that may be negative, and the list of variables, which are looked up only
 * when a process starts.
 */
#include "app/conf_process.h"

#include "app/conf_error.h"
#include "app/conf_pool.h"

int conf_process_priority(struct conf_build *b, const struct conf_call *c)
{
	struct str text = c->args[0].text;
	bool minus = str_starts(text, STR("-"));
	int64_t *priority = conf_table_field(c);
	uint64_t value;

	if (str_u64(str_from(text, minus || str_starts(text, STR("+"))), INT32_MAX, &value)) {
		conf_error_at(b->error, c->where, "\"%s\" directive invalid number", c->row->name);
		return conf_error_help(b->error, "\"%.*s\" is not a number like -5 or 10",
				       CONF_STR(text));
	}
	*priority = minus ? -(int64_t)value : (int64_t)value;
	return 0;
}

int conf_process_env(struct conf_build *b, const struct conf_call *c)
{
	const char **entry = conf_pool_push(b->pool, conf_table_field(c), sizeof(*entry));

	*entry = conf_pool_text(b->pool, c->args[0].text);
	return 0;
}
