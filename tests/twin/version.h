/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * version: which nginx it is that we are compared with. The lists of accepted differences are
 * those from nginx 1.22; what a later one does as we do says so where its reason begins:
 *
 *     nginx<1.23: why
 *
 * Such an entry is not there at all when a nginx of that version or a later one is the twin.
 */
#ifndef TESTS_TWIN_VERSION_H
#define TESTS_TWIN_VERSION_H

#include "base/str.h"

/* Ask the program; NULL: nobody is compared, and every entry is there. -1 after a message. */
NODISCARD int version_ask(const char *nginx);

/* Is an entry with this reason there? 1 or 0; -1 if its version cannot be read. */
NODISCARD int version_has(const char *why);

#endif
