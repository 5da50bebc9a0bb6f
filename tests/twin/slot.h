/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slot: one transcript, its ports, and what became of it with each proxy. They play it one after
 * the other, each whole and, where that says more, with the client's bytes one by one.
 */
#ifndef TESTS_TWIN_SLOT_H
#define TESTS_TWIN_SLOT_H

#include "tests/twin/player.h"

enum { PROXIES = 2, WAYS = 2 }; /* WAYS: whole, byte by byte */

struct slot {
	struct script *scripts[PROXIES];
	unsigned listen_port[PROXIES];
	struct player player;
	struct script_vars vars;
	int auth_fd, back_fd, dead_fd;
	int names_fd; /* its name server; -1: it has none */
	unsigned run; /* proxy * WAYS + way, PROXIES * WAYS: all done */
	bool playing, failed;
	bool played[PROXIES][WAYS];
	bool mended;                             /* this nginx is played by ringpost's lines */
	struct str heard[PROXIES][SCRIPT_WIRES]; /* from the whole runs, salts made equal */
};

#endif
