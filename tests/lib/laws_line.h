/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * laws_line: plugs proto/line into the laws. The input is what a peer sends; the lines that come
 * out are what lies between its line ends, and no more bytes wait than the limit says.
 */
#ifndef LIB_LAWS_LINE_H
#define LIB_LAWS_LINE_H

#include "laws.h"
#include "proto/line.h"

/* The `conf` of laws_check() for this engine. */
struct laws_line {
	uint32_t max; /* bytes, line end counted */
};

extern const struct laws_engine laws_line_engine;

#endif
