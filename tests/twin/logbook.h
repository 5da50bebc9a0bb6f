/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logbook: a proxy's whole error log as the conversations it tells of: the lines of each
 * connection, in the order in which connections came to a listening port. Time, process and
 * connection numbers are left out, ports have the names that transcripts give them, and what
 * cannot be printed is \xHH, a line's end included: NGINX writes names as they are.
 */
#ifndef TESTS_TWIN_LOGBOOK_H
#define TESTS_TWIN_LOGBOOK_H

#include "tests/lib/script.h"

struct logbook_talk {
	unsigned port; /* where the client came to; 0: nothing says it */
	char **lines;  /* "[level] message" */
	size_t n;
};

struct logbook {
	struct logbook_talk *talks;
	size_t n;
};

/* NULL after a message. */
struct logbook *logbook_open(const char *path);
void logbook_free(struct logbook *b);

/* The talk of the nth connection to this port, from 0 on; NULL: there was none. */
const struct logbook_talk *logbook_find(const struct logbook *b, unsigned port, unsigned nth);

/* The line with names for the ports of a run; malloc'ed. */
char *logbook_line(const char *line, const struct script_vars *vars);

#endif
