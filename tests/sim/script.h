/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script: the dialogue between the program and a guest's backend, as the specification has it.
 * Nothing here asks the engines under test.
 */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include "tests/sim/world.h"

enum command {
	COMMAND_TLS_HELO, /* where STARTTLS is to come */
	COMMAND_HELO,
	COMMAND_STARTTLS,
	COMMAND_XCLIENT,
	COMMAND_CLIENT_HELO,
	COMMAND_MAIL,
	COMMAND_RCPT,
	COMMAND_AUTH
};

enum { SCRIPT_COMMANDS = 8 };

/* Fills `list` with what this guest's login consists of; how many. */
uint8_t script_commands(const struct guest *g, enum command *list);

/* The line of a command without its line end, and the reply that it gets. */
void script_command(const struct guest *g, enum command c, struct out *o);
struct str script_reply(const struct guest *g, enum command c);

#endif
