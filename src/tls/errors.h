/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * errors: wolfSSL's error numbers as words, and sentences for struct tls_error.
 */
#ifndef TLS_ERRORS_H
#define TLS_ERRORS_H

#include "base/str.h"
#include "tls/conf.h"

/* A few words for an error that ended a connection; static. */
struct str errors_text(int error);

/* A fatal alert of the peer, by its number (RFC 8446 section 6): "alert received: ..."; static. */
struct str errors_alert(int alert);

/* "WHAT "FILE": WHY"; an empty name, or an empty why, leaves that part out. */
void errors_say(struct tls_error *e, struct str what, struct str file, struct str why);

#endif
