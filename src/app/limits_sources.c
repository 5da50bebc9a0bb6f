/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits_sources: binds a socket to each address, as a connection would, and closes it.
 */
#include "app/limits_sources.h"

#include "base/addr.h"
#include "io/sockaddr.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 256 };

/* 0, or the error. */
static int try_address(const union socket_address *a)
{
	int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return errno;
	if (bind(fd, &a->any, sockaddr_size(a)) != 0)
		error = errno;
	close(fd);
	return error;
}

static void check_address(const union socket_address *a, limits_say *say)
{
	int error = try_address(a);
	char text[TEXT_MAX];
	struct addr plain;
	struct out o;

	if (!error)
		return;
	sockaddr_to_addr(&plain, a);
	out_init(&o, text, sizeof(text) - 1);
	out_lit(&o, "\"proxy_bind\": bind() to ");
	addr_write(&o, &plain);
	out_lit(&o, " failed (");
	out_u64(&o, (uint64_t)error);
	out_lit(&o, ": ");
	out_str(&o, str_cstr(strerror(error)));
	out_lit(&o,
		"): the machine does not have this address now; it is passed over until it has");
	text[out_data(&o).n] = '\0';
	say(LEVEL_WARN, text);
}

/* Servers share what they inherit. */
static bool seen_before(const struct conf *conf, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (conf->servers[k]->session.sources == conf->servers[i]->session.sources)
			return true;
	return false;
}

void limits_sources_check(const struct conf *conf, limits_say *say)
{
	for (uint32_t i = 0; i < conf->n_servers; i++) {
		const struct source_conf *s = conf->servers[i]->session.sources;

		if (!s || seen_before(conf, i))
			continue;
		for (uint32_t k = 0; k < s->n_ip4; k++)
			check_address(&s->ip4[k], say);
		for (uint32_t k = 0; k < s->n_ip6; k++)
			check_address(&s->ip6[k], say);
	}
}
