/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/pidfile: whose pid a file holds, and who may remove it.
 */
#include "app/pidfile.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	cr_assert(f);
	fputs(text, f);
	fclose(f);
}

Test(pidfile, holds_our_pid_until_it_is_removed)
{
	char path[] = "/tmp/ringpost-pid-XXXXXX";
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	close(fd);
	put(path, "123456789 something longer that was there before\n");
	cr_assert_eq(pidfile_write(path), 0);
	cr_assert_eq(pidfile_read(path), getpid());
	pidfile_remove(path);
	cr_assert_neq(access(path, F_OK), 0);
	cr_assert_eq(pidfile_read(path), 0);
	cr_assert_eq(errno, ENOENT);
}

Test(pidfile, of_another_process_is_left_alone)
{
	char path[] = "/tmp/ringpost-pid-XXXXXX";
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	close(fd);
	put(path, "1\n");
	pidfile_remove(path);
	cr_assert_eq(pidfile_read(path), 1);
	put(path, "rubbish\n");
	cr_assert_eq(pidfile_read(path), 0);
	cr_assert_eq(errno, 0);
	put(path, "");
	cr_assert_eq(pidfile_read(path), 0);
	unlink(path);
}
