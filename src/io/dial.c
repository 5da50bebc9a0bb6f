/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dial: round robin over the addresses of proxy_bind, by thread: nothing is shared, and the kernel
 * knows which ports are taken. Owns nothing.
 */
#include "io/dial.h"

#include "io/net.h"
#include "io/oserror.h"

#include <errno.h>

struct list_of {
	const union socket_address *v;
	uint32_t n;
};

static struct list_of of_family(const struct source_conf *sources, int family)
{
	if (sources && family == AF_INET)
		return (struct list_of){sources->ip4, sources->n_ip4};
	if (sources && family == AF_INET6)
		return (struct list_of){sources->ip6, sources->n_ip6};
	return (struct list_of){NULL, 0};
}

int dial_from(struct thread *t, const struct source_conf *sources, const union socket_address *to)
{
	struct list_of own = of_family(sources, to->any.sa_family);
	int fd = -EADDRNOTAVAIL;

	if (!own.n)
		return net_dial(to, NULL);
	for (uint32_t i = 0; i < own.n && fd == -EADDRNOTAVAIL; i++)
		fd = net_dial(to, &own.v[t->source++ % own.n]);
	return fd;
}

struct str dial_error(int error, const struct source_conf *sources, char text[DIAL_TEXT_MAX])
{
	char words[96];
	struct out o;

	if (error != EADDRNOTAVAIL)
		return oserror_text(error, text, DIAL_TEXT_MAX);
	out_init(&o, text, DIAL_TEXT_MAX);
	out_str(&o, oserror_text(error, words, sizeof(words)));
	if (sources)
		out_lit(&o, ": proxy_bind has no address of this machine with a port left for it");
	else
		out_lit(&o, ": no local port is left for it, see proxy_bind and "
			    "net.ipv4.ip_local_port_range");
	return out_data(&o);
}
