/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * laws_line: line framing before the laws. Each line is compared with the input itself.
 */
#include "laws_line.h"

struct self {
	struct line line;
	size_t at; /* bytes of the input that were lines */
};

static void begin(struct laws_world *w, struct out *out)
{
	(void)out;
	*(struct self *)w->self = (struct self){.line = {0}};
}

/* What was taken is one line of the input with its line end, and `text` is that without it. */
static void check(struct laws_world *w, size_t taken, struct str text)
{
	const struct laws_line *conf = w->conf;
	struct self *s = w->self;
	struct str line = str_first(str_from(w->input, s->at), taken);
	size_t lf = str_find(line, '\n'), n = lf;

	if (n && line.p[n - 1] == '\r')
		n--;
	laws_hold(w, lf + 1 == taken && taken <= conf->max, "conservation: one line is taken");
	laws_hold(w, str_eq(text, str_first(line, n)), "conservation: the text is the line's");
	s->at += taken;
}

static enum laws_turn turn(struct laws_world *w, struct buf *in, struct out *out)
{
	const struct laws_line *conf = w->conf;
	struct self *s = w->self;
	struct str text = str_none();
	uint32_t n = buf_len(in);
	enum line_ev ev = line_next(&s->line, in, conf->max, &text);
	uint32_t taken = n - buf_len(in);

	(void)out;
	switch (ev) {
	case LINE_OK:
		check(w, taken, text);
		laws_trace_str(w, "line", text);
		return LAWS_AGAIN;
	case LINE_MORE:
		laws_hold(w, !taken && n < conf->max, "bounds: asks for more than the limit");
		return LAWS_MORE;
	case LINE_TOO_LONG:
		laws_hold(w, !taken && n >= conf->max, "bounds: refuses a line within the limit");
		laws_trace_u64(w, "too long at", s->at);
		return LAWS_END;
	}
	return LAWS_END;
}

const struct laws_engine laws_line_engine = {
	.name = "line",
	.self_size = sizeof(struct self),
	.store_size = 1,
	.out_size = 1,
	.begin = begin,
	.turn = turn,
};
