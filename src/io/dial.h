/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dial: connections to mail servers from the addresses of proxy_bind, each in its turn, so that
 * there can be more of them than one address has ports.
 */
#ifndef IO_DIAL_H
#define IO_DIAL_H

#include "io/thread_state.h"

enum { DIAL_TEXT_MAX = 200 };

/* As net_dial(). An address that has no port left towards `to`, or that is not the machine's, is
 * passed over. `sources` may be NULL. */
NODISCARD int dial_from(struct thread *t, const struct source_conf *sources,
			const union socket_address *to);

/* What is wrong when dial_from() gave -error, for the log. */
struct str dial_error(int error, const struct source_conf *sources, char text[DIAL_TEXT_MAX]);

#endif
