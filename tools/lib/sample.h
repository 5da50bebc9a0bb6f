/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sample: real-looking mail made from numbers: MIME (RFC 2045) with a text part and attachments,
 * the same bytes for the same seed and number on every machine.
 */
#ifndef TOOLS_LIB_SAMPLE_H
#define TOOLS_LIB_SAMPLE_H

#include "tools/lib/wbuf.h"

#include <stdint.h>

struct sample_kind {
	uint64_t seed;
	uint64_t size_min, size_max; /* bytes of a body, spread evenly on a logarithmic scale */
	const char *from, *to;       /* addresses without brackets */
};

/*
 * Message `number` (from 1) onto the end of *wire as DATA wants it: dots stuffed, ended by
 * CRLF.CRLF. Its header carries X-Ringpost-SHA256 and X-Ringpost-Number.
 */
void sample_write(const struct sample_kind *kind, uint64_t number, struct wbuf *wire);

#endif
