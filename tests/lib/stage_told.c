/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_told: what an auth service and the DNS say to a session on the stage, understood apart from
 * it.
 */
#include "tests/lib/stage_told.h"

#include "base/must.h"
#include "tests/lib/stage_laws.h"

#include <string.h>

struct verdict stage_told_verdict(const struct stage_actor *a, struct arena *store, struct str text)
{
	struct auth_http_query q = {0};
	struct auth_http_response r;
	struct buf in = buf_view(str_first(text, AUTH_HTTP_RESPONSE_MAX));

	if (a->session->phase == PHASE_AUTH)
		session_auth_query(a->session, &q);
	auth_http_response_init(&r, store, q.need_password);
	if (auth_http_response_next(&r, &in) != AUTH_HTTP_VERDICT)
		auth_http_response_eof(&r);
	return r.verdict;
}

void stage_told_refusal(struct stage_actor *a, const struct verdict *v)
{
	struct arena kept;

	arena_init(&kept, a->refused, sizeof(a->refused));
	a->refusal = (struct front_answer){.outcome = FRONT_REFUSED, .closes = !v->wait_s};
	if (arena_copy(&kept, v->error_code, &a->refusal.code) < 0 ||
	    arena_copy(&kept, v->error_text, &a->refusal.text) < 0 ||
	    arena_copy(&kept, v->error_sasl, &a->refusal.sasl) < 0)
		must_never("a response has its limit");
}

static bool is_plain_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!memchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-",
			    s.p[i], 64))
			return false;
	return s.n && s.n <= NAME_MAX_BYTES;
}

void stage_told_name(struct stage_actor *a, const struct name_query *q,
		     const struct name_answer *answer)
{
	const struct addr *client = &a->session->client;
	bool its = false;

	if (a->session->phase == PHASE_NAME_BACK)
		return;
	a->host = answer->outcome == NAME_FAILED ? STR("[TEMPUNAVAIL]") : STR("[UNAVAILABLE]");
	if (answer->outcome != NAME_FOUND)
		return;
	if (q->kind == NAME_OF_ADDRESS) {
		a->named_n = is_plain_name(answer->name) ? answer->name.n : 0;
		if (a->named_n)
			memcpy(a->named, answer->name.p, a->named_n);
		a->host = STR("[TEMPUNAVAIL]");
		return;
	}
	stage_laws_hold(str_eq(q->name, str_of(a->named, a->named_n)),
			"names: the name that is checked is the one that was found");
	for (uint32_t i = 0; i < answer->n_addresses; i++)
		its |= answer->addresses[i].family == client->family &&
		       !memcmp(answer->addresses[i].ip, client->ip,
			       client->family == ADDR_IP4 ? 4 : 16);
	if (its)
		a->host = str_of(a->named, a->named_n);
}
