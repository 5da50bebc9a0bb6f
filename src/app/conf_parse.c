/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_parse: walks the statements of a file and of what it includes, finds each in the table and
 * lets its row's setter work. Reads files, owns nothing.
 */
#include "app/conf_parse.h"

#include "app/conf_names.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 8 << 20 };

/* Where the walk is. */
struct scope {
	struct conf_lex *lex;
	struct conf_settings *to;
	unsigned context;
	bool in_block;   /* a "}" ends it, not the end of the file */
	uint32_t opened; /* line of the "{" */
};

static int walk(struct conf_build *b, const struct scope *s);
static int include_file(struct conf_build *b, const struct scope *s, const char *path);

static int fail_call(struct conf_build *b, const char *call, const char *path)
{
	int code = errno;

	return conf_error_say(b->error, "%s \"%s\" failed (%d: %s)", call, path, code,
			      strerror(code));
}

static int unknown(struct conf_build *b, const struct scope *s, const struct conf_call *c,
		   struct str name)
{
	const char *near = conf_table_nearest(name, s->context);

	conf_error_at(b->error, c->where, "unknown directive \"%.*s\"", CONF_STR(name));
	if (near)
		conf_error_help(b->error, "did you mean \"%s\"?", near);
	return -1;
}

static int not_here(struct conf_build *b, const struct scope *s, const struct conf_call *c)
{
	char places[64] = "";

	for (unsigned one = CONF_IN_MAIN; one <= CONF_IN_NAME; one *= 2) {
		if (!(c->row->contexts & one))
			continue;
		if (*places)
			strncat(places, " or ", sizeof(places) - strlen(places) - 1);
		strncat(places, conf_table_context_name(one), sizeof(places) - strlen(places) - 1);
	}
	conf_error_at(b->error, c->where, "\"%s\" directive is not allowed here", c->row->name);
	return conf_error_help(b->error, "this is %s, it belongs in %s",
			       conf_table_context_name(s->context), places);
}

/* An argument on a later line that is a directive itself: the ";" before it was forgotten. */
static const struct conf_word *swallowed(const struct conf_call *c)
{
	const struct conf_word *name = c->args - 1;

	for (uint32_t i = 0; i < c->n; i++)
		if (c->args[i].line != name->line && conf_table_find(c->args[i].text))
			return &c->args[i];
	return NULL;
}

static int check_arity(struct conf_build *b, const struct conf_call *c)
{
	const struct conf_row *row = c->row;
	const struct conf_word *next;

	if (c->n >= row->args_min && (c->n <= row->args_max || row->args_max == CONF_ARGS_ANY))
		return 0;
	conf_error_at(b->error, c->where, "invalid number of arguments in \"%s\" directive",
		      row->name);
	next = swallowed(c);
	if (next)
		return conf_error_help(b->error, "is a \";\" missing before \"%.*s\" in line %u?",
				       CONF_STR(next->text), next->line);
	return conf_error_help(b->error, "syntax: %s %s%s", row->name, row->syntax,
			       row->kind == CONF_BLOCK ? "" : ";");
}

static int check_end(struct conf_build *b, const struct conf_call *c, enum conf_lex_end end)
{
	bool block = c->row->kind == CONF_BLOCK || c->row->kind == CONF_FOREIGN;

	if (block && end != CONF_LEX_BLOCK)
		return conf_error_at(b->error, c->where, "directive \"%s\" has no opening \"{\"",
				     c->row->name);
	if (!block && end == CONF_LEX_BLOCK)
		return conf_error_at(b->error, c->where,
				     "directive \"%s\" is not terminated by \";\"", c->row->name);
	return 0;
}

static int mark_seen(struct conf_build *b, const struct conf_call *c)
{
	uint32_t i = conf_table_index(c->row);

	if (conf_build_seen(c->to, c->row) && c->row->last_counts)
		conf_build_warn(b, c->where, "\"%s\" is given again, the last one counts",
				c->row->name);
	else if (conf_build_seen(c->to, c->row) && !c->row->repeats)
		return conf_error_at(b->error, c->where, "\"%s\" directive is duplicate",
				     c->row->name);
	c->to->seen[i / 64] |= (uint64_t)1 << i % 64;
	return 0;
}

static struct conf_settings *new_server(struct conf_build *b)
{
	struct conf_settings **slot = conf_pool_push(b->pool, &b->servers, sizeof(*slot));

	return *slot = conf_pool_take(b->pool, sizeof(**slot));
}

static int open_block(struct conf_build *b, const struct scope *s, const struct conf_call *c)
{
	struct scope inner = {.lex = s->lex, .to = s->to, .in_block = true, .opened = s->lex->line};

	inner.context = c->row->opens;
	if (inner.context == CONF_IN_SERVER)
		inner.to = new_server(b);
	else if (inner.context == CONF_IN_MAIL)
		inner.to = &b->mail;
	else if (inner.context == CONF_IN_NAME)
		inner.to = conf_names_open(b, c);
	if (!inner.to)
		return -1;
	if (inner.to != s->to)
		inner.to->where = c->where;
	b->block_depth++;
	if (walk(b, &inner))
		return -1;
	b->block_depth--;
	return 0;
}

static int end_in_block(struct conf_build *b, struct conf_lex *lex, uint32_t opened)
{
	conf_error_at(b->error, conf_lex_where(lex), "unexpected end of file, expecting \"}\"");
	return conf_error_help(b->error, "the block opened in line %u is not closed", opened);
}

/* Lua modules of NGINX put program text between braces. */
static bool is_lua(struct str name)
{
	struct str end = STR("_by_lua_block");

	return name.n > end.n && str_eq(str_from(name, name.n - end.n), end);
}

/* A statement that was just read, for whoever wants to see all of them. */
static void keep_node(struct conf_build *b, const struct conf_lex *lex,
		      const struct conf_statement *st, bool is_block)
{
	struct str *words;
	struct conf_node *node;

	if (!b->keeps_nodes)
		return;
	words = conf_pool_take(b->pool, st->n * sizeof(*words));
	for (uint32_t i = 0; i < st->n; i++)
		words[i] = st->words[i].text;
	node = conf_pool_push(b->pool, &b->nodes, sizeof(*node));
	*node = (struct conf_node){words,   st->n, b->block_depth, lex->file, st->words[0].line,
				   is_block};
}

static int skip_foreign(struct conf_build *b, const struct scope *s, const struct conf_call *c)
{
	uint32_t outer = b->block_depth++;

	conf_build_notice(b, c->where, "\"%s\" block is skipped, it is for NGINX to serve",
			  c->row->name);
	while (b->block_depth > outer) {
		struct conf_statement inside;
		enum conf_lex_end end = conf_lex_next(s->lex, &inside);

		switch (end) {
		case CONF_LEX_BROKEN:
			return -1;
		case CONF_LEX_STATEMENT:
		case CONF_LEX_BLOCK:
			keep_node(b, s->lex, &inside, end == CONF_LEX_BLOCK);
			if (end == CONF_LEX_STATEMENT)
				break;
			if (!is_lua(inside.words[0].text))
				b->block_depth++;
			else if (conf_lex_skip_lua(s->lex))
				return -1;
			break;
		case CONF_LEX_CLOSE:
			b->block_depth--;
			break;
		case CONF_LEX_END:
			return end_in_block(b, s->lex, c->where.line);
		}
	}
	return 0;
}

static int include(struct conf_build *b, const struct scope *s, const struct conf_call *c)
{
	const char *pattern = conf_build_path(b, b->folder, c->args[0].text);
	glob_t found = {0};
	int rc = 0;

	if (b->depth >= CONF_INCLUDE_DEPTH_MAX) {
		conf_error_at(b->error, c->where, "\"include\" is nested too deeply");
		return conf_error_help(b->error, "does a file include itself?");
	}
	b->depth++;
	if (!strpbrk(pattern, "*?[")) {
		rc = include_file(b, s, pattern);
	} else if (!glob(pattern, 0, NULL, &found)) {
		for (size_t i = 0; i < found.gl_pathc && !rc; i++)
			rc = include_file(b, s,
					  conf_pool_text(b->pool, str_cstr(found.gl_pathv[i])));
	}
	globfree(&found);
	b->depth--;
	return rc;
}

static int perform(struct conf_build *b, const struct scope *s, const struct conf_call *c)
{
	switch ((enum conf_kind)c->row->kind) {
	case CONF_SETTING:
		return c->row->set(b, c);
	case CONF_BLOCK:
		return open_block(b, s, c);
	case CONF_INCLUDE:
		return include(b, s, c);
	case CONF_IDLE:
		conf_build_notice(b, c->where, "\"%s\" has no effect", c->row->name);
		return c->row->set ? c->row->set(b, c) : 0;
	case CONF_FOREIGN:
		return skip_foreign(b, s, c);
	}
	return 0;
}

/* Mistakes are told with the line that the statement ends in, as NGINX does it. */
static int on_statement(struct conf_build *b, const struct scope *s,
			const struct conf_statement *st, enum conf_lex_end end)
{
	struct conf_call c = {
		.row = conf_table_find(st->words[0].text),
		.to = s->to,
		.args = st->words + 1,
		.n = st->n - 1,
		.where = conf_lex_where(s->lex),
	};

	if (end == CONF_LEX_BLOCK && !s->lex->file)
		return conf_error_at(b->error, c.where,
				     "block directives are not supported in -g option");
	if (!c.row)
		return unknown(b, s, &c, st->words[0].text);
	if (!(c.row->contexts & s->context))
		return not_here(b, s, &c);
	if (check_end(b, &c, end) || check_arity(b, &c) || mark_seen(b, &c))
		return -1;
	return perform(b, s, &c);
}

static int walk(struct conf_build *b, const struct scope *s)
{
	for (;;) {
		struct conf_statement st;
		enum conf_lex_end end = conf_lex_next(s->lex, &st);

		switch (end) {
		case CONF_LEX_BROKEN:
			return -1;
		case CONF_LEX_STATEMENT:
		case CONF_LEX_BLOCK:
			keep_node(b, s->lex, &st, end == CONF_LEX_BLOCK);
			if (on_statement(b, s, &st, end))
				return -1;
			break;
		case CONF_LEX_CLOSE:
			if (s->in_block)
				return 0;
			return conf_error_at(b->error, conf_lex_where(s->lex), "unexpected \"}\"");
		case CONF_LEX_END:
			return s->in_block ? end_in_block(b, s->lex, s->opened) : 0;
		}
	}
}

static int walk_text(struct conf_build *b, const struct scope *outer, const char *file,
		     struct str text)
{
	struct conf_lex lex = {.pool = b->pool, .error = b->error, .file = file, .text = text};
	struct scope s = *outer;

	conf_lex_init(&lex);
	s.lex = &lex;
	s.in_block = false;
	return walk(b, &s);
}

/* All bytes of an open file, in the pool. */
static int read_all(struct conf_build *b, int fd, const char *path, struct str *text)
{
	uint8_t *bytes = NULL;
	size_t n = 0, room = 0;
	ssize_t got;

	do {
		if (n == room) {
			uint8_t *more = conf_pool_take(b->pool, room ? room * 2 : 8192);

			if (n)
				memcpy(more, bytes, n);
			bytes = more;
			room = room ? room * 2 : 8192;
		}
		got = read(fd, bytes + n, room - n);
		if (got < 0)
			return fail_call(b, "read()", path);
		n += (size_t)got;
		if (n > FILE_SIZE_MAX)
			return conf_error_say(b->error, "\"%s\" is too large for a configuration",
					      path);
	} while (got);
	*text = str_of(bytes, n);
	return 0;
}

static void keep_source(struct conf_build *b, const char *path, struct str text)
{
	struct conf_source *all = b->sources.items;

	for (uint32_t i = 0; i < b->sources.n; i++)
		if (strcmp(all[i].path, path) == 0)
			return;
	all = conf_pool_push(b->pool, &b->sources, sizeof(*all));
	*all = (struct conf_source){path, text};
}

static int read_file(struct conf_build *b, const char *path, struct str *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return fail_call(b, "open()", path);
	rc = read_all(b, fd, path, text);
	close(fd);
	if (!rc)
		keep_source(b, path, *text);
	return rc;
}

static int include_file(struct conf_build *b, const struct scope *s, const char *path)
{
	struct str text;

	if (read_file(b, path, &text)) {
		struct conf_error plain = *b->error;

		return conf_error_at(b->error, conf_lex_where(s->lex), "%s", plain.text);
	}
	return walk_text(b, s, path, text);
}

int conf_parse_text(struct conf_build *b, const char *file, struct str text)
{
	struct scope s = {.to = &b->main, .context = CONF_IN_MAIN};

	return walk_text(b, &s, file, text);
}

int conf_parse_file(struct conf_build *b, const char *path)
{
	struct str text;

	if (read_file(b, path, &text))
		return -1;
	return conf_parse_text(b, path, text);
}

static int set_default(struct conf_build *b, const struct conf_row *row)
{
	struct conf_lex lex = {.pool = b->pool, .error = b->error, .text = str_cstr(row->fallback)};
	struct conf_statement st = {0};
	struct conf_call c = {.row = row, .to = &b->main};
	struct str text = conf_pool_join(b->pool, lex.text, STR(";"));

	lex.text = text;
	conf_lex_init(&lex);
	if (conf_lex_next(&lex, &st) != CONF_LEX_STATEMENT)
		return -1;
	c.args = st.words;
	c.n = st.n;
	return row->set(b, &c);
}

int conf_parse_defaults(struct conf_build *b)
{
	for (uint32_t i = 0; i < conf_table_n(); i++)
		if (conf_table_row(i)->fallback && set_default(b, conf_table_row(i)))
			return -1;
	return 0;
}
