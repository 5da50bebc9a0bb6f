/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sasl: decodes what clients send in AUTH exchanges: PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195),
 * EXTERNAL (RFC 4422 appendix A), XOAUTH2 and OAUTHBEARER (RFC 7628), the same for every protocol.
 *
 * A response is one base64 text. It is decoded into the caller's store, and the login's strings
 * point into that; a failure takes the store back to where it was, wiped, and leaves the login
 * alone. Whose password it is and whether it is right is never decided here.
 */
#ifndef PROTO_SASL_H
#define PROTO_SASL_H

#include "base/arena.h"
#include "proto/login.h"

/* In the order in which they are announced. */
enum sasl_mechanism {
	SASL_PLAIN,
	SASL_LOGIN,
	SASL_CRAM_MD5,
	SASL_EXTERNAL,
	SASL_XOAUTH2,
	SASL_OAUTHBEARER,
	SASL_COUNT
};

/* Where an exchange is: what the client was asked last. */
enum sasl_state {
	SASL_IDLE,
	SASL_ASKED_PLAIN,
	SASL_ASKED_USER, /* of LOGIN */
	SASL_ASKED_PASS,
	SASL_ASKED_CRAM_MD5,
	SASL_ASKED_EXTERNAL,
	SASL_ASKED_XOAUTH2,
	SASL_ASKED_OAUTHBEARER,
	SASL_EXPLAINED, /* its token was refused, and it was told why */
	SASL_STATE_COUNT
};

enum sasl_result {
	SASL_OK = 0,
	SASL_BAD_BASE64,
	SASL_BAD_USER,   /* PLAIN: no NUL before the user name; tokens: no "user=" or "n,a=" */
	SASL_BAD_PASS,   /* PLAIN: no NUL before the password  */
	SASL_BAD_TOKEN,  /* no "auth=Bearer " or no end behind it */
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

/*
 * Set method, user, and the bearer token as pass. "user=U^Aauth=Bearer T^A^A"; "n,a=U,^A...
 * auth=Bearer T^A^A" with "=2C" and "=3D" for comma and equals sign in U, where "a=U" may be
 * missing (the token says who it is) and other pairs are passed over.
 */
NODISCARD enum sasl_result sasl_xoauth2(struct arena *store, struct str response, struct login *l);
NODISCARD enum sasl_result sasl_oauthbearer(struct arena *store, struct str response,
					    struct login *l);

/* What NGINX logs at [info] for a failure, a literal; empty where it has no words. */
struct str sasl_note(enum sasl_mechanism m, enum sasl_result r);

#endif
