/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counts: asks the sink how many whole messages it has received, so that a run can be checked
 * against what really arrived. Needs tools/sink; Postfix's smtp-sink tells nothing.
 */
#ifndef BENCH_COUNTS_H
#define BENCH_COUNTS_H

#include <stdint.h>

/* From the sink's control port; -1 when it does not answer or there is no such port (0). */
int64_t counts_messages(uint16_t control_port);

#endif
