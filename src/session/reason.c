/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reason: what every way to end means. Log texts are NGINX's where it has one (its users' log
 * filters depend on them); replies likewise (RFC 5321 section 4.2, RFC 3463, 1939, 3206, 3501).
 */
#include "session/reason.h"

#include "base/must.h"

#define NO_TEXT                                                                                    \
	{                                                                                          \
		NULL, 0                                                                            \
	}
#define NOTHING                                                                                    \
	{                                                                                          \
		NO_TEXT, NO_TEXT, NO_TEXT                                                          \
	}
/* To clients of SMTP, POP3 and IMAP. */
#define WORDS(smtp, pop3, imap)                                                                    \
	{                                                                                          \
		STR_INIT(smtp "\r\n"), STR_INIT(pop3 "\r\n"), STR_INIT(imap "\r\n")                \
	}
#define ERROR                                                                                      \
	WORDS("451 4.3.2 Internal server error", "-ERR internal server error",                     \
	      "* BAD internal server error")

static const struct reason_row rows[REASON_COUNT] = {
	[REASON_NONE] = {"none", LEVEL_DEBUG, NO_TEXT, NOTHING},
	[REASON_DONE] = {"done", LEVEL_INFO, STR_INIT("proxied session done"), NOTHING},
	[REASON_QUIT] = {"quit", LEVEL_DEBUG, NO_TEXT, NOTHING},

	[REASON_CLIENT_CLOSED] = {"client_closed", LEVEL_INFO, STR_INIT("client closed connection"),
				  NOTHING},
	[REASON_CLIENT_TIMEOUT] = {"client_timeout", LEVEL_INFO,
				   STR_INIT("client timed out (110: Connection timed out)"),
				   NOTHING},
	[REASON_CLIENT_TOO_LONG] = {"client_too_long", LEVEL_INFO,
				    STR_INIT("client sent too long command \"%D\""), NOTHING},
	[REASON_CLIENT_BARE_LF] = {"client_bare_lf", LEVEL_INFO,
				   STR_INIT("client sent a command that ends with a bare LF"),
				   NOTHING},
	[REASON_CLIENT_TOO_MANY_ERRORS] = {"client_too_many_errors", LEVEL_INFO,
					   STR_INIT("client sent too many invalid commands"),
					   NOTHING},
	[REASON_CLIENT_TOO_MANY_COMMANDS] = {"client_too_many_commands", LEVEL_INFO,
					     STR_INIT("client sent too many commands"), NOTHING},
	[REASON_CLIENT_HTTP] = {"client_http", LEVEL_INFO,
				STR_INIT("client sent an HTTP request \"%D\""), NOTHING},
	[REASON_CLIENT_EARLY] = {"client_early",
				 LEVEL_INFO,
				 STR_INIT("client was rejected before greeting: \"%D\""),
				 {STR_INIT("503 5.5.0 Improper use of SMTP command pipelining\r\n"),
				  NO_TEXT, NO_TEXT}},
	[REASON_CLIENT_LITERAL] = {"client_literal", LEVEL_INFO,
				   STR_INIT("client sent an invalid command with a literal"),
				   NOTHING},
	[REASON_CLIENT_LOOP] = {"client_loop", LEVEL_ERR,
				STR_INIT("proxies run in a circle, or too many in a row"), NOTHING},
	[REASON_CLIENT_UNSAFE] = {"client_unsafe", LEVEL_INFO,
				  STR_INIT("client sent a control character in its user name or "
					   "password"),
				  WORDS("501 5.5.4 Control character in user name or password",
					"-ERR control character in user name or password",
					"* BAD control character in user name or password")},
	[REASON_CLIENT_REFUSED] = {"client_refused", LEVEL_INFO, NO_TEXT, NOTHING},
	[REASON_CLIENT_TLS] = {"client_tls", LEVEL_INFO,
			       STR_INIT("SSL_do_handshake() failed (SSL: %D)"), NOTHING},
	[REASON_CLIENT_TLS_CLOSED] = {"client_tls_closed", LEVEL_INFO,
				      STR_INIT("peer closed connection in SSL handshake%D"),
				      NOTHING},
	[REASON_CLIENT_CERT_BAD] = {"client_cert_bad", LEVEL_INFO,
				    STR_INIT("client SSL certificate verify error: (%D)"),
				    WORDS("421 4.7.1 SSL certificate error",
					  "-ERR SSL certificate error",
					  "* BYE SSL certificate error")},
	[REASON_CLIENT_CERT_NONE] = {"client_cert_none", LEVEL_INFO,
				     STR_INIT("client sent no required SSL certificate"),
				     WORDS("421 4.7.1 No required SSL certificate",
					   "-ERR No required SSL certificate",
					   "* BYE No required SSL certificate")},
	[REASON_PROXY_BROKEN] = {"proxy_broken", LEVEL_ERR, STR_INIT("broken header: \"%D\""),
				 NOTHING},
	[REASON_PROXY_VERSION] = {"proxy_version", LEVEL_ERR,
				  STR_INIT("unknown PROXY protocol version: %D"), NOTHING},
	[REASON_PROXY_TOO_LONG] = {"proxy_too_long", LEVEL_ERR, STR_INIT("header is too large"),
				   NOTHING},

	[REASON_AUTH_DOWN] = {"auth_down", LEVEL_ERR,
			      STR_INIT("connect() to auth http server %A failed (%D)"), ERROR},
	[REASON_AUTH_TIMEOUT] = {"auth_timeout", LEVEL_ERR,
				 STR_INIT("auth http server %A timed out "
					  "(110: Connection timed out)"),
				 ERROR},
	[REASON_AUTH_CLOSED] = {"auth_closed", LEVEL_ERR,
				STR_INIT("auth http server %A closed connection before its "
					 "response was complete"),
				ERROR},
	[REASON_AUTH_INVALID] = {"auth_invalid", LEVEL_ERR,
				 STR_INIT("auth http server %A sent invalid header in response"),
				 ERROR},
	[REASON_AUTH_TOO_LONG] = {"auth_too_long", LEVEL_ERR,
				  STR_INIT("auth http server %A sent too long response"), ERROR},
	[REASON_AUTH_NO_SERVER] = {"auth_no_server", LEVEL_ERR,
				   STR_INIT("auth http server %A did not send server or port"),
				   ERROR},
	[REASON_AUTH_BAD_SERVER] = {"auth_bad_server", LEVEL_ERR,
				    STR_INIT("auth http server %A sent invalid server "
					     "address:\"%D\""),
				    ERROR},
	[REASON_AUTH_BAD_PORT] = {"auth_bad_port", LEVEL_ERR,
				  STR_INIT("auth http server %A sent invalid server port:\"%D\""),
				  ERROR},
	[REASON_AUTH_BAD_TLS] = {"auth_bad_tls", LEVEL_ERR,
				 STR_INIT("auth http server %A sent invalid "
					  "Auth-Server-SSL:\"%D\""),
				 ERROR},
	[REASON_AUTH_NO_PASSWORD] = {"auth_no_password", LEVEL_ERR,
				     STR_INIT("auth http server %A did not send password"), ERROR},
	[REASON_AUTH_WAITS] = {"auth_waits", LEVEL_ERR,
			       STR_INIT("auth http server %A keeps saying WAIT"), ERROR},
	[REASON_AUTH_QUEUE_FULL] = {"auth_queue_full", LEVEL_ERR,
				    STR_INIT("too many requests wait for auth http server %A, "
					     "see auth_http_queue"),
				    ERROR},
	[REASON_AUTH_TLS] = {"auth_tls", LEVEL_ERR,
			     STR_INIT("SSL handshake with auth http server %A failed (%D)"), ERROR},

	[REASON_BACK_UNRESOLVED] = {"back_unresolved", LEVEL_ERR, NO_TEXT, ERROR},
	[REASON_BACK_DOWN] = {"back_down", LEVEL_ERR, STR_INIT("connect() failed (%D)"), ERROR},
	[REASON_BACK_TIMEOUT] = {"back_timeout", LEVEL_INFO,
				 STR_INIT("upstream timed out (110: Connection timed out)"), ERROR},
	[REASON_BACK_CLOSED] = {"back_closed", LEVEL_ERR,
				STR_INIT("upstream prematurely closed connection"), ERROR},
	[REASON_BACK_INVALID] = {"back_invalid", LEVEL_ERR,
				 STR_INIT("upstream sent invalid response: \"%D\""), ERROR},
	[REASON_BACK_REFUSED] = {"back_refused", LEVEL_INFO,
				 STR_INIT("upstream sent invalid response: \"%D\""), NOTHING},
	[REASON_BACK_TOO_LONG] = {"back_too_long", LEVEL_ERR,
				  STR_INIT("upstream sent too long response line: \"%D\""), ERROR},
	[REASON_BACK_TLS] = {"back_tls", LEVEL_ERR, STR_INIT("SSL_do_handshake() failed (SSL: %D)"),
			     ERROR},
	[REASON_BACK_CERT] = {"back_cert", LEVEL_ERR,
			      STR_INIT("upstream SSL certificate verify error: (%D)"), ERROR},
	[REASON_BACK_NO_STARTTLS] = {"back_no_starttls", LEVEL_ERR,
				     STR_INIT("upstream offers no STARTTLS or refuses it: \"%D\""),
				     ERROR},
	[REASON_BACK_INJECTED] = {"back_injected", LEVEL_ERR,
				  STR_INIT("upstream sent plaintext behind its reply to STARTTLS: "
					   "\"%D\""),
				  ERROR},

	[REASON_RELAY_TIMEOUT] = {"relay_timeout", LEVEL_INFO,
				  STR_INIT("client timed out (110: Connection timed out)"),
				  NOTHING},
	[REASON_RELAY_CLIENT_RESET] = {"relay_client_reset", LEVEL_INFO,
				       STR_INIT("recv() failed (%D)"), NOTHING},
	[REASON_RELAY_BACK_RESET] = {"relay_back_reset", LEVEL_ERR, STR_INIT("recv() failed (%D)"),
				     NOTHING},

	[REASON_FULL] = {"full", LEVEL_ALERT, STR_INIT("worker_connections are not enough"),
			 WORDS("421 4.3.2 Too many connections, try again later",
			       "-ERR [SYS/TEMP] Too many connections, try again later",
			       "* BYE Too many connections, try again later")},
	[REASON_SHUTDOWN] = {"shutdown", LEVEL_INFO, STR_INIT("shutdown timeout"),
			     WORDS("421 4.3.2 Service is shutting down, try again later",
				   "-ERR [SYS/TEMP] Service is shutting down, try again later",
				   "* BYE Service is shutting down, try again later")},
	[REASON_INTERNAL] = {"internal", LEVEL_CRIT, STR_INIT("internal error: %D"), ERROR},
};

const struct reason_row *reason_row(enum reason r)
{
	must((unsigned)r < REASON_COUNT);
	return &rows[r];
}
