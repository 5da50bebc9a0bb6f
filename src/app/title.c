/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * title: the command line is text in this process's own memory, one argument behind the other,
 * where the system looks for it whenever somebody asks (proc(5), /proc/PID/cmdline).
 */
#include "app/title.h"

#include <stdlib.h>
#include <string.h>

static struct {
	char *block; /* NULL: no titles */
	size_t room;
	char *command; /* the arguments with blanks between */
} given;

static char **copy(int argc, char *const *argv)
{
	char **all = calloc((size_t)argc + 1, sizeof(*all));

	for (int i = 0; all && i < argc; i++) {
		all[i] = strdup(argv[i]);
		if (!all[i])
			return NULL;
	}
	return all;
}

char **title_remember(int argc, char **argv)
{
	char **mine = argc > 0 ? copy(argc, argv) : NULL;
	char *end = argv[0];

	if (!mine)
		return argv;
	for (int i = 0; i < argc && argv[i] == end; i++)
		end += strlen(end) + 1;
	given.room = (size_t)(end - argv[0]);
	given.command = malloc(given.room);
	if (!given.command)
		return mine;
	memcpy(given.command, argv[0], given.room);
	for (size_t i = 0; i + 1 < given.room; i++)
		if (given.command[i] == '\0')
			given.command[i] = ' ';
	given.block = argv[0];
	return mine;
}

/* The last byte stays: without it the system would show what is behind. */
static size_t put(size_t at, const char *text)
{
	size_t n = strlen(text), room = given.room - 1 - at;

	memcpy(given.block + at, text, n < room ? n : room);
	return at + (n < room ? n : room);
}

void title_set(const char *what)
{
	if (!given.block)
		return;
	memset(given.block, 0, given.room);
	put(put(0, "ringpost: "), what);
}

void title_set_master(void)
{
	if (!given.block)
		return;
	memset(given.block, 0, given.room);
	put(put(0, "ringpost: master process "), given.command);
}
