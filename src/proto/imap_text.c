/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imap_text: literals and tags of IMAP lines. Knows no command and keeps nothing.
 */
#include "proto/imap_text.h"

static bool ends_with(struct str s, struct str end)
{
	return s.n >= end.n && str_eq(str_from(s, s.n - end.n), end);
}

int imap_text_literal(struct str spec, struct imap_literal *literal)
{
	uint64_t size;

	if (spec.n < 3 || spec.p[0] != '{' || spec.p[spec.n - 1] != '}')
		return -1;
	spec = str_of(spec.p + 1, spec.n - 2);
	literal->nonsync = ends_with(spec, STR("+"));
	if (str_u64(str_first(spec, spec.n - literal->nonsync), UINT32_MAX, &size) < 0)
		return -1;
	literal->size = (uint32_t)size;
	return 0;
}

static bool is_of_tag(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

size_t imap_text_tag(struct str line, size_t max)
{
	size_t n = 0;

	while (n < line.n && is_of_tag(line.p[n]))
		n++;
	return n <= max && n < line.n && line.p[n] == ' ' ? n : 0;
}

bool imap_text_is_unsynced(struct str line)
{
	return ends_with(line, STR("+}")) && str_find(line, '{') < line.n;
}

struct str imap_text_ttl(struct str list)
{
	const struct str name = STR("\"x-proxy-ttl\" \"");

	while (list.n && !str_starts_nocase(list, name))
		list = str_from(list, 1);
	list = str_from(list, name.n);
	return str_first(list, str_find(list, '"'));
}
