/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * card: what a client's certificate looks like to the auth service: $FINGERPRINT and $PEM. Asks
 * the openssl command, and waits for it.
 */
#ifndef TESTS_TWIN_CARD_H
#define TESTS_TWIN_CARD_H

#include "tests/lib/script.h"

/* The certificate NAME.pem of vars->certs. -1 after a message. */
NODISCARD int card_learn(struct script_vars *vars, const char *identity);

#endif
