/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_value: sizes, times, numbers, switches, choices, and the few values with rules of their own
 * (worker_processes, user, paths). Looks up users; touches no file.
 */
#include "app/conf_value.h"

#include "session/relay.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>

int conf_value_parse_size(struct str s, uint64_t *bytes)
{
	unsigned shift = 0;

	if (s.n) {
		switch (s.p[s.n - 1]) {
		case 'k':
		case 'K':
			shift = 10;
			break;
		case 'm':
		case 'M':
			shift = 20;
			break;
		case 'g':
		case 'G':
			shift = 30;
			break;
		}
	}
	if (shift)
		s.n--;
	if (str_u64(s, (uint64_t)INT64_MAX >> shift, bytes))
		return -1;
	*bytes <<= shift;
	return 0;
}

/* From the largest on: each may occur once, and only behind larger ones. */
static const struct unit {
	const char *name;
	uint64_t ms;
} units[] = {
	{"y", 31536000000}, {"M", 2592000000}, {"w", 604800000}, {"d", 86400000},
	{"h", 3600000},     {"m", 60000},      {"s", 1000},      {"ms", 1},
};
enum { UNITS = sizeof(units) / sizeof(units[0]), UNIT_WEEK = 2, UNIT_SECOND = 6 };

static size_t skip_spaces(struct str s, size_t i)
{
	while (i < s.n && s.p[i] == ' ')
		i++;
	return i;
}

/* The unit at s[*i], which is moved behind it; UNITS when there is none. */
static size_t read_unit(struct str s, size_t *i)
{
	struct str rest = str_from(s, *i);

	for (size_t u = UNITS; u-- > 0;) {
		struct str name = str_cstr(units[u].name);

		if (str_starts(rest, name)) {
			*i += name.n;
			return u;
		}
	}
	return UNITS;
}

/* Units from `first` to `last`; a number without one counts as seconds and must be the end. */
static int parse_time(struct str s, size_t first, size_t last, uint64_t *ms)
{
	size_t next = first, i = 0;
	uint64_t total = 0;

	do {
		size_t from = i, unit = UNIT_SECOND;
		uint64_t value, room = (uint64_t)INT64_MAX - total;

		while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
			i++;
		if (str_u64(str_of(s.p + from, i - from), INT64_MAX, &value))
			return -1;
		if (i < s.n) {
			bool bare = s.p[i] == ' ';

			unit = bare ? UNIT_SECOND : read_unit(s, &i);
			if (unit < next || unit > last)
				return -1;
			next = bare ? UNITS : unit + 1;
			i = skip_spaces(s, i);
		}
		if (value > room / units[unit].ms)
			return -1;
		total += value * units[unit].ms;
	} while (i < s.n);
	*ms = total;
	return 0;
}

int conf_value_parse_ms(struct str s, uint64_t *ms)
{
	return parse_time(s, UNIT_WEEK, UNITS - 1, ms);
}

int conf_value_parse_s(struct str s, uint64_t *seconds)
{
	if (parse_time(s, 0, UNIT_SECOND, seconds))
		return -1;
	*seconds /= 1000;
	return 0;
}

int conf_value_parse_flag(struct str s, bool *on)
{
	*on = str_eq_nocase(s, STR("on"));
	return *on || str_eq_nocase(s, STR("off")) ? 0 : -1;
}

int conf_value_flag(struct conf_build *b, const struct conf_call *c)
{
	bool on;

	if (conf_value_parse_flag(c->args[0].text, &on))
		return conf_error_at(b->error, c->where,
				     "invalid value \"%.*s\" in \"%s\" directive, "
				     "it must be \"on\" or \"off\"",
				     CONF_STR(c->args[0].text), c->row->name);
	memcpy(conf_table_field(c), &on, sizeof(on));
	return 0;
}

int conf_value_proxy(struct conf_build *b, const struct conf_call *c)
{
	conf_build_warn(b, c->where,
			"the \"proxy\" directive has no effect any more: mail is always proxied");
	return conf_value_flag(b, c);
}

static int store_u64(struct conf_build *b, const struct conf_call *c, uint64_t value)
{
	const struct conf_row *row = c->row;
	struct str text = c->args[0].text;

	if (value < row->min || value > row->max) {
		conf_error_at(b->error, c->where, "\"%s\" directive invalid value", row->name);
		if (value < row->min)
			return conf_error_help(b->error, "\"%.*s\" is too small", CONF_STR(text));
		return conf_error_help(b->error, "\"%.*s\" is more than %llu", CONF_STR(text),
				       (unsigned long long)row->max);
	}
	memcpy(conf_table_field(c), &value, sizeof(value));
	return 0;
}

int conf_value_number(struct conf_build *b, const struct conf_call *c)
{
	uint64_t value;

	if (str_u64(c->args[0].text, INT64_MAX, &value)) {
		conf_error_at(b->error, c->where, "\"%s\" directive invalid number", c->row->name);
		return conf_error_help(b->error, "\"%.*s\" is not a number",
				       CONF_STR(c->args[0].text));
	}
	return store_u64(b, c, value);
}

/* NGINX has words of its own for this one. */
int conf_value_connections(struct conf_build *b, const struct conf_call *c)
{
	uint64_t value;

	if (!str_u64(c->args[0].text, INT64_MAX, &value))
		return store_u64(b, c, value);
	return conf_error_at(b->error, c->where, "invalid number \"%.*s\"",
			     CONF_STR(c->args[0].text));
}

int conf_value_size(struct conf_build *b, const struct conf_call *c)
{
	uint64_t value;

	if (conf_value_parse_size(c->args[0].text, &value)) {
		conf_error_at(b->error, c->where, "\"%s\" directive invalid value", c->row->name);
		return conf_error_help(b->error, "\"%.*s\" is not a size like 4096, 64k or 1m",
				       CONF_STR(c->args[0].text));
	}
	return store_u64(b, c, value);
}

/* Long ago, a time without a unit was in milliseconds. */
enum { OLD_MS_MIN = 60000, OLD_MS_STEP = 1000 };

static void warn_of_old_ms(struct conf_build *b, const struct conf_call *c)
{
	struct str s = c->args[0].text;
	uint64_t n;

	if (str_u64(s, INT64_MAX, &n) || n < OLD_MS_MIN || n % OLD_MS_STEP)
		return;
	conf_build_warn(b, c->where,
			"\"%s %.*s\" is %llu hours: a time without a unit is in "
			"seconds, milliseconds are written \"%.*sms\"",
			c->row->name, CONF_STR(s), (unsigned long long)n / 3600, CONF_STR(s));
}

int conf_value_ms(struct conf_build *b, const struct conf_call *c)
{
	uint64_t value;

	warn_of_old_ms(b, c);

	if (conf_value_parse_ms(c->args[0].text, &value)) {
		conf_error_at(b->error, c->where, "\"%s\" directive invalid value", c->row->name);
		return conf_error_help(b->error, "\"%.*s\" is not a time like 500ms, 30s or 1h30m",
				       CONF_STR(c->args[0].text));
	}
	return store_u64(b, c, value);
}

int conf_value_s(struct conf_build *b, const struct conf_call *c)
{
	uint64_t value;

	if (conf_value_parse_s(c->args[0].text, &value)) {
		conf_error_at(b->error, c->where, "\"%s\" directive invalid value", c->row->name);
		return conf_error_help(b->error, "\"%.*s\" is not a time like 30s, 5m or 1h30m",
				       CONF_STR(c->args[0].text));
	}
	return store_u64(b, c, value);
}

/* What goes to peers in a line of its own must not be able to end that line. */
static int check_line(struct conf_build *b, const struct conf_call *c, struct str s)
{
	if (!str_has_ctl(s))
		return 0;
	conf_error_at(b->error, c->where, "\"%s\" directive invalid value", c->row->name);
	return conf_error_help(b->error, "\"%.*s\" has a control character in it", CONF_STR(s));
}

int conf_value_word(struct conf_build *b, const struct conf_call *c)
{
	if (check_line(b, c, c->args[0].text))
		return -1;
	memcpy(conf_table_field(c), &c->args[0].text, sizeof(struct str));
	return 0;
}

int conf_value_words(struct conf_build *b, const struct conf_call *c)
{
	struct conf_words *words = conf_table_field(c);
	struct str *all = conf_pool_take(b->pool, (words->n + c->n) * sizeof(*all));
	uint32_t n = words->n;

	if (words->n)
		memcpy(all, words->v, words->n * sizeof(*all));
	for (uint32_t i = 0; i < c->n; i++) {
		if (check_line(b, c, c->args[i].text))
			return -1;
		if (c->args[i].text.n)
			all[n++] = c->args[i].text;
		else
			conf_build_warn(b, c->where, "an empty word in \"%s\" is left out",
					c->row->name);
	}
	*words = (struct conf_words){all, n, c->where};
	return 0;
}

static const struct conf_choice *find_choice(const struct conf_row *row, struct str s)
{
	for (const struct conf_choice *x = row->choices; x->name; x++)
		if (str_eq_nocase(s, str_cstr(x->name)))
			return x;
	return NULL;
}

/* "one of plain, login" */
static int help_choices(struct conf_build *b, const struct conf_row *row)
{
	char text[200] = "";

	for (const struct conf_choice *x = row->choices; x->name; x++) {
		if (*text)
			strncat(text, ", ", sizeof(text) - strlen(text) - 1);
		strncat(text, x->name, sizeof(text) - strlen(text) - 1);
	}
	return conf_error_help(b->error, "it can be: %s", text);
}

int conf_value_choice(struct conf_build *b, const struct conf_call *c)
{
	const struct conf_choice *x = find_choice(c->row, c->args[0].text);

	if (!x || !str_eq(c->args[0].text, str_cstr(x->name))) {
		conf_error_at(b->error, c->where, "unknown %s \"%.*s\"", c->row->name,
			      CONF_STR(c->args[0].text));
		return help_choices(b, c->row);
	}
	memcpy(conf_table_field(c), &x->value, sizeof(x->value));
	return 0;
}

int conf_value_choices(struct conf_build *b, const struct conf_call *c)
{
	/* of what is given more than once, all counts; the main level holds the default */
	uint32_t set = c->to == &b->main ? 0 : *(const uint32_t *)conf_table_field(c);

	for (uint32_t i = 0; i < c->n; i++) {
		const struct conf_choice *x = find_choice(c->row, c->args[i].text);

		if (!x) {
			conf_error_at(b->error, c->where, "invalid value \"%.*s\"",
				      CONF_STR(c->args[i].text));
			return help_choices(b, c->row);
		}
		if (set & x->value)
			conf_build_warn(b, c->where, "duplicate value \"%s\"", x->name);
		set |= x->value;
	}
	memcpy(conf_table_field(c), &set, sizeof(set));
	return 0;
}

int conf_value_threads(struct conf_build *b, const struct conf_call *c)
{
	cpu_set_t set;

	if (!str_eq(c->args[0].text, STR("auto"))) {
		uint64_t value;

		if (!str_u64(c->args[0].text, INT64_MAX, &value))
			return store_u64(b, c, value);
		conf_error_at(b->error, c->where, "\"%s\" directive invalid value", c->row->name);
		return conf_error_help(b->error, "it is a number, or auto");
	}
	c->to->threads = 1;
	if (!sched_getaffinity(0, sizeof(set), &set))
		c->to->threads = (uint64_t)CPU_COUNT(&set);
	if (c->to->threads > c->row->max)
		c->to->threads = c->row->max;
	return 0;
}

static int refuse_value(struct conf_build *b, const struct conf_call *c)
{
	return conf_error_at(b->error, c->where, "\"%s\" directive invalid value", c->row->name);
}

/* The n-th argument as a power of two within the row's limits. */
static int power_of_two(struct conf_build *b, const struct conf_call *c, uint32_t n, uint32_t *to)
{
	struct str text = c->args[n].text;
	uint64_t value;

	if (str_u64(text, INT64_MAX, &value)) {
		conf_error_at(b->error, c->where, "\"%s\" directive invalid number", c->row->name);
		return conf_error_help(b->error, "\"%.*s\" is not a number", CONF_STR(text));
	}
	*to = (uint32_t)value;
	if (value >= c->row->min && value <= c->row->max && !(value & (value - 1)))
		return 0;
	refuse_value(b, c);
	return conf_error_help(b->error, "\"%.*s\" is not a power of two from %u to %u",
			       CONF_STR(text), (unsigned)c->row->min, (unsigned)c->row->max);
}

int conf_value_ring_entries(struct conf_build *b, const struct conf_call *c)
{
	struct ring_sizes *ring = &c->to->ring;

	if (power_of_two(b, c, 0, &ring->submissions) || power_of_two(b, c, 1, &ring->completions))
		return -1;
	if (ring->completions >= ring->submissions)
		return 0;
	refuse_value(b, c);
	return conf_error_help(b->error, "fewer completions than submissions");
}

/* Larger ones than a receive may bring in all would stay empty. */
enum {
	RING_BUFFER_MIN = 512,
	RING_BUFFER_MAX = RELAY_BULK_BYTES,
	RING_BUFFERS_BYTES_MAX = 1 << 30
};

int conf_value_ring_buffers(struct conf_build *b, const struct conf_call *c)
{
	struct ring_sizes *ring = &c->to->ring;
	struct str text = c->args[1].text;
	uint64_t bytes;

	if (power_of_two(b, c, 0, &ring->buffers))
		return -1;
	if (conf_value_parse_size(text, &bytes) || bytes < RING_BUFFER_MIN ||
	    bytes > RING_BUFFER_MAX) {
		refuse_value(b, c);
		return conf_error_help(b->error, "\"%.*s\" is not a size from 512 to 64k",
				       CONF_STR(text));
	}
	ring->buffer_bytes = (uint32_t)bytes;
	if (bytes * ring->buffers <= RING_BUFFERS_BYTES_MAX)
		return 0;
	refuse_value(b, c);
	return conf_error_help(b->error, "that is more than 1g for each thread");
}

static int check_path(struct conf_build *b, const struct conf_call *c, struct str s)
{
	if (s.n)
		return check_line(b, c, s);
	return conf_error_at(b->error, c->where, "no file name in \"%s\" directive", c->row->name);
}

int conf_value_path(struct conf_build *b, const struct conf_call *c)
{
	struct str s;

	if (check_path(b, c, c->args[0].text))
		return -1;
	s = str_cstr(conf_build_path(b, b->prefix, c->args[0].text));
	memcpy(conf_table_field(c), &s, sizeof(s));
	return 0;
}

int conf_value_user(struct conf_build *b, const struct conf_call *c)
{
	struct conf_user *user = &c->to->user;
	const char *name = (const char *)c->args[0].text.p;
	const char *group = c->n > 1 ? (const char *)c->args[1].text.p : NULL;
	const struct passwd *p;
	const struct group *g;

	user->name = name;
	if (!b->is_root) {
		conf_build_warn(
			b, c->where,
			"the \"user\" directive makes sense only if the master process runs "
			"with super-user privileges, ignored");
		return 0;
	}
	p = getpwnam(name);
	if (!p)
		return conf_error_at(b->error, c->where, "getpwnam(\"%s\") failed", name);
	user->uid = p->pw_uid;
	user->gid = p->pw_gid;
	if (!group)
		return 0;
	g = getgrnam(group);
	if (!g)
		return conf_error_at(b->error, c->where, "getgrnam(\"%s\") failed", group);
	user->gid = g->gr_gid;
	return 0;
}
