/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * environment: picks variables, and writes them over those that the process was started with, so
 * that a secret in the environment of whoever started the master is in no worker process.
 */
#include "app/environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t name_length(const char *entry)
{
	return strcspn(entry, "=");
}

static bool names(const char *entry, const char *name)
{
	size_t n = name_length(name);

	return name_length(entry) == n && strncmp(entry, name, n) == 0;
}

/* "NAME=VALUE" stays; "NAME" is what it is now, NULL when it is not set. */
static char *value_of(const char *wanted)
{
	if (strchr(wanted, '='))
		return (char *)(uintptr_t)wanted;
	for (char **e = environ; e && *e; e++) {
		if (strchr(*e, '=') && names(*e, wanted))
			return *e;
	}
	return NULL;
}

static bool says_zone(const struct conf_main *main)
{
	for (uint32_t i = 0; i < main->n_env; i++) {
		if (names(main->env[i], "TZ"))
			return true;
	}
	return false;
}

char **environment_make(const struct conf_main *main, const char *first)
{
	char **all = calloc(main->n_env + 3U, sizeof(*all));
	size_t n = 0;

	if (!all)
		return NULL;
	if (first)
		all[n++] = (char *)(uintptr_t)first;
	if (!says_zone(main)) {
		all[n] = value_of("TZ");
		n += all[n] != NULL;
	}
	for (uint32_t i = 0; i < main->n_env; i++) {
		all[n] = value_of(main->env[i]);
		n += all[n] != NULL;
	}
	return all;
}

/* The strings that the process was started with lie one behind the other. */
static struct {
	char *block;
	size_t room;
} given;

void environment_remember(void)
{
	char *end = environ ? environ[0] : NULL;

	given.block = end;
	for (char *const *e = environ; e && *e && *e == end; e++)
		end += strlen(*e) + 1;
	given.room = (size_t)(end - given.block);
}

/* Copies that do not lie in the block; NULL: no memory. */
static char **copy_all(char *const *entries)
{
	size_t n = 0;
	char **all;

	while (entries[n])
		n++;
	all = calloc(n + 1, sizeof(*all));
	for (size_t i = 0; all && i < n; i++) {
		all[i] = strdup(entries[i]);
		if (!all[i])
			return NULL;
	}
	return all;
}

static void write_block(char *const *entries)
{
	size_t used = 0;

	if (given.room)
		memset(given.block, 0, given.room);
	for (; *entries; entries++) {
		size_t size = strlen(*entries) + 1;

		if (used + size > given.room)
			return;
		memcpy(given.block + used, *entries, size);
		used += size;
	}
}

int environment_settle(const struct conf_main *main)
{
	char **picked = environment_make(main, NULL);
	char **mine = picked ? copy_all(picked) : NULL;

	free(picked);
	if (!mine)
		return -1;
	write_block(mine);
	environ = mine;
	return 0;
}
