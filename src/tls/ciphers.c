/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ciphers: the list machine of OpenSSL's cipher strings (openssl-ciphers(1)). All suites stand in a
 * row, each on or off, and every rule moves those that it matches. What is on at the end is the
 * list, in the order of the row. Keeps nothing.
 */
#include "tls/ciphers.h"

#include "base/must.h"
#include "tls/ciphers_table.h"

_Static_assert((int)CIPHERS_TABLE_N <= (int)CIPHERS_MAX, "a list holds all suites");

enum rule { RULE_ADD, RULE_DROP, RULE_LAST, RULE_NEVER };

struct place {
	const struct cipher *suite;
	bool on;
};

struct row {
	struct place v[CIPHERS_TABLE_N];
	uint32_t n;
};

static struct row full_row(void)
{
	struct row row = {.n = CIPHERS_TABLE_N};

	for (uint32_t i = 0; i < CIPHERS_TABLE_N; i++)
		row.v[i].suite = &ciphers_table[i];
	return row;
}

static bool is_hit(const struct place *p, enum rule rule, uint32_t set)
{
	if ((p->suite->traits & set) != p->suite->traits)
		return false;
	switch (rule) {
	case RULE_ADD:
		return !p->on;
	case RULE_DROP:
	case RULE_LAST:
		return p->on;
	case RULE_NEVER:
		break;
	}
	return true;
}

static void append(struct row *to, const struct row *from)
{
	for (uint32_t i = 0; i < from->n; i++)
		to->v[to->n++] = from->v[i];
}

/* What is dropped goes to the front, so that it comes back in its old order. */
static void apply(struct row *row, enum rule rule, uint32_t set)
{
	struct row hit = {.n = 0}, rest = {.n = 0};

	for (uint32_t i = 0; i < row->n; i++) {
		struct place p = row->v[i];

		if (is_hit(&p, rule, set)) {
			p.on = rule != RULE_DROP;
			hit.v[hit.n++] = p;
		} else {
			rest.v[rest.n++] = p;
		}
	}
	row->n = 0;
	if (rule == RULE_DROP)
		append(row, &hit);
	append(row, &rest);
	if (rule == RULE_ADD || rule == RULE_LAST)
		append(row, &hit);
}

static void sort_by_strength(struct row *row)
{
	apply(row, RULE_LAST, ONLY(ENCRYPTION, BITS_256));
	apply(row, RULE_LAST, ONLY(ENCRYPTION, BITS_128));
}

/* OpenSSL's levels up to 2 ask nothing of a suite that is not true of all of these. */
static void demand_level(struct row *row, unsigned level)
{
	if (level >= 3)
		apply(row, RULE_NEVER, ONLY(EXCHANGE, KRSA));
	if (level >= 4) {
		apply(row, RULE_NEVER, ONLY(ENCRYPTION, BITS_128));
		apply(row, RULE_NEVER, ONLY(MAC, SHA1));
	}
}

/* ---- the language ---- */

/* What a text may begin with, as OpenSSL has it: the rest goes on behind DEFAULT, and does not
 * count behind the others. */
static const struct opening {
	struct str name, meaning;
	bool goes_on;
} openings[] = {
	{STR_INIT("DEFAULT"), STR_INIT("ALL:!COMPLEMENTOFDEFAULT"), true},
	{STR_INIT("SUITEB128ONLY"), STR_INIT("ECDHE-ECDSA-AES128-GCM-SHA256"), false},
	{STR_INIT("SUITEB128C2"), STR_INIT("ECDHE-ECDSA-AES256-GCM-SHA384"), false},
	{STR_INIT("SUITEB128"),
	 STR_INIT("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"), false},
	{STR_INIT("SUITEB192"), STR_INIT("ECDHE-ECDSA-AES256-GCM-SHA384"), false},
};

struct reader {
	struct str rest;
	struct row row;
	struct str unknown;
	unsigned level; /* of @SECLEVEL */
};

static bool is_separator(uint8_t c)
{
	return c == ':' || c == ',' || c == ';' || c == ' ';
}

static bool is_word_byte(uint8_t c)
{
	uint8_t lower = c | 0x20;

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       c == '.' || c == '=';
}

static struct str take_word(struct reader *r)
{
	struct str word;
	size_t n = 0;

	while (n < r->rest.n && is_word_byte(r->rest.p[n]))
		n++;
	word = str_first(r->rest, n);
	r->rest = str_from(r->rest, n);
	return word;
}

static bool take_byte(struct reader *r, uint8_t c)
{
	if (r->rest.n == 0 || r->rest.p[0] != c)
		return false;
	r->rest = str_from(r->rest, 1);
	return true;
}

static void skip_to_separator(struct reader *r)
{
	while (r->rest.n && !is_separator(r->rest.p[0]))
		r->rest = str_from(r->rest, 1);
}

/* Behind an "@". */
static int read_command(struct reader *r)
{
	static const struct str level = STR_INIT("SECLEVEL=");
	struct str word = take_word(r);
	uint64_t n;

	if (str_eq(word, STR("STRENGTH"))) {
		sort_by_strength(&r->row);
	} else if (str_starts(word, level) && word.n == level.n + 1 &&
		   str_u64(str_from(word, level.n), 5, &n) == 0) {
		r->level = (unsigned)n;
	} else {
		r->unknown = word;
		return -1;
	}
	skip_to_separator(r);
	return 0;
}

/* Words joined by "+". One that nobody knows takes the others with it. */
static int read_words(struct reader *r, enum rule rule)
{
	uint32_t all = ALL, set;

	do {
		struct str word = take_word(r);

		if (word.n == 0) {
			r->unknown = r->rest;
			return -1;
		}
		if (ciphers_table_look_up(word, &set) < 0) {
			if (r->unknown.n == 0)
				r->unknown = word;
			skip_to_separator(r);
			return 0;
		}
		all &= set;
	} while (take_byte(r, '+'));
	apply(&r->row, rule, all);
	return 0;
}

static int read_rule(struct reader *r)
{
	if (take_byte(r, '@'))
		return read_command(r);
	if (take_byte(r, '!'))
		return read_words(r, RULE_NEVER);
	if (take_byte(r, '-'))
		return read_words(r, RULE_DROP);
	if (take_byte(r, '+'))
		return read_words(r, RULE_LAST);
	return read_words(r, RULE_ADD);
}

static int read_text(struct reader *r, struct str text)
{
	r->rest = text;
	while (r->rest.n) {
		if (is_separator(r->rest.p[0]))
			r->rest = str_from(r->rest, 1);
		else if (read_rule(r) < 0)
			return -1;
	}
	return 0;
}

/* The opening, if there is one; what is left to be read. */
static struct str read_opening(struct reader *r, struct str text)
{
	for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
		const struct opening *o = &openings[i];

		if (!str_starts(text, o->name))
			continue;
		must(read_text(r, o->meaning) == 0);
		return o->goes_on ? str_from(text, o->name.n) : str_none();
	}
	return text;
}

static void collect(const struct row *row, struct cipher_list *list)
{
	for (uint32_t i = 0; i < row->n; i++)
		if (row->v[i].on)
			list->v[list->n++] = row->v[i].suite;
}

int ciphers_read(struct str text, struct cipher_list *list)
{
	struct reader r = {.row = full_row()};
	int result;

	*list = (struct cipher_list){.n = 0};
	if (text.n == 0)
		text = STR(CIPHERS_DEFAULT);
	result = read_text(&r, read_opening(&r, text));
	list->unknown = r.unknown;
	if (result < 0)
		return -1;
	demand_level(&r.row, r.level);
	collect(&r.row, list);
	return list->n ? 0 : -1;
}

/* ---- TLS 1.3 ---- */

static void add_once(struct cipher_list *list, const struct cipher *c)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (list->v[i] == c)
			return;
	list->v[list->n++] = c;
}

int ciphers_read_tls13(struct str text, struct cipher_list *list)
{
	*list = (struct cipher_list){.n = 0};
	if (text.n == 0)
		while (list->n < CIPHERS_TABLE_TLS13_DEFAULT)
			add_once(list, &ciphers_table_tls13[list->n]);
	while (text.n) {
		size_t end = str_find(text, ':');
		struct str name = str_trim_sp(str_first(text, end));
		const struct cipher *c = ciphers_table_find_tls13(name);

		if (c)
			add_once(list, c);
		else if (list->unknown.n == 0)
			list->unknown = name;
		text = str_from(text, end + 1);
	}
	return list->n ? 0 : -1;
}

/* ---- lists and suites ---- */

void ciphers_write(const struct cipher_list *list, struct out *out)
{
	for (uint32_t i = 0; i < list->n; i++) {
		if (i)
			out_byte(out, ':');
		out_str(out, str_cstr(list->v[i]->openssl));
	}
}

const struct cipher *ciphers_find(uint16_t id)
{
	for (uint32_t i = 0; i < CIPHERS_TABLE_TLS13_N; i++)
		if (ciphers_table_tls13[i].id == id)
			return &ciphers_table_tls13[i];
	for (uint32_t i = 0; i < CIPHERS_TABLE_N; i++)
		if (ciphers_table[i].id == id)
			return &ciphers_table[i];
	return NULL;
}
