/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ticket: the keys that session tickets are sealed with (RFC 5077, RFC 8446 section 4.6.1).
 *
 * Owns the keys, which are wiped. A ticket is encrypted with AES-CBC and then authenticated with
 * HMAC-SHA-256 (RFC 5077 section 4), together with what it is good for: a server{} takes its own
 * only. Random keys seal for one period and open for one more.
 */
#include "tls/ticket.h"

#include "base/buf.h"
#include "tls/errors.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/wc_port.h>

enum {
	NAME = 16,
	SHORT = 48, /* name, AES-128, HMAC: NGINX's files */
	LONG = 80,  /* name, HMAC, AES-256 */
	HASH = 32,
	BLOCK = 16,
	STAMP = 4, /* seconds since 1970, when it was sealed */
	WEEK_S = 7 * 24 * 3600,
	PERIOD_S = 8 * 3600, /* of random keys */
};

struct key {
	uint8_t name[NAME];
	uint8_t aes[32], hmac[32];
	uint32_t length; /* of either */
};

struct ticket_keys {
	uint8_t context[HASH]; /* of the server{} that they are good for */
	uint32_t timeout_s;
	bool random;       /* two keys, guarded by the mutex */
	int64_t changed_s; /* when random ones were made */
	wolfSSL_Mutex mutex;
	uint32_t n;
	struct key keys[]; /* the first seals */
};

static int64_t now(void)
{
	time_t t = 0;

	return wc_GetTime(&t, sizeof(t)) == 0 ? (int64_t)t : 0;
}

/* --- the keys ----------------------------------------------------------------------------- */

static bool make_key(struct key *k, WC_RNG *rng)
{
	k->length = 32;
	return wc_RNG_GenerateBlock(rng, k->name, sizeof(k->name)) == 0 &&
	       wc_RNG_GenerateBlock(rng, k->aes, sizeof(k->aes)) == 0 &&
	       wc_RNG_GenerateBlock(rng, k->hmac, sizeof(k->hmac)) == 0;
}

static int make_first(struct ticket_keys *k)
{
	WC_RNG rng;
	int rc;

	k->random = true;
	k->changed_s = now();
	k->n = 2;
	if (wc_InitRng(&rng) != 0)
		return -1;
	rc = make_key(&k->keys[0], &rng) && make_key(&k->keys[1], &rng) ? 0 : -1;
	(void)wc_FreeRng(&rng);
	return rc;
}

static int read_key(struct key *k, const struct tls_file *f, struct tls_error *e)
{
	const uint8_t *p = f->bytes.p;

	if (f->bytes.n != SHORT && f->bytes.n != LONG) {
		errors_say(e, STR("cannot load session ticket key"), f->name,
			   STR("it must have 48 or 80 bytes"));
		return -1;
	}
	memcpy(k->name, p, NAME);
	k->length = f->bytes.n == SHORT ? 16 : 32;
	memcpy(f->bytes.n == SHORT ? k->aes : k->hmac, p + NAME, k->length);
	memcpy(f->bytes.n == SHORT ? k->hmac : k->aes, p + NAME + k->length, k->length);
	return 0;
}

struct ticket_keys *ticket_open(const struct tls_acceptor_conf *conf, struct tls_error *e)
{
	uint32_t n = conf->n_ticket_keys;
	size_t size = sizeof(struct ticket_keys) + (n < 2 ? 2 : n) * sizeof(struct key);
	struct ticket_keys *k = calloc(1, size);
	bool ok = k != NULL && wc_InitMutex(&k->mutex) == 0;

	if (!ok) {
		free(k);
		errors_say(e, STR("no memory"), str_none(), str_none());
		return NULL;
	}
	/* RFC 8446 section 4.6.1: a week */
	k->timeout_s = conf->session_timeout_s < WEEK_S ? conf->session_timeout_s : WEEK_S;
	if (wc_Sha256Hash(conf->context.p, (word32)conf->context.n, k->context) != 0)
		ok = false;
	for (uint32_t i = 0; ok && i < n; i++) {
		ok = read_key(&k->keys[i], &conf->ticket_keys[i], e) == 0;
		k->n++;
	}
	if (ok && n == 0 && make_first(k) != 0) {
		errors_say(e, STR("cannot make keys for session tickets"), str_none(), str_none());
		ok = false;
	}
	if (!ok) {
		ticket_close(k);
		return NULL;
	}
	return k;
}

void ticket_close(struct ticket_keys *k)
{
	if (k == NULL)
		return;
	(void)wc_FreeMutex(&k->mutex);
	buf_wipe_memory(k->keys, (k->n < 2 ? 2 : k->n) * sizeof(k->keys[0]));
	free(k);
}

/* Random keys that have sealed for a period only open from now on. */
static void renew(struct ticket_keys *k, WOLFSSL *ssl)
{
	int64_t age = now() - k->changed_s;
	struct key fresh;

	if (age < PERIOD_S || !make_key(&fresh, wolfSSL_GetRNG(ssl)))
		return;
	if (age < 2 * PERIOD_S)
		k->keys[1] = k->keys[0];
	else /* nobody was here for long: the old one is too old to open, too */
		(void)make_key(&k->keys[1], wolfSSL_GetRNG(ssl));
	k->keys[0] = fresh;
	k->changed_s = now();
	buf_wipe_memory(&fresh, sizeof(fresh));
}

/* A copy of the key with that name (NULL: the one that seals). -1: there is none, else its place.
 * The caller wipes the copy. */
static int find(struct ticket_keys *k, WOLFSSL *ssl, const uint8_t *name, struct key *copy)
{
	int found = -1;

	if (k->random && wc_LockMutex(&k->mutex) != 0)
		return -1;
	if (k->random)
		renew(k, ssl);
	for (uint32_t i = 0; i < k->n && found < 0; i++)
		if (name == NULL || memcmp(name, k->keys[i].name, NAME) == 0) {
			*copy = k->keys[i];
			found = (int)i;
		}
	if (k->random)
		(void)wc_UnLockMutex(&k->mutex);
	return found;
}

/* --- tickets ------------------------------------------------------------------------------ */

/* One that is sealed, or being so. */
struct ticket {
	const uint8_t *name, *iv;
	uint8_t *bytes;
	int n;
};

static bool authenticate(const struct ticket_keys *k, const struct key *key, const struct ticket *t,
			 uint8_t mac[HASH])
{
	const uint8_t length[2] = {(uint8_t)(t->n >> 8), (uint8_t)t->n};
	Hmac h;
	bool ok;

	if (wc_HmacInit(&h, NULL, INVALID_DEVID) != 0)
		return false;
	ok = wc_HmacSetKey(&h, WC_SHA256, key->hmac, key->length) == 0 &&
	     wc_HmacUpdate(&h, k->context, HASH) == 0 && wc_HmacUpdate(&h, t->name, NAME) == 0 &&
	     wc_HmacUpdate(&h, t->iv, BLOCK) == 0 && wc_HmacUpdate(&h, length, 2) == 0 &&
	     wc_HmacUpdate(&h, t->bytes, (word32)t->n) == 0 && wc_HmacFinal(&h, mac) == 0;
	wc_HmacFree(&h);
	return ok;
}

static bool encrypt(const struct key *key, const struct ticket *t)
{
	Aes aes;
	bool ok;

	if (wc_AesInit(&aes, NULL, INVALID_DEVID) != 0)
		return false;
	ok = wc_AesSetKey(&aes, key->aes, key->length, t->iv, AES_ENCRYPTION) == 0 &&
	     wc_AesCbcEncrypt(&aes, t->bytes, t->bytes, (word32)t->n) == 0;
	wc_AesFree(&aes);
	return ok;
}

static bool decrypt(const struct key *key, const struct ticket *t)
{
	Aes aes;
	bool ok;

	if (wc_AesInit(&aes, NULL, INVALID_DEVID) != 0)
		return false;
	ok = wc_AesSetKey(&aes, key->aes, key->length, t->iv, AES_DECRYPTION) == 0 &&
	     wc_AesCbcDecrypt(&aes, t->bytes, t->bytes, (word32)t->n) == 0;
	wc_AesFree(&aes);
	return ok;
}

static bool same(const uint8_t *a, const uint8_t *b)
{
	uint8_t differs = 0;

	for (int i = 0; i < HASH; i++)
		differs = (uint8_t)(differs | (a[i] ^ b[i]));
	return differs == 0;
}

/* The bytes get a stamp and padding, so that they are whole blocks; the last byte says how much. */
static int pad(uint8_t *bytes, int n, int room)
{
	int more = STAMP + BLOCK - (n + STAMP) % BLOCK;
	int64_t t = now();

	if (n + more > room)
		return -1;
	memset(bytes + n, more, (size_t)more);
	for (int i = 0; i < STAMP; i++)
		bytes[n + i] = (uint8_t)(t >> (24 - 8 * i));
	return n + more;
}

/* How many bytes there were; -1: it is too old, or none of ours. */
static int unpad(const struct ticket_keys *k, const uint8_t *bytes, int n)
{
	int more = bytes[n - 1];
	uint32_t sealed = 0;
	int64_t age;

	if (more < STAMP + 1 || more > STAMP + BLOCK || more > n)
		return -1;
	n -= more;
	for (int i = 0; i < STAMP; i++)
		sealed = sealed << 8 | bytes[n + i];
	age = now() - (int64_t)sealed;
	/* clocks of machines that share keys may differ a little */
	/* a moment before wolfSSL finds it too old, which would answer as if it were resumed */
	return age >= (int64_t)k->timeout_s || age < -60 ? -1 : n;
}

struct seal {
	struct ticket_keys *keys;
	WOLFSSL *ssl;
	uint8_t *name, *iv, *mac, *bytes;
	int n;
};

static int seal(const struct seal *s, int *room)
{
	struct ticket t = {s->name, s->iv, s->bytes, pad(s->bytes, s->n, *room)};
	struct key key;
	bool ok = false;

	if (t.n < 0 || find(s->keys, s->ssl, NULL, &key) < 0)
		return WOLFSSL_TICKET_RET_REJECT;
	memcpy(s->name, key.name, NAME);
	ok = wc_RNG_GenerateBlock(wolfSSL_GetRNG(s->ssl), s->iv, BLOCK) == 0 && encrypt(&key, &t) &&
	     authenticate(s->keys, &key, &t, s->mac);
	buf_wipe_memory(&key, sizeof(key));
	*room = t.n;
	return ok ? WOLFSSL_TICKET_RET_OK : WOLFSSL_TICKET_RET_REJECT;
}

static int unseal(const struct seal *s, int *length)
{
	struct ticket t = {s->name, s->iv, s->bytes, s->n};
	uint8_t mac[HASH];
	struct key key;
	int place = find(s->keys, s->ssl, s->name, &key);
	bool ok;

	if (place < 0)
		return WOLFSSL_TICKET_RET_REJECT;
	ok = s->n > 0 && s->n % BLOCK == 0 && authenticate(s->keys, &key, &t, mac) &&
	     same(mac, s->mac) && decrypt(&key, &t);
	buf_wipe_memory(&key, sizeof(key));
	if (!ok)
		return WOLFSSL_TICKET_RET_REJECT;
	*length = unpad(s->keys, s->bytes, s->n);
	if (*length < 0)
		return WOLFSSL_TICKET_RET_REJECT;
	/* Of TLS 1.3 every session gets a new ticket; newer versions of the library take no other
	 * word there. */
	if (place == 0 || wolfSSL_version(s->ssl) == TLS1_3_VERSION)
		return WOLFSSL_TICKET_RET_OK;
	return WOLFSSL_TICKET_RET_CREATE;
}

/* A callback of wolfSSL: seals (`enc`) or opens, in place. */
static int on_ticket(WOLFSSL *ssl, unsigned char name[WOLFSSL_TICKET_NAME_SZ],
		     unsigned char iv[WOLFSSL_TICKET_IV_SZ],
		     unsigned char mac[WOLFSSL_TICKET_MAC_SZ], int enc, unsigned char *bytes, int n,
		     int *length, void *context)
{
	const struct seal s = {context, ssl, name, iv, mac, bytes, n};

	return enc ? seal(&s, length) : unseal(&s, length);
}

void ticket_use(struct ticket_keys *k, WOLFSSL_CTX *ctx)
{
	(void)wolfSSL_CTX_set_TicketEncCb(ctx, on_ticket);
	(void)wolfSSL_CTX_set_TicketEncCtx(ctx, k);
	(void)wolfSSL_CTX_set_TicketHint(ctx, (int)k->timeout_s);
}
