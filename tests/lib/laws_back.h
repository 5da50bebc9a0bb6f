/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * laws_back: plugs the back engines into the laws. The input is what the backend says. Each
 * reply is shown to the engine only after the command it answers, as on a wire: what an engine
 * does with replies that nobody asked for (it drops them) depends on their timing.
 */
#ifndef LIB_LAWS_BACK_H
#define LIB_LAWS_BACK_H

#include "laws.h"
#include "proto/smtp_back.h"

/* The `conf` of laws_check() for this engine; peer.login is set by the adapter. */
struct laws_back {
	struct back_conf back;
	struct back_peer peer;
	struct login login;
};

extern const struct laws_engine laws_back_engine;

#endif
