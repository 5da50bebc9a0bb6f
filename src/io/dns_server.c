/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_server: options and socket callbacks of c-ares. It reads no file of the system but its
 * source of random bytes, and starts no thread.
 */
#include "io/dns_server.h"

#include "io/sockaddr.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
	TERM_QUESTIONS = 64, /* after which a channel rests, if another one is free */
	SERVER_MS = 2000,    /* how long one server may take */
};

/* ---- sockets ---- */

static ares_socket_t on_socket(int domain, int type, int protocol, void *channel)
{
	struct dns_channel *c = channel;
	const int how[] = {domain, type, protocol};

	return dns_sockets_open(c->sockets, c, how);
}

static int on_close(ares_socket_t fd, void *channel)
{
	struct dns_channel *c = channel;

	dns_sockets_close(c->sockets, fd);
	return 0;
}

static int on_connect(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t n, void *channel)
{
	return connect(fd, to, n);
}

/* A callback of c-ares. */
static ares_ssize_t on_receive(ares_socket_t fd, void *to, size_t size, int flags,
			       struct sockaddr *from, ares_socklen_t *from_n, void *channel)
{
	struct dns_channel *c = channel;
	ares_ssize_t n = recvfrom(fd, to, size, flags, from, from_n);

	dns_sockets_note(c->sockets, fd, n >= 0);
	return n;
}

static ares_ssize_t on_send(ares_socket_t fd, const struct iovec *parts, int n, void *channel)
{
	/* SIGPIPE is ignored, see thread.h. */
	return writev(fd, parts, n);
}

static const struct ares_socket_functions socket_functions = {
	.asocket = on_socket,
	.aclose = on_close,
	.aconnect = on_connect,
	.arecvfrom = on_receive,
	.asendv = on_send,
};

static void on_state(void *channel, ares_socket_t fd, int in, int out)
{
	struct dns_channel *c = channel;

	dns_sockets_watch(c->sockets, fd, in, out);
}

/* ---- life ---- */

static int set_server(ares_channel ares, const union socket_address *address)
{
	struct ares_addr_port_node node;
	struct addr a;

	memset(&node, 0, sizeof(node));
	sockaddr_to_addr(&a, address);
	node.family = a.family == ADDR_IP6 ? AF_INET6 : AF_INET;
	memcpy(&node.addr, a.ip, a.family == ADDR_IP6 ? 16 : 4);
	node.udp_port = node.tcp_port = a.port;
	return ares_set_servers_ports(ares, &node) == ARES_SUCCESS ? 0 : -1;
}

/* All that c-ares would else look for in files and in the environment. */
static int open_channel(struct dns_channel *c, const union socket_address *server)
{
	struct in_addr nobody = {0};
	char only_dns[] = "b", no_file[] = "/dev/null";
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP,
		.timeout = SERVER_MS,
		.tries = 1,
		.ndots = 1,
		.servers = &nobody,
		.nservers = 1,
		.lookups = only_dns,
		.resolvconf_path = no_file,
		.sock_state_cb = on_state,
		.sock_state_cb_data = c,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
		   ARES_OPT_SERVERS | ARES_OPT_LOOKUPS | ARES_OPT_DOMAINS | ARES_OPT_SORTLIST |
		   ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB;

#ifdef ARES_OPT_QUERY_CACHE
	mask |= ARES_OPT_QUERY_CACHE; /* how long answers last is not its business */
#endif
	if (ares_init_options(&c->ares, &options, mask) != ARES_SUCCESS) {
		c->ares = NULL;
		return -1;
	}
	ares_set_socket_functions(c->ares, &socket_functions, c);
	return set_server(c->ares, server);
}

int dns_server_open(struct dns_server *s, struct dns_sockets *sockets,
		    const union socket_address *address)
{
	for (int i = 0; i < DNS_CHANNELS; i++) {
		s->v[i].sockets = sockets;
		if (open_channel(&s->v[i], address))
			return -1;
	}
	return 0;
}

void dns_server_close(struct dns_server *s)
{
	for (int i = 0; i < DNS_CHANNELS; i++)
		if (s->v[i].ares)
			ares_destroy(s->v[i].ares);
}

struct dns_channel *dns_server_pick(struct dns_server *s)
{
	for (uint32_t i = 0; i < DNS_CHANNELS; i++) {
		uint32_t at = (s->now + i) % DNS_CHANNELS;
		struct dns_channel *c = &s->v[at];

		if (!c->open)
			c->asked = 0;
		if (c->asked >= TERM_QUESTIONS)
			continue;
		s->now = at;
		break;
	}
	return &s->v[s->now];
}
