/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_listen: addresses become listen_conf values in the build, one for each address that a host
 * name has and each port of a range. Opens nothing.
 */
#include "app/conf_listen.h"

#include "app/conf_net.h"
#include "app/conf_value.h"

enum { BACKLOG_DEFAULT = 511, KEEPIDLE_MAX = 32767, KEEPCNT_MAX = 127, LISTENS_MAX = 4096 };

struct range {
	uint16_t first, last;
};

static int bad_address(struct conf_build *b, const struct conf_call *c, const char *what)
{
	return conf_error_at(b->error, c->where, "%s in \"%.*s\" of the \"listen\" directive", what,
			     CONF_STR(c->args[0].text));
}

static int add(struct conf_build *b, const struct conf_call *c, const struct listen_conf *l)
{
	const struct conf_build_listen *all = b->listens.items;
	struct conf_build_listen *added;

	for (uint32_t i = 0; i < b->listens.n; i++) {
		if (!str_eq(all[i].listen.text, l->text))
			continue;
		conf_error_at(b->error, c->where, "duplicate \"%.*s\" address and port pair",
			      CONF_STR(l->text));
		return conf_error_help(b->error, "the server in line %u has it already",
				       all[i].server->where.line);
	}
	if (b->listens.n == LISTENS_MAX)
		return conf_error_at(b->error, c->where, "more than %d addresses to listen on",
				     LISTENS_MAX);
	added = conf_pool_push(b->pool, &b->listens, sizeof(*added));
	added->listen = *l;
	added->server = c->to;
	added->where = c->where;
	return 0;
}

static int add_address(struct conf_build *b, const struct conf_call *c, struct listen_conf *l)
{
	l->address_n = conf_net_length(&l->address);
	l->text = conf_net_text(b->pool, &l->address);
	return add(b, c, l);
}

static int add_unix(struct conf_build *b, const struct conf_call *c, struct listen_conf *l)
{
	struct str path = str_from(c->args[0].text, 5);

	if (conf_net_unix(path, &l->address))
		return bad_address(b, c,
				   path.n ? "too long path in the unix domain socket"
					  : "no path in the unix domain socket");
	return add_address(b, c, l);
}

/* "25" or "2500-2509" */
static int parse_range(struct str s, struct range *r)
{
	size_t dash = str_find(s, '-');

	if (conf_net_port(str_first(s, dash), &r->first))
		return -1;
	r->last = r->first;
	if (dash < s.n && conf_net_port(str_from(s, dash + 1), &r->last))
		return -1;
	return 0;
}

static bool only_port(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '-')
			return false;
	return s.n > 0;
}

static int add_resolved(struct conf_build *b, const struct conf_call *c, struct listen_conf *l,
			const struct conf_vec *found)
{
	const union socket_address *a = found->items;

	for (uint32_t i = 0; i < found->n; i++) {
		l->address = a[i];
		if (add_address(b, c, l))
			return -1;
	}
	return 0;
}

static int add_inet(struct conf_build *b, const struct conf_call *c, struct listen_conf *l)
{
	struct str s = c->args[0].text;
	struct conf_net_name name = {STR("*"), s};
	struct range ports;

	if (!only_port(s) && (conf_net_split(s, &name) || str_find(s, '/') != s.n))
		return bad_address(b, c, "invalid host");
	if (!name.host.n && !name.port.p)
		return bad_address(b, c, "no host");
	if (!name.port.p) {
		bad_address(b, c, "no port");
		return conf_error_help(b->error, "write \"%.*s:25\", for example", CONF_STR(s));
	}
	if (parse_range(name.port, &ports)) {
		bad_address(b, c, "invalid port");
		if (str_find(name.port, ':') != name.port.n)
			conf_error_help(b->error, "IPv6 addresses are written in brackets");
		return -1;
	}
	if (ports.last < ports.first)
		return bad_address(b, c, "invalid port range");
	if (!name.host.n)
		return bad_address(b, c, "no host");
	for (uint32_t port = ports.first; port <= ports.last; port++) {
		struct conf_vec found = {0};

		if (conf_net_resolve(b->pool, name, (uint16_t)port, &found))
			return bad_address(b, c,
					   name.host.p[0] == '[' ? "invalid IPv6 address"
								 : "host not found");
		if (add_resolved(b, c, l, &found))
			return -1;
	}
	return 0;
}

/* Parameters: `value` is what follows the "=". Each returns -1 for a value it does not like. */

static int set_backlog(struct listen_conf *l, struct str value)
{
	uint64_t n;

	if (str_u64(value, INT32_MAX, &n) || !n)
		return -1;
	l->backlog = (int)n;
	return 0;
}

static int set_buffer(int *to, struct str value)
{
	uint64_t n;

	if (conf_value_parse_size(value, &n) || n > INT32_MAX)
		return -1;
	*to = (int)n;
	return 0;
}

static int set_rcvbuf(struct listen_conf *l, struct str value)
{
	return set_buffer(&l->rcvbuf, value);
}

static int set_sndbuf(struct listen_conf *l, struct str value)
{
	return set_buffer(&l->sndbuf, value);
}

static int set_ipv6only(struct listen_conf *l, struct str value)
{
	l->ipv6only = str_eq(value, STR("on"));
	return l->ipv6only || str_eq(value, STR("off")) ? 0 : -1;
}

static int set_proxy_protocol(struct listen_conf *l, struct str value)
{
	l->proxy_protocol = !value.n;
	return 0;
}

static int set_ssl(struct listen_conf *l, struct str value)
{
	l->ssl = !value.n;
	return 0;
}

static int keepalive_part(struct str s, unsigned part, struct listen_keepalive *k)
{
	uint32_t *const to[] = {&k->idle_s, &k->interval_s, &k->count};
	uint64_t n;

	if (!s.n)
		return 0;
	if (part == 2 ? str_u64(s, KEEPCNT_MAX, &n) : conf_value_parse_s(s, &n))
		return -1;
	if (n > KEEPIDLE_MAX)
		return -1;
	*to[part] = (uint32_t)n;
	return 0;
}

static int set_keepalive(struct listen_conf *l, struct str value)
{
	struct listen_keepalive *k = &l->keepalive;

	k->set = true;
	k->on = str_eq(value, STR("on"));
	if (k->on || str_eq(value, STR("off")))
		return 0;
	k->on = true;
	for (unsigned part = 0; part < 3; part++) {
		size_t colon = str_find(value, ':');

		if (keepalive_part(str_first(value, colon), part, k))
			return -1;
		if (colon == value.n) {
			value = str_none();
			break;
		}
		if (part == 2)
			return -1;
		value = str_from(value, colon + 1);
	}
	return k->idle_s || k->interval_s || k->count ? 0 : -1;
}

static const struct parameter {
	const char *name;                                    /* with its "=", if it has one */
	int (*set)(struct listen_conf *l, struct str value); /* NULL: nothing to do */
	const char *complaint; /* about a bad value; it is followed by what was written */
} parameters[] = {
	{"backlog=", set_backlog, "invalid backlog"},
	{"rcvbuf=", set_rcvbuf, "invalid rcvbuf"},
	{"sndbuf=", set_sndbuf, "invalid sndbuf"},
	{"so_keepalive=", set_keepalive, "invalid so_keepalive value:"},
	{"ipv6only=", set_ipv6only, NULL},
	{"bind", NULL, NULL},
	{"ssl", set_ssl, NULL},
	{"proxy_protocol", set_proxy_protocol, NULL},
	{"multipath", NULL, NULL},
};

static const struct parameter *find_parameter(struct str s, struct str *value)
{
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
		struct str name = str_cstr(parameters[i].name);
		bool valued = name.p[name.n - 1] == '=';

		if (!str_starts(s, name) || (!valued && s.n != name.n))
			continue;
		*value = str_from(s, name.n);
		return &parameters[i];
	}
	return NULL;
}

static int bad_parameter(struct conf_build *b, const struct conf_call *c, struct str s)
{
	return conf_error_at(b->error, c->where, "the invalid \"%.*s\" parameter", CONF_STR(s));
}

static int read_parameter(struct conf_build *b, const struct conf_call *c, struct str s,
			  struct listen_conf *l)
{
	struct str value;
	const struct parameter *p = find_parameter(s, &value);

	if (!p) {
		bad_parameter(b, c, s);
		return conf_error_help(b->error,
				       "known are: backlog= rcvbuf= sndbuf= "
				       "so_keepalive= ipv6only= bind ssl proxy_protocol multipath");
	}
	if (str_eq(s, STR("multipath")))
		conf_build_notice(b, c->where,
				  "\"multipath\" of \"listen\" has no effect: clients that "
				  "know multipath TCP use TCP");
	if (!p->set || !p->set(l, value))
		return 0;
	if (!p->complaint)
		return bad_parameter(b, c, s);
	return conf_error_at(b->error, c->where, "%s \"%.*s\"", p->complaint,
			     CONF_STR(p->set == set_keepalive ? value : s));
}

int conf_listen_set(struct conf_build *b, const struct conf_call *c)
{
	struct listen_conf l = {.backlog = BACKLOG_DEFAULT, .ipv6only = true};

	for (uint32_t i = 1; i < c->n; i++)
		if (read_parameter(b, c, c->args[i].text, &l))
			return -1;
	if (str_has_ctl(c->args[0].text))
		return bad_address(b, c, "invalid host");
	if (str_starts(c->args[0].text, STR("unix:")))
		return add_unix(b, c, &l);
	return add_inet(b, c, &l);
}
