/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_syslog: a syslog server as a destination of error_log: what a line looks like on its way
 * there (RFC 3164, as NGINX sends it), and datagrams that are never waited for.
 */
#ifndef APP_LOG_SYSLOG_H
#define APP_LOG_SYSLOG_H

#include "base/out.h"
#include "io/conf.h"
#include "app/log_output.h"

#include <time.h>

enum {
	LOG_SYSLOG_TAG_MAX = 32,
	LOG_SYSLOG_HOST_MAX = 64,
	LOG_SYSLOG_HEAD_MAX = 32 + LOG_SYSLOG_HOST_MAX + LOG_SYSLOG_TAG_MAX,
};

/* What error_log says about a server. Immutable, the configuration's. */
struct log_syslog {
	union socket_address address;
	uint32_t facility; /* 0 to 23 */
	struct str tag;
	struct str host;  /* this machine's name; empty: nohostname */
	const char *text; /* "syslog:server=..." as it was written, for messages */
};

/* "<PRI>TIME HOST TAG: ", to stand before a line of that level. */
void log_syslog_head(struct out *o, const struct log_syslog *to, enum log_level level,
		     struct str time);

/* TIME: "Nov  2 21:58:00". */
void log_syslog_time(struct out *o, const struct tm *tm);

/* A socket, connected if the server can be reached: -1 with errno if there is none to be had.
 * Async-signal-safe. */
NODISCARD int log_syslog_open(const struct log_syslog *to);

enum log_syslog_fate {
	LOG_SYSLOG_SENT,
	LOG_SYSLOG_LATER,   /* nobody takes it now: offer it again with the next lines */
	LOG_SYSLOG_LOST,    /* nobody will take this one */
	LOG_SYSLOG_REFUSED, /* it was not sent: the server had refused an earlier one, which is
			       lost; offer it again at once */
};

/* One datagram: one line, without a line end. *why is an errno unless it was sent. */
NODISCARD enum log_syslog_fate log_syslog_send(struct log_output *o, struct str line, int *why);

#endif
