/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port: a free TCP port of 127.0.0.1 for a program under test, which nobody else gets.
 *
 * Tests run side by side, each in a process of its own: a port that was free when somebody looked
 * may be another test's by the time its program binds it. So a port is claimed first, until the
 * process that claimed it ends.
 */
#ifndef TESTS_LIB_PORT_H
#define TESTS_LIB_PORT_H

#include <stdint.h>

/* Never one of those that the kernel gives to outgoing connections. Fails the test if there is
 * none. */
uint16_t port_free(void);

#endif
