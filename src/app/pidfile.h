/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pidfile: the file that names the master, for `ringpost -s` and service managers.
 */
#ifndef APP_PIDFILE_H
#define APP_PIDFILE_H

#include "base/str.h"

#include <sys/types.h>

/* Writes our pid to path, anew. -1 after logging why. */
NODISCARD int pidfile_write(const char *path);

/* Removes the file if it still names us. */
void pidfile_remove(const char *path);

/* The pid that the file holds; 0 if there is none (errno set) or it is not a number (errno 0). */
pid_t pidfile_read(const char *path);

#endif
