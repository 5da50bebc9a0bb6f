/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selftest: is the simulated kernel one? The cases that the real ring passes too, and what only a
 * simulated kernel can show: its weather, its faults, what it calls a violation.
 */
#ifndef SIM_SELFTEST_H
#define SIM_SELFTEST_H

#include "tests/lib/far.h"
#include "tests/lib/ring_cases.h"

/* What the simulated kernel alone can show, in the form of the shared cases. */
extern const struct ring_case selftest_weather[], selftest_faults[], selftest_channel[];

/* The simulated end behind a far end. */
struct end *far_end(const struct far *f);

/* Prints what failed; the number of failures. *passed is added to. */
unsigned selftest_run(unsigned *passed);

#endif
