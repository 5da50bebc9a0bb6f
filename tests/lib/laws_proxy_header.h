/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * laws_proxy_header: plugs proto/proxy_header into the laws. The input is what a balancer says.
 * What was read is also written again, in both versions, and has to be read as the same.
 */
#ifndef LIB_LAWS_PROXY_HEADER_H
#define LIB_LAWS_PROXY_HEADER_H

#include "laws.h"
#include "proto/proxy_header.h"

/* Takes no conf. */
extern const struct laws_engine laws_proxy_header_engine;

/* Both writers on `ends`: within their room, never a broken header, and read as it was meant. */
void laws_proxy_header_write(const struct proxy_ends *ends);

#endif
