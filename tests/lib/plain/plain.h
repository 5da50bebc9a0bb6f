/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plain: runs Criterion's tests without Criterion's library: each test in a process that is a
 * plain fork of the runner, which ends by exit().
 *
 * Linked in the library's place where a tool watches the test: ThreadSanitizer and valgrind do not
 * bear the arena that Criterion shares with its workers, and its own runner leaks. Here a leak, a
 * race or a bad access of the test is the test's own failure. And where time matters, by `make
 * check` and for coverage: Criterion begins each test's process from its file. Tests are the same
 * objects.
 */
#ifndef TESTS_LIB_PLAIN_PLAIN_H
#define TESTS_LIB_PLAIN_PLAIN_H

#include <stdbool.h>

struct criterion_test_extra_data;

enum plain_end { PLAIN_PASSED = 0, PLAIN_FAILED = 1, PLAIN_SKIPPED = 77 };

/* Runs one test with its fixtures in this process; returns an enum plain_end for exit(). `name` is
 * for messages. */
int plain_perform(void (*test)(void), void (*init)(void), void (*fini)(void), const char *name);

#endif
