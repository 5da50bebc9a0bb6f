/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * payload: the bytes of a relay as a function of guest, direction and offset, so that whoever
 * reads them knows at each byte what must come. Letters from a to p in lines: no command of any
 * mail protocol can be spelled with them.
 */
#ifndef SIM_PAYLOAD_H
#define SIM_PAYLOAD_H

#include "base/str.h"

struct payload {
	uint32_t guest;
	unsigned way; /* 0 from the client, 1 from the backend */
	uint64_t at;  /* offset */
};

void payload_fill(struct payload p, uint8_t *to, size_t n);

/* How many of these bytes are what must come there. */
size_t payload_match(struct payload p, struct str bytes);

#endif
