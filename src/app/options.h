/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options: the command line, as values. NGINX's flags, so that scripts go on working.
 *
 * Reads argv and nothing else: no file, no environment. Strings are argv's own or literals.
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include "base/str.h"

#ifndef RINGPOST_VERSION
#define RINGPOST_VERSION "0.1.0"
#endif
/* Relative names in -c, error_log and pid start here, unless -p says otherwise. */
#ifndef RINGPOST_PREFIX
#define RINGPOST_PREFIX "/etc/ringpost"
#endif
#ifndef RINGPOST_CONF
#define RINGPOST_CONF "ringpost.conf"
#endif
#ifndef RINGPOST_PID
#define RINGPOST_PID "/run/ringpost.pid"
#endif
#ifndef RINGPOST_ERROR_LOG
#define RINGPOST_ERROR_LOG "/var/log/ringpost/error.log"
#endif
/* Whom the system trusts to sign certificates. */
#ifndef RINGPOST_CA_BUNDLE
#define RINGPOST_CA_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#endif

enum options_action {
	OPTIONS_RUN = 0,      /* serve                                          */
	OPTIONS_TEST,         /* -t                                             */
	OPTIONS_DUMP,         /* -T: -t, and show what has been read            */
	OPTIONS_SIGNAL,       /* -s: signal_name and signal_number are set      */
	OPTIONS_VERSION,      /* -v                                             */
	OPTIONS_VERSION_LONG, /* -V                                             */
	OPTIONS_HELP,         /* -h, -?                                         */
	OPTIONS_MAN,          /* --man-directives: roff for ringpost.conf(5)    */
	OPTIONS_BAD,          /* `problem` says what is wrong: print it, exit 1 */
};

struct options {
	enum options_action action;
	enum options_action first; /* with -t or -T: a version or help to print before, or RUN   */
	bool quiet;                /* -q: with -t or -T, say errors only            */
	bool json;                 /* --json: with -T, show it as JSON */
	const char *conf;          /* -c, never NULL; relative to the prefix        */
	const char *prefix;        /* -p, never NULL                                */
	const char *error_log;     /* -e, or NULL                                   */
	const char *directives;    /* -g, or NULL                                   */
	const char *signal_name;   /* stop, quit, reload or reopen                  */
	int signal_number;
	char problem[256];
};

struct options options_parse(int argc, char *const *argv);

#endif
