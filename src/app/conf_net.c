/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_net: takes address texts apart and finds what they mean. Literals never reach the resolver.
 */
#include "app/conf_net.h"

#include "base/addr.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

int conf_net_split(struct str s, struct conf_net_name *name)
{
	size_t n = str_find(s, ':');

	if (s.n && s.p[0] == '[') {
		n = str_find(s, ']');
		if (n == s.n)
			return -1;
		n++;
		if (n < s.n && s.p[n] != ':')
			return -1;
	}
	name->host = str_first(s, n);
	name->port = n == s.n ? str_none() : str_of(s.p + n + 1, s.n - n - 1);
	return 0;
}

int conf_net_port(struct str s, uint16_t *port)
{
	uint64_t value;

	if (str_u64(s, 65535, &value) || !value)
		return -1;
	*port = (uint16_t)value;
	return 0;
}

static void add(struct conf_pool *pool, struct conf_vec *found, const union socket_address *a)
{
	union socket_address *all = found->items;

	for (uint32_t i = 0; i < found->n; i++)
		if (!memcmp(&all[i], a, sizeof(*a)))
			return;
	*(union socket_address *)conf_pool_push(pool, found, sizeof(*a)) = *a;
}

static void add_ip4(struct conf_pool *pool, struct conf_vec *found, struct sockaddr_in ip4)
{
	union socket_address a;

	memset(&a, 0, sizeof(a));
	a.ip4.sin_family = AF_INET;
	a.ip4.sin_addr = ip4.sin_addr;
	a.ip4.sin_port = ip4.sin_port;
	add(pool, found, &a);
}

static void add_ip6(struct conf_pool *pool, struct conf_vec *found, const struct sockaddr_in6 *ip6)
{
	union socket_address a;

	memset(&a, 0, sizeof(a));
	a.ip6.sin6_family = AF_INET6;
	a.ip6.sin6_addr = ip6->sin6_addr;
	a.ip6.sin6_scope_id = ip6->sin6_scope_id;
	a.ip6.sin6_port = ip6->sin6_port;
	add(pool, found, &a);
}

/* All addresses of a name, or the one of a literal; IPv4 before IPv6. */
static void look_up(struct conf_pool *pool, const char *host, const char *port,
		    struct conf_vec *found)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *all;

	if (getaddrinfo(host, port, &hints, &all))
		return;
	for (const struct addrinfo *x = all; x; x = x->ai_next)
		if (x->ai_family == AF_INET)
			add_ip4(pool, found, *(const struct sockaddr_in *)(const void *)x->ai_addr);
	for (const struct addrinfo *x = all; x; x = x->ai_next)
		if (x->ai_family == AF_INET6)
			add_ip6(pool, found, (const struct sockaddr_in6 *)(const void *)x->ai_addr);
	freeaddrinfo(all);
}

int conf_net_resolve(struct conf_pool *pool, struct conf_net_name name, uint16_t port,
		     struct conf_vec *found)
{
	struct str host = name.host;
	char digits[8];
	struct out o;

	if (str_eq(host, STR("*")))
		host = STR("0.0.0.0");
	if (host.n && host.p[0] == '[') {
		host = str_of(host.p + 1, host.n - 2);
		if (str_find(host, ':') == host.n)
			return -1;
	}
	out_init(&o, digits, sizeof(digits));
	out_u64(&o, port);
	out_byte(&o, 0);
	if (host.n)
		look_up(pool, conf_pool_text(pool, host), digits, found);
	return found->n ? 0 : -1;
}

int conf_net_unix(struct str path, union socket_address *a)
{
	if (!path.n || path.n >= sizeof(a->un.sun_path))
		return -1;
	memset(a, 0, sizeof(*a));
	a->un.sun_family = AF_UNIX;
	memcpy(a->un.sun_path, path.p, path.n);
	return 0;
}

socklen_t conf_net_length(const union socket_address *a)
{
	switch (a->any.sa_family) {
	case AF_INET:
		return sizeof(a->ip4);
	case AF_INET6:
		return sizeof(a->ip6);
	default:
		return sizeof(a->un);
	}
}

struct str conf_net_text(struct conf_pool *pool, const union socket_address *a)
{
	struct addr plain = {0};
	uint8_t text[ADDR_TEXT_MAX];
	struct out o;

	if (a->any.sa_family == AF_UNIX)
		return conf_pool_join(pool, STR("unix:"), str_cstr(a->un.sun_path));
	if (a->any.sa_family == AF_INET) {
		plain.family = ADDR_IP4;
		memcpy(plain.ip, &a->ip4.sin_addr, 4);
		plain.port = ntohs(a->ip4.sin_port);
	} else {
		plain.family = ADDR_IP6;
		memcpy(plain.ip, &a->ip6.sin6_addr, 16);
		plain.port = ntohs(a->ip6.sin6_port);
	}
	out_init(&o, text, sizeof(text));
	addr_write_port(&o, &plain);
	return conf_pool_str(pool, out_data(&o));
}

/* NGINX also shows the name of the machine in lower case. */
struct str conf_net_machine(struct conf_pool *pool)
{
	char name[256] = "";

	if (gethostname(name, sizeof(name) - 1) || !*name)
		return STR("localhost");
	for (char *p = name; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return conf_pool_str(pool, str_cstr(name));
}
