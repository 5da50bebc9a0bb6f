/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * accepted: the list of differences between the two proxies that are meant. One a line:
 *
 *     folder/transcript  client|auth|back  quirk or extension  why, in one line
 *
 * It may be that of some versions only, see version.h.
 *
 * The list has to stay true: a difference that is not listed is a failure, and so is a listed one
 * that does not happen.
 */
#ifndef TESTS_TWIN_ACCEPTED_H
#define TESTS_TWIN_ACCEPTED_H

#include "tests/lib/script.h"

struct accepted;

/* NULL after a message. */
struct accepted *accepted_load(const char *path);
void accepted_free(struct accepted *a);

/* Is this difference listed? Marks the entry as seen to happen. */
bool accepted_allows(struct accepted *a, const char *transcript, enum script_wire wire);

/* The transcript was compared: its entries are due. */
void accepted_played(struct accepted *a, const char *transcript);

/* Complain about due entries that did not happen; returns how many. */
unsigned accepted_stale(const struct accepted *a);

#endif
