/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * certs: runs make_certs once in each test process; the script itself sees to it that only one of
 * many makes them. All flavours of a checkout share a folder.
 */
#include "tests/lib/certs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

const char *certs_folder(void)
{
	static char path[PATH_MAX];

	if (path[0])
		return path;
	if (system("mkdir -p build && tests/lib/make_certs build/test-certs") != 0 ||
	    !realpath("build/test-certs", path)) {
		fprintf(stderr, "tests/lib/make_certs cannot make certificates\n");
		path[0] = '\0';
		return NULL;
	}
	return path;
}
