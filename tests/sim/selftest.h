/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selftest: is the simulated kernel one? The cases that the real ring passes too, and what only a
 * simulated kernel can show: its weather, its faults, what it calls a violation.
 */
#ifndef SIM_SELFTEST_H
#define SIM_SELFTEST_H

/* Prints what failed; the number of failures. *passed is added to. */
unsigned selftest_run(unsigned *passed);

#endif
