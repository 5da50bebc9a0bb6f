/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of io/dial: the addresses of proxy_bind, in turn and together, on loopback sockets;
 * with few ports in a network of the test's own, where the system allows that.
 */
#include "io/dial.h"
#include "io/net.h"
#include "io/sockaddr.h"
#include "tests/lib/stand.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static union socket_address address_of(const char *text)
{
	union socket_address a;
	struct addr plain;

	cr_assert_eq(addr_parse(str_cstr(text), &plain), 0);
	sockaddr_from_addr(&a, &plain);
	return a;
}

/* Our end of a connection that dial_from() has made, or "" when it could not; it stays open. */
static const char *dialled(struct thread *t, const struct source_conf *s,
			   const union socket_address *to)
{
	static char text[ADDR_TEXT_MAX];
	int fd = dial_from(t, s, to);
	struct addr mine;
	struct out o;

	memset(text, 0, sizeof(text));
	if (fd < 0) {
		cr_assert_eq(fd, -EADDRNOTAVAIL);
		return text;
	}
	net_local(fd, &mine);
	cr_assert_neq(mine.port, 0);
	out_init(&o, text, sizeof(text) - 1);
	addr_write(&o, &mine);
	return text;
}

static int listen_ip6(union socket_address *a)
{
	socklen_t n = sizeof(a->ip6);
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*a = address_of("::1");
	if (fd != -1 && !bind(fd, &a->any, n) && !listen(fd, 8) && !getsockname(fd, &a->any, &n))
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

Test(dial, each_address_has_its_turn_in_each_thread)
{
	union socket_address own[] = {address_of("127.0.0.2"), address_of("127.0.0.3")}, to;
	struct source_conf s = {.ip4 = own, .n_ip4 = 2};
	struct thread first = {.source = 0}, second = {.source = 1};

	stand_bind(&to);
	cr_assert_str_eq(dialled(&first, &s, &to), "127.0.0.2");
	cr_assert_str_eq(dialled(&second, &s, &to), "127.0.0.3");
	cr_assert_str_eq(dialled(&first, &s, &to), "127.0.0.3");
	cr_assert_str_eq(dialled(&second, &s, &to), "127.0.0.2");
	cr_assert_str_eq(dialled(&first, &s, &to), "127.0.0.2");
	cr_assert_str_eq(dialled(&first, NULL, &to), "127.0.0.1");
}

Test(dial, only_addresses_of_the_same_family_count)
{
	union socket_address ip6 = address_of("::1"), ip4 = address_of("127.0.0.2"), to4, to6;
	struct source_conf both = {&ip4, &ip6, 1, 1}, one = {.ip6 = &ip6, .n_ip6 = 1};
	struct thread t = {.source = 0};

	stand_bind(&to4);
	cr_assert_str_eq(dialled(&t, &both, &to4), "127.0.0.2");
	cr_assert_str_eq(dialled(&t, &one, &to4), "127.0.0.1");
	if (listen_ip6(&to6) == -1)
		cr_skip("no IPv6 here");
	cr_assert_str_eq(dialled(&t, &both, &to6), "::1");
}

Test(dial, an_address_that_the_machine_does_not_have_is_passed_over)
{
	union socket_address own[] = {address_of("192.0.2.1"), address_of("127.0.0.3")}, to;
	struct source_conf some = {.ip4 = own, .n_ip4 = 2}, none = {.ip4 = own, .n_ip4 = 1};
	struct thread t = {.source = 0};
	char text[DIAL_TEXT_MAX];

	stand_bind(&to);
	for (int i = 0; i < 4; i++)
		cr_assert_str_eq(dialled(&t, &some, &to), "127.0.0.3");
	cr_assert_str_eq(dialled(&t, &none, &to), "");
	cr_assert(str_eq(dial_error(EADDRNOTAVAIL, &none, text),
			 STR("99: Cannot assign requested address: proxy_bind has no address of "
			     "this machine with a port left for it")));
	cr_assert(str_eq(dial_error(EADDRNOTAVAIL, NULL, text),
			 STR("99: Cannot assign requested address: no local port is left for it, "
			     "see proxy_bind and net.ipv4.ip_local_port_range")));
	cr_assert(str_eq(dial_error(ECONNREFUSED, &none, text), STR("111: Connection refused")));
}

/* Of our own network alone. */
static bool set_ports(const char *text)
{
	int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC);
	bool good = fd != -1 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd != -1)
		close(fd);
	return good;
}

static bool enter_own_network(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	bool good = unshare(CLONE_NEWNET) == 0;
	int fd = good ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;

	good = fd != -1 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
	if (fd != -1)
		close(fd);
	return good;
}

Test(dial, every_address_brings_all_its_ports)
{
	union socket_address own[] = {address_of("127.0.0.2"), address_of("127.0.0.3"),
				      address_of("127.0.0.4")};
	struct source_conf s = {.ip4 = own, .n_ip4 = 3};
	union socket_address to, another;
	struct thread t = {.source = 0};

	if (!enter_own_network())
		cr_skip("no network of our own can be had");
	/* Nothing is dialled from a port that somebody listens on: theirs are others. */
	cr_assert(set_ports("50000 50009"));
	stand_bind(&to);
	stand_bind(&another);
	cr_assert(set_ports("40000 40003"));
	for (int i = 0; i < 4; i++) {
		cr_assert_str_eq(dialled(&t, &s, &to), "127.0.0.2");
		cr_assert_str_eq(dialled(&t, &s, &to), "127.0.0.3");
		cr_assert_str_eq(dialled(&t, &s, &to), "127.0.0.4");
	}
	cr_assert_str_eq(dialled(&t, &s, &to), "");
	/* The same ports serve for the next server. */
	for (int i = 0; i < 12; i++)
		cr_assert_str_neq(dialled(&t, &s, &another), "");
	cr_assert_str_eq(dialled(&t, &s, &another), "");
}
