/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules: how the mail sink misbehaves when a test asks for it: another reply at a stage of the
 * dialogue, a closed connection, a delay.
 */
#ifndef TOOLS_LIB_RULES_H
#define TOOLS_LIB_RULES_H

#include <stdbool.h>
#include <stdint.h>

enum rules_stage {
	RULES_CONNECT,
	RULES_HELO,
	RULES_XCLIENT,
	RULES_AUTH,
	RULES_MAIL,
	RULES_RCPT,
	RULES_DATA,
	RULES_END, /* the reply to the end of a message */
	RULES_RSET,
	RULES_NOOP,
	RULES_QUIT,
	RULES_STAGES
};

struct rules {
	const char *reply[RULES_STAGES]; /* without CRLF; NULL: as usual */
	bool close_at[RULES_STAGES];     /* close in place of a reply */
	uint64_t slow_ms;                /* before every reply */
	uint64_t close_after;            /* bytes of a message, 0: never */
	const char *refuse_rcpt;         /* part of an address */
	const char *login;               /* "user:password" for AUTH; NULL: any */
};

/* "STAGE=TEXT" and "STAGE" as on the command line; exits with a sentence when it is neither. */
void rules_reply(struct rules *r, const char *text);
void rules_close(struct rules *r, const char *stage);

#endif
