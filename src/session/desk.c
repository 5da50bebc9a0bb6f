/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * desk: lays out the working memory of a session and wipes it afterwards.
 */
#include "session/desk.h"

#include "base/must.h"

enum {
	/* Room behind one reply of the backend for replies of our own. */
	TO_FRONT_EXTRA = 2 * FRONT_REPLY_MAX,
	/* Bytes of one side that may wait: a client that pipelines a message during its login,
	   or the relay's bytes for a reader that has stopped. */
	IN_BYTES = RELAY_HELD_MAX + RELAY_BULK_BYTES,
	STORE_EXTRA = 1024,
	/* HELO, MAIL, RCPT, user and password, each up to one line. */
	STORE_LINES = 4,
	/* MAIL and RCPT in one go, or one AUTH whose base64 grows by a third. */
	TO_BACK_LINES = 3,
};

struct layout {
	uint32_t to_front, to_back, store, in;
};

static struct layout layout_of(const struct session_sizes *z)
{
	return (struct layout){
		.to_front = z->proxy_buffer + TO_FRONT_EXTRA,
		.to_back = TO_BACK_LINES * z->client_buffer + 2 * BACK_COMMAND_EXTRA,
		.store = STORE_LINES * z->client_buffer + STORE_EXTRA,
		.in = z->client_buffer + z->proxy_buffer + IN_BYTES,
	};
}

size_t desk_bytes(const struct session_sizes *z)
{
	struct layout l = layout_of(z);

	return sizeof(struct desk) + l.to_front + l.to_back + l.store + AUTH_HTTP_RESPONSE_MAX +
	       2 * (size_t)l.in;
}

static uint8_t *carve(uint8_t **at, uint32_t n)
{
	uint8_t *p = *at;

	*at += n;
	return p;
}

struct desk *desk_get(struct session_env *env)
{
	struct desk *d = slab_get(&env->desks);
	struct layout l = layout_of(&env->sizes);
	uint8_t *at;

	must(d != NULL);
	at = d->bytes;
	out_init(&d->to_front.out, carve(&at, l.to_front), l.to_front);
	out_init(&d->to_back.out, carve(&at, l.to_back), l.to_back);
	d->to_front.sent = d->to_back.sent = 0;
	arena_init(&d->store, carve(&at, l.store), l.store);
	arena_init(&d->answer, carve(&at, AUTH_HTTP_RESPONSE_MAX), AUTH_HTTP_RESPONSE_MAX);
	for (int side = 0; side < 2; side++)
		buf_init(&d->in[side], carve(&at, l.in), l.in);
	d->server_name = str_none();
	d->n_servers = 0;
	d->login = (struct login){0};
	d->refusal = (struct front_answer){.outcome = FRONT_REFUSED};
	return d;
}

static void wipe_out(struct desk_out *o)
{
	buf_wipe_memory(o->out.base, o->out.n);
}

void desk_put(struct session_env *env, struct desk *d)
{
	wipe_out(&d->to_front);
	wipe_out(&d->to_back);
	arena_reset_to(&d->store, 0);
	arena_reset_to(&d->answer, 0);
	for (int side = 0; side < 2; side++) {
		buf_clear(&d->in[side]);
		buf_forget(&d->in[side]);
	}
	slab_put(&env->desks, d);
}

void desk_drop(struct desk *d, bool relay)
{
	for (int side = 0; side < 2; side++) {
		buf_clear(&d->in[side]);
		if (!relay)
			buf_forget(&d->in[side]);
	}
	if (relay)
		return;
	arena_reset_to(&d->store, 0);
	arena_reset_to(&d->answer, 0);
	d->login = (struct login){0};
}

bool desk_clear(const struct desk *d)
{
	return d->to_front.out.n == 0 && d->to_back.out.n == 0 && buf_len(&d->in[0]) == 0 &&
	       buf_len(&d->in[1]) == 0;
}

struct str desk_pending(const struct desk_out *o)
{
	return str_from(out_data(&o->out), o->sent);
}

size_t desk_sent(struct desk_out *o, size_t n)
{
	size_t own = desk_pending(o).n;

	if (n < own) {
		o->sent += n;
		return 0;
	}
	buf_wipe_memory(o->out.base, o->out.n);
	out_reset(&o->out);
	o->sent = 0;
	return n - own;
}
