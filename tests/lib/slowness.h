/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slowness: how many times as slow as usual everything is, since a sanitizer or valgrind watches:
 * the environment's TEST_SLOWNESS, at least 1. For limits of patience only, never for what a test
 * measures.
 */
#ifndef TESTS_LIB_SLOWNESS_H
#define TESTS_LIB_SLOWNESS_H

unsigned slowness(void);

#endif
