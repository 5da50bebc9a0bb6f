/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_bind: literal addresses, sorted by family. Whether the machine has them is not asked here:
 * an address may come and go while we run.
 */
#include "app/conf_bind.h"

#include "io/sockaddr.h"

#include <string.h>

static struct str without_brackets(struct str s)
{
	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		return str_of(s.p + 1, s.n - 2);
	return s;
}

static int bad_address(struct conf_build *b, const struct conf_call *c, struct str text)
{
	conf_error_at(b->error, c->where, "invalid address \"%.*s\"", CONF_STR(text));
	return conf_error_help(b->error, "addresses of this machine are wanted, like 192.0.2.1 or "
					 "2001:db8::1, without a port, or \"off\"");
}

static int add(struct conf_build *b, const struct conf_call *c, struct conf_vec lists[2],
	       struct str text)
{
	union socket_address address;
	struct conf_vec *to;
	const union socket_address *all;
	struct addr a;

	if (addr_parse(without_brackets(text), &a))
		return bad_address(b, c, text);
	sockaddr_from_addr(&address, &a);
	to = &lists[a.family == ADDR_IP6];
	all = to->items;
	for (uint32_t i = 0; i < to->n; i++)
		if (!memcmp(&all[i], &address, sizeof(address)))
			return conf_error_at(b->error, c->where, "duplicate address \"%.*s\"",
					     CONF_STR(text));
	*(union socket_address *)conf_pool_push(b->pool, to, sizeof(address)) = address;
	return 0;
}

int conf_bind_set(struct conf_build *b, const struct conf_call *c)
{
	const struct source_conf **to = conf_table_field(c);
	struct conf_vec lists[2] = {{0}, {0}};
	struct source_conf *sources;

	*to = NULL;
	if (c->n == 1 && str_eq(c->args[0].text, STR("off")))
		return 0;
	for (uint32_t i = 0; i < c->n; i++)
		if (add(b, c, lists, c->args[i].text))
			return -1;
	sources = conf_pool_take(b->pool, sizeof(*sources));
	*sources = (struct source_conf){lists[0].items, lists[1].items, lists[0].n, lists[1].n};
	*to = sources;
	return 0;
}
