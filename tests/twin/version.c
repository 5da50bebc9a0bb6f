/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * version: see version.h.
 */
#include "tests/twin/version.h"

#include <stdio.h>
#include <string.h>

enum { MINORS = 1000 };

static unsigned version_now; /* 1022 is 1.22; 0: nobody was asked */

int version_ask(const char *nginx)
{
	static const char before[] = "nginx version: nginx/";
	unsigned major = 0, minor = 0;
	char command[320], said[256] = "";
	FILE *f;

	version_now = 0;
	if (!nginx)
		return 0;
	snprintf(command, sizeof(command), "'%s' -v 2>&1", nginx);
	f = popen(command, "r");
	if (f) {
		while (!major && fgets(said, sizeof(said), f))
			if (!strncmp(said, before, sizeof(before) - 1))
				sscanf(said + sizeof(before) - 1, "%u.%u", &major, &minor);
		pclose(f);
	}
	if (!major) {
		fprintf(stderr, "%s -v does not say which version it is: %s\n", nginx, said);
		return -1;
	}
	version_now = major * MINORS + minor;
	return 0;
}

int version_has(const char *why)
{
	static const char before[] = "nginx<";
	unsigned major, minor;
	int end = 0;

	if (strncmp(why, before, sizeof(before) - 1) != 0)
		return 1;
	why += sizeof(before) - 1;
	if (sscanf(why, "%u.%u: %n", &major, &minor, &end) != 2 || !end || !why[end])
		return -1;
	return version_now < major * MINORS + minor;
}
