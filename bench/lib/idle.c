/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * idle: opens many connections one after the other, each brought to the end of its EHLO reply,
 * and holds them. Owns the sockets.
 */
#include "bench/lib/idle.h"
#include "bench/lib/loopback.h"
#include "bench/lib/stop.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads one reply of any number of lines that ends with a packet. */
static bool read_reply(int fd)
{
	char text[2048];
	size_t n = 0;

	while (n < sizeof(text) - 1) {
		ssize_t got = recv(fd, text + n, sizeof(text) - 1 - n, 0);
		const char *line;

		if (got <= 0)
			return false;
		n += (size_t)got;
		text[n] = '\0';
		if (text[n - 1] != '\n')
			continue;
		text[n - 1] = '\0';
		line = strrchr(text, '\n');
		line = line ? line + 1 : text;
		if (strlen(line) >= 4 && line[3] == ' ')
			return text[0] == '2';
		text[n - 1] = '\n';
	}
	return false;
}

static int greet(uint16_t port)
{
	static const char ehlo[] = "EHLO bench.test\r\n";
	int fd = loopback_connect(port);

	if (fd < 0)
		return -1;
	if (read_reply(fd) && send(fd, ehlo, sizeof(ehlo) - 1, MSG_NOSIGNAL) > 0 && read_reply(fd))
		return fd;
	close(fd);
	return -1;
}

int idle_open(struct idle *i, uint16_t port, int clients)
{
	*i = (struct idle){.fds = calloc((size_t)clients, sizeof(int))};
	while (i->fds && i->n < clients && !stop_asked()) {
		int fd = greet(port);

		if (fd < 0)
			break;
		i->fds[i->n++] = fd;
	}
	return i->n;
}

void idle_close(struct idle *i)
{
	while (i->n > 0)
		close(i->fds[--i->n]);
	free(i->fds);
	i->fds = NULL;
}
