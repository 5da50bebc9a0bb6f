/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_lex: one pass over the text, one word at a time. It owns nothing: words live in the pool.
 */
#include "app/conf_lex.h"

void conf_lex_init(struct conf_lex *l)
{
	l->at = 0;
	l->line = 1;
	l->words = (struct conf_vec){0};
}

struct conf_where conf_lex_where(const struct conf_lex *l)
{
	return (struct conf_where){l->file, l->line};
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool at_end(const struct conf_lex *l)
{
	return l->at == l->text.n;
}

static uint8_t peek(const struct conf_lex *l)
{
	return l->text.p[l->at];
}

static uint8_t take(struct conf_lex *l)
{
	uint8_t c = l->text.p[l->at++];

	if (c == '\n')
		l->line++;
	return c;
}

static void skip_space_and_comments(struct conf_lex *l)
{
	while (!at_end(l)) {
		if (peek(l) == '#') {
			while (!at_end(l) && peek(l) != '\n')
				l->at++;
		} else if (is_space(peek(l))) {
			take(l);
		} else {
			break;
		}
	}
}

/* What a backslash and this byte stand for, or 0: both stay. */
static uint8_t unescaped(uint8_t c)
{
	switch (c) {
	case '"':
	case '\'':
	case '\\':
		return c;
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'n':
		return '\n';
	default:
		return 0;
	}
}

static struct str unescape(struct conf_pool *pool, struct str raw)
{
	uint8_t *to = conf_pool_take(pool, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		uint8_t c = raw.p[i];

		if (c == '\\' && i + 1 < raw.n && unescaped(raw.p[i + 1]))
			c = unescaped(raw.p[++i]);
		to[n++] = c;
	}
	return str_of(to, n);
}

static int end_too_early(struct conf_lex *l)
{
	if (!l->file)
		return conf_error_at(l->error, conf_lex_where(l),
				     "unexpected end of parameter, expecting \";\"");
	return conf_error_at(l->error, conf_lex_where(l),
			     "unexpected end of file, expecting \";\" or \"}\"");
}

/* What may follow a closing quote directly. */
static int check_after_quote(struct conf_lex *l)
{
	uint8_t c;

	if (at_end(l))
		return 0;
	c = peek(l);
	if (is_space(c) || c == ';' || c == '{' || c == ')')
		return 0;
	conf_error_at(l->error, conf_lex_where(l), "unexpected \"%c\"", c);
	return conf_error_help(l->error, "a quote ends the word: quote all of it or nothing");
}

static int read_quoted(struct conf_lex *l, struct str *raw)
{
	uint32_t begun = l->line;
	uint8_t quote = take(l);
	size_t from = l->at;

	while (!at_end(l) && peek(l) != quote) {
		if (take(l) == '\\' && !at_end(l))
			take(l);
	}
	if (at_end(l)) {
		end_too_early(l);
		return conf_error_help(l->error, "the quote opened in line %u is not closed",
				       begun);
	}
	*raw = str_of(l->text.p + from, l->at - from);
	take(l);
	return check_after_quote(l);
}

static struct str read_plain(struct conf_lex *l)
{
	size_t from = l->at;
	bool dollar = false;

	while (!at_end(l)) {
		uint8_t c = peek(l);

		if (is_space(c) || c == ';' || (c == '{' && !dollar))
			break;
		dollar = c == '$';
		take(l);
		if (c == '\\' && !at_end(l))
			take(l);
	}
	return str_of(l->text.p + from, l->at - from);
}

static int read_word(struct conf_lex *l)
{
	uint32_t line = l->line;
	struct str raw;
	struct conf_word *word;

	if (peek(l) == '"' || peek(l) == '\'') {
		if (read_quoted(l, &raw))
			return -1;
	} else {
		raw = read_plain(l);
	}
	if (str_find(raw, 0) != raw.n)
		return conf_error_at(l->error, (struct conf_where){l->file, line},
				     "unexpected NUL byte");
	word = conf_pool_push(l->pool, &l->words, sizeof(*word));
	word->text = unescape(l->pool, raw);
	word->line = line;
	return 0;
}

static enum conf_lex_end unexpected(struct conf_lex *l, uint8_t c)
{
	conf_error_at(l->error, conf_lex_where(l), "unexpected \"%c\"", c);
	if (c == '}' && l->words.n)
		conf_error_help(l->error, "is a \";\" missing in line %u?",
				((struct conf_word *)l->words.items)[l->words.n - 1].line);
	return CONF_LEX_BROKEN;
}

/* The byte that ends a statement is next: does it, here? */
static enum conf_lex_end end_statement(struct conf_lex *l)
{
	uint8_t c = peek(l);

	if ((c == '}') == (l->words.n > 0))
		return unexpected(l, c);
	take(l);
	return c == ';' ? CONF_LEX_STATEMENT : c == '{' ? CONF_LEX_BLOCK : CONF_LEX_CLOSE;
}

enum conf_lex_end conf_lex_next(struct conf_lex *l, struct conf_statement *s)
{
	enum conf_lex_end end;

	l->words.n = 0;
	for (;;) {
		skip_space_and_comments(l);
		if (at_end(l)) {
			if (!l->words.n)
				return CONF_LEX_END;
			end_too_early(l);
			return CONF_LEX_BROKEN;
		}
		if (peek(l) == ';' || peek(l) == '{' || peek(l) == '}')
			break;
		if (read_word(l))
			return CONF_LEX_BROKEN;
	}
	end = end_statement(l);
	*s = (struct conf_statement){l->words.items, l->words.n};
	return end;
}

/* A string in quotes, its first quote is next. */
static void skip_lua_string(struct conf_lex *l)
{
	uint8_t quote = take(l);

	while (!at_end(l)) {
		uint8_t c = take(l);

		if (c == quote)
			return;
		if (c == '\\' && !at_end(l))
			take(l);
	}
}

/* "[[" to "]]", "[==[" to "]==]": true when one was here, and skipped. */
static bool skip_lua_long(struct conf_lex *l)
{
	size_t level = 0, equals = 0;
	bool closing = false;

	while (l->at + 1 + level < l->text.n && l->text.p[l->at + 1 + level] == '=')
		level++;
	if (l->at + 1 + level >= l->text.n || l->text.p[l->at + 1 + level] != '[')
		return false;
	l->at += level + 2;
	while (!at_end(l)) {
		uint8_t c = take(l);

		if (c == ']' && closing && equals == level)
			break;
		closing = c == ']' || (closing && c == '=');
		equals = c == '=' ? equals + 1 : 0;
	}
	return true;
}

static void skip_lua_comment(struct conf_lex *l)
{
	l->at += 2;
	if (!at_end(l) && peek(l) == '[' && skip_lua_long(l))
		return;
	while (!at_end(l) && peek(l) != '\n')
		l->at++;
}

int conf_lex_skip_lua(struct conf_lex *l)
{
	uint32_t depth = 1, opened = l->line;

	while (!at_end(l) && depth) {
		uint8_t c = peek(l);

		if (c == '"' || c == '\'') {
			skip_lua_string(l);
		} else if (c == '-' && str_starts(str_from(l->text, l->at), STR("--"))) {
			skip_lua_comment(l);
		} else if (c != '[' || !skip_lua_long(l)) {
			depth += c == '{';
			depth -= c == '}';
			take(l);
		}
	}
	if (!depth)
		return 0;
	conf_error_at(l->error, conf_lex_where(l), "unexpected end of file, expecting \"}\"");
	return conf_error_help(l->error, "the block opened in line %u is not closed", opened);
}
