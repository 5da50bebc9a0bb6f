/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script: one transcript of tests/dialog as a list of steps. tests/dialog/README.md describes the
 * format. Loading filters the lines of one proxy, merges runs of equal marks and decodes escapes;
 * placeholders such as $PORT stay in the text for script_expand().
 */
#ifndef TESTS_DIALOG_LIB_SCRIPT_H
#define TESTS_DIALOG_LIB_SCRIPT_H

#include "base/str.h"

enum script_proxy { SCRIPT_NGINX, SCRIPT_RINGPOST };

/* Who the harness plays: the mail client, the auth service, the backend. */
enum script_wire { SCRIPT_CLIENT, SCRIPT_AUTH, SCRIPT_BACK, SCRIPT_WIRES };

enum script_kind {
	SCRIPT_SEND,         /* write text on the wire                              */
	SCRIPT_EXPECT,       /* exactly text arrives next                           */
	SCRIPT_CLOSE,        /* close our end                                       */
	SCRIPT_SHUT,         /* shut our sending side                               */
	SCRIPT_RESET,        /* close with a reset                                  */
	SCRIPT_TLS,          /* make our part of a TLS handshake, which succeeds; text:
				whose certificate we show, if anybody's */
	SCRIPT_EXPECT_CLOSE, /* the proxy closes its end, nothing unread before it  */
	SCRIPT_EXPECT_END,   /* it closes its end, whatever it may say before       */
	SCRIPT_QUIET,        /* for ms nothing arrives on any wire                  */
	SCRIPT_LOG,          /* the log gets a line whose "[level] " message begins so */
	SCRIPT_STOP,         /* the proxy is stopped: what comes now, it sees together */
	SCRIPT_GO,           /* ... and goes on                                     */
	SCRIPT_QUIT,         /* the proxy is told to end gracefully                 */
};

struct script_step {
	enum script_kind kind;
	enum script_wire wire;
	int line; /* in the file */
	unsigned ms;
	struct str text;
};

struct script {
	char *name;           /* folder and file without ".txt": "smtp/auth-plain" */
	const char *protocol; /* the folder: "smtp", "pop3", "imap" */
	char *conf;           /* directives for its server{}, one a line */
	char *listen;         /* parameters of its listen, each behind a space */
	char *names;          /* what its name server says, see tests/twin/names.h */
	char *starttls;       /* "on" or "only"; empty: off */
	bool tls;             /* somebody makes a handshake */
	bool ours;            /* about something that nginx does not have */
	bool twin;            /* needs a real proxy: not for the session alone */
	bool last;            /* ends the proxy */
	bool whole_only;      /* the outcome depends on how bytes arrive together */
	bool mended;          /* an nginx with a newer patch does what ringpost does */
	struct script_step *steps;
	size_t n;
};

/* What placeholders stand for in one run. */
struct script_vars {
	unsigned port;        /* $PORT: the backend's */
	unsigned dead_port;   /* $DEAD_PORT: refuses connections */
	unsigned auth_port;   /* $AUTH_PORT */
	unsigned listen_port; /* $LISTEN: where the proxy listens */
	unsigned dns_port;    /* $DNS: a name server */
	unsigned client_port; /* $CLIENT: where the client connects from */
	char salt[256];       /* $SALT, $SALT64: of APOP and CRAM-MD5, once seen */
	char salt64[512];
	char session[64];     /* $SESSION: what in the salt is this session's alone */
	const char *certs;    /* $CERTS: the folder of certificates; NULL: none needed yet */
	char fingerprint[64]; /* $FINGERPRINT: of the certificate that the client showed */
	char pem[4096];       /* $PEM: this certificate as nginx escapes it */
};

/* The transcript as `proxy` plays it. NULL after a message on stderr; script_free() gives it back.
 */
struct script *script_load(const char *path, enum script_proxy proxy);
void script_free(struct script *s);

/* `text` with placeholders replaced; malloc'ed, the caller frees .p */
struct str script_expand(struct str text, const struct script_vars *vars);

/* Is the salt in the text, but not known yet? */
bool script_wants_salt(struct str text, const struct script_vars *vars);

/*
 * The client heard `line` (no CRLF) where `text` ends with $SALT64 or $SALT: learn the salt. 0, or
 * -1 when it is not "<digits.digits@mx.example>", for $SALT64 in base64.
 */
int script_learn_salt(struct str text, struct str line, struct script_vars *vars);

/* Decode escapes; malloc'ed, NUL behind it, the caller frees .p; .p NULL if an escape is wrong. */
struct str script_unescape(struct str s);

/* Print s to stderr with CR, LF and other bytes escaped as the format writes them. */
void script_print(struct str s);

/*
 * The path of every transcript below tests/dialog, sorted, NULL at the end; the caller frees all.
 * `only` (ends with NULL): those whose names begin so, with or without their folder; empty: all.
 */
char **script_list(char *const *only);

#endif
