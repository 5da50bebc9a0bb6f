/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_real_ip: blocks of addresses, single ones, and those that a host name has now. Asks the
 * system's resolver only for what is neither.
 */
#include "app/conf_real_ip.h"

#include "app/conf_net.h"

#include <string.h>

static struct conf_vec *list_of(const struct conf_call *c)
{
	return conf_table_field(c);
}

static void add(struct conf_build *b, const struct conf_call *c, const struct addr_net *net)
{
	*(struct addr_net *)conf_pool_push(b->pool, list_of(c), sizeof(*net)) = *net;
}

static void add_resolved(struct conf_build *b, const struct conf_call *c,
			 const union socket_address *a)
{
	struct addr_net net = {0};

	if (a->any.sa_family == AF_INET) {
		net = (struct addr_net){.base = {.family = ADDR_IP4}, .bits = 32};
		memcpy(net.base.ip, &a->ip4.sin_addr, 4);
	} else {
		net = (struct addr_net){.base = {.family = ADDR_IP6}, .bits = 128};
		memcpy(net.base.ip, &a->ip6.sin6_addr, 16);
	}
	add(b, c, &net);
}

static int add_host(struct conf_build *b, const struct conf_call *c, struct str host)
{
	struct conf_vec found = {0};
	const union socket_address *all;

	if (str_has_ctl(host) || str_find(host, '/') < host.n ||
	    conf_net_resolve(b->pool, (struct conf_net_name){.host = host}, 0, &found)) {
		conf_error_at(b->error, c->where, "host not found in %s \"%.*s\"", c->row->name,
			      CONF_STR(host));
		return conf_error_help(b->error, "it can be an address, a block like 192.0.2.0/24, "
						 "a host name, or \"unix:\"");
	}
	all = found.items;
	for (uint32_t i = 0; i < found.n; i++)
		add_resolved(b, c, &all[i]);
	return 0;
}

int conf_real_ip_set(struct conf_build *b, const struct conf_call *c)
{
	struct str text = c->args[0].text;
	struct addr_net net;
	int odd = addr_parse_net(text, &net);

	if (odd < 0)
		return add_host(b, c, text);
	if (odd)
		conf_build_warn(b, c->where, "low address bits of %.*s are meaningless",
				CONF_STR(text));
	add(b, c, &net);
	return 0;
}
