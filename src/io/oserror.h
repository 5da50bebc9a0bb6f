/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oserror: what an errno is called. Knows no call that failed.
 */
#ifndef IO_OSERROR_H
#define IO_OSERROR_H

#include "base/str.h"

/* "111: Connection refused", as NGINX shows errors; cut off where text[] ends. */
struct str oserror_text(int error, char *text, size_t text_size);

#endif
