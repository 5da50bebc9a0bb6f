/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * errors: wolfSSL's error numbers as words, and sentences for struct tls_error.
 *
 * The texts are static: nothing a peer has sent gets into them.
 */
#include "tls/errors.h"

#include "base/out.h"
#include "tls/wolf.h"

struct text {
	int error;
	struct str text;
};

/* What people look for in logs is said in their words; the rest is wolfSSL's. */
static const struct text texts[] = {
	{MATCH_SUITE_ERROR, STR_INIT("no shared cipher")},
	{UNSUPPORTED_SUITE, STR_INIT("no shared cipher")},
	{VERSION_ERROR, STR_INIT("unsupported protocol")},
	{UNKNOWN_ALPN_PROTOCOL_NAME_E, STR_INIT("no application protocol")},
	{UNKNOWN_RECORD_TYPE, STR_INIT("not a TLS record")},
	{NO_PEER_VERIFY, STR_INIT("possession of the certificate's key was not proved")},
	{VERIFY_SIGN_ERROR, STR_INIT("possession of the certificate's key was not proved")},
	{SIG_VERIFY_E, STR_INIT("possession of the certificate's key was not proved")},
	{SOCKET_PEER_CLOSED_E, STR_INIT("peer closed connection in SSL handshake")},
	{DECRYPT_ERROR, STR_INIT("decryption failed or bad record mac")},
	{VERIFY_MAC_ERROR, STR_INIT("decryption failed or bad record mac")},
	{BAD_KEY_SHARE_DATA, STR_INIT("no shared curve")},
	{ECC_CURVE_ERROR, STR_INIT("no shared curve")},
	{WOLFSSL_ERROR_ZERO_RETURN, STR_INIT("peer closed connection in SSL handshake")},
};

struct str errors_text(int error)
{
	const char *theirs;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].error == error)
			return texts[i].text;
	theirs = wolfSSL_ERR_reason_error_string((unsigned long)error);
	return theirs == NULL || theirs[0] == '\0' ? STR("unknown error") : str_cstr(theirs);
}

static const struct text alerts[] = {
	{10, STR_INIT("alert received: unexpected message")},
	{20, STR_INIT("alert received: bad record mac")},
	{22, STR_INIT("alert received: record overflow")},
	{40, STR_INIT("alert received: handshake failure")},
	{42, STR_INIT("alert received: bad certificate")},
	{43, STR_INIT("alert received: unsupported certificate")},
	{44, STR_INIT("alert received: certificate revoked")},
	{45, STR_INIT("alert received: certificate expired")},
	{46, STR_INIT("alert received: certificate unknown")},
	{47, STR_INIT("alert received: illegal parameter")},
	{48, STR_INIT("alert received: unknown CA")},
	{49, STR_INIT("alert received: access denied")},
	{50, STR_INIT("alert received: decode error")},
	{51, STR_INIT("alert received: decrypt error")},
	{70, STR_INIT("alert received: protocol version")},
	{71, STR_INIT("alert received: insufficient security")},
	{80, STR_INIT("alert received: internal error")},
	{86, STR_INIT("alert received: inappropriate fallback")},
	{90, STR_INIT("alert received: user canceled")},
	{109, STR_INIT("alert received: missing extension")},
	{110, STR_INIT("alert received: unsupported extension")},
	{112, STR_INIT("alert received: unrecognized name")},
	{116, STR_INIT("alert received: certificate required")},
	{120, STR_INIT("alert received: no application protocol")},
};

struct str errors_alert(int alert)
{
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
		if (alerts[i].error == alert)
			return alerts[i].text;
	return STR("alert received");
}

void errors_say(struct tls_error *e, struct str what, struct str file, struct str why)
{
	struct out o;

	out_init(&o, e->text, sizeof(e->text) - 1);
	out_str(&o, what);
	if (file.n != 0) {
		out_lit(&o, " \"");
		out_str(&o, file);
		out_lit(&o, "\"");
	}
	if (why.n != 0) {
		out_lit(&o, ": ");
		out_str(&o, why);
	}
	e->text[o.n] = '\0';
}
