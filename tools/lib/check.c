/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check: proves messages, see check.h. Keeps only the header of a message; bodies are hashed or
 * compared as they pass. Owns the one pattern that smtp-source's bodies are compared with.
 */
#include "tools/lib/check.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static uint8_t *pattern;
static size_t pattern_n;

void check_source_size(size_t n)
{
	free(pattern);
	pattern = malloc(n + 2);
	if (!pattern) {
		perror("memory");
		exit(1);
	}
	/* lines of 78 bytes, each beginning with the last digit of its number, the rest 'X' */
	memset(pattern, 'X', n);
	for (size_t end = 80; end < n; end += 80) {
		pattern[end - 80] = (uint8_t)('0' + end / 80 % 10);
		memcpy(pattern + end - 2, "\r\n", 2);
	}
	memcpy(pattern + n, "\r\n", 2);
	pattern_n = n + 2;
}

void check_start(struct check *c, enum check_kind kind)
{
	c->kind = kind;
	c->in_body = c->bad = false;
	c->body_n = c->header_n = 0;
	c->why = "";
	if (kind == CHECK_SHA256)
		sha256_init(&c->hash);
}

static void damage(struct check *c, const char *why)
{
	if (!c->bad)
		c->why = why;
	c->bad = true;
}

static void add_body(struct check *c, const uint8_t *p, size_t n)
{
	if (c->kind == CHECK_SHA256)
		sha256_add(&c->hash, p, n);
	else if (c->body_n + n > pattern_n)
		damage(c, "the body is too long");
	else if (memcmp(p, pattern + c->body_n, n) != 0)
		damage(c, "the body has other bytes");
	c->body_n += n;
}

/* Takes up to and with the empty line; returns how many bytes that were. */
static size_t add_header(struct check *c, const uint8_t *p, size_t n)
{
	size_t take = CHECK_HEADER_MAX - c->header_n < n ? CHECK_HEADER_MAX - c->header_n : n;
	size_t old = c->header_n;
	const char *end;

	memcpy(c->header + old, p, take);
	c->header_n += take;
	c->header[c->header_n] = '\0';
	end = memmem(c->header + (old > 3 ? old - 3 : 0), c->header_n - (old > 3 ? old - 3 : 0),
		     "\r\n\r\n", 4);
	if (!end) {
		if (c->header_n < CHECK_HEADER_MAX)
			return take;
		damage(c, "the header does not end");
		c->in_body = true;
		return take;
	}
	c->in_body = true;
	c->header_n = (size_t)(end - c->header) + 4;
	c->header[c->header_n] = '\0';
	return c->header_n - old;
}

void check_add(struct check *c, const uint8_t *p, size_t n)
{
	if (c->kind == CHECK_NONE)
		return;
	if (!c->in_body) {
		size_t taken = add_header(c, p, n);

		p += taken;
		n -= taken;
	}
	if (n)
		add_body(c, p, n);
}

/* The value of a header line, ended by its CR; NULL when there is none. */
static const char *find_line(const struct check *c, const char *name)
{
	const char *line = c->header;

	while (line && *line) {
		if (strncasecmp(line, name, strlen(name)) == 0)
			return line + strlen(name);
		line = strstr(line, "\r\n");
		line = line ? line + 2 : NULL;
	}
	return NULL;
}

static enum check_verdict done_sha256(struct check *c, uint64_t *number)
{
	const char *want = find_line(c, "X-Ringpost-SHA256: ");
	const char *run = find_line(c, "X-Ringpost-Number: ");
	uint8_t digest[32];
	char hex[65];

	if (run)
		*number = strtoull(run, NULL, 10);
	if (!want)
		return CHECK_WITHOUT;
	sha256_done(&c->hash, digest);
	sha256_hex(digest, hex);
	if (strncmp(want, hex, 64) != 0 || want[64] != '\r')
		damage(c, "the body does not have the promised SHA-256");
	return c->bad ? CHECK_DAMAGED : CHECK_INTACT;
}

/* Is the next line `name` and `value` (any printable bytes when NULL)? *at moves behind it. */
static bool is_line(const char **at, const char *name, const char *value)
{
	const char *end = strstr(*at, "\r\n"), *p = *at + strlen(name);

	if (!end || strncmp(*at, name, strlen(name)) != 0)
		return false;
	if (value && (strlen(value) != (size_t)(end - p) || strncmp(p, value, strlen(value)) != 0))
		return false;
	for (; p < end; p++)
		if (!isprint((unsigned char)*p))
			return false;
	*at = end + 2;
	return true;
}

static enum check_verdict done_source(struct check *c)
{
	const char *at = c->header;

	c->header[c->header_n] = '\0';
	if (!c->in_body || strlen(c->header) != c->header_n || !is_line(&at, "From: ", c->from) ||
	    !is_line(&at, "To: ", c->to) || !is_line(&at, "Date: ", NULL) ||
	    !is_line(&at, "Message-Id: <", NULL) || strcmp(at, "\r\n") != 0)
		damage(c, "the header is not the one smtp-source writes");
	if (c->body_n < pattern_n)
		damage(c, "the body is too short");
	return c->bad ? CHECK_DAMAGED : CHECK_INTACT;
}

enum check_verdict check_done(struct check *c, uint64_t *number)
{
	*number = 0;
	if (c->kind == CHECK_SHA256)
		return done_sha256(c, number);
	if (c->kind == CHECK_SOURCE)
		return done_source(c);
	return CHECK_INTACT;
}
