/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stop: the two signals that end a bench early. Owns the flag; never ends anything itself.
 */
#include "bench/lib/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t asked;

static void on_signal(int number)
{
	(void)number;
	asked = 1;
}

void stop_install(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	/* no SA_RESTART: a wait that a signal cuts short must return */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

bool stop_asked(void)
{
	return asked != 0;
}
