/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard: pieces of memory before a page that nobody may touch. Owns the mappings; a piece grows
 * when more is asked for.
 */
#include "tests/lib/guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void map(struct guard *g, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (n / page + 1) * page;
	uint8_t *p =
		mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + size, page, PROT_NONE) < 0)
		abort();
	if (g->end)
		munmap(g->end - g->size, g->size + page);
	g->end = p + size;
	g->size = size;
}

uint8_t *guard_room(struct guard *g, size_t n)
{
	if (!g->end || g->size < n)
		map(g, n);
	return g->end - n;
}

struct str guard_copy(struct guard *g, struct str s)
{
	uint8_t *p = guard_room(g, s.n);

	if (s.n)
		memcpy(p, s.p, s.n);
	return str_of(p, s.n);
}
