/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_log: destinations and levels of error_log, with NGINX's words for what is wrong with them.
 * Looks up the name of a syslog server, which may block; opens nothing.
 *
 * The default tag is NGINX's: the rules that a syslog server has for it go on finding our lines.
 */
#include "app/conf_log.h"

#include "app/conf_net.h"
#include "app/conf_value.h"
#include "app/log_syslog.h"

#include <string.h>

enum { SYSLOG_PORT = 514, FACILITY_DEFAULT = 23 /* local7 */ };

static const char *const facilities[] = {
	"kern",   "user",   "mail",     "daemon", "auth",   "intern", "lpr",    "news",
	"uucp",   "clock",  "authpriv", "ftp",    "ntp",    "audit",  "alert",  "cron",
	"local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7",
};

static const char *const levels[] = {"emerg", "alert",  "crit", "error",
				     "warn",  "notice", "info", "debug"};

/* Parts of NGINX's debug level; here they are all of it. */
static const char *const debug_levels[] = {"debug_core",  "debug_alloc", "debug_mutex",
					   "debug_event", "debug_http",  "debug_mail",
					   "debug_stream"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Where s is among the names; n: nowhere. */
static uint32_t find(const char *const *names, size_t n, struct str s)
{
	uint32_t i = 0;

	while (i < n && !str_eq(s, str_cstr(names[i])))
		i++;
	return i;
}

/* ---- syslog ---- */

/* What has been said of a server so far. */
struct said {
	struct log_syslog *to;
	bool server, facility, severity, tag, nohostname;
};

static int refuse_server(struct conf_build *b, const struct conf_call *c, const char *why,
			 struct str server)
{
	return conf_error_at(b->error, c->where, "%s in syslog server \"%.*s\"", why,
			     CONF_STR(server));
}

static int take_server(struct conf_build *b, const struct conf_call *c, struct said *said,
		       struct str text)
{
	union socket_address *to = &said->to->address;
	bool unix_path = str_starts(text, STR("unix:"));
	struct str path = str_from(text, unix_path ? 5 : 0);
	struct conf_net_name name;
	struct conf_vec found = {0};
	uint16_t port = SYSLOG_PORT;

	if (unix_path && conf_net_unix(path, to))
		return refuse_server(b, c,
				     path.n ? "too long path in the unix domain socket"
					    : "no path in the unix domain socket",
				     text);
	if (unix_path)
		return 0;
	if (conf_net_split(text, &name) || str_find(text, '/') < text.n || str_has_ctl(text))
		return refuse_server(b, c, "invalid host", text);
	if (!name.host.n)
		return refuse_server(b, c, "no host", text);
	if (name.port.p && conf_net_port(name.port, &port))
		return refuse_server(b, c, "invalid port", text);
	if (str_eq(name.host, STR("*")) || conf_net_resolve(b->pool, name, port, &found))
		return refuse_server(b, c, "host not found", text);
	*to = *(const union socket_address *)found.items;
	return 0;
}

static int take_facility(struct conf_build *b, const struct conf_call *c, struct said *said,
			 struct str text)
{
	said->to->facility = find(facilities, COUNT(facilities), text);
	if (said->to->facility < COUNT(facilities))
		return 0;
	conf_error_at(b->error, c->where, "unknown syslog facility \"%.*s\"", CONF_STR(text));
	return conf_error_help(b->error, "it can be, for example: mail, daemon, local0 to local7");
}

/* Every line says its own: this is for NGINX's other logs, and checked all the same. */
static int take_severity(struct conf_build *b, const struct conf_call *c, struct said *said,
			 struct str text)
{
	if (find(levels, COUNT(levels), text) < COUNT(levels))
		return 0;
	return conf_error_at(b->error, c->where, "unknown syslog severity \"%.*s\"",
			     CONF_STR(text));
}

static bool is_tag_byte(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_';
}

static int take_tag(struct conf_build *b, const struct conf_call *c, struct said *said,
		    struct str text)
{
	if (text.n > LOG_SYSLOG_TAG_MAX)
		return conf_error_at(b->error, c->where, "syslog tag length exceeds %d",
				     LOG_SYSLOG_TAG_MAX);
	for (size_t i = 0; i < text.n; i++)
		if (!is_tag_byte(text.p[i]))
			return conf_error_at(b->error, c->where,
					     "syslog \"tag\" only allows alphanumeric characters "
					     "and underscore");
	said->to->tag = text;
	return 0;
}

typedef int taker(struct conf_build *b, const struct conf_call *c, struct said *said,
		  struct str text);

static const struct parameter {
	const char *name; /* in front of a '=' */
	taker *take;
	size_t said; /* offset in struct said */
} parameters[] = {
	{"server", take_server, offsetof(struct said, server)},
	{"facility", take_facility, offsetof(struct said, facility)},
	{"severity", take_severity, offsetof(struct said, severity)},
	{"tag", take_tag, offsetof(struct said, tag)},
};

static int take_parameter(struct conf_build *b, const struct conf_call *c, struct said *said,
			  struct str text)
{
	size_t n = str_find(text, '=');

	if (str_eq(text, STR("nohostname"))) {
		said->nohostname = true;
		return 0;
	}
	for (size_t i = 0; n < text.n && i < COUNT(parameters); i++) {
		bool *once = (bool *)(void *)((char *)said + parameters[i].said);

		if (!str_eq(str_first(text, n), str_cstr(parameters[i].name)))
			continue;
		if (*once)
			return conf_error_at(b->error, c->where, "duplicate syslog \"%s\"",
					     parameters[i].name);
		*once = true;
		return parameters[i].take(b, c, said, str_from(text, n + 1));
	}
	conf_error_at(b->error, c->where, "unknown syslog parameter \"%.*s\"", CONF_STR(text));
	return conf_error_help(b->error,
			       "it can be: server=, facility=, tag=, severity=, nohostname");
}

static int set_syslog(struct conf_build *b, const struct conf_call *c, struct conf_log *log)
{
	struct str text = str_from(c->args[0].text, strlen("syslog:"));
	struct said said = {.to = conf_pool_take(b->pool, sizeof(*said.to))};
	bool more;

	said.to->facility = FACILITY_DEFAULT;
	said.to->tag = STR("nginx");
	said.to->text = conf_pool_text(b->pool, c->args[0].text);
	do {
		size_t n = str_find(text, ',');

		more = n < text.n;
		if (take_parameter(b, c, &said, str_first(text, n)))
			return -1;
		text = str_from(text, n + 1);
	} while (more);
	if (!said.server)
		return conf_error_at(b->error, c->where, "no syslog server specified");
	if (!said.nohostname)
		said.to->host = str_first(conf_net_machine(b->pool), LOG_SYSLOG_HOST_MAX);
	log->syslog = said.to;
	return 0;
}

/* ---- the directive ---- */

static int refuse_level(struct conf_build *b, const struct conf_call *c, struct str name)
{
	conf_error_at(b->error, c->where, "invalid log level \"%.*s\"", CONF_STR(name));
	return conf_error_help(b->error, "it can be: debug, info, notice, warn, error, crit, "
					 "alert, emerg");
}

/* One level, or several parts of debug. */
static int set_level(struct conf_build *b, const struct conf_call *c, struct conf_log *log)
{
	bool said = false, plain = false;

	log->level = LEVEL_ERR;
	for (uint32_t i = 1; i < c->n; i++) {
		struct str name = c->args[i].text;
		uint32_t level = find(levels, COUNT(levels), name);
		bool part = find(debug_levels, COUNT(debug_levels), name) < COUNT(debug_levels);

		if (level < COUNT(levels) && said)
			return conf_error_at(b->error, c->where, "duplicate log level \"%.*s\"",
					     CONF_STR(name));
		if ((level == COUNT(levels) && !part) || (part && plain))
			return refuse_level(b, c, name);
		log->level = part ? LEVEL_DEBUG : (enum log_level)(LEVEL_EMERG + level);
		plain = !part;
		said = true;
	}
	return 0;
}

/* A ring in memory that a debugger shows: there is none here. */
static int skip_memory(struct conf_build *b, const struct conf_call *c)
{
	struct str text = str_from(c->args[0].text, strlen("memory:"));
	uint64_t bytes;

	if (conf_value_parse_size(text, &bytes) || bytes < 64)
		return conf_error_at(b->error, c->where, "invalid buffer size \"%.*s\"",
				     CONF_STR(text));
	conf_build_notice(b, c->where,
			  "\"error_log memory:\" keeps nothing here: name a file as well");
	return 0;
}

static int set_file(struct conf_build *b, const struct conf_call *c, struct conf_log *log)
{
	struct str name = c->args[0].text;

	if (!name.n)
		return conf_error_at(b->error, c->where, "no file name in \"%s\" directive",
				     c->row->name);
	if (str_has_ctl(name)) {
		conf_error_at(b->error, c->where, "\"%s\" directive invalid value", c->row->name);
		return conf_error_help(b->error, "\"%.*s\" has a control character in it",
				       CONF_STR(name));
	}
	if (!str_eq(name, STR("stderr")))
		log->path = conf_build_path(b, b->prefix, name);
	return 0;
}

static void add(struct conf_build *b, struct conf_logs *logs, const struct conf_log *log)
{
	struct conf_log *all = conf_pool_take(b->pool, (logs->n + 1) * sizeof(*all));

	if (logs->n)
		memcpy(all, logs->v, logs->n * sizeof(*all));
	all[logs->n] = *log;
	*logs = (struct conf_logs){all, logs->n + 1};
}

int conf_log_set(struct conf_build *b, const struct conf_call *c)
{
	struct str name = c->args[0].text;
	struct conf_log log = {0};

	if (set_level(b, c, &log))
		return -1;
	if (str_starts(name, STR("memory:")))
		return skip_memory(b, c);
	if (str_starts(name, STR("syslog:")) ? set_syslog(b, c, &log) : set_file(b, c, &log))
		return -1;
	add(b, &c->to->logs, &log);
	return 0;
}

static bool has_file(const struct conf_logs *logs)
{
	for (uint32_t i = 0; i < logs->n; i++)
		if (!logs->v[i].syslog)
			return true;
	return false;
}

void conf_log_settle(struct conf_build *b)
{
	struct str name = str_cstr(b->error_log ? b->error_log : RINGPOST_ERROR_LOG);
	struct conf_log log = {.level = LEVEL_ERR};

	if (b->main.logs.n && (has_file(&b->main.logs) || !b->error_log))
		return;
	if (!str_eq(name, STR("stderr")))
		log.path = conf_build_path(b, b->prefix, name);
	add(b, &b->main.logs, &log);
}
