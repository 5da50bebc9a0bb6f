/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * postfix: a real Postfix of the test's own, with queue, log and configuration in folder `postfix`
 * of the place; it demands STARTTLS, accepts XCLIENT, and discards all mail. It needs root, and
 * takes a second to start.
 */
#ifndef TESTS_IT_LIB_POSTFIX_H
#define TESTS_IT_LIB_POSTFIX_H

#include "tests/it/lib/place.h"

#include <stdbool.h>

#define POSTFIX_LOG "postfix/maillog"

bool postfix_is_possible(void);

/* Its port; it shows the certificate of this name (tests/lib/certs.h). What `more` says, lines of
 * main.cf, counts instead of what they say here; NULL: nothing. */
uint16_t postfix_start(struct place *p, const char *identity, const char *more);

/* Before the end of the place: it runs as several users, who may outlive the test otherwise. */
void postfix_stop(struct place *p);

/* Waits until its log has this text; fails the test after 10 seconds. */
void postfix_await_log(struct place *p, const char *text);

#endif
