/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script_text: the escapes and placeholders of transcripts. Pure functions over malloc'ed copies;
 * never reads files.
 */
#include "tests/lib/script.h"

#include "base/codec.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
	char *p;
	size_t n, size;
};

static void text_add(struct text *t, const void *p, size_t n)
{
	if (t->n + n + 1 > t->size) {
		t->size = (t->n + n + 1) * 2;
		t->p = realloc(t->p, t->size);
		if (!t->p)
			abort();
	}
	if (n)
		memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
}

static struct str text_done(struct text *t)
{
	text_add(t, NULL, 0);
	return str_of(t->p, t->n);
}

/* \{X*N}: the byte X, N times. s begins behind "\{"; returns bytes used, 0 if it is not one. */
static size_t text_repeat(struct str s, struct text *to)
{
	size_t end = str_find(s, '}');
	uint64_t count;

	if (end == s.n || end < 3 || s.p[1] != '*')
		return 0;
	if (str_u64(str_of(s.p + 2, end - 2), 10000000, &count))
		return 0;
	for (uint64_t i = 0; i < count; i++)
		text_add(to, s.p, 1);
	return end + 1;
}

/* Index of the brace that ends s, which begins inside braces; s.n if there is none. */
static size_t text_brace(struct str s)
{
	int depth = 1;

	for (size_t i = 0; i < s.n; i++) {
		depth += (s.p[i] == '{') - (s.p[i] == '}');
		if (depth == 0)
			return i;
	}
	return s.n;
}

/* \64{...}: the base64 of the (unescaped) inside. s begins behind "\64{". */
static size_t text_base64(struct str s, struct text *to)
{
	size_t end = text_brace(s);
	uint8_t room[16384];
	struct str inner;
	struct out o;

	if (end == s.n)
		return 0;
	inner = script_unescape(str_of(s.p, end));
	if (!inner.p)
		return 0;
	out_init(&o, room, sizeof(room));
	codec_base64(&o, inner);
	free((void *)(uintptr_t)inner.p);
	if (out_overflow(&o))
		return 0;
	text_add(to, o.base, o.n);
	return end + 1;
}

static size_t text_hex(struct str s, struct text *to)
{
	char digits[3] = {0};
	char byte;

	if (s.n < 2 || !isxdigit(s.p[0]) || !isxdigit(s.p[1]))
		return 0;
	memcpy(digits, s.p, 2);
	byte = (char)strtoul(digits, NULL, 16);
	text_add(to, &byte, 1);
	return 2;
}

/* One escape; s begins behind the backslash. Returns bytes used, 0 if there is no such escape. */
static size_t text_escape(struct str s, struct text *to)
{
	static const char from[] = "rnt\\0", into[] = "\r\n\t\\";
	const char *at;
	size_t used;

	if (s.n == 0)
		return 0;
	at = memchr(from, s.p[0], sizeof(from) - 1);
	if (at) {
		text_add(to, &into[at - from], 1);
		return 1;
	}
	if (s.p[0] == 'x')
		used = text_hex(str_from(s, 1), to);
	else if (s.p[0] == '{')
		used = text_repeat(str_from(s, 1), to);
	else if (str_starts(s, STR("64{")))
		return (used = text_base64(str_from(s, 3), to)) ? used + 3 : 0;
	else
		return 0;
	return used ? used + 1 : 0;
}

struct str script_unescape(struct str s)
{
	struct text t = {0};

	for (size_t i = 0; i < s.n; i++) {
		size_t used;

		if (s.p[i] != '\\') {
			text_add(&t, s.p + i, 1);
			continue;
		}
		used = text_escape(str_from(s, i + 1), &t);
		if (!used) {
			free(t.p);
			return str_none();
		}
		i += used;
	}
	return text_done(&t);
}

static size_t text_placeholder(struct str s, const struct script_vars *v, struct text *to)
{
	const struct {
		const char *name, *text;
		unsigned number;
	} known[] = {
		{"$SALT64", v->salt64, 0},
		{"$SALT", v->salt, 0},
		{"$PORT", NULL, v->port},
		{"$DEAD_PORT", NULL, v->dead_port},
		{"$AUTH_PORT", NULL, v->auth_port},
		{"$LISTEN", NULL, v->listen_port},
		{"$CLIENT", NULL, v->client_port},
		{"$SESSION", v->session, 0},
		{"$FINGERPRINT", v->fingerprint, 0},
		{"$PEM", v->pem, 0},
		{"$DNS", NULL, v->dns_port},
		{"$CERTS", v->certs ? v->certs : "", 0},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char number[16];
		const char *text = known[i].text;

		if (!str_starts(s, str_cstr(known[i].name)))
			continue;
		snprintf(number, sizeof(number), "%u", known[i].number);
		text = text ? text : number;
		text_add(to, text, strlen(text));
		return strlen(known[i].name);
	}
	return 0;
}

struct str script_expand(struct str text, const struct script_vars *vars)
{
	struct text t = {0};

	for (size_t i = 0; i < text.n;) {
		size_t plain = str_find(str_from(text, i), '$'), used;

		text_add(&t, text.p + i, plain);
		i += plain;
		if (i == text.n)
			break;
		used = text_placeholder(str_from(text, i), vars, &t);
		if (!used)
			text_add(&t, text.p + i, 1);
		i += used ? used : 1;
	}
	return text_done(&t);
}

/* "<" digits "." digits "@mx.example>" */
static int text_is_salt(const char *s)
{
	int dot = 0, end = 0;

	sscanf(s, "<%*[0-9]%n.%*[0-9]%n", &dot, &end);
	return dot > 1 && end > dot + 1 && !strcmp(s + end, "@mx.example>");
}

bool script_wants_salt(struct str text, const struct script_vars *vars)
{
	return !vars->salt[0] && strstr((const char *)text.p, "$SALT");
}

/* The salt and how base64 writes it; `coded` is what came. -1: too long, or not base64. */
static int text_set_salt(struct script_vars *vars, struct str coded, bool base64)
{
	size_t room = sizeof(vars->salt), n = coded.n;
	struct out o;

	if (n == 0 || n >= room)
		return -1;
	if (base64 && codec_base64_decode(coded, (uint8_t *)vars->salt, &n))
		return -1;
	if (!base64)
		memcpy(vars->salt, coded.p, n);
	vars->salt[n] = '\0';
	snprintf(vars->session, sizeof(vars->session), "%.*s", (int)strcspn(vars->salt + 1, "@"),
		 vars->salt + 1);
	out_init(&o, (uint8_t *)vars->salt64, sizeof(vars->salt64) - 1);
	codec_base64(&o, str_of(vars->salt, n));
	vars->salt64[o.n] = '\0';
	return 0;
}

int script_learn_salt(struct str text, struct str line, struct script_vars *vars)
{
	const char *at = strstr((const char *)text.p, "$SALT");
	bool base64 = !strncmp(at, "$SALT64", 7);
	size_t before = (size_t)(at - (const char *)text.p);

	if (text_set_salt(vars, str_from(line, before), base64))
		return -1;
	return text_is_salt(vars->salt) ? 0 : -1;
}

void script_print(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (i == 2000) {
			fprintf(stderr, "... (%zu bytes)", s.n);
			return;
		}
		if (s.p[i] == '\r')
			fputs("\\r", stderr);
		else if (s.p[i] == '\n')
			fputs("\\n", stderr);
		else if (s.p[i] == '\\')
			fputs("\\\\", stderr);
		else if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			fprintf(stderr, "\\x%02x", s.p[i]);
		else
			fputc(s.p[i], stderr);
	}
}
