/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel: one TLS connection over memory: cipher bytes in and out, plain bytes in and out.
 *
 * Owns wolfSSL's connection and, before that is there, the pieces of a ClientHello. wolfSSL reads
 * from the `in` of the present call and writes to its `out`; every record passes the watchman
 * here, so that no peer can keep it busy for ever (RFC 8446 sections 4.6.3, 5 and 5.1).
 */
#include "tls/channel.h"

#include "base/machine.h"
#include "base/must.h"
#include "tls/acceptor_state.h"
#include "tls/ciphers.h"
#include "tls/connector_state.h"
#include "tls/errors.h"
#include "tls/hello.h"
#include "tls/peer.h"

#include <stdlib.h>
#include <string.h>

enum {
	HANDSHAKE_RECORDS_MAX = 256, /* of the peer */
	IDLE_RECORDS_MAX = 32,       /* without a byte of data: key updates, tickets, empty ones */
	CCS_MAX = 2,                 /* one, and in TLS 1.3 one more after a HelloRetryRequest */
	EARLY_STEP = 1024,
	TAG = 16, /* bytes, of every suite of TLS 1.3 that we speak */
};

enum state {
	STATE_NONE, /* zeroed, or closed */
	STATE_HELLO,
	STATE_HANDSHAKE,
	STATE_UP,
	STATE_ENDED, /* the peer has said close_notify */
	STATE_FAILED,
};

static const struct machine_state states[] = {
	[STATE_NONE] = {"none", 0},
	[STATE_HELLO] = {"hello", 1U << STATE_NONE},
	[STATE_HANDSHAKE] = {"handshake", 1U << STATE_NONE | 1U << STATE_HELLO},
	[STATE_UP] = {"up", 1U << STATE_HANDSHAKE},
	[STATE_ENDED] = {"ended", 1U << STATE_UP},
	[STATE_FAILED] = {"failed", 1U << STATE_HELLO | 1U << STATE_HANDSHAKE | 1U << STATE_UP},
};
MACHINE(channel_machine, "channel", states);

enum { CHANGE_CIPHER_SPEC = 20 }; /* RFC 8446 section 5.1 */

/* Reasons of our own, beyond wolfSSL's numbers, which are negative or small. */
enum why {
	WHY_HELLO = 100000,
	WHY_PLAIN,
	WHY_ALPN,
	WHY_MEMORY,
	WHY_LONG,
	WHY_RECORDS,
	WHY_BARE,
	WHY_CERTIFICATE,
};

/* A ClientHello that comes in pieces, and what came with its last one. */
struct channel_early {
	size_t n, at, room;
	uint8_t bytes[];
};

/* What the peer has ended stays ended, whatever becomes of our words to it. */
static enum channel_ev fail(struct channel *c, int why)
{
	c->error = why;
	if (c->state != STATE_ENDED)
		machine_enter(&channel_machine, &c->state, STATE_FAILED);
	return CHANNEL_FAILED;
}

static WOLFSSL *wolf(const struct channel *c)
{
	return (WOLFSSL *)c->wolf;
}

static void forget_early(struct channel *c)
{
	if (c->early != NULL)
		buf_wipe_memory(c->early->bytes, c->early->n);
	free(c->early);
	c->early = NULL;
}

/* --- what wolfSSL reads and writes -------------------------------------------------------- */

/* A record of TLS 1.3 that has a tag and nothing within, not even its type (RFC 8446 section 5.2):
 * wolfSSL before 5.7.0 looks for that in memory that is not the record's (CVE-2024-0901). As long
 * as we have said nothing, there are no keys yet. */
static bool is_bare(const struct channel *c)
{
	return c->record_left == TAG && c->header[0] != CHANGE_CIPHER_SPEC && c->spoke &&
	       wolfSSL_version(wolf(c)) == TLS1_3_VERSION;
}

/* A record begins. 0: fine, or why it must end. */
static int count_record(struct channel *c)
{
	c->record_left = (uint16_t)(c->header[3] << 8 | c->header[4]);
	c->header_n = 0;
	c->idle++;
	if (c->header[0] == CHANGE_CIPHER_SPEC && ++c->ccs > CCS_MAX)
		return WHY_RECORDS;
	if (c->idle > (c->state == STATE_HANDSHAKE ? HANDSHAKE_RECORDS_MAX : IDLE_RECORDS_MAX))
		return WHY_RECORDS;
	return is_bare(c) ? WHY_BARE : 0;
}

/* Follow the records that pass. 0: fine, or why it must end. */
static int watch(struct channel *c, struct str s)
{
	if (c->state == STATE_HANDSHAKE) {
		c->taken += (uint32_t)s.n;
		if (c->taken > CHANNEL_HANDSHAKE_IN_MAX)
			return WHY_LONG;
	}
	while (s.n != 0) {
		size_t n = 1;

		if (c->record_left != 0) {
			n = s.n < c->record_left ? s.n : c->record_left;
			c->record_left = (uint16_t)(c->record_left - n);
		} else {
			int why = 0;

			c->header[c->header_n++] = s.p[0];
			if (c->header_n == sizeof(c->header))
				why = count_record(c);
			if (why != 0)
				return why;
		}
		s = str_from(s, n);
	}
	return 0;
}

static int receive(WOLFSSL *ssl, char *to, int size, void *context)
{
	struct channel *c = context;
	struct channel_early *e = c->early;
	struct str s = e != NULL ? str_of(e->bytes + e->at, e->n - e->at) : buf_data(c->in);

	(void)ssl;
	s = str_first(s, size < 0 ? 0 : (size_t)size);
	if (s.n == 0)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	c->error = watch(c, s);
	if (c->error != 0)
		return WOLFSSL_CBIO_ERR_GENERAL;
	memcpy(to, s.p, s.n);
	if (e == NULL) {
		buf_consume(c->in, s.n);
	} else {
		e->at += s.n;
		if (e->at == e->n)
			forget_early(c);
	}
	return (int)s.n;
}

static int transmit(WOLFSSL *ssl, char *from, int size, void *context)
{
	struct channel *c = context;
	struct str s = str_first(str_of(from, size < 0 ? 0 : (size_t)size), out_room(c->out));

	(void)ssl;
	if (s.n == 0)
		return WOLFSSL_CBIO_ERR_WANT_WRITE;
	out_str(c->out, s);
	c->spoke = true;
	return (int)s.n;
}

/* wolfSSL's connection of that context. -1: no memory. */
static int begin(struct channel *c, WOLFSSL_CTX *ctx)
{
	c->wolf = (struct wolf *)wolfSSL_new(ctx);
	if (c->wolf == NULL)
		return -1;
	wolfSSL_SSLSetIORecv(wolf(c), receive);
	wolfSSL_SSLSetIOSend(wolf(c), transmit);
	wolfSSL_SetIOReadCtx(wolf(c), c);
	wolfSSL_SetIOWriteCtx(wolf(c), c);
	wolfSSL_SetCertCbCtx(wolf(c), c);
	return 0;
}

/* A fatal alert in plain text, where wolfSSL is not there to write it (RFC 8446 section 6). */
static enum channel_ev refuse(struct channel *c, uint8_t alert, int why)
{
	out_str(c->out, STR("\x15\x03\x03\x00\x02\x02"));
	out_byte(c->out, alert);
	return fail(c, why);
}

/* What a result that is not success means. */
static enum channel_ev judge(struct channel *c, int result)
{
	int error = wolfSSL_get_error(wolf(c), result);

	switch (error) {
	case WOLFSSL_ERROR_WANT_READ:
		return CHANNEL_MORE;
	case WOLFSSL_ERROR_WANT_WRITE:
		return CHANNEL_FULL;
	case WOLFSSL_ERROR_ZERO_RETURN:
		if (c->state != STATE_UP)
			break;
		machine_enter(&channel_machine, &c->state, STATE_ENDED);
		return CHANNEL_CLOSED;
	default:
		break;
	}
	if (c->connector != NULL && c->verify_error != TRUST_OK)
		error = WHY_CERTIFICATE;
	/* wolfSSL says nothing then, before there are any keys */
	if (c->error == 0 && (error == MATCH_SUITE_ERROR || error == UNSUPPORTED_SUITE))
		return refuse(c, 40, error);
	return fail(c, c->error != 0 ? c->error : error);
}

/* --- the handshake ------------------------------------------------------------------------ */

void channel_accept(struct channel *c, const struct acceptor *a)
{
	*c = (struct channel){.acceptor = a};
	machine_enter(&channel_machine, &c->state, STATE_HELLO);
}

int channel_connect(struct channel *c, const struct connector *k,
		    struct connector_sessions *sessions, uint64_t peer)
{
	*c = (struct channel){
		.connector = k,
		.sessions = k->session_reuse ? sessions : NULL,
		/* what one connector has trusted is not another's to resume */
		.peer = peer ^ (uint64_t)(uintptr_t)k * 0x9e3779b97f4a7c15U,
	};
	if (begin(c, k->ctx) != 0)
		return -1;
	if ((k->says_name && wolfSSL_UseSNI(wolf(c), WOLFSSL_SNI_HOST_NAME, k->name,
					    (unsigned short)strlen(k->name)) != WOLFSSL_SUCCESS)) {
		channel_close(c);
		return -1;
	}
	if (c->sessions != NULL)
		c->offered = connector_resume(c->sessions, c->peer, wolf(c));
	machine_enter(&channel_machine, &c->state, STATE_HANDSHAKE);
	return 0;
}

/* Keep what there is of a ClientHello that is not whole. -1: no memory. */
static int keep_early(struct channel *c)
{
	struct str s = buf_data(c->in);
	struct channel_early *e = c->early;
	size_t had = e == NULL ? 0 : e->n;

	s = str_first(s, HELLO_MAX - had);
	if (e == NULL || e->room - had < s.n) {
		size_t room = (had + s.n + EARLY_STEP - 1) / EARLY_STEP * EARLY_STEP;

		e = malloc(sizeof(*e) + room);
		if (e == NULL)
			return -1;
		*e = (struct channel_early){.n = had, .room = room};
		if (had != 0)
			memcpy(e->bytes, c->early->bytes, had);
		forget_early(c);
		c->early = e;
	}
	memcpy(e->bytes + e->n, s.p, s.n);
	e->n += s.n;
	buf_consume(c->in, s.n);
	return 0;
}

/* The ClientHello is whole: now we know which context answers it. */
static enum channel_ev meet(struct channel *c, const struct hello *h)
{
	const struct acceptor *a = c->acceptor;
	char alpn[16];

	if (a->alpn.n != 0 && !hello_speaks(h, a->alpn))
		return refuse(c, 120, WHY_ALPN);
	if (begin(c, acceptor_choose(a, h)) != 0 || suites_limit(&a->suites, wolf(c)) != 0)
		return fail(c, WHY_MEMORY);
	if (h->alpn.n != 0 && a->alpn.n != 0 && a->alpn.n <= sizeof(alpn)) {
		memcpy(alpn, a->alpn.p, a->alpn.n);
		if (wolfSSL_UseALPN(wolf(c), alpn, (unsigned)a->alpn.n,
				    WOLFSSL_ALPN_FAILED_ON_MISMATCH) != WOLFSSL_SUCCESS)
			return fail(c, WHY_MEMORY);
	}
	machine_enter(&channel_machine, &c->state, STATE_HANDSHAKE);
	return CHANNEL_UP;
}

/* CHANNEL_UP: wolfSSL may begin. */
static enum channel_ev greet(struct channel *c)
{
	uint8_t store[HELLO_MAX];
	struct hello h;
	struct str s;

	if (c->early != NULL && keep_early(c) != 0)
		return fail(c, WHY_MEMORY);
	s = c->early != NULL ? str_of(c->early->bytes, c->early->n) : buf_data(c->in);
	if (s.n == 0)
		return CHANNEL_MORE;
	switch (hello_read(str_first(s, HELLO_MAX), store, &h)) {
	case HELLO_WHOLE:
		return meet(c, &h);
	case HELLO_MORE:
		if (s.n >= HELLO_MAX)
			break;
		if (c->early == NULL && keep_early(c) != 0)
			return fail(c, WHY_MEMORY);
		return CHANNEL_MORE;
	case HELLO_BAD:
		if (s.p[0] != 22)
			return fail(c, WHY_PLAIN);
		break;
	}
	return refuse(c, 50, WHY_HELLO);
}

enum channel_ev channel_handshake(struct channel *c, struct buf *in, struct out *out)
{
	int result;

	must(c->state != STATE_NONE && c->state != STATE_UP && c->state != STATE_ENDED);
	if (c->state == STATE_FAILED)
		return CHANNEL_FAILED;
	if (out_room(out) < CHANNEL_OUT_MIN)
		return CHANNEL_FULL;
	c->in = in;
	c->out = out;
	if (c->state == STATE_HELLO) {
		enum channel_ev ev = greet(c);

		if (ev != CHANNEL_UP)
			return ev;
	}
	result = c->acceptor != NULL ? wolfSSL_accept(wolf(c)) : wolfSSL_connect(wolf(c));
	if (result != WOLFSSL_SUCCESS)
		return judge(c, result);
	c->resumed = wolfSSL_session_reused(wolf(c)) == 1;
	if (c->connector != NULL && c->connector->trust != NULL && !c->resumed && !c->verified)
		return fail(c, WHY_CERTIFICATE);
	machine_enter(&channel_machine, &c->state, STATE_UP);
	c->idle = 0;
	return CHANNEL_UP;
}

/* --- data --------------------------------------------------------------------------------- */

/* Tickets of TLS 1.3 come behind the handshake, mostly before the first byte of data. */
static void keep_session(struct channel *c)
{
	if (c->kept || c->sessions == NULL)
		return;
	connector_keep(c->sessions, c->peer, wolf(c), c->offered);
	c->kept = true;
}

enum channel_ev channel_read(struct channel *c, struct buf *in, struct out *out,
			     struct channel_plain *plain)
{
	int result;

	plain->n = 0;
	if (c->state == STATE_ENDED)
		return CHANNEL_CLOSED;
	if (c->state == STATE_FAILED)
		return CHANNEL_FAILED;
	must(c->state == STATE_UP && plain->room != 0);
	if (out_room(out) < CHANNEL_OUT_MIN)
		return CHANNEL_FULL;
	c->in = in;
	c->out = out;
	do {
		size_t room = plain->room - plain->n;

		result = wolfSSL_read(wolf(c), plain->p + plain->n,
				      room > CHANNEL_RECORD_MAX ? CHANNEL_RECORD_MAX : (int)room);
		if (result > 0) {
			plain->n += (size_t)result;
			c->idle = 0;
			keep_session(c);
		}
	} while (result > 0 && plain->n < plain->room);
	if (result <= 0) {
		enum channel_ev ev = judge(c, result);

		return plain->n == 0 ? ev : CHANNEL_PLAIN;
	}
	return CHANNEL_PLAIN;
}

/* The peer may want shorter ones (RFC 6066 section 4). One call of wolfSSL must not write several:
 * together they might not find room, and half of them cannot be taken back. */
static size_t record_max(const struct channel *c)
{
	int n = wolfSSL_GetMaxOutputSize(wolf(c));

	return n > 0 && n < CHANNEL_RECORD_MAX ? (size_t)n : CHANNEL_RECORD_MAX;
}

size_t channel_write(struct channel *c, struct str plain, struct out *out)
{
	struct buf none = buf_view(str_none());
	size_t done = 0, max;

	if (!channel_is_up(c) || c->error != 0)
		return 0;
	c->in = &none;
	c->out = out;
	max = record_max(c);
	while (done < plain.n) {
		struct str s = str_first(str_from(plain, done), max);
		int result;

		if (out_room(out) < s.n + CHANNEL_OVERHEAD_MAX)
			break;
		result = wolfSSL_write(wolf(c), s.p, (int)s.n);
		if (result <= 0) {
			(void)fail(c, wolfSSL_get_error(wolf(c), result));
			break;
		}
		done += (size_t)result;
	}
	return done;
}

void channel_bye(struct channel *c, struct out *out)
{
	struct buf none = buf_view(str_none());

	if (!channel_is_up(c) || c->said_bye)
		return;
	c->in = &none;
	c->out = out;
	(void)wolfSSL_shutdown(wolf(c));
	c->said_bye = true;
}

void channel_close(struct channel *c)
{
	if (channel_is_up(c))
		keep_session(c);
	else if (c->sessions != NULL && (c->state == STATE_HANDSHAKE || c->state == STATE_FAILED))
		connector_forget(c->sessions, c->peer);
	if (c->wolf != NULL)
		wolfSSL_free(wolf(c));
	forget_early(c);
	free(c->certificate);
	buf_wipe_memory(c, sizeof(*c));
}

bool channel_is_up(const struct channel *c)
{
	return c->state == STATE_UP || c->state == STATE_ENDED;
}

bool channel_is_sound(const struct channel *c)
{
	return c->error == 0;
}

/* --- what there is to say about it -------------------------------------------------------- */

/* The alert that has ended it. */
static struct str received(const struct channel *c)
{
	WOLFSSL_ALERT_HISTORY h;

	if (c->wolf == NULL || wolfSSL_get_alert_history(wolf(c), &h) != WOLFSSL_SUCCESS)
		return STR("alert received");
	return errors_alert(h.last_rx.code);
}

struct str channel_why(const struct channel *c)
{
	switch (c->error) {
	case WHY_HELLO:
		return STR("no ClientHello");
	case WHY_PLAIN:
		return STR("plain text, or an SSL 2.0 ClientHello");
	case WHY_ALPN:
		return STR("no application protocol");
	case WHY_MEMORY:
		return STR("no memory");
	case WHY_LONG:
		return STR("handshake too long");
	case WHY_RECORDS:
		return STR("too many records without data");
	case WHY_BARE:
		return STR("record without a content type");
	case WHY_CERTIFICATE:
		return c->verified ? trust_text((enum trust_error)c->verify_error)
				   : STR("no certificate came");
	case FATAL_ERROR:
		return received(c);
	default:
		return errors_text(c->error);
	}
}

bool channel_is_resumed(const struct channel *c)
{
	return c->resumed;
}

struct channel_verified channel_verified(const struct channel *c)
{
	bool asked = c->acceptor != NULL ? c->acceptor->trust != NULL
					 : c->connector != NULL && c->connector->trust != NULL;

	return (struct channel_verified){
		.asked = asked,
		.came = c->verified,
		.error = c->verify_error,
		.text = trust_text((enum trust_error)c->verify_error),
	};
}

enum channel_client channel_judge(const struct channel *c)
{
	enum tls_verify rule = c->acceptor == NULL ? TLS_VERIFY_OFF : c->acceptor->verify;
	enum trust_error error = (enum trust_error)c->verify_error;

	if (rule == TLS_VERIFY_OFF)
		return CHANNEL_CLIENT_OK;
	if (error != TRUST_OK && !(rule == TLS_VERIFY_OPTIONAL_NO_CA && trust_is_unknown(error)))
		return CHANNEL_CLIENT_BAD;
	return rule == TLS_VERIFY_ON && !c->verified ? CHANNEL_CLIENT_NONE : CHANNEL_CLIENT_OK;
}

/* "SUCCESS", "NONE", "FAILED:reason" */
static struct str verdict(const struct channel *c, struct arena *a)
{
	struct str text = trust_text((enum trust_error)c->verify_error);
	struct out out;

	if (!c->verified)
		return STR("NONE");
	if (c->verify_error == TRUST_OK)
		return STR("SUCCESS");
	out_init(&out, arena_take(a, 7 + text.n), 7 + text.n);
	if (out.base == NULL)
		return STR("FAILED");
	out_lit(&out, "FAILED:");
	out_str(&out, text);
	return out_data(&out);
}

void channel_facts(const struct channel *c, struct arena *a, struct auth_http_tls *facts)
{
	const struct cipher *cipher;

	*facts = (struct auth_http_tls){0};
	if (!channel_is_up(c))
		return;
	facts->protocol = str_cstr(wolfSSL_get_version(wolf(c)));
	cipher = ciphers_find((uint16_t)wolfSSL_get_current_cipher_suite(wolf(c)));
	if (cipher != NULL)
		facts->cipher = str_cstr(cipher->openssl);
	if (c->acceptor == NULL || c->acceptor->trust == NULL)
		return;
	facts->verify = verdict(c, a);
	if (c->certificate != NULL)
		peer_describe(str_of(c->certificate->der, c->certificate->n), a, facts);
}
