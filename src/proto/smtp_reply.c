/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp_reply: framing of multi-line SMTP replies (RFC 5321 section 4.2). Each byte is searched
 * once. Owns nothing; never consumes unless asked to.
 */
#include "proto/smtp_reply.h"

#include "base/must.h"

enum { CODE_N = 3 };

enum line_kind { LINE_BAD, LINE_GOES_ON, LINE_LAST };

/* `line` includes its LF. */
static enum line_kind judge_line(struct str line)
{
	if (line.n <= CODE_N)
		return LINE_BAD;
	for (size_t i = 0; i < CODE_N; i++)
		if (line.p[i] < '0' || line.p[i] > '9')
			return LINE_BAD;
	if (line.p[CODE_N] == '-')
		return LINE_GOES_ON;
	if (line.p[CODE_N] == ' ' || line.p[CODE_N] == '\n')
		return LINE_LAST;
	return line.p[CODE_N] == '\r' && line.p[CODE_N + 1] == '\n' ? LINE_LAST : LINE_BAD;
}

enum smtp_reply_ev smtp_reply_next(struct smtp_reply *r, const struct buf *in, uint32_t max,
				   struct str *text)
{
	struct str waiting = str_first(buf_data(in), max);

	/* The caller lost bytes that were here before: start over rather than look behind the end.
	 */
	if (odd_if(r->seen > buf_len(in)))
		*r = (struct smtp_reply){0};
	for (;;) {
		size_t lf = r->seen + str_find(str_from(waiting, r->seen), '\n');
		struct str line;

		if (lf >= waiting.n)
			break;
		/* Found again, at no cost, should the caller come back before taking it. */
		r->seen = (uint32_t)lf;
		line = str_from(str_first(waiting, lf + 1), r->line);
		*text = str_first(waiting, lf + 1);
		switch (judge_line(line)) {
		case LINE_BAD:
			return SMTP_REPLY_INVALID;
		case LINE_LAST:
			return SMTP_REPLY_OK;
		case LINE_GOES_ON:
			break;
		}
		r->seen = r->line = (uint32_t)lf + 1;
	}
	*text = waiting;
	r->seen = (uint32_t)waiting.n;
	return waiting.n < max ? SMTP_REPLY_MORE : SMTP_REPLY_TOO_LONG;
}

void smtp_reply_take(struct smtp_reply *r, struct buf *in, struct str text)
{
	buf_consume(in, text.n);
	*r = (struct smtp_reply){0};
}

unsigned smtp_reply_code(struct str text)
{
	unsigned code = 0;

	must(text.n > CODE_N);
	for (size_t i = 0; i < CODE_N; i++)
		code = code * 10 + (unsigned)(text.p[i] - '0');
	return code;
}

bool smtp_reply_find_keyword(struct str text, struct str keyword, struct str *parameters)
{
	bool first = true;

	while (text.n) {
		size_t lf = str_find(text, '\n');
		struct str line = str_from(str_first(text, lf), CODE_N + 1);
		struct str word;

		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		line = str_trim_sp(line);
		word = str_first(line, str_find(line, ' '));
		if (!first && str_eq_nocase(word, keyword)) {
			*parameters = str_trim_sp(str_from(line, word.n));
			return true;
		}
		first = false;
		text = str_from(text, lf + 1);
	}
	return false;
}

bool smtp_reply_has_keyword(struct str text, struct str keyword)
{
	struct str parameters;

	return smtp_reply_find_keyword(text, keyword, &parameters) && !parameters.n;
}
