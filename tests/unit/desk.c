/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of session/desk: sizes, writers that are sent in parts, and the wipe.
 */
#include "session/desk.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENT = 4096, PROXY = 8192, DESKS = 2 };

struct room {
	struct session_env env;
	size_t bytes;
	uint8_t *memory;
};

static struct room room_make(void)
{
	struct room r = {.env.sizes = {CLIENT, PROXY}};
	size_t slot = desk_bytes(&r.env.sizes);

	r.bytes = slab_bytes(DESKS, slot);
	r.memory = aligned_alloc(64, r.bytes);
	cr_assert_not_null(r.memory);
	memset(r.memory, 0, r.bytes);
	slab_init(&r.env.desks, r.memory, DESKS, slot);
	return r;
}

Test(desk, holds_what_the_buffers_of_the_configuration_need)
{
	struct room r = room_make();
	struct desk *d = desk_get(&r.env);

	cr_assert_geq(d->to_front.out.size, PROXY + 2 * FRONT_REPLY_MAX);
	cr_assert_geq(d->to_back.out.size, 3 * CLIENT + BACK_COMMAND_EXTRA);
	cr_assert_geq(d->store.size, 4 * CLIENT);
	cr_assert_eq(d->answer.size, AUTH_HTTP_RESPONSE_MAX);
	cr_assert_geq(d->in[SIDE_FRONT].size, CLIENT + RELAY_HELD_MAX);
	cr_assert_geq(d->in[SIDE_BACK].size, PROXY + RELAY_HELD_MAX);
	cr_assert_eq(session_desk_bytes(&r.env.sizes), desk_bytes(&r.env.sizes));
	desk_put(&r.env, d);
	free(r.memory);
}

Test(desk, parts_do_not_overlap)
{
	struct room r = room_make();
	struct desk *a = desk_get(&r.env), *b = desk_get(&r.env);

	memset(a->to_front.out.base, 1, a->to_front.out.size);
	memset(a->to_back.out.base, 2, a->to_back.out.size);
	memset(a->store.base, 3, a->store.size);
	memset(a->answer.base, 4, a->answer.size);
	memset(a->in[0].base, 5, a->in[0].size);
	memset(a->in[1].base, 6, a->in[1].size);
	cr_assert_eq(a->to_front.out.base[a->to_front.out.size - 1], 1);
	cr_assert_eq(a->to_back.out.base[a->to_back.out.size - 1], 2);
	cr_assert_eq(a->store.base[a->store.size - 1], 3);
	cr_assert_eq(a->answer.base[a->answer.size - 1], 4);
	cr_assert_eq(a->in[0].base[a->in[0].size - 1], 5);
	cr_assert_eq(a->in[1].base + a->in[1].size, (uint8_t *)a + desk_bytes(&r.env.sizes));
	cr_assert(desk_clear(b));
	desk_put(&r.env, a);
	desk_put(&r.env, b);
	free(r.memory);
}

Test(desk, a_writer_starts_anew_when_all_is_sent)
{
	struct room r = room_make();
	struct desk *d = desk_get(&r.env);

	cr_assert(desk_clear(d));
	out_lit(&d->to_front.out, "hello");
	cr_assert_not(desk_clear(d));
	cr_assert_eq(desk_sent(&d->to_front, 2), 0);
	cr_assert(str_eq(desk_pending(&d->to_front), STR("llo")));
	out_lit(&d->to_front.out, "!");
	cr_assert(str_eq(desk_pending(&d->to_front), STR("llo!")));
	cr_assert_eq(desk_sent(&d->to_front, 4 + 7), 7);
	cr_assert_eq(desk_pending(&d->to_front).n, 0);
	cr_assert(desk_clear(d));
	cr_assert_null(memmem(r.memory, r.bytes, "hello", 5), "replies may hold secrets");
	desk_put(&r.env, d);
	free(r.memory);
}

Test(desk, is_clear_when_nothing_waits_anywhere)
{
	struct room r = room_make();
	struct desk *d = desk_get(&r.env);

	for (int side = 0; side < 2; side++) {
		cr_assert_eq(buf_append(&d->in[side], STR("abc")), 3);
		cr_assert_not(desk_clear(d));
		buf_consume(&d->in[side], 3);
		cr_assert(desk_clear(d));
	}
	out_lit(&d->to_back.out, "x");
	cr_assert_not(desk_clear(d));
	desk_put(&r.env, d);
	free(r.memory);
}

Test(desk, takes_as_much_as_fits)
{
	struct room r = room_make();
	struct desk *d = desk_get(&r.env);
	size_t size = d->in[SIDE_BACK].size;
	uint8_t *bytes = calloc(1, size + 5);

	cr_assert_eq(buf_append(&d->in[SIDE_BACK], str_of(bytes, size + 5)), size);
	cr_assert_eq(buf_append(&d->in[SIDE_BACK], STR("x")), 0);
	cr_assert_eq(d->in[SIDE_BACK].high, size);
	desk_put(&r.env, d);
	free(bytes);
	free(r.memory);
}

Test(desk, forgets_what_was_consumed_and_keeps_what_waits)
{
	struct room r = room_make();
	struct desk *d = desk_get(&r.env);
	struct buf *in = &d->in[SIDE_FRONT];

	cr_assert_eq(buf_append(&d->in[SIDE_FRONT], STR("password next")), 13);
	buf_consume(in, 9);
	/* What lies behind the waiting bytes was once moved down from there. */
	cr_assert_eq(buf_append(&d->in[SIDE_FRONT], STR("password")), 8);
	in->tail -= 8;
	buf_forget(&d->in[SIDE_FRONT]);
	cr_assert(str_eq(buf_data(in), STR("next")));
	cr_assert_null(memmem(r.memory, r.bytes, "password", 8));
	cr_assert_eq(d->in[SIDE_FRONT].high, in->tail);
	buf_forget(&d->in[SIDE_FRONT]);
	cr_assert(str_eq(buf_data(in), STR("next")));
	desk_put(&r.env, d);
	free(r.memory);
}

Test(desk, what_was_written_is_wiped_when_it_is_put_back)
{
	struct room r = room_make();
	struct desk *d = desk_get(&r.env);
	struct str copy;

	out_lit(&d->to_front.out, "to the client");
	out_lit(&d->to_back.out, "to the backend");
	cr_assert_eq(arena_copy(&d->store, STR("in the store"), &copy), 0);
	cr_assert_eq(arena_copy(&d->answer, STR("in the answer"), &copy), 0);
	cr_assert_eq(buf_append(&d->in[SIDE_FRONT], STR("from the client")), 15);
	cr_assert_eq(buf_append(&d->in[SIDE_BACK], STR("from the backend")), 16);
	buf_clear(&d->in[SIDE_FRONT]);
	desk_put(&r.env, d);
	cr_assert_null(memmem(r.memory, r.bytes, " the ", 5));
	cr_assert_eq(desk_get(&r.env), d);
	cr_assert(desk_clear(d));
	desk_put(&r.env, d);
	free(r.memory);
}

Test(desk, there_is_one_for_each_session, .signal = SIGABRT)
{
	struct room r = room_make();

	for (int i = 0; i <= DESKS; i++)
		desk_get(&r.env);
}
