/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_tls: what the directives of TLS say, one level of the configuration at a time.
 * Files are named here, and read when a server needs them.
 */
#ifndef APP_CONF_TLS_H
#define APP_CONF_TLS_H

#include "tls/conf.h"

#include "app/conf_lex.h"

struct conf_file; /* conf_files.h */

/* A choice, and where it was made. */
struct conf_said {
	uint32_t value;
	struct conf_where where;
};

/* A text, and where it stands. p NULL: not said. */
struct conf_text {
	struct str text;
	struct conf_where where;
};

/* ssl_session_cache: those of one name are the same one. */
struct conf_tls_cache {
	struct str name; /* empty: nobody else's */
	uint64_t bytes;
	struct tls_cache *opened; /* NULL: not yet */
};

/* One ssl_conf_command. */
struct conf_tls_command {
	struct str name, value;
	struct conf_where where;
};

/* Towards clients: ssl_x. Two that say the same are the same, byte by byte: what fills it copies
 * members, into zeroed memory. */
struct conf_tls {
	struct conf_vec certificates, keys;    /* struct conf_file *, pairs */
	struct conf_vec ticket_keys;           /* struct conf_file * */
	struct conf_file *passwords, *dhparam; /* NULL: none, as the three below */
	struct conf_file *client_ca, *trusted_ca, *crl;
	uint32_t versions; /* set of enum tls_version */
	struct str ciphers;
	struct conf_text curves;
	bool prefer_server_ciphers, tickets, compression;
	struct conf_tls_cache *cache; /* NULL: none */
	uint64_t session_timeout_s;
	struct conf_said verify; /* enum tls_verify */
	uint64_t verify_depth;
	struct conf_vec commands; /* struct conf_tls_command */
	struct conf_vec names;    /* struct conf_settings *: ssl_server_name {} */
	struct conf_vec own;      /* struct str: the names of such a block */
};

/* Towards mail servers and authentication services: proxy_ssl_x and auth_http_ssl_x. */
struct conf_tls_client {
	bool verify, session_reuse;
	uint64_t verify_depth;
	struct conf_file *trusted_ca, *crl, *certificate, *key, *passwords; /* NULL: none */
	struct conf_text name;
	uint32_t versions;
	struct str ciphers;
};

#endif
