/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_table: the directives, as data, and the settings they fill.
 *
 * One struct conf_settings exists per level (main with events, mail, each server). A row says
 * where its value lives in there and how text becomes that value; inheritance copies what a level
 * did not say from the level above; defaults are texts that go through the same parsers. The
 * manual page is printed from the same rows.
 */
#ifndef APP_CONF_TABLE_H
#define APP_CONF_TABLE_H

#include "proto/login.h"

#include "app/conf_lex.h"
#include "app/conf_tls.h"

enum {
	CONF_IN_MAIN = 1,
	CONF_IN_EVENTS = 2,
	CONF_IN_MAIL = 4,
	CONF_IN_SERVER = 8,
	CONF_IN_NAME = 16, /* ssl_server_name */
};

enum { CONF_ROWS_MAX = 192, CONF_ARGS_ANY = 255 };

struct conf_words {
	const struct str *v;
	uint32_t n;
	struct conf_where where; /* of the last of them; no file: a default */
};

struct conf_user {
	const char *name, *group; /* name NULL: not said */
	uid_t uid;
	gid_t gid;
};

struct conf_auth_url; /* conf_auth.h */

struct conf_settings {
	uint64_t seen[CONF_ROWS_MAX / 64]; /* rows that occurred at this level */
	struct conf_where where;           /* of the block */
	/* main and events */
	struct ring_sizes ring;
	uint64_t threads, connections, nofile_max, core_max, shutdown_timeout_ms;
	bool daemon, master_process;
	struct conf_user user;
	struct str pid, working_directory;
	struct conf_affinity affinity;
	int64_t priority;
	struct conf_vec env; /* const char * */
	struct conf_logs logs;
	struct conf_vec debug_from; /* struct addr_net */
	/* mail and server */
	uint32_t protocol; /* enum protocol */
	/* by enum protocol: bit set as front_conf.methods, ... */
	uint32_t methods[PROTOCOL_COUNT];
	struct conf_words capabilities[PROTOCOL_COUNT];
	uint64_t client_buffer[PROTOCOL_COUNT];
	struct str server_name;
	uint64_t timeout_ms, auth_timeout_ms, proxy_timeout_ms, greeting_delay_ms;
	uint64_t errors_max, commands_max, proxy_buffer;
	uint64_t auth_keepalive, auth_connections, auth_queue;
	bool proxy, pass_error_message, proxy_smtp_auth, xclient, identity, imap_id,
		starttls_required, strict_lines;
	struct conf_words auth_headers; /* "Name: value\r\n" each */
	const struct conf_auth_url *auth_url;
	uint32_t proxy_out; /* enum proxy_out */
	const struct source_conf *sources;
	struct conf_vec real_ip_from; /* struct addr_net */
	bool auth_pass_cert;
	struct dns_conf *resolver; /* NULL: off */
	uint64_t resolver_timeout_ms;
	struct conf_said ssl;      /* a bool */
	struct conf_said starttls; /* enum front_starttls */
	struct conf_tls tls;
	struct conf_said proxy_ssl; /* enum back_tls */
	struct conf_tls_client proxy_tls, auth_tls;
	uint64_t idle; /* of directives without effect: read, and looked at by nobody */
};

enum conf_kind {
	CONF_SETTING, /* has an effect                                          */
	CONF_BLOCK,   /* opens a context of ours                                */
	CONF_INCLUDE, /* reads other files in its place                         */
	CONF_IDLE,    /* NGINX's own business: accepted, noted, without effect  */
	CONF_FOREIGN, /* a block for NGINX itself: skipped whole, noted         */
};

struct conf_row;

/* One directive met in a file (or a default). args do not include the name. */
struct conf_call {
	const struct conf_row *row;
	struct conf_settings *to;
	const struct conf_word *args;
	uint32_t n;
	struct conf_where where;
};

struct conf_build;

/* 0, or -1 with *b->error set. */
typedef int conf_set(struct conf_build *b, const struct conf_call *c);

struct conf_choice {
	const char *name;
	uint32_t value;
};

struct conf_row {
	const char *name;
	uint8_t kind;               /* enum conf_kind */
	uint8_t contexts;           /* CONF_IN_x */
	uint8_t opens;              /* CONF_BLOCK: the CONF_IN_x in it */
	uint8_t args_min, args_max; /* CONF_ARGS_ANY: no limit */
	bool repeats;               /* may occur more than once in a block */
	bool last_counts;           /* the same, with a warning: NGINX lets the last one count */
	uint16_t offset, size;      /* of the value in struct conf_settings; size 0: none */
	conf_set *set;
	uint64_t min, max;                 /* numbers, sizes and times in ms */
	const struct conf_choice *choices; /* ended by a NULL name */
	const char *fallback;              /* the default, as it would be written; NULL: none */
	const char *syntax;                /* arguments in the manual's words */
	const char *help;
};

/* Where the value that a call sets is. */
static inline void *conf_table_field(const struct conf_call *c)
{
	return (char *)c->to + c->row->offset;
}

uint32_t conf_table_n(void);
const struct conf_row *conf_table_row(uint32_t i);
uint32_t conf_table_index(const struct conf_row *row);

/* NULL when there is no such directive. */
const struct conf_row *conf_table_find(struct str name);

/* The most similar name that a user may have meant, NULL when none is near. */
const char *conf_table_nearest(struct str name, unsigned context);

/* "mail, server" and so on. */
const char *conf_table_context_name(unsigned one_context);

#endif
