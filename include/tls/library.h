/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * library: which wolfSSL is linked, starting it, and the memory that it has.
 *
 * All memory of wolfSSL passes through our hooks: what it frees is wiped first, and what lives is
 * counted. The counters and the hooks belong to the process; nothing else of this floor is global.
 */
#ifndef TLS_LIBRARY_H
#define TLS_LIBRARY_H

#include "base/str.h"

/* Before the first other call into this floor, from the thread that starts the others; a child of
 * fork() need not call it again. Calling it twice wants two of library_close(). False: wolfSSL
 * could not be initialised (out of memory); nothing of tls/ may be used. */
NODISCARD bool library_open(void);

/* After the last channel and context has gone, and every thread that used them. */
void library_close(void);

/* "5.5.4", of the library that runs. Lives for ever, as all texts of this module do. */
struct str library_version(void);

/* How it was built, for people: "tuned, package ..." with its flags, or "system". */
struct str library_built(void);

/* Has it assembly for this processor? Without, it serves as well, but slowly. */
bool library_tuned(void);

/* Set of enum tls_version (tls/conf.h) that it was built with. */
unsigned library_versions(void);

/* The sentence for a [warn] at start when TLS is configured; empty when there is no reason. */
struct str library_warning(void);

/* Bytes that wolfSSL has from malloc now, and how often it has asked since library_open(). Any
 * thread may ask; exact when no other thread is inside wolfSSL. */
uint64_t library_memory(void);
uint64_t library_allocations(void);

#endif
