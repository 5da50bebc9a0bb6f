/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imap_text: the small pieces of IMAP's grammar that both engines and the session need (RFC 3501
 * section 9, RFC 7888). Pure functions of the bytes given. Private to proto/.
 */
#ifndef PROTO_IMAP_TEXT_H
#define PROTO_IMAP_TEXT_H

#include "base/str.h"

struct imap_literal {
	uint32_t size; /* bytes */
	bool nonsync;  /* "{n+}": sent without being asked for */
};

/* "{n}" or "{n+}", the whole of spec. -1: no literal, or a size above 32 bits. */
NODISCARD int imap_text_literal(struct str spec, struct imap_literal *literal);

/* Bytes of the tag that `line` begins with, a space behind it; 0: none, or longer than max. */
size_t imap_text_tag(struct str line, size_t max);

/* True if the client sends a literal behind this line without being asked. */
bool imap_text_is_unsynced(struct str line);

/* What an ID list has as x-proxy-ttl: how many proxies may follow. Empty: nothing. */
struct str imap_text_ttl(struct str list);

#endif
