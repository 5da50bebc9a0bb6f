/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * front_sasl: AUTH exchanges of every protocol as one sub-machine (RFC 4422, 4954, 5034, 3501):
 * which mechanisms are allowed, what is asked first, how an initial response is read, what comes
 * when a token is refused. Writes whole challenge lines; says with a step how the engine goes on.
 */
#ifndef PROTO_FRONT_SASL_H
#define PROTO_FRONT_SASL_H

#include "proto/front_engine.h"

/* AUTH args[0] [args[1]: initial response], n of 1 or more. From a state that FRONT_IN_AUTH may
 * follow. */
struct front_step front_sasl_begin(struct front *f, const struct str *args, uint32_t n,
				   struct out *out);

/* The answer to a challenge: a line in FRONT_IN_AUTH or FRONT_IN_REFUSAL. More than words_max words
 * make it invalid. */
enum front_ev front_sasl_line(struct front *f, struct str text, uint32_t words_max,
			      struct out *out);

/* The same for protocols that cut it themselves. */
struct front_step front_sasl_response(struct front *f, struct str response, struct out *out);

/* In a refused login: say Auth-Error-SASL as one more challenge and keep the refusal for later.
 * False, with nothing changed, if there is none, the method has no place for it or it is too
 * long. */
bool front_sasl_explain(struct front *f, const struct front_answer *a, struct out *out);

/* The exchange is over, however. */
void front_sasl_end(struct front *f);

/* As clients write it: "CRAM-MD5". */
struct str front_sasl_name(enum sasl_mechanism m);

/* Bit set of conf->methods without what is no mechanism. */
static inline uint32_t front_sasl_methods(const struct front_conf *conf)
{
	return conf->methods & ((1U << SASL_COUNT) - 1);
}

#endif
