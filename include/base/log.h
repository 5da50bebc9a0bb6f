/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log: what the pure floors know of logging: levels, and a sink that takes finished messages.
 *
 * The app floor implements the sink (time stamp, pid, files). A message is the part after
 * "*conn " in NGINX's line; it holds no control bytes, peer text in it went through out_escaped().
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

/* NGINX's levels, most severe first. A line is written when its level <= the target's. */
enum log_level {
	LEVEL_EMERG = 1,
	LEVEL_ALERT,
	LEVEL_CRIT,
	LEVEL_ERR,
	LEVEL_WARN,
	LEVEL_NOTICE,
	LEVEL_INFO,
	LEVEL_DEBUG,
};

enum { LOG_MESSAGE_MAX = 2048 }; /* longer messages are cut */

/* One set of error_log lines in force somewhere; the app floor's business. */
struct log_target;

struct log_line {
	const struct log_target *target; /* NULL: the main error_log */
	enum log_level level;
	bool traced;   /* goes to all outputs of the target, whatever their levels */
	uint64_t conn; /* connection number, 0: none */
	struct str message;
};

struct logger {
	/* Never blocks; copies the message. `self` is this logger, embedded in its owner. */
	void (*write)(struct logger *self, const struct log_line *line);
	/* Hand what write() has kept to its targets; the owner calls it at the end of each turn in
	 * which it is `pending`. NULL when write() keeps nothing. */
	void (*flush)(struct logger *self);
	bool pending; /* set by write(), cleared by flush() */
};

#endif
