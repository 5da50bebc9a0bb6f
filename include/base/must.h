/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * must: assertions that stay on in production, in two grades.
 *
 * must(x): x is our own promise; if it is broken the process says where and aborts, and the
 * master starts another. No byte a peer can send may ever reach a must.
 * odd_if(x): x is surprising but survivable; it is counted and reported, and the caller copes.
 * Evaluates to x, so it reads `if (odd_if(n < 0)) return;`.
 *
 * The reports go to the hook that the app floor installs at start; without one, must() aborts
 * silently and odd_if() only evaluates.
 */
#ifndef BASE_MUST_H
#define BASE_MUST_H

#include <stdbool.h>

enum must_grade { MUST_BROKEN, MUST_ODD };

typedef void must_hook(enum must_grade grade, const char *where, const char *what);

/* Install once, before any thread starts. The hook may be called from any thread. */
void must_report_to(must_hook *hook);

_Noreturn void must_broken(const char *where, const char *what);
bool must_odd(const char *where, const char *what);

#define MUST_STR2(x) #x
#define MUST_STR(x)  MUST_STR2(x)
#define must(x)      ((x) ? (void)0 : must_broken(__FILE__ ":" MUST_STR(__LINE__), #x))
/* For a place that is never reached; says why in words. */
#define must_never(why) must_broken(__FILE__ ":" MUST_STR(__LINE__), why)
/* For what is surprising and needs no coping with; says why in words. */
#define odd(why)  ((void)must_odd(__FILE__ ":" MUST_STR(__LINE__), why))
#define odd_if(x) ((x) && must_odd(__FILE__ ":" MUST_STR(__LINE__), #x))

#endif
