/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine: moves a state machine from one state to the next, if its table has that move. Owns
 * nothing; never decides where to go.
 */
#include "base/machine.h"

#include "base/must.h"

void machine_enter(const struct machine *m, uint8_t *state, uint32_t to)
{
	if (to >= m->n || !(m->states[to].may_follow & 1U << *state))
		must_broken(m->name, "a move that its table of states does not have");
#ifdef RINGPOST_COVER
	machine_moved(m, *state, to);
#endif
	*state = (uint8_t)to;
}
