/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replies: a byte at a time, as simple as can be.
 */
#include "tests/sim/replies.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "250-text", "250 text", "250": code and whether more lines follow. */
static void judge(struct replies *r, bool *last)
{
	const char *t = r->text;
	unsigned code;

	*last = true;
	if (!r->lines)
		r->code = 0;
	if (r->n < 3 || !is_digit(t[0]) || !is_digit(t[1]) || !is_digit(t[2])) {
		r->broken = "no code of three digits";
		return;
	}
	code = (unsigned)(t[0] - '0') * 100 + (unsigned)(t[1] - '0') * 10 + (unsigned)(t[2] - '0');
	if (code < 200 || code > 599)
		r->broken = "a code that is none";
	if (r->n > 3 && t[3] != ' ' && t[3] != '-')
		r->broken = "neither a space nor a hyphen behind the code";
	if (r->lines && code != r->code)
		r->broken = "another code in the same reply";
	for (uint32_t i = 3; i < r->n; i++)
		if ((uint8_t)t[i] < ' ' || t[i] == 0x7f)
			r->broken = "a control character";
	r->code = (uint16_t)code;
	*last = !(r->n > 3 && t[3] == '-');
}

/* A line is complete but for its LF. True: so is the reply. */
static bool end_line(struct replies *r)
{
	bool last;

	if (!r->n || r->text[r->n - 1] != '\r')
		r->broken = "a line without CR";
	else
		r->n--;
	r->text[r->n] = '\0';
	judge(r, &last);
	r->n = 0;
	r->lines = last ? 0 : (uint16_t)(r->lines + 1);
	return last;
}

bool replies_next(struct replies *r, struct str bytes, size_t *taken)
{
	for (size_t i = 0; i < bytes.n; i++) {
		*taken = i + 1;
		if (bytes.p[i] == '\n') {
			if (end_line(r))
				return true;
		} else if (r->n == sizeof(r->text) - 1) {
			r->broken = "an endless line";
		} else {
			r->text[r->n++] = (char)bytes.p[i];
		}
	}
	*taken = bytes.n;
	return false;
}
