/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_told: what an auth service and the DNS say to a session on the stage, understood apart from
 * it.
 */
#ifndef TESTS_LIB_STAGE_TOLD_H
#define TESTS_LIB_STAGE_TOLD_H

#include "tests/lib/stage.h"

/* What auth_http_response makes of it. */
struct verdict stage_told_verdict(const struct stage_actor *a, struct arena *store,
				  struct str text);

/* A refusal that is to be said after Auth-Wait. */
void stage_told_refusal(struct stage_actor *a, const struct verdict *v);

/* What is believed of what the DNS says about the client becomes a->host. */
void stage_told_name(struct stage_actor *a, const struct name_query *q,
		     const struct name_answer *answer);

#endif
