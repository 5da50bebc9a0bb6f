/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coverage: the list of every text that NGINX's mail module can say (coverage.txt), and for each a
 * transcript that made it be said in this run, or why none can. One a line:
 *
 *     wire  who  transcript  text
 *
 * wire: client, auth, back: whom it was said to; answer: a header of the auth service's; log.
 * who: both; nginx: we say something else there, as the accepted differences tell; never: Debian's
 * nginx does not say it, and behind the text stand "--" and why; the transcript is "-" then.
 * transcript: "?" makes a run fail that names those where the text is said.
 * text: a whole line, or its beginning with "*" behind it; of a log, a part of a line.
 */
#ifndef TESTS_TWIN_COVERAGE_H
#define TESTS_TWIN_COVERAGE_H

#include "tests/twin/logbook.h"
#include "tests/twin/slot.h"

struct coverage;

/* NULL after a message. */
struct coverage *coverage_load(const char *path);
void coverage_free(struct coverage *c);

/* What the transcript of this slot made the proxies say: complains about what they did not;
 * returns how many. Talks: of the whole runs. */
unsigned coverage_check(struct coverage *c, const struct slot *s,
			const struct logbook_talk *const talks[PROXIES]);

/* All transcripts were played: complains about entries whose transcript is none. Returns how
 * many. */
unsigned coverage_rest(const struct coverage *c);

/* Texts that were heard, and those that cannot be. */
void coverage_report(const struct coverage *c);

#endif
