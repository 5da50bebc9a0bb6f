/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_tls_set: setters of the directives of TLS, for rows of the table. They check what can be
 * checked without a file.
 */
#ifndef APP_CONF_TLS_SET_H
#define APP_CONF_TLS_SET_H

#include "app/conf_build.h"

/* The row's value is a struct conf_file *, or a struct conf_vec of them. An empty name: none. */
conf_set conf_tls_set_file, conf_tls_set_files, conf_tls_set_key, conf_tls_set_keys;

/* ... is a struct conf_said, a struct conf_text, a uint32_t of versions, a struct str. */
conf_set conf_tls_set_choice, conf_tls_set_text, conf_tls_set_protocols, conf_tls_set_ciphers;

conf_set conf_tls_set_ssl, conf_tls_set_starttls, conf_tls_set_cache, conf_tls_set_command;
conf_set conf_tls_set_compression;

#endif
