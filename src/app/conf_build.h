/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_build: what is known while a configuration is being read: the parts that conf_parse
 * collects and conf_compile turns into a struct conf.
 */
#ifndef APP_CONF_BUILD_H
#define APP_CONF_BUILD_H

#include "app/conf_table.h"

/* A listen, before its server is compiled. */
struct conf_build_listen {
	struct listen_conf listen;
	struct conf_settings *server;
	struct conf_where where;
};

enum { CONF_INCLUDE_DEPTH_MAX = 16 };

struct conf_build {
	struct conf_pool *pool;
	struct conf_error *error;
	const char *prefix;    /* absolute, ends in "/": for error_log and pid        */
	const char *folder;    /* absolute, ends in "/": of the main file, for include */
	const char *error_log; /* of -e, or NULL */
	struct conf_settings main, mail;
	struct conf_vec servers;       /* struct conf_settings * */
	struct conf_vec listens;       /* struct conf_build_listen */
	struct conf_vec notes;         /* struct conf_note */
	struct conf_vec sources;       /* struct conf_source */
	struct conf_vec files;         /* struct conf_file *: whose contents are in memory */
	struct conf_vec caches;        /* struct conf_tls_cache *: those with a name */
	struct conf_vec made, clients; /* of conf_tls_build and conf_tls_client */
	struct conf_file *system_ca;   /* NULL: not needed so far */
	struct conf_opened *opened;    /* the configuration's */
	bool is_root;
	bool keeps_nodes;
	struct conf_vec nodes; /* struct conf_node */
	unsigned depth;        /* of include */
	uint32_t block_depth;
};

/* What `base` says counts for `to` in all that `to` does not say itself. */
void conf_build_inherit(struct conf_settings *to, const struct conf_settings *base);

static inline bool conf_build_seen(const struct conf_settings *s, const struct conf_row *row)
{
	uint32_t i = conf_table_index(row);

	return s->seen[i / 64] >> i % 64 & 1;
}

/* A remark for the log: on what may be a mistake, or only worth knowing. */
void conf_build_warn(struct conf_build *b, struct conf_where w, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void conf_build_notice(struct conf_build *b, struct conf_where w, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same as it stands, about no place. */
void conf_build_warn_all(struct conf_build *b, struct str text);

/* `name`, seen from `folder` (ends in "/") when it is relative; in the pool. */
const char *conf_build_path(struct conf_build *b, const char *folder, struct str name);

#endif
