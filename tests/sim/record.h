/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record: the kernel's side of what kernel.h tells about a world afterwards. For the kernel's own
 * files; worlds use kernel_trace() and kernel_violation().
 */
#ifndef SIM_RECORD_H
#define SIM_RECORD_H

#include <stdint.h>

/* A fresh record, for a fresh world. */
void record_clear(void);

/* Something happened: part of the world's hash from now on. */
void record_mix(uint64_t value);

#endif
