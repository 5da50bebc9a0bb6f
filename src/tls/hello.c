/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hello: a reader of ClientHellos over whatever has come so far, from its first byte each time: a
 * hello comes whole nearly always. First records are walked without looking inside; only a whole
 * message is put together and read. Lengths that do not agree, and extensions that come twice, are
 * HELLO_BAD (RFC 8446 section 4.2). RFC 5246, RFC 6066, RFC 7301, RFC 8446. Keeps nothing.
 */
#include "tls/hello.h"

#include "tls/ciphers.h"

#include <string.h>

enum {
	RECORD_HANDSHAKE = 22,
	RECORD_HEADER = 5,
	RECORD_MAX = 16384,
	MESSAGE_CLIENT_HELLO = 1,
	MESSAGE_HEADER = 4,
	RANDOM = 32,
	SESSION_ID_MAX = 32,
	HASH_SHA1 = 2,
	HASH_SHA256 = 4,
	HASH_SHA512 = 6,
	SIGNATURE_RSA = 1,
	SIGNATURE_ECDSA = 3,
};

/* ---- numbers and vectors: a cursor over bytes, that remembers if something was missing ---- */

struct cursor {
	struct str rest;
	bool bad;
};

static struct str take(struct cursor *c, size_t n)
{
	struct str s = str_first(c->rest, n);

	c->bad |= n > c->rest.n;
	c->rest = str_from(c->rest, n);
	return c->bad ? str_none() : s;
}

static uint32_t take_number(struct cursor *c, size_t bytes)
{
	struct str s = take(c, bytes);
	uint32_t v = 0;

	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | s.p[i];
	return v;
}

/* Behind its length, which is a number of so many bytes. */
static struct str take_vector(struct cursor *c, size_t length_bytes)
{
	return take(c, take_number(c, length_bytes));
}

/* ... and nothing follows it. */
static struct str take_last_vector(struct cursor *c, size_t length_bytes)
{
	struct str s = take_vector(c, length_bytes);

	c->bad |= c->rest.n != 0;
	return s;
}

/* A list of pairs of bytes, not empty, and nothing follows it. */
static struct str take_last_pairs(struct cursor *c, size_t length_bytes)
{
	struct str s = take_last_vector(c, length_bytes);

	c->bad |= s.n == 0 || s.n % 2 != 0;
	return s;
}

static unsigned pair_at(struct str pairs, size_t i)
{
	return (unsigned)(pairs.p[i] << 8 | pairs.p[i + 1]);
}

/* ---- extensions ---- */

static void read_server_name(struct cursor *c, struct hello *h)
{
	struct cursor list = {.rest = take_last_vector(c, 2)};

	c->bad |= list.rest.n == 0;
	while (list.rest.n && !list.bad) {
		uint32_t type = take_number(&list, 1);
		struct str name = take_vector(&list, 2);

		if (type != 0)
			continue;
		list.bad |= h->name.n || name.n == 0 || name.n > HELLO_NAME_MAX ||
			    str_find(name, 0) < name.n;
		h->name = name;
	}
	c->bad |= list.bad;
}

static void read_alpn(struct cursor *c, struct hello *h)
{
	struct cursor list = {.rest = h->alpn = take_last_vector(c, 2)};

	c->bad |= list.rest.n == 0;
	while (list.rest.n && !list.bad)
		list.bad |= take_vector(&list, 1).n == 0;
	c->bad |= list.bad;
}

static void read_signature_algorithms(struct cursor *c, struct hello *h)
{
	h->sigalgs = take_last_pairs(c, 2);
}

static void read_groups(struct cursor *c, struct hello *h)
{
	h->groups = take_last_pairs(c, 2);
}

static void read_supported_versions(struct cursor *c, struct hello *h)
{
	struct str versions = take_last_pairs(c, 1);

	for (size_t i = 0; i + 1 < versions.n; i += 2)
		h->tls13 |= pair_at(versions, i) == 0x0304;
}

static const struct extension {
	uint32_t type;
	void (*read)(struct cursor *c, struct hello *h);
} extensions[] = {
	{0, read_server_name},           {10, read_groups},
	{13, read_signature_algorithms}, {16, read_alpn},
	{43, read_supported_versions},
};

static void read_extension(struct cursor *c, uint32_t type, struct hello *h)
{
	struct cursor body = {.rest = take_vector(c, 2)};

	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (extensions[i].type == type && !c->bad)
			extensions[i].read(&body, h);
	c->bad |= body.bad;
}

static void read_extensions(struct cursor *c, struct hello *h)
{
	uint32_t seen[HELLO_EXTENSIONS_MAX];
	size_t n = 0;

	while (c->rest.n && !c->bad) {
		uint32_t type = take_number(c, 2);

		for (size_t i = 0; i < n; i++)
			c->bad |= seen[i] == type;
		if (n == HELLO_EXTENSIONS_MAX || c->bad) {
			c->bad = true;
			return;
		}
		seen[n++] = type;
		read_extension(c, type, h);
	}
}

/* ---- the message ---- */

/* Behind its header; a hello may end without extensions. */
static bool read_message(struct str message, struct hello *h)
{
	struct cursor c = {.rest = message};
	struct cursor last;

	c.bad |= take_number(&c, 2) >> 8 != 3;
	(void)take(&c, RANDOM);
	c.bad |= take_vector(&c, 1).n > SESSION_ID_MAX;
	h->ciphers = take_vector(&c, 2);
	c.bad |= h->ciphers.n == 0 || h->ciphers.n % 2 != 0;
	c.bad |= take_vector(&c, 1).n == 0; /* compression methods */
	if (c.bad)
		return false;
	if (c.rest.n == 0)
		return true;
	last = (struct cursor){.rest = take_last_vector(&c, 2)};
	read_extensions(&last, h);
	return !c.bad && !last.bad;
}

/* ---- records ---- */

/* A walk over the records: `got` bytes of messages in them, `whole` of which make the hello. */
struct walk {
	struct str rest;     /* of what has come */
	struct str fragment; /* of the message, in the last record; may be cut short by the end */
	size_t got, whole;   /* whole is 0 as long as the message's header is not there */
	uint8_t header[MESSAGE_HEADER];
	bool bad;
};

/* True if the header, or its beginning, cannot be that of a handshake record. */
static bool is_bad_record(struct str header)
{
	if (header.p[0] != RECORD_HANDSHAKE || (header.n > 1 && header.p[1] != 3))
		return true;
	if (header.n < RECORD_HEADER)
		return header.n == 4 && header.p[3] > RECORD_MAX >> 8;
	return pair_at(header, 3) == 0 || pair_at(header, 3) > RECORD_MAX;
}

/* The first bytes of a fragment may belong to the message's header. */
static void read_header(struct walk *w)
{
	for (size_t i = 0; i < w->fragment.n && w->got + i < MESSAGE_HEADER; i++)
		w->header[w->got + i] = w->fragment.p[i];
	if (w->got + w->fragment.n == 0)
		return;
	w->bad |= w->header[0] != MESSAGE_CLIENT_HELLO;
	if (w->got + w->fragment.n < MESSAGE_HEADER)
		return;
	w->whole = (size_t)w->header[1] << 16 | pair_at(str_of(w->header, MESSAGE_HEADER), 2);
	w->whole += MESSAGE_HEADER;
	w->bad |= w->whole > HELLO_MAX - RECORD_HEADER;
}

/* The next record. False: that was all, for now or for ever. */
static bool next_record(struct walk *w)
{
	struct str header = str_first(w->rest, RECORD_HEADER);

	if (header.n == 0 || w->bad)
		return false;
	w->bad = is_bad_record(header);
	if (header.n < RECORD_HEADER || w->bad)
		return false;
	w->fragment = str_first(str_from(w->rest, RECORD_HEADER), pair_at(header, 3));
	w->rest = str_from(w->rest, RECORD_HEADER + w->fragment.n);
	read_header(w);
	w->got += w->fragment.n;
	return !w->bad;
}

static bool is_whole(const struct walk *w)
{
	return w->whole && w->got >= w->whole && !w->bad;
}

/* The message in one piece: where it is, or put together in `store`. */
static struct str gather(struct str bytes, uint8_t *store)
{
	struct walk w = {.rest = bytes};
	bool first = true;

	while (next_record(&w)) {
		size_t from = w.got - w.fragment.n;

		if (first && is_whole(&w))
			return str_first(w.fragment, w.whole);
		first = false;
		memcpy(store + from, w.fragment.p, w.fragment.n);
		if (is_whole(&w))
			break;
	}
	return str_of(store, w.whole);
}

static enum hello_ev refuse(struct str bytes, struct hello *h)
{
	uint8_t c = bytes.p[0];

	*h = (struct hello){
		.sslv2 = c & 0x80,
		.plain = (c >= ' ' && c < 0x7f) || c == '\r' || c == '\n' || c == '\t',
	};
	return HELLO_BAD;
}

enum hello_ev hello_read(struct str bytes, uint8_t *store, struct hello *h)
{
	struct walk w = {.rest = str_first(bytes, HELLO_MAX)};

	*h = (struct hello){.tls13 = false};
	while (next_record(&w) && !is_whole(&w))
		;
	if (w.bad)
		return refuse(bytes, h);
	if (!is_whole(&w))
		return bytes.n < HELLO_MAX ? HELLO_MORE : refuse(bytes, h);
	if (read_message(str_from(gather(bytes, store), MESSAGE_HEADER), h))
		return HELLO_WHOLE;
	return refuse(bytes, h);
}

/* ---- what the client can do ---- */

void hello_meet(struct hello *h, bool tls13, const struct cipher_list *own)
{
	h->tls13 &= tls13;
	h->own = own;
}

static bool is_ours(const struct hello *h, const struct cipher *c)
{
	if (!h->own)
		return true;
	for (uint32_t i = 0; i < h->own->n; i++)
		if (h->own->v[i] == c)
			return true;
	return false;
}

static bool shares_suite(const struct hello *h, enum cipher_key key)
{
	for (size_t i = 0; i + 1 < h->ciphers.n; i += 2) {
		const struct cipher *c = ciphers_find((uint16_t)pair_at(h->ciphers, i));

		if (c && c->key == key && is_ours(h, c))
			return true;
	}
	return false;
}

/* Any that `is` says yes to. */
static bool names_algorithm(const struct hello *h, bool (*is)(unsigned algorithm))
{
	for (size_t i = 0; i + 1 < h->sigalgs.n; i += 2)
		if (is(pair_at(h->sigalgs, i)))
			return true;
	return false;
}

/* A pair of RFC 5246 section 7.4.1.4.1: hash and signature; MD5 does not count. */
static bool is_pair(unsigned algorithm, unsigned hash_min, unsigned signature)
{
	unsigned hash = algorithm >> 8;

	return (algorithm & 0xff) == signature && hash >= hash_min && hash <= HASH_SHA512;
}

static bool is_ecdsa(unsigned algorithm)
{
	return is_pair(algorithm, HASH_SHA1, SIGNATURE_ECDSA);
}

/* TLS 1.3 has the same numbers for it, but no SHA-1. */
static bool is_ecdsa_tls13(unsigned algorithm)
{
	return is_pair(algorithm, HASH_SHA256, SIGNATURE_ECDSA);
}

static bool is_rsa_pss(unsigned algorithm)
{
	return algorithm >= 0x0804 && algorithm <= 0x0806;
}

static bool is_rsa(unsigned algorithm)
{
	return is_pair(algorithm, HASH_SHA1, SIGNATURE_RSA) || is_rsa_pss(algorithm);
}

static bool is_ed25519(unsigned algorithm)
{
	return algorithm == 0x0807;
}

/* P-256, P-384 or P-521, of which keys of certificates are; up to TLS 1.2 the groups that a client
   names are those of certificates, too. */
static bool names_curve(const struct hello *h)
{
	for (size_t i = 0; i + 1 < h->groups.n; i += 2)
		if (pair_at(h->groups, i) >= 23 && pair_at(h->groups, i) <= 25)
			return true;
	return h->groups.n == 0;
}

bool hello_takes_ecdsa(const struct hello *h)
{
	if (h->tls13)
		return names_algorithm(h, is_ecdsa_tls13);
	return names_curve(h) && shares_suite(h, CIPHER_KEY_ECDSA) &&
	       (h->sigalgs.n == 0 || names_algorithm(h, is_ecdsa));
}

bool hello_takes_rsa(const struct hello *h)
{
	if (h->tls13)
		return names_algorithm(h, is_rsa_pss);
	return shares_suite(h, CIPHER_KEY_RSA) && (h->sigalgs.n == 0 || names_algorithm(h, is_rsa));
}

bool hello_takes_ed25519(const struct hello *h)
{
	return names_algorithm(h, is_ed25519) && (h->tls13 || shares_suite(h, CIPHER_KEY_ECDSA));
}

bool hello_speaks(const struct hello *h, struct str protocol)
{
	struct cursor list = {.rest = h->alpn};

	if (h->alpn.n == 0)
		return true;
	while (list.rest.n)
		if (str_eq(take_vector(&list, 1), protocol))
			return true;
	return false;
}

/* ---- names ---- */

bool hello_name_matches(struct str pattern, struct str name)
{
	size_t label;

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0)
		return false;
	if (str_eq_nocase(pattern, name))
		return true;
	if (pattern.n > 1 && pattern.p[0] == '.' && str_eq_nocase(str_from(pattern, 1), name))
		return true;
	if (str_starts(pattern, STR("*.")))
		pattern = str_from(pattern, 1);
	label = str_find(name, '.');
	return pattern.n > 1 && pattern.p[0] == '.' && label > 0 &&
	       str_eq_nocase(pattern, str_from(name, label));
}
