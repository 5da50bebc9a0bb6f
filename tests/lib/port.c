/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port: a claim is an abstract unix socket with the port in its name. The kernel lets one process
 * at a time bind it, and takes it back when the process ends, however it does.
 */
#include "tests/lib/port.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST = 10000, COUNT = 20000 };

/* The claim stays open on purpose. */
static bool claim(uint16_t port)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int n = snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "ringpost-test-port-%u", port);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0);
	if (bind(fd, (struct sockaddr *)&a,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)) == 0)
		return true;
	close(fd);
	return false;
}

/* Nor does anybody use it who has not claimed it. */
static bool is_unused(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	bool unused;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	unused = bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, 1) == 0;
	close(fd);
	return unused;
}

uint16_t port_free(void)
{
	static unsigned next;

	for (int i = 0;; i++) {
		uint16_t port = (uint16_t)(FIRST + ((unsigned)getpid() * 16 + next++) % COUNT);

		cr_assert(i < COUNT, "no free port");
		if (claim(port) && is_unused(port))
			return port;
	}
}
