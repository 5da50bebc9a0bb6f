/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_lex: cuts the text of a configuration into statements of words.
 *
 * NGINX's rules: words end at white space, ';' and '{'; "..." and '...' quote a whole word; a
 * backslash keeps the next byte from ending a word, and \" \' \\ \t \r \n are replaced; '#'
 * begins a comment where a word could begin; "${" is not a block. Knows no directive.
 */
#ifndef APP_CONF_LEX_H
#define APP_CONF_LEX_H

#include "app/conf_error.h"
#include "app/conf_pool.h"

enum conf_lex_end {
	CONF_LEX_BROKEN,    /* *error says why                          */
	CONF_LEX_STATEMENT, /* words, then ';'                          */
	CONF_LEX_BLOCK,     /* words, then '{'                          */
	CONF_LEX_CLOSE,     /* '}', no words                            */
	CONF_LEX_END,       /* the text is at its end, no words waiting */
};

struct conf_word {
	struct str text; /* NUL behind it; in the pool */
	uint32_t line;   /* where it begins            */
};

struct conf_statement {
	const struct conf_word *words; /* [0] is the name; valid until the next call */
	uint32_t n;
};

struct conf_lex {
	struct conf_pool *pool;
	struct conf_error *error;
	const char *file; /* NULL: the -g option */
	struct str text;  /* outlives the lexer */
	size_t at;
	uint32_t line; /* of text[at] */
	struct conf_vec words;
};

/* pool, error, file and text are set by the caller. */
void conf_lex_init(struct conf_lex *l);

enum conf_lex_end conf_lex_next(struct conf_lex *l, struct conf_statement *s);

/* Behind the "{" of a block of Lua: goes behind the "}" that closes it. */
NODISCARD int conf_lex_skip_lua(struct conf_lex *l);

/* Here and now. */
struct conf_where conf_lex_where(const struct conf_lex *l);

#endif
