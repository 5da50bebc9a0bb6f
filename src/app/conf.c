/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf: from the command line's names to a loaded configuration, and its end.
 */
#include "app/conf.h"

#include "app/conf_compile.h"
#include "app/conf_files.h"
#include "app/conf_opened.h"
#include "app/conf_parse.h"

#include <string.h>
#include <unistd.h>

/* `name` made absolute by `base` (ends in "/"), and with a "/" behind it. */
static const char *folder_of(struct conf_pool *pool, const char *base, const char *name)
{
	struct str s = str_cstr(name);

	if (!s.n || s.p[0] != '/')
		s = conf_pool_join(pool, str_cstr(base), s);
	if (s.p[s.n - 1] != '/')
		s = conf_pool_join(pool, s, STR("/"));
	return (const char *)s.p;
}

static const char *current_folder(struct conf_pool *pool)
{
	char here[4096];

	if (!getcwd(here, sizeof(here)))
		return "/";
	return folder_of(pool, "/", here);
}

/* Up to and with the last "/" of an absolute path. */
static const char *folder_part(struct conf_pool *pool, const char *path)
{
	const char *slash = strrchr(path, '/');

	return conf_pool_text(pool, str_of(path, (size_t)(slash - path) + 1));
}

static int load(struct conf_build *b, const struct options *o, struct conf *c)
{
	b->prefix = folder_of(b->pool, current_folder(b->pool), o->prefix);
	c->path = conf_build_path(b, b->prefix, str_cstr(o->conf));
	b->folder = folder_part(b->pool, c->path);
	if (conf_parse_defaults(b))
		return -1;
	if (o->directives && conf_parse_text(b, NULL, str_cstr(o->directives)))
		return -1;
	if (conf_parse_file(b, c->path))
		return -1;
	return conf_compile_all(b, c);
}

struct conf *conf_load(const struct options *o, struct conf_error *e)
{
	struct conf_pool *pool = conf_pool_new();
	struct conf *c = conf_pool_take(pool, sizeof(*c));
	struct conf_build b = {
		.pool = pool,
		.error = e,
		.error_log = o->error_log,
		.is_root = geteuid() == 0,
		.opened = conf_pool_take(pool, sizeof(struct conf_opened)),
	};
	int rc;

	e->text[0] = '\0';
	b.keeps_nodes = o->json;
	c->pool = pool;
	c->opened = b.opened;
	rc = load(&b, o, c);
	conf_files_wipe(&b);
	if (!rc)
		return c;
	conf_free(c);
	return NULL;
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	conf_opened_close(c->opened);
	conf_pool_free(c->pool);
}

void conf_bind_logs(struct conf *c, conf_log_of *of)
{
	for (uint32_t i = 0; i < c->n_servers; i++)
		c->servers[i]->session.log = of(c->servers[i]->logs.v, c->servers[i]->logs.n);
}
