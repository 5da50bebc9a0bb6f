/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machines: prints every state machine of the floors: a line "states MACHINE STATE..." with all of
 * its states in order, then "move MACHINE FROM TO" for each move that its table allows. Linked with
 * the whole library: an engine that nothing uses is listed as well. tools/coverage reads it.
 */
#include "base/machine.h"

#include <stdio.h>

extern const struct machine *const __start_machines[], *const __stop_machines[];

int main(void)
{
	for (const struct machine *const *p = __start_machines; p < __stop_machines; p++) {
		const struct machine *m = *p;

		printf("states %s", m->name);
		for (uint32_t s = 0; s < m->n; s++)
			printf(" %s", m->states[s].name);
		printf("\n");
		for (uint32_t to = 0; to < m->n; to++)
			for (uint32_t from = 0; from < m->n; from++)
				if (m->states[to].may_follow & 1U << from)
					printf("move %s %s %s\n", m->name, m->states[from].name,
					       m->states[to].name);
	}
	return 0;
}
