/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_set: all error_log destinations of one configuration, opened, each path once.
 */
#ifndef APP_LOG_SET_H
#define APP_LOG_SET_H

#include "app/conf.h"
#include "app/log_output.h"

struct log_set;

/*
 * Opens what the configuration names and gives every server its target. NULL with a sentence in
 * error[]. Borrows from the configuration; must outlive its sessions.
 */
NODISCARD struct log_set *log_set_open(struct conf *conf, char *error, size_t error_size);
void log_set_close(struct log_set *s);

const struct log_outputs *log_set_outputs(const struct log_set *s);

/* USR1: opens every file and socket anew, in this process. Async-signal-safe. Returns how many
 * failed. */
unsigned log_set_reopen(const struct log_set *s);

#endif
