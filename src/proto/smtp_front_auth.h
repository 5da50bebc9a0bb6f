/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp_front_auth: the AUTH command of the SMTP front engine (RFC 4954) and the lines that answer
 * its challenges. Private to the engine, which does all the moving between states: these
 * functions only say what to reply and where to go next.
 */
#ifndef PROTO_SMTP_FRONT_AUTH_H
#define PROTO_SMTP_FRONT_AUTH_H

#include "proto/smtp_front.h"

enum { SMTP_FRONT_ARGS_MAX = 11 }; /* more words in a line make it invalid */

/* One line, cut into words at SP. All borrowed from the input. */
struct smtp_front_line {
	struct str text; /* the whole line without its line end */
	uint32_t n;
	struct str args[SMTP_FRONT_ARGS_MAX];
};

/* What a line leads to. */
struct smtp_front_step {
	struct str reply; /* with its line end; empty if already written or not due */
	enum smtp_front_state to;
	enum front_ev ev; /* FRONT_MORE: go on with the next line */
};

/* The reply to everything that is no command: RFC 5321 4.2.4. */
#define SMTP_FRONT_INVALID STR("500 5.5.1 Invalid command\r\n")

/* AUTH <mechanism> [initial response], from SMTP_FRONT_START; at least one argument. */
struct smtp_front_step smtp_front_auth_begin(struct smtp_front *f,
					     const struct smtp_front_line *line, struct out *out);

/* A line in one of the SMTP_FRONT_AUTH_x states. */
struct smtp_front_step smtp_front_auth_response(struct smtp_front *f, struct str response);

#endif
