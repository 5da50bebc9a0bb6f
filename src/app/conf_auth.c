/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_auth: takes the auth_http address apart as NGINX does, looks its host up, and writes the
 * additional header lines.
 */
#include "app/conf_auth.h"

#include "app/conf_net.h"

enum { PORT_DEFAULT = 80, PORT_HTTPS = 443, LINE_MAX_BYTES = 2048 };

static int bad_url(struct conf_build *b, const struct conf_call *c, const char *what)
{
	return conf_error_at(b->error, c->where, "%s in auth_http \"%.*s\"", what,
			     CONF_STR(c->args[0].text));
}

/* A path begins with "/": a query alone gets one. */
static struct str whole_uri(struct conf_build *b, struct str uri)
{
	if (uri.n && uri.p[0] == '/')
		return conf_pool_str(b->pool, uri);
	return conf_pool_join(b->pool, STR("/"), uri);
}

static int set_unix(struct conf_build *b, const struct conf_call *c, struct str s,
		    struct conf_auth_url *url)
{
	size_t colon = str_find(s, ':');
	struct str path = str_first(s, colon);
	union socket_address *a = conf_pool_take(b->pool, sizeof(*a));

	if (conf_net_unix(path, a))
		return bad_url(b, c,
			       path.n ? "too long path in the unix domain socket"
				      : "no path in the unix domain socket");
	url->host = STR("localhost");
	url->uri = whole_uri(b, str_from(s, colon + 1));
	url->addresses = a;
	url->n_addresses = 1;
	return 0;
}

static size_t host_length(struct str s)
{
	size_t slash = str_find(s, '/'), query = str_find(s, '?');

	return slash < query ? slash : query;
}

/* What another look at the DNS may find elsewhere. */
static bool is_named(struct str host)
{
	struct addr a;

	return host.p[0] != '[' && addr_parse(host, &a) && !str_eq(host, STR("*")) &&
	       !str_eq_nocase(host, STR("localhost"));
}

static int set_inet(struct conf_build *b, const struct conf_call *c, struct str s,
		    struct conf_auth_url *url)
{
	size_t n = host_length(s);
	struct conf_net_name name;
	struct conf_vec found = {0};
	uint16_t port = url->https ? PORT_HTTPS : PORT_DEFAULT;

	if (conf_net_split(str_first(s, n), &name))
		return bad_url(b, c, "invalid host");
	if (name.port.p && conf_net_port(name.port, &port))
		return bad_url(b, c, "invalid port");
	if (!name.host.n)
		return bad_url(b, c, "no host");
	if (conf_net_resolve(b->pool, name, port, &found)) {
		if (name.host.p[0] == '[')
			return bad_url(b, c, "invalid IPv6 address");
		return bad_url(b, c, "host not found");
	}
	url->host = conf_pool_str(b->pool, name.host);
	url->named = is_named(name.host);
	url->port = port;
	url->uri = whole_uri(b, str_from(s, n));
	url->addresses = found.items;
	url->n_addresses = found.n;
	return 0;
}

int conf_auth_set_url(struct conf_build *b, const struct conf_call *c)
{
	struct conf_auth_url *url = conf_pool_take(b->pool, sizeof(*url));
	struct str s = c->args[0].text;

	if (str_has_ctl(s) || str_find(s, ' ') != s.n || s.n > LINE_MAX_BYTES) {
		bad_url(b, c, "invalid value");
		return conf_error_help(b->error,
				       "it has a space or a control character in it, or "
				       "is longer than %d bytes",
				       LINE_MAX_BYTES);
	}
	url->https = str_starts_nocase(s, STR("https://"));
	url->where = c->where;
	if (url->https)
		s = str_from(s, 8);
	else if (str_starts_nocase(s, STR("http://")))
		s = str_from(s, 7);
	if (str_starts(s, STR("unix:")) ? set_unix(b, c, str_from(s, 5), url)
					: set_inet(b, c, s, url))
		return -1;
	url->name = conf_net_text(b->pool, url->addresses);
	c->to->auth_url = url;
	return 0;
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t x = s.p[i];

		if (x <= ' ' || x >= 0x7f || str_find(STR("()<>@,;:\\\"/[]?={}"), x) < 17)
			return false;
	}
	return s.n > 0;
}

int conf_auth_set_header(struct conf_build *b, const struct conf_call *c)
{
	struct conf_words *lines = &c->to->auth_headers;
	struct str *all = conf_pool_take(b->pool, (lines->n + 1) * sizeof(*all));
	struct str name = c->args[0].text, value = c->args[1].text, line;

	if (!is_token(name) || str_has_ctl(value) || name.n + value.n > LINE_MAX_BYTES) {
		conf_error_at(b->error, c->where, "\"auth_http_header\" directive invalid value");
		return conf_error_help(b->error, "\"%.*s: %.*s\" is not a header line",
				       CONF_STR(name), CONF_STR(value));
	}
	for (uint32_t i = 0; i < lines->n; i++)
		all[i] = lines->v[i];
	line = conf_pool_join(b->pool, name, STR(": "));
	line = conf_pool_join(b->pool, line, value);
	all[lines->n] = conf_pool_join(b->pool, line, STR("\r\n"));
	*lines = (struct conf_words){all, lines->n + 1, c->where};
	return 0;
}
