/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_rows_tls: the directives of TLS: with clients (NGINX's, and ssl_server_name of ours), with
 * mail servers and with the authentication service (ours, named as those of NGINX's other proxies).
 */
#include "tls/ciphers.h"

#include "app/conf_rows.h"
#include "app/conf_tls_set.h"
#include "app/conf_value.h"

#define M_S_N (M_S | CONF_IN_NAME)

static const struct conf_choice starttls[] = {
	{"off", STARTTLS_OFF},
	{"on", STARTTLS_ON},
	{"only", STARTTLS_ONLY},
	{NULL, 0},
};

static const struct conf_choice protocols[] = {
	{"SSLv2", 0},         {"SSLv3", 0},         {"TLSv1", TLS_1_0}, {"TLSv1.1", TLS_1_1},
	{"TLSv1.2", TLS_1_2}, {"TLSv1.3", TLS_1_3}, {NULL, 0},
};

static const struct conf_choice verify[] = {
	{"off", TLS_VERIFY_OFF},
	{"on", TLS_VERIFY_ON},
	{"optional", TLS_VERIFY_OPTIONAL},
	{"optional_no_ca", TLS_VERIFY_OPTIONAL_NO_CA},
	{NULL, 0},
};

static const struct conf_choice back[] = {
	{"off", BACK_TLS_OFF},
	{"on", BACK_TLS_ON},
	{"starttls", BACK_TLS_STARTTLS},
	{NULL, 0},
};

#define VERSIONS "[TLSv1] [TLSv1.1] [TLSv1.2] [TLSv1.3]"

static const struct conf_row rows[] = {
	{SETTING("starttls", M_S), ARGS(1, 1), AT(starttls), .set = conf_tls_set_starttls,
	 .choices = starttls, .fallback = "off", .syntax = "on | off | only",
	 .help = "Whether clients may begin TLS with STARTTLS (POP3: STLS). It is announced where "
		 "it may be used. only: without TLS nobody can log in."},
	{SETTING("ssl", M_S), ARGS(1, 1), AT(ssl), .set = conf_tls_set_ssl, .syntax = "on | off",
	 .help = "Old form of the parameter ssl of listen: on gives it to every listen of the "
		 "server."},
	{SETTING("ssl_certificate", M_S_N), ARGS(1, 1), .repeats = true, AT(tls.certificates),
	 .set = conf_tls_set_files, .syntax = "file",
	 .help = "The certificate of the server, in PEM form, followed by those that lead to one "
		 "that clients know. May be given several times, for keys of different kinds "
		 "(ECDSA, RSA, Ed25519): each client gets one that it understands. A server that "
		 "speaks TLS needs one. Relative names start at the folder of the main file. "
		 "Files are read at start and on reload, before privileges are given up."},
	{SETTING("ssl_certificate_key", M_S_N), ARGS(1, 1), .repeats = true, AT(tls.keys),
	 .set = conf_tls_set_keys, .syntax = "file",
	 .help = "The secret key of each ssl_certificate, in the same order, in PEM form. May be "
		 "encrypted, see ssl_password_file."},
	{SETTING("ssl_password_file", M_S_N), ARGS(1, 1), AT(tls.passwords),
	 .set = conf_tls_set_file, .syntax = "file",
	 .help = "A file of passwords, one a line, that are tried on encrypted keys."},
	{SETTING("ssl_protocols", M_S), ARGS(1, CONF_ARGS_ANY), .repeats = true, AT(tls.versions),
	 .set = conf_tls_set_protocols, .choices = protocols, .fallback = "TLSv1.2 TLSv1.3",
	 .syntax = VERSIONS,
	 .help = "Which versions of TLS are spoken. SSLv2 and SSLv3 do not exist here; naming "
		 "them is worth a warning. So is a list without TLSv1.2 and TLSv1.3, as it was "
		 "written before there were any: they are spoken as well then."},
	{SETTING("ssl_ciphers", M_S), ARGS(1, 1), AT(tls.ciphers), .set = conf_tls_set_ciphers,
	 .fallback = CIPHERS_DEFAULT, .syntax = "ciphers",
	 .help = "Which ciphers may be used up to TLS 1.2, as OpenSSL writes them: names, groups "
		 "like HIGH, kECDHE, aRSA and AESGCM, joined by colons, with ! - + and @STRENGTH. "
		 "Unknown words are left out with a warning. ringpost -T shows the list that "
		 "comes of it. The default has forward secrecy only; that of NGINX is "
		 "HIGH:!aNULL:!MD5, which is also used where ssl_protocols has TLSv1 or TLSv1.1. "
		 "Those of TLS 1.3 are chosen with ssl_conf_command "
		 "Ciphersuites."},
	{SETTING("ssl_prefer_server_ciphers", M_S), ARGS(1, 1), AT(tls.prefer_server_ciphers),
	 .set = conf_value_flag, .fallback = "off", .syntax = "on | off",
	 .help = "Whether our order of ciphers counts rather than the client's."},
	{SETTING("ssl_dhparam", M_S), ARGS(1, 1), AT(tls.dhparam), .set = conf_tls_set_file,
	 .syntax = "file",
	 .help = "The group for DHE ciphers, in PEM form. Without it there are no DHE ciphers."},
	{SETTING("ssl_ecdh_curve", M_S), ARGS(1, 1), AT(tls.curves), .set = conf_tls_set_text,
	 .fallback = "auto", .syntax = "curve[:curve...] | auto",
	 .help = "Which curves may be used for keys, e.g. X25519:prime256v1:secp384r1. Up to TLS "
		 "1.2 the client's own choice counts."},
	{SETTING("ssl_session_cache", M_S), ARGS(1, 2), .last_counts = true, AT(tls.cache),
	 .set = conf_tls_set_cache, .fallback = "none",
	 .syntax = "off | none | [builtin[:number]] [shared:name:size]",
	 .help = "Where sessions are kept that clients of TLS 1.2 may resume by their id. shared: "
		 "so many bytes, of which a session takes some 270, for all servers that use the "
		 "name. builtin: so many sessions, 20480 without a number. All threads share "
		 "either. With both, shared counts. Tickets need no cache."},
	{SETTING("ssl_session_timeout", M_S), ARGS(1, 1), AT(tls.session_timeout_s),
	 .set = conf_value_s, LIMIT(1, INT32_MAX), .fallback = "5m", .syntax = "time",
	 .help = "For how long a session may be resumed."},
	{SETTING("ssl_session_tickets", M_S), ARGS(1, 1), AT(tls.tickets), .set = conf_value_flag,
	 .fallback = "on", .syntax = "on | off",
	 .help = "Whether clients get tickets to resume their sessions with."},
	{SETTING("ssl_session_ticket_key", M_S), ARGS(1, 1), .repeats = true, AT(tls.ticket_keys),
	 .set = conf_tls_set_files, .syntax = "file",
	 .help = "A file of 48 or 80 random bytes that tickets are encrypted with. Machines that "
		 "have the same files resume each other's sessions, and so do sessions from "
		 "before a reload. May be given several times: the first encrypts, the others "
		 "still decrypt. Without it the key is random and new with every reload."},
	{SETTING("ssl_verify_client", M_S), ARGS(1, 1), AT(tls.verify), .set = conf_tls_set_choice,
	 .choices = verify, .fallback = "off", .syntax = "on | off | optional | optional_no_ca",
	 .help = "Whether clients are asked for a certificate. on: they need one that "
		 "ssl_client_certificate or ssl_trusted_certificate has signed. optional: if they "
		 "have one it has to be good. optional_no_ca: by whom it is signed is left to the "
		 "authentication service, which is told about it in Auth-SSL headers. Where "
		 "clients "
		 "are asked, their sessions are not resumed, so that each one is looked at."},
	{SETTING("ssl_verify_depth", M_S), ARGS(1, 1), AT(tls.verify_depth),
	 .set = conf_value_number, LIMIT(0, 100), .fallback = "1", .syntax = "number",
	 .help = "How many certificates may stand between a client's and the trusted one."},
	{SETTING("ssl_client_certificate", M_S), ARGS(1, 1), AT(tls.client_ca),
	 .set = conf_tls_set_file, .syntax = "file",
	 .help = "Certificates that clients' have to be signed by, in PEM form. Clients are told "
		 "their names."},
	{SETTING("ssl_trusted_certificate", M_S), ARGS(1, 1), AT(tls.trusted_ca),
	 .set = conf_tls_set_file, .syntax = "file", .help = "The same, without telling clients."},
	{SETTING("ssl_crl", M_S), ARGS(1, 1), AT(tls.crl), .set = conf_tls_set_file,
	 .syntax = "file",
	 .help = "Revoked certificates of clients: lists of those who sign them, in PEM form."},
	{SETTING("ssl_conf_command", M_S), ARGS(2, 2), .repeats = true, AT(tls.commands),
	 .set = conf_tls_set_command, .syntax = "name value",
	 .help = "A command of OpenSSL: MinProtocol, MaxProtocol, CipherString, Ciphersuites, "
		 "Curves, Groups, or Options with SessionTicket and ServerPreference. It counts "
		 "more than the directive that does the same. Others are refused at start."},
	{SETTING("ssl_certificate_compression", M_S), ARGS(1, 1), AT(tls.compression),
	 .set = conf_tls_set_compression, .fallback = "off", .syntax = "on | off",
	 .help = "Accepted, and without effect: certificates are not compressed."},
	{BLOCK("ssl_server_name", M_S, CONF_IN_NAME), ARGS(1, CONF_ARGS_ANY), .repeats = true,
	 AT(tls.names), .syntax = "name ... { ... }",
	 .help = "The certificates for clients that ask for one of these names (SNI): in it stand "
		 "ssl_certificate, ssl_certificate_key and ssl_password_file. A name is exact "
		 "(mx.example.org), or covers all names one level below (*.example.org), or both "
		 "(.example.org); exact names count first. Clients that ask for no name, or for "
		 "another, get the certificates of the server. Those of a server replace those of "
		 "the mail block. Thousands are fine, also in a file of their own that is "
		 "included. Not known to NGINX."},
	{SETTING("auth_http_pass_client_cert", M_S), ARGS(1, 1), AT(auth_pass_cert),
	 .set = conf_value_flag, .fallback = "off", .syntax = "on | off",
	 .help = "Whether the authentication service is told the client's whole certificate, in "
		 "Auth-SSL-Cert."},

	{SETTING("proxy_ssl", M_S), ARGS(1, 1), AT(proxy_ssl), .set = conf_tls_set_choice,
	 .choices = back, .fallback = "off", .syntax = "on | off | starttls",
	 .help = "Whether to speak TLS with the mail server: on, from the first byte; starttls, "
		 "after STARTTLS (POP3: STLS), and never without it. The authentication service "
		 "can say otherwise for a session, with Auth-Server-SSL: off, on or starttls. "
		 "Neither this directive nor the others that begin with proxy_ssl are known to "
		 "NGINX's mail module."},
	{SETTING("proxy_ssl_verify", M_S), ARGS(1, 1), AT(proxy_tls.verify), .set = conf_value_flag,
	 .fallback = "off", .syntax = "on | off",
	 .help = "Whether the certificate of the mail server has to be good, as "
		 "proxy_ssl_trusted_certificate and proxy_ssl_name say. Off unless said "
		 "otherwise, as with NGINX's other proxies: then the session is hidden from those "
		 "who listen, and not from those who take the mail server's place."},
	{SETTING("proxy_ssl_verify_depth", M_S), ARGS(1, 1), AT(proxy_tls.verify_depth),
	 .set = conf_value_number, LIMIT(0, 100), .fallback = "1", .syntax = "number",
	 .help = "How many certificates may stand between the mail server's and the trusted "
		 "one."},
	{SETTING("proxy_ssl_trusted_certificate", M_S), ARGS(1, 1), AT(proxy_tls.trusted_ca),
	 .set = conf_tls_set_file, .syntax = "file",
	 .help = "Certificates that the mail server's has to be signed by, in PEM form. "
		 "proxy_ssl_verify needs it."},
	{SETTING("proxy_ssl_crl", M_S), ARGS(1, 1), AT(proxy_tls.crl), .set = conf_tls_set_file,
	 .syntax = "file", .help = "Revoked certificates, in PEM form."},
	{SETTING("proxy_ssl_name", M_S), ARGS(1, 1), AT(proxy_tls.name), .set = conf_tls_set_text,
	 .syntax = "name",
	 .help = "The name that has to be in the mail server's certificate, and that it is told "
		 "(SNI). Without it, any name will do, and none is told."},
	{SETTING("proxy_ssl_certificate", M_S), ARGS(1, 1), AT(proxy_tls.certificate),
	 .set = conf_tls_set_file, .syntax = "file",
	 .help = "A certificate of our own for mail servers that ask for one, in PEM form."},
	{SETTING("proxy_ssl_certificate_key", M_S), ARGS(1, 1), AT(proxy_tls.key),
	 .set = conf_tls_set_key, .syntax = "file", .help = "Its secret key, in PEM form."},
	{SETTING("proxy_ssl_password_file", M_S), ARGS(1, 1), AT(proxy_tls.passwords),
	 .set = conf_tls_set_file, .syntax = "file",
	 .help = "Passwords, one a line, that are tried on the key."},
	{SETTING("proxy_ssl_protocols", M_S), ARGS(1, CONF_ARGS_ANY), AT(proxy_tls.versions),
	 .set = conf_tls_set_protocols, .choices = protocols, .fallback = "TLSv1.2 TLSv1.3",
	 .syntax = VERSIONS, .help = "Which versions of TLS are spoken with mail servers."},
	{SETTING("proxy_ssl_ciphers", M_S), ARGS(1, 1), AT(proxy_tls.ciphers),
	 .set = conf_tls_set_ciphers, .fallback = CIPHERS_DEFAULT, .syntax = "ciphers",
	 .help = "Which ciphers may be used up to TLS 1.2, as with ssl_ciphers."},
	{SETTING("proxy_ssl_session_reuse", M_S), ARGS(1, 1), AT(proxy_tls.session_reuse),
	 .set = conf_value_flag, .fallback = "on", .syntax = "on | off",
	 .help = "Whether TLS sessions with mail servers are resumed."},

	{SETTING("auth_http_ssl_verify", M_S), ARGS(1, 1), AT(auth_tls.verify),
	 .set = conf_value_flag, .fallback = "on", .syntax = "on | off",
	 .help = "Whether the certificate of an authentication service at https:// has to be good. "
		 "Neither this directive nor the others that begin with auth_http_ssl are known "
		 "to NGINX."},
	{SETTING("auth_http_ssl_verify_depth", M_S), ARGS(1, 1), AT(auth_tls.verify_depth),
	 .set = conf_value_number, LIMIT(0, 100), .fallback = "4", .syntax = "number",
	 .help = "How many certificates may stand between the service's and the trusted "
		 "one."},
	{SETTING("auth_http_ssl_trusted_certificate", M_S), ARGS(1, 1), AT(auth_tls.trusted_ca),
	 .set = conf_tls_set_file, .syntax = "file",
	 .help = "Certificates that the service's has to be signed by, in PEM form. Without it, "
		 "those that the system trusts: " RINGPOST_CA_BUNDLE "."},
	{SETTING("auth_http_ssl_crl", M_S), ARGS(1, 1), AT(auth_tls.crl), .set = conf_tls_set_file,
	 .syntax = "file", .help = "Revoked certificates, in PEM form."},
	{SETTING("auth_http_ssl_name", M_S), ARGS(1, 1), AT(auth_tls.name),
	 .set = conf_tls_set_text, .syntax = "name",
	 .help = "The name that has to be in the service's certificate, and that it is told (SNI). "
		 "Without it, the host in auth_http."},
	{SETTING("auth_http_ssl_certificate", M_S), ARGS(1, 1), AT(auth_tls.certificate),
	 .set = conf_tls_set_file, .syntax = "file",
	 .help = "A certificate of our own for services that ask for one, in PEM form."},
	{SETTING("auth_http_ssl_certificate_key", M_S), ARGS(1, 1), AT(auth_tls.key),
	 .set = conf_tls_set_key, .syntax = "file", .help = "Its secret key, in PEM form."},
	{SETTING("auth_http_ssl_password_file", M_S), ARGS(1, 1), AT(auth_tls.passwords),
	 .set = conf_tls_set_file, .syntax = "file",
	 .help = "Passwords, one a line, that are tried on the key."},
	{SETTING("auth_http_ssl_protocols", M_S), ARGS(1, CONF_ARGS_ANY), AT(auth_tls.versions),
	 .set = conf_tls_set_protocols, .choices = protocols, .fallback = "TLSv1.2 TLSv1.3",
	 .syntax = VERSIONS, .help = "Which versions of TLS are spoken with services."},
	{SETTING("auth_http_ssl_ciphers", M_S), ARGS(1, 1), AT(auth_tls.ciphers),
	 .set = conf_tls_set_ciphers, .fallback = CIPHERS_DEFAULT, .syntax = "ciphers",
	 .help = "Which ciphers may be used up to TLS 1.2, as with ssl_ciphers."},
	{SETTING("auth_http_ssl_session_reuse", M_S), ARGS(1, 1), AT(auth_tls.session_reuse),
	 .set = conf_value_flag, .fallback = "on", .syntax = "on | off",
	 .help = "Whether TLS sessions with services are resumed."},
};

const struct conf_rows conf_rows_tls = {rows, sizeof(rows) / sizeof(rows[0])};
