/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * library: which libraries this floor runs on, for whoever asks the program.
 */
#ifndef IO_LIBRARY_H
#define IO_LIBRARY_H

#include "base/str.h"

/* Of c-ares: "1.18.1" */
struct str dns_version(void);

#endif
