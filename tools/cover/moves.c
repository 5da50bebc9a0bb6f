/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * moves: notes each move of each state machine that this process makes, the first time it makes it,
 * as a line "MACHINE FROM TO" at the end of build/cover/moves. Linked into everything that is built
 * for coverage, and into nothing else. A line is written at once: a test that ends in abort() has
 * been somewhere, too. tools/coverage reads the file.
 */
#include "base/machine.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MACHINES_MAX = 32, STATES_MAX = 32 };

/* The machines of this program, in the order in which they were linked. */
extern const struct machine *const __start_machines[], *const __stop_machines[];

static _Atomic uint32_t seen[MACHINES_MAX][STATES_MAX]; /* [machine][from], a bit for each to */

static void write_line(const struct machine *m, uint32_t from, uint32_t to)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s %s %s\n", m->name, m->states[from].name,
			 m->states[to].name);
	int fd = open(RINGPOST_MOVES, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (fd < 0)
		return;
	/* Nothing can be done where this fails; another process makes the same move. */
	if (write(fd, line, (size_t)n) != n)
		dprintf(2, "%s: not written: %s", RINGPOST_MOVES, line);
	close(fd);
}

void machine_moved(const struct machine *m, uint32_t from, uint32_t to)
{
	size_t n = (size_t)(__stop_machines - __start_machines);

	for (size_t i = 0; i < n && i < MACHINES_MAX; i++)
		if (__start_machines[i] == m &&
		    !(atomic_fetch_or(&seen[i][from], 1U << to) & 1U << to))
			write_line(m, from, to);
}
