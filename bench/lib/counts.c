/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counts: reads the JSON that tools/sink tells on its control port. A proxy that answered for
 * messages which never reached the sink is found out by this.
 */
#include "bench/lib/counts.h"
#include "bench/lib/loopback.h"

#include <jansson.h>
#include <sys/socket.h>
#include <unistd.h>

int64_t counts_messages(uint16_t control_port)
{
	int fd = control_port ? loopback_connect(control_port) : -1;
	int64_t messages = -1;
	char text[4096];
	size_t n = 0;
	ssize_t got;
	json_t *told;

	if (fd < 0)
		return -1;
	shutdown(fd, SHUT_WR);
	while ((got = recv(fd, text + n, sizeof(text) - n, 0)) > 0)
		n += (size_t)got;
	close(fd);
	told = json_loadb(text, n, JSON_DISABLE_EOF_CHECK, NULL);
	if (json_is_integer(json_object_get(told, "messages")))
		messages = (int64_t)json_integer_value(json_object_get(told, "messages"));
	json_decref(told);
	return messages;
}
