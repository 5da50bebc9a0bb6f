/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * laws_front: plugs the front engines into the laws. Plays a caller that does everything a
 * session may: takes the store back whenever the engine is idle and overwrites it, calls too
 * early, injects behind STARTTLS.
 */
#ifndef LIB_LAWS_FRONT_H
#define LIB_LAWS_FRONT_H

#include "laws.h"
#include "proto/front.h"

/* The `conf` of laws_check() for this engine. */
struct laws_front {
	struct front_conf front;
	const char *verdicts; /* one per login, the last one repeats: 'a'ccept, 'r'efuse, refuse
				 with a 'c'ode, refuse and 'q'uit, explain with Auth-Error-'s'ASL,
				 'S': and quit */
	size_t store_max;     /* bytes of the store that are lent; 0: all */
};

extern const struct laws_engine laws_front_engine;

#endif
