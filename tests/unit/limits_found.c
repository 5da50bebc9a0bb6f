/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/limits_found: a system made of files in a folder of the test's own.
 */
#include "app/limits_found.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char root[64];

static void put(const char *path, const char *text)
{
	char full[256];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		mkdir(full, 0755);
	}
	f = fopen(full, "we");
	cr_assert(f, "%s", full);
	fputs(text, f);
	fclose(f);
}

static void make_system(void)
{
	snprintf(root, sizeof(root), "/tmp/ringpost-limits.XXXXXX");
	cr_assert(mkdtemp(root));
	put("/proc/sys/fs/nr_open", "1048576\n");
	put("/proc/sys/fs/file-max", "9223372036854775807\n");
	put("/proc/sys/net/core/somaxconn", "4096\n");
	put("/proc/sys/net/ipv4/tcp_max_syn_backlog", "512\n");
	put("/proc/sys/net/ipv4/tcp_syncookies", "0\n");
	put("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
	put("/proc/sys/net/ipv4/ip_local_reserved_ports", "40000,50000-50009\n");
	put("/proc/sys/fs/pipe-user-pages-soft", "16384\n");
	put("/proc/sys/vm/max_map_count", "65530\n");
	put("/proc/sys/vm/overcommit_memory", "0\n");
	put("/proc/meminfo", "MemTotal:        4096 kB\nMemFree: 1 kB\nCommitLimit:     1000 kB\n"
			     "Committed_AS:     900 kB\n");
	put("/proc/self/cgroup", "0::/\n");
}

static void remove_system(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -r %s", root);
	cr_assert_eq(system(command), 0);
}

TestSuite(limits_found, .init = make_system, .fini = remove_system);

static struct limits_found found(void)
{
	struct conf conf = {.main = {.drop_privileges = true, .uid = 65534}};
	struct limits_found f;

	limits_found_read(&f, root, &conf);
	return f;
}

Test(limits_found, every_figure)
{
	struct limits_found f = found();

	cr_assert_eq(f.files_each, 1048576);
	cr_assert_eq(f.files_all, INT64_MAX);
	cr_assert_eq(f.backlog, 4096);
	cr_assert_eq(f.syn_backlog, 512);
	cr_assert_eq(f.ports, 28232 - 11);
	cr_assert_eq(f.pipe_pages, 16384);
	cr_assert_eq(f.maps, 65530);
	cr_assert_eq(f.promised_bytes, LIMITS_UNLIMITED);
	cr_assert_eq(f.memory_bytes, 4096 << 10);
	cr_assert_eq(f.tasks, LIMITS_UNKNOWN);
	cr_assert_eq(f.place, LIMITS_HOST);
	put("/proc/sys/net/ipv4/tcp_syncookies", "1\n");
	put("/proc/sys/vm/overcommit_memory", "2\n");
	put("/proc/sys/fs/pipe-user-pages-soft", "0\n");
	f = found();
	cr_assert_eq(f.syn_backlog, LIMITS_UNLIMITED);
	cr_assert_eq(f.promised_bytes, 100 << 10);
	cr_assert_eq(f.pipe_pages, LIMITS_UNLIMITED);
}

Test(limits_found, a_system_that_says_nothing)
{
	struct conf conf = {.main = {.drop_privileges = true}};
	struct limits_found f;

	limits_found_read(&f, "/nonexistent", &conf);
	cr_assert_eq(f.files_each, LIMITS_UNKNOWN);
	cr_assert_eq(f.backlog, LIMITS_UNKNOWN);
	cr_assert_eq(f.ports, LIMITS_UNKNOWN);
	cr_assert_eq(f.memory_bytes, LIMITS_UNKNOWN);
	cr_assert_eq(f.promised_bytes, LIMITS_UNLIMITED);
	cr_assert_eq(f.tasks, LIMITS_UNKNOWN);
	cr_assert_eq(f.place, LIMITS_HOST);
}

Test(limits_found, the_least_of_the_control_groups_counts)
{
	struct limits_found f;

	put("/proc/self/cgroup", "1:name=systemd:/x\n0::/system.slice/mail-a.service\n");
	put("/sys/fs/cgroup/system.slice/mail-a.service/memory.max", "max\n");
	put("/sys/fs/cgroup/system.slice/memory.max", "1048576\n");
	put("/sys/fs/cgroup/system.slice/mail-a.service/pids.max", "100\n");
	put("/sys/fs/cgroup/system.slice/pids.max", "max\n");
	f = found();
	cr_assert_eq(f.memory_bytes, 1048576);
	cr_assert_eq(f.tasks, 100);
	cr_assert_eq(f.place, LIMITS_SERVICE);
	cr_assert_str_eq(f.unit, "mail-a.service");
}

Test(limits_found, the_place)
{
	put("/proc/self/cgroup", "0::/user.slice/user-0.slice/user@0.service/app.slice/x.scope\n");
	cr_assert_eq(found().place, LIMITS_HOST);
	put("/proc/self/cgroup", "0::/\n");
	put("/sys/fs/cgroup/memory.max", "5000\n");
	put("/run/.containerenv", "");
	cr_assert_eq(found().place, LIMITS_CONTAINER);
	cr_assert_eq(found().memory_bytes, 5000);
	put("/var/run/secrets/kubernetes.io/x", "");
	cr_assert_eq(found().place, LIMITS_POD);
}

Test(limits_found, ports_that_are_reserved_do_not_count)
{
	cr_assert_eq(limits_found_ports(1000, 1999, ""), 1000);
	cr_assert_eq(limits_found_ports(1000, 1999, "\n"), 1000);
	cr_assert_eq(limits_found_ports(1000, 1999, "999,1000,1999,2000\n"), 998);
	cr_assert_eq(limits_found_ports(1000, 1999, "1-1009,1990-65535\n"), 980);
	cr_assert_eq(limits_found_ports(1000, 1999, "1-65535\n"), 0);
	cr_assert_eq(limits_found_ports(2000, 1999, ""), 0);
}

Test(limits_found, numbers)
{
	put("/n", "12 13\n");
	cr_assert_eq(limits_found_number(root, "/n"), 12);
	put("/n", "max\n");
	cr_assert_eq(limits_found_number(root, "/n"), LIMITS_UNLIMITED);
	put("/n", "18446744073709551615\n");
	cr_assert_eq(limits_found_number(root, "/n"), LIMITS_UNLIMITED);
	put("/n", "x\n");
	cr_assert_eq(limits_found_number(root, "/n"), LIMITS_UNKNOWN);
	put("/n", "-1\n");
	cr_assert_eq(limits_found_number(root, "/n"), LIMITS_UNKNOWN);
}
