/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_script: any bytes as a play on the stage (stage.h): four bytes of configuration, then
 * steps: who says what, what arrives when, how much of a send is taken, answers, ends, time.
 */
#ifndef TESTS_LIB_STAGE_SCRIPT_H
#define TESTS_LIB_STAGE_SCRIPT_H

#include "base/str.h"

void stage_script_play(struct str script);

#endif
