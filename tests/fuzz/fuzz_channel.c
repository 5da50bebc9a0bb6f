/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_channel: every input as what a peer sends, to a server that asks for certificates or not, or
 * to a client; the first byte says to whom and in which steps. Every call uses all of its input or
 * says why not, a channel that has failed stays so, and all memory comes back.
 */
#include "base/must.h"
#include "tests/lib/tls_pair.h"
#include "tls/library.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { SERVER, ASKING_SERVER, CLIENT, SIDES };

static struct acceptor *acceptors[2];
static struct connector *connector;

static void set_up(void)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct tls_identity both[2];

	both[0] = *pair_identity("ecdsa");
	both[1] = *pair_identity("rsa");
	ac.identities = (struct tls_identities){both, 2};
	acceptors[0] = pair_acceptor(&ac);
	ac.verify = TLS_VERIFY_OPTIONAL;
	ac.client_ca = pair_file("ca.pem");
	acceptors[1] = pair_acceptor(&ac);
	kc.verify = true;
	kc.trusted_ca = ac.client_ca;
	kc.name = STR("mx.test");
	connector = pair_connector(&kc);
}

/* One step of whatever is due. */
static enum channel_ev step(struct channel *c, struct buf *in)
{
	static uint8_t room[4 * CHANNEL_OUT_MIN], plain[4096];
	struct channel_plain p = {.p = plain, .room = sizeof(plain)};
	struct out out;
	enum channel_ev ev;

	out_init(&out, room, sizeof(room));
	ev = channel_is_up(c) ? channel_read(c, in, &out, &p) : channel_handshake(c, in, &out);
	must(!out_overflow(&out));
	must(ev != CHANNEL_FULL);
	must(ev != CHANNEL_MORE || buf_len(in) == 0);
	must((ev == CHANNEL_FAILED) == !channel_is_sound(c));
	return ev;
}

static void feed(struct channel *c, struct str bytes, size_t at_once)
{
	enum channel_ev ev = CHANNEL_MORE;

	while (bytes.n != 0 && ev != CHANNEL_FAILED && ev != CHANNEL_CLOSED) {
		struct str now = str_first(bytes, at_once);
		struct buf in = buf_view(now);

		bytes = str_from(bytes, now.n);
		do
			ev = step(c, &in);
		while (ev == CHANNEL_PLAIN || ev == CHANNEL_UP);
	}
	if (ev == CHANNEL_FAILED)
		must(channel_why(c).n != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str bytes = str_of(data, n);
	uint64_t before;
	struct channel c = {0};
	unsigned side;

	if (connector == NULL)
		set_up();
	if (n < 2)
		return 0;
	before = library_memory();
	side = data[0] % SIDES;
	if (side == CLIENT)
		must(channel_connect(&c, connector, NULL, 1) == 0);
	else
		channel_accept(&c, acceptors[side == ASKING_SERVER]);
	if (side == CLIENT) {
		struct buf none = buf_view(str_none());

		must(step(&c, &none) == CHANNEL_MORE);
	}
	feed(&c, str_from(bytes, 1), data[0] < 128 ? n : (size_t)data[0] - 127);
	channel_close(&c);
	must(library_memory() == before);
	return 0;
}
