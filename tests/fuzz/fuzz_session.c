/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_session: every input as a play of clients, backends, an auth service, kernel and clock
 * around two sessions (tests/lib/stage_script.c), under the laws of stage_laws.c.
 */
#include "tests/lib/stage_script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	stage_script_play(str_of(data, n));
	return 0;
}
