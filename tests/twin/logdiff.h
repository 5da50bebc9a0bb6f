/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logdiff: the log lines of one run with nginx and with us, side by side, and the list of the
 * differences that are meant (accepted-logs.txt):
 *
 *     folder/transcript quirk why         "*" for the transcript: wherever it happens
 *     - [level] message                   a line that nginx has and we have not
 *     + [level] message                   one that we have; "*" at the end: and whatever follows
 *
 * An entry may be that of some versions of nginx only, see version.h.
 * The list has to stay true, as accepted.h says of its own. Not a difference at all is what ours
 * has more in a line that is otherwise the same: bytes of peers escaped, line ends among them as
 * '_'; the pair of connections behind "client logged in"; the upstream of a session without login.
 */
#ifndef TESTS_TWIN_LOGDIFF_H
#define TESTS_TWIN_LOGDIFF_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct logdiff;

struct logdiff_lines {
	char **lines;
	size_t n;
};

/* NULL after a message. */
struct logdiff *logdiff_load(const char *path);
void logdiff_free(struct logdiff *d);

/* Are all differences of this run listed? Prints those that are not, as the list would have them.
 */
NODISCARD bool logdiff_compare(struct logdiff *d, const char *transcript,
			       const struct logdiff_lines *nginx, const struct logdiff_lines *ours);

/* Every run of the transcript was compared: its lines are due. */
void logdiff_played(struct logdiff *d, const char *transcript);

/* Complain about due lines that did not happen; `all`: those for any transcript are due too.
 * Returns how many. */
unsigned logdiff_stale(const struct logdiff *d, bool all);

#endif
