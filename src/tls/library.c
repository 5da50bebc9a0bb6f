/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * library: wolfSSL's start and its memory. Owns the process-wide counters, one cell per thread as
 * far as there are cells, so that handshakes on all cores do not share a cache line.
 */
#include "tls/library.h"

#include "base/buf.h"
#include "tls/conf.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#ifndef RINGPOST_WOLFSSL_SYSTEM
#include <wolfssl/tuned.h>
#endif

enum { CELLS = 64, CACHE_LINE = 64 };

/* A block may be freed by another thread than took it: only the sum over all cells has a meaning,
 * modulo 2^64. */
struct cell {
	_Alignas(CACHE_LINE) _Atomic uint64_t bytes;
	_Atomic uint64_t calls;
};

static struct cell cells[CELLS];
static _Atomic unsigned threads;
static _Thread_local struct cell *mine;

static struct cell *cell(void)
{
	if (!mine)
		mine = &cells[atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % CELLS];
	return mine;
}

static void count(uint64_t bytes, uint64_t calls)
{
	struct cell *c = cell();

	atomic_fetch_add_explicit(&c->bytes, bytes, memory_order_relaxed);
	atomic_fetch_add_explicit(&c->calls, calls, memory_order_relaxed);
}

static void *take(size_t n)
{
	void *p = malloc(n);

	if (p)
		count(malloc_usable_size(p), 1);
	return p;
}

/* Keys, tickets and plain text have been in there. */
static void give_back(void *p)
{
	size_t n;

	if (!p)
		return;
	n = malloc_usable_size(p);
	buf_wipe_memory(p, n);
	count(0 - (uint64_t)n, 0);
	free(p);
}

/* Never by realloc(), which would leave an unwiped copy behind when it moves the block. */
static void *take_again(void *p, size_t n)
{
	void *q = take(n);

	if (q && p) {
		size_t old = malloc_usable_size(p);

		memcpy(q, p, old < n ? old : n);
		give_back(p);
	}
	return q;
}

bool library_open(void)
{
	return !wolfSSL_SetAllocators(take, give_back, take_again) &&
	       wolfSSL_Init() == WOLFSSL_SUCCESS;
}

void library_close(void)
{
	wolfSSL_Cleanup();
}

struct str library_version(void)
{
	return str_cstr(wolfSSL_lib_version());
}

struct str library_built(void)
{
#ifdef RINGPOST_WOLFSSL_SYSTEM
	return STR("system, headers " LIBWOLFSSL_VERSION_STRING);
#else
	return STR("tuned, package " TUNED_PACKAGE ", " TUNED_FLAGS);
#endif
}

bool library_tuned(void)
{
#if defined(WOLFSSL_SP_ASM) && (defined(USE_INTEL_SPEEDUP) || defined(WOLFSSL_ARMASM))
	return true;
#else
	return false;
#endif
}

unsigned library_versions(void)
{
	unsigned versions = TLS_1_2;

#ifndef NO_OLD_TLS
	versions |= TLS_1_1;
#ifdef WOLFSSL_ALLOW_TLSV10
	versions |= TLS_1_0;
#endif
#endif
#ifdef WOLFSSL_TLS13
	versions |= TLS_1_3;
#endif
	return versions;
}

struct str library_warning(void)
{
#ifdef RINGPOST_WOLFSSL_SYSTEM
	if (!library_tuned())
		return STR("TLS is slow here: the system's wolfSSL has no assembly, so AES-GCM "
			   "takes 16 times and a handshake 4 to 6 times the CPU of the tuned one, "
			   "and each session 57 KB of memory, not 4; build ringpost with \"make\", "
			   "not \"make WOLFSSL=system\"");
#endif
	return str_none();
}

uint64_t library_memory(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < CELLS; i++)
		sum += atomic_load_explicit(&cells[i].bytes, memory_order_relaxed);
	return sum;
}

uint64_t library_allocations(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < CELLS; i++)
		sum += atomic_load_explicit(&cells[i].calls, memory_order_relaxed);
	return sum;
}
