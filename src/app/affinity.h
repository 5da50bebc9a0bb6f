/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * affinity: which processors each thread of a worker process may run on (worker_cpu_affinity).
 */
#ifndef APP_AFFINITY_H
#define APP_AFFINITY_H

#include "app/conf_build.h"

/* Setter of the directive: masks, or auto with one mask or none. */
conf_set affinity_set;

/* The processors of thread `index`; false: all that it has already. */
bool affinity_of(const struct conf_affinity *a, uint32_t index, cpu_set_t *to);

/* In the thread: keeps it on its processors, which are logged as NGINX does it. */
void affinity_apply(const struct conf_affinity *a, uint32_t index, struct logger *logger);

#endif
