/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sasl: decodes what clients send in AUTH exchanges: PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195)
 * and EXTERNAL (RFC 4422 appendix A), the same for every protocol in front of it.
 *
 * A response is one base64 text. It is decoded into the caller's store, and the login's strings
 * point into that; a failure takes the store back to where it was, wiped, and leaves the login
 * alone. Whose password it is and whether it is right is never decided here.
 */
#ifndef PROTO_SASL_H
#define PROTO_SASL_H

#include "base/arena.h"
#include "proto/login.h"

enum sasl_mechanism { SASL_PLAIN, SASL_LOGIN, SASL_CRAM_MD5, SASL_EXTERNAL };

enum sasl_result {
	SASL_OK = 0,
	SASL_BAD_BASE64,
	SASL_BAD_USER,   /* PLAIN: no NUL before the user name */
	SASL_BAD_PASS,   /* PLAIN: no NUL before the password  */
	SASL_BAD_DIGEST, /* CRAM-MD5: not a name, SP, 32 bytes */
	SASL_TOO_LONG,   /* does not fit the store             */
};

/* Sets method, user and pass. The authorisation identity is ignored, as NGINX does. */
NODISCARD enum sasl_result sasl_plain(struct arena *store, struct str response, struct login *l);

/* The two answers of LOGIN: sets user; sets method and pass. */
NODISCARD enum sasl_result sasl_login_user(struct arena *store, struct str response,
					   struct login *l);
NODISCARD enum sasl_result sasl_login_pass(struct arena *store, struct str response,
					   struct login *l);

/* Sets method, user, and the 32 hex digits as pass. The salt is the caller's. */
NODISCARD enum sasl_result sasl_cram_md5(struct arena *store, struct str response, struct login *l);

/* Sets method and user, the password becomes empty. */
NODISCARD enum sasl_result sasl_external(struct arena *store, struct str response, struct login *l);

/* What NGINX logs at [info] for a failure, a literal; empty where it has no words. */
struct str sasl_note(enum sasl_mechanism m, enum sasl_result r);

#endif
