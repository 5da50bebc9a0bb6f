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

/* The check that failed was meant to. */
void record_forgive(void);

/* Something happened: part of the world's hash from now on. */
void record_mix(uint64_t value);

/* A line for the trace that is no part of the hash. */
void record_line(uint32_t who, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
