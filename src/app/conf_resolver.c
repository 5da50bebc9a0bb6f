/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_resolver: the name servers of a `resolver`, and what it says about answers. A server that
 * is given by its name is looked up by the system, once, at start.
 */
#include "app/conf_resolver.h"

#include "app/conf_net.h"
#include "app/conf_value.h"

enum { PORT_DNS = 53 };

static int bad_server(struct conf_build *b, const struct conf_call *c, struct str word,
		      const char *what)
{
	return conf_error_at(b->error, c->where, "%s in resolver \"%.*s\"", what, CONF_STR(word));
}

static int add_server(struct conf_build *b, const struct conf_call *c, struct str word,
		      struct conf_vec *servers)
{
	struct conf_net_name name;
	uint16_t port = PORT_DNS;
	const union socket_address *all;
	struct conf_vec found = {0};

	if (str_starts_nocase(word, STR("unix:")))
		return bad_server(b, c, word, "no IP address");
	if (conf_net_split(word, &name) || str_find(word, '/') != word.n)
		return bad_server(b, c, word, "invalid host");
	if (name.port.p && conf_net_port(name.port, &port))
		return bad_server(b, c, word, "invalid port");
	if (!name.host.n)
		return bad_server(b, c, word, "no host");
	if (str_eq(name.host, STR("*")))
		return bad_server(b, c, word, "host not found");
	if (conf_net_resolve(b->pool, name, port, &found))
		return bad_server(b, c, word,
				  name.host.p[0] == '[' ? "invalid IPv6 address"
							: "host not found");
	all = found.items;
	for (uint32_t i = 0; i < found.n; i++)
		*(union socket_address *)conf_pool_push(b->pool, servers, sizeof(*all)) = all[i];
	return 0;
}

static int set_family(struct str value, bool *on)
{
	*on = str_eq(value, STR("on"));
	return *on || str_eq(value, STR("off")) ? 0 : -1;
}

static int set_valid(struct str word, uint64_t *valid_ms)
{
	uint64_t s;

	if (conf_value_parse_s(str_from(word, 6), &s))
		return -1;
	*valid_ms = s < UINT32_MAX ? s * 1000 : UINT32_MAX * UINT64_C(1000);
	return 0;
}

static int take_word(struct conf_build *b, const struct conf_call *c, struct str word,
		     struct dns_conf *to)
{
	int rc;

	if (str_starts(word, STR("valid=")))
		rc = set_valid(word, &to->valid_ms);
	else if (str_starts(word, STR("ipv4=")))
		rc = set_family(str_from(word, 5), &to->ip4);
	else
		rc = set_family(str_from(word, 5), &to->ip6);
	return rc ? conf_error_at(b->error, c->where, "invalid parameter: %.*s", CONF_STR(word))
		  : 0;
}

static bool is_parameter(struct str word)
{
	return str_starts(word, STR("valid=")) || str_starts(word, STR("ipv4=")) ||
	       str_starts(word, STR("ipv6="));
}

int conf_resolver_set(struct conf_build *b, const struct conf_call *c)
{
	struct dns_conf **to = conf_table_field(c);
	struct dns_conf *dns = conf_pool_take(b->pool, sizeof(*dns));
	struct conf_vec servers = {0};

	*to = NULL;
	if (str_eq(c->args[0].text, STR("off")))
		return 0;
	dns->ip4 = dns->ip6 = true;
	for (uint32_t i = 0; i < c->n; i++) {
		struct str word = c->args[i].text;

		if (is_parameter(word) ? take_word(b, c, word, dns)
				       : add_server(b, c, word, &servers))
			return -1;
	}
	if (!dns->ip4 && !dns->ip6)
		return conf_error_at(b->error, c->where,
				     "\"ipv4\" and \"ipv6\" cannot both be \"off\"");
	if (!servers.n)
		return conf_error_at(b->error, c->where, "no name servers defined");
	if (servers.n > DNS_SERVERS_MAX)
		return conf_error_at(b->error, c->where, "more than %d name servers",
				     DNS_SERVERS_MAX);
	dns->servers = servers.items;
	dns->n_servers = servers.n;
	*to = dns;
	return 0;
}

const struct resolver_conf *conf_resolver_build(struct conf_build *b, const struct conf_settings *s,
						struct conf_vec *all)
{
	struct resolver_conf *made;
	struct dns_conf **known = all->items;
	uint32_t i = 0;

	if (!s->resolver)
		return NULL;
	while (i < all->n && known[i] != s->resolver)
		i++;
	if (i == all->n) {
		s->resolver->index = i;
		*(struct dns_conf **)conf_pool_push(b->pool, all, sizeof(*known)) = s->resolver;
	}
	made = conf_pool_take(b->pool, sizeof(*made));
	*made = (struct resolver_conf){s->resolver, s->resolver_timeout_ms};
	return made;
}
