/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pages: large memory straight from the kernel: zeroed, and reserved only; a page costs memory
 * when it is first touched. What is taken at the start of a thread comes from here.
 */
#ifndef IO_PAGES_H
#define IO_PAGES_H

#include "base/str.h"

/* NULL when it cannot be had. pages_give() takes all of it back; NULL is no pages. */
NODISCARD void *pages_take(size_t bytes);
void pages_give(void *pages, size_t bytes);

#endif
