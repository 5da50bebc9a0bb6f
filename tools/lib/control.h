/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control: a small listener that answers the counts of a test peer as JSON.
 *
 * Any request is answered and closed: "GET /" as HTTP/1.0 (curl), anything else, also nothing but
 * an end of input (nc -N), with the bare JSON. A request that starts with "reset" zeroes the counts
 * after they were told.
 */
#ifndef TOOLS_LIB_CONTROL_H
#define TOOLS_LIB_CONTROL_H

#include "tools/lib/net.h"

#include <jansson.h>

struct control_source {
	json_t *(*tell)(void); /* a new reference */
	void (*reset)(void);
};

/* Listens on `text` (see net.h); *a becomes the real address. */
void control_open(const char *text, struct net_address *a, const struct control_source *source);

/* One line of JSON to a stream, or to a file that is replaced. */
void control_print(const struct control_source *source, FILE *to);
void control_save(const struct control_source *source, const char *path);

#endif
