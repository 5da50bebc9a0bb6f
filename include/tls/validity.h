/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * validity: from when to when a certificate is valid (RFC 5280 section 4.1.2.5), for those who
 * want to say so before a client does. Reads bytes, knows no clock.
 */
#ifndef TLS_VALIDITY_H
#define TLS_VALIDITY_H

#include "base/str.h"

struct validity {
	int64_t from_s, to_s; /* seconds since 1970, both included */
};

/* Of the first certificate in a text of PEM. -1: there is none, or it is broken. */
NODISCARD int validity_read(struct str text, struct validity *v);

#endif
