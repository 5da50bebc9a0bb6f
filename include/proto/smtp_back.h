/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp_back: the back engine of SMTP (RFC 5321, 4954, 2920; XCLIENT as Postfix documents it).
 * Called through back.h; here are its states.
 *
 * The steps and bytes are NGINX's: greeting, EHLO/HELO, XCLIENT, the client's own EHLO/HELO, then
 * the stored MAIL and RCPT, or AUTH PLAIN, or nothing. A reply is judged when it is whole, by the
 * code of its first line, as NGINX does; bytes behind a reply that nothing has asked for are
 * dropped, as NGINX does.
 *
 * Own: XCLIENT says also PORT, PROTO, DESTADDR, DESTPORT and HELO as far as the backend's EHLO
 * reply offers to hear them. Own: STARTTLS (RFC 3207) where it is asked for; a backend that does
 * not offer it gets no login. MAIL and RCPT leave together when the backend's last EHLO reply
 * offers PIPELINING.
 */
#ifndef PROTO_SMTP_BACK_H
#define PROTO_SMTP_BACK_H

#include "proto/back.h"

enum smtp_back_state {
	SMTP_BACK_GREETING, /* waiting for 220 */
	SMTP_BACK_TLS_HELO, /* EHLO sent to see whether it offers STARTTLS */
	SMTP_BACK_STARTTLS,
	SMTP_BACK_TLS,  /* BACK_TLS returned, secured() is due */
	SMTP_BACK_HELO, /* EHLO/HELO with our name sent */
	SMTP_BACK_XCLIENT,
	SMTP_BACK_CLIENT_HELO, /* the client's HELO/EHLO sent */
	SMTP_BACK_AUTH,
	SMTP_BACK_MAIL,
	SMTP_BACK_RCPT,
	SMTP_BACK_DONE,
	SMTP_BACK_STATE_COUNT
};

#endif
