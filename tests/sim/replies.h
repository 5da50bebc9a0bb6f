/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replies: cuts what a client reads into SMTP replies and holds them to the grammar of RFC 5321
 * section 4.2. Written for the simulated clients: shares nothing with the engines it checks.
 */
#ifndef SIM_REPLIES_H
#define SIM_REPLIES_H

#include "base/str.h"

enum { REPLY_LINE_MAX = 4608 };

struct replies {
	uint32_t n;                /* bytes of the line that is coming */
	uint16_t code;             /* of the reply that is coming or was complete last */
	uint16_t lines;            /* of it */
	const char *broken;        /* NULL, or what was wrong */
	char text[REPLY_LINE_MAX]; /* the line, NUL behind it once it is whole */
};

/* Takes bytes up to the end of one reply. True when it is whole; *taken in either case. */
bool replies_next(struct replies *r, struct str bytes, size_t *taken);

#endif
