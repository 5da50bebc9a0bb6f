/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits_found: many small files. What cannot be read is unknown, and never an error.
 */
#include "app/limits_found.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PATH_ROOM = 640, TEXT_ROOM = 4096 };

/* Up to TEXT_ROOM - 1 bytes of a file, a string; -1: it cannot be read. */
static int read_text(const char *root, const char *path, char text[TEXT_ROOM])
{
	char full[PATH_ROOM];
	FILE *f;

	text[0] = '\0';
	snprintf(full, sizeof(full), "%s%s", root, path);
	f = fopen(full, "re");
	if (!f)
		return -1;
	text[fread(text, 1, TEXT_ROOM - 1, f)] = '\0';
	fclose(f);
	return 0;
}

static uint64_t number_in(const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (!strncmp(text, "max", 3))
		return LIMITS_UNLIMITED;
	if (end == text || *text == '-')
		return LIMITS_UNKNOWN;
	return value < LIMITS_UNKNOWN ? value : LIMITS_UNLIMITED;
}

uint64_t limits_found_number(const char *root, const char *path)
{
	char text[TEXT_ROOM];

	return read_text(root, path, text) ? LIMITS_UNKNOWN : number_in(text);
}

static uint64_t soft_limit(int resource)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) != 0)
		return LIMITS_UNKNOWN;
	return limit.rlim_cur == RLIM_INFINITY ? LIMITS_UNLIMITED : limit.rlim_cur;
}

/* ---- ports ---- */

uint32_t limits_found_ports(uint32_t first, uint32_t last, const char *reserved)
{
	uint32_t n = last >= first ? last - first + 1 : 0;

	/* The kernel prints them sorted and merged. */
	while (*reserved >= '0' && *reserved <= '9') {
		char *end;
		unsigned long from = strtoul(reserved, &end, 10), to = from;

		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		from = from < first ? first : from;
		to = to > last ? last : to;
		if (to >= from)
			n -= (uint32_t)(to - from + 1);
		reserved = *end == ',' ? end + 1 : end;
	}
	return n;
}

static uint64_t read_ports(const char *root)
{
	char range[TEXT_ROOM], reserved[TEXT_ROOM];
	unsigned first, last;

	if (read_text(root, "/proc/sys/net/ipv4/ip_local_port_range", range) ||
	    sscanf(range, "%u %u", &first, &last) != 2)
		return LIMITS_UNKNOWN;
	(void)read_text(root, "/proc/sys/net/ipv4/ip_local_reserved_ports", reserved);
	return limits_found_ports(first, last, reserved);
}

/* ---- memory ---- */

/* The number of KiB behind `name` in /proc/meminfo, in bytes. */
static uint64_t line_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	uint64_t kib =
		at ? number_in(at + strlen(name) + strspn(at + strlen(name), " ")) : LIMITS_UNKNOWN;

	return kib < UINT64_MAX >> 10 ? kib << 10 : LIMITS_UNKNOWN;
}

static void read_memory(struct limits_found *f, const char *root)
{
	char text[TEXT_ROOM];
	uint64_t most, now;

	(void)read_text(root, "/proc/meminfo", text);
	f->memory_bytes = line_of(text, "MemTotal:");
	f->promised_bytes = LIMITS_UNLIMITED;
	if (limits_found_number(root, "/proc/sys/vm/overcommit_memory") != 2)
		return;
	most = line_of(text, "CommitLimit:");
	now = line_of(text, "Committed_AS:");
	f->promised_bytes = LIMITS_UNKNOWN;
	if (most < LIMITS_UNKNOWN && now < LIMITS_UNKNOWN)
		f->promised_bytes = most > now ? most - now : 0;
}

/* ---- control groups ---- */

static uint64_t lesser(uint64_t a, uint64_t b)
{
	if (a == LIMITS_UNKNOWN || b == LIMITS_UNKNOWN)
		return a == LIMITS_UNKNOWN ? b : a;
	return a < b ? a : b;
}

/* The least of the groups that hold us; `group` is shortened on the way. */
static void read_groups(struct limits_found *f, const char *root, char *group)
{
	for (;;) {
		char *end = strrchr(group, '/');
		char path[PATH_ROOM];

		snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", group);
		f->memory_bytes = lesser(f->memory_bytes, limits_found_number(root, path));
		snprintf(path, sizeof(path), "/sys/fs/cgroup%s/pids.max", group);
		f->tasks = lesser(f->tasks, limits_found_number(root, path));
		if (!end)
			return;
		*end = '\0';
	}
}

/* The name of the unit, "" for none: a component of the path that ends in ".service". */
static void read_unit(struct limits_found *f, const char *group)
{
	const char *end = strstr(group, ".service"), *begin = end;

	if (!end || !strncmp(group, "/user.slice/", 12))
		return;
	while (begin > group && begin[-1] != '/')
		begin--;
	snprintf(f->unit, sizeof(f->unit), "%.*s.service", (int)(end - begin), begin);
	f->place = LIMITS_SERVICE;
}

/* The unified hierarchy; where the older one is in use these limits stay unknown. */
static void read_group(struct limits_found *f, const char *root)
{
	char text[TEXT_ROOM], *at = text;

	(void)read_text(root, "/proc/self/cgroup", text);
	if (strncmp(at, "0::", 3) != 0)
		at = strstr(text, "\n0::");
	if (!at)
		return;
	at = strchr(at, '/');
	if (!at)
		return;
	at[strcspn(at, "\n")] = '\0';
	if (strlen(at) > PATH_ROOM / 2)
		return;
	read_unit(f, at);
	if (!strcmp(at, "/"))
		*at = '\0';
	read_groups(f, root, at);
}

static bool is_there(const char *root, const char *path)
{
	char full[PATH_ROOM];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return access(full, F_OK) == 0;
}

static void read_place(struct limits_found *f, const char *root)
{
	read_group(f, root);
	if (is_there(root, "/.dockerenv") || is_there(root, "/run/.containerenv"))
		f->place = LIMITS_CONTAINER;
	if (is_there(root, "/var/run/secrets/kubernetes.io"))
		f->place = LIMITS_POD;
}

/* ---- all of it ---- */

static uint64_t read_pipe_pages(const char *root, const struct conf *conf)
{
	uint64_t n = limits_found_number(root, "/proc/sys/fs/pipe-user-pages-soft");

	if (n == 0 || (conf->main.uid == 0 && !conf->main.drop_privileges && geteuid() == 0))
		return LIMITS_UNLIMITED;
	return n;
}

void limits_found_read(struct limits_found *f, const char *root, const struct conf *conf)
{
	uint64_t cookies;

	*f = (struct limits_found){
		.files = soft_limit(RLIMIT_NOFILE),
		.files_each = limits_found_number(root, "/proc/sys/fs/nr_open"),
		.files_all = limits_found_number(root, "/proc/sys/fs/file-max"),
		.locked_bytes = soft_limit(RLIMIT_MEMLOCK),
		.address_bytes = soft_limit(RLIMIT_AS),
		.backlog = limits_found_number(root, "/proc/sys/net/core/somaxconn"),
		.syn_backlog = limits_found_number(root, "/proc/sys/net/ipv4/tcp_max_syn_backlog"),
		.ports = read_ports(root),
		.pipe_pages = read_pipe_pages(root, conf),
		.maps = limits_found_number(root, "/proc/sys/vm/max_map_count"),
		.tasks = LIMITS_UNKNOWN,
	};
	cookies = limits_found_number(root, "/proc/sys/net/ipv4/tcp_syncookies");
	if (cookies == 1 || cookies == 2)
		f->syn_backlog = LIMITS_UNLIMITED;
	read_memory(f, root);
	read_place(f, root);
}
