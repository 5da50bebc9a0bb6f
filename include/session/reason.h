/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reason: the one table that says what each enum reason means to the log, the metrics and the peer.
 */
#ifndef SESSION_REASON_H
#define SESSION_REASON_H

#include "base/log.h"
#include "proto/login.h"
#include "proto/reason.h"

struct reason_row {
	const char *label;    /* metric label and name in traces, e.g. "client_timeout" */
	enum log_level level; /* of the log line */
	struct str text;      /* log text; %A is the auth service, %D the offending bytes, escaped.
				 Empty: no line, or the event was logged when it happened */
	struct str words[PROTOCOL_COUNT]; /* by enum protocol: last words to the client, line end
				 included; may be empty */
};

const struct reason_row *reason_row(enum reason r);

#endif
