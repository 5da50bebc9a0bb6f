/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules: reads the sink's --reply and --close-at. Owns nothing: the texts belong to the command
 * line.
 */
#include "tools/lib/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[RULES_STAGES] = {"connect", "helo", "xclient", "auth",
						"mail",    "rcpt", "data",    "end",
						"rset",    "noop", "quit"};

static enum rules_stage stage_of(const char *text, size_t n)
{
	for (int i = 0; i < RULES_STAGES; i++)
		if (strlen(names[i]) == n && memcmp(names[i], text, n) == 0)
			return (enum rules_stage)i;
	fprintf(stderr, "\"%.*s\" is no stage; stages are:", (int)n, text);
	for (int i = 0; i < RULES_STAGES; i++)
		fprintf(stderr, " %s", names[i]);
	fputc('\n', stderr);
	exit(1);
}

void rules_reply(struct rules *r, const char *text)
{
	size_t n = strcspn(text, "=");
	enum rules_stage stage = stage_of(text, n);

	if (text[n] == '\0') {
		fprintf(stderr, "--reply takes STAGE=TEXT, as in --reply 'rcpt=450 4.2.0 Later'\n");
		exit(1);
	}
	r->reply[stage] = text + n + 1;
}

void rules_close(struct rules *r, const char *stage)
{
	r->close_at[stage_of(stage, strlen(stage))] = true;
}
