/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resume: wolfSSL's sessions go into our cache, and come from there (RFC 5246 section 7.3).
 *
 * TLS 1.3 has tickets only. A session is kept as the bytes that wolfSSL makes of it, which begin
 * with side, time and timeout, and the length of the id and the id.
 */
#include "tls/resume.h"

#include "base/buf.h"
#include "tls/acceptor_state.h"
#include "tls/cache_entry.h"
#include "tls/channel.h"

#include <string.h>
#include <time.h>

enum { ID_AT = 10, ROOM = 4096 };

static int64_t now(void)
{
	time_t t = 0;

	return wc_GetTime(&t, sizeof(t)) == 0 ? (int64_t)t : 0;
}

static const struct acceptor *acceptor_of(WOLFSSL *ssl)
{
	const struct channel *c = wolfSSL_GetIOReadCtx(ssl);

	return c->acceptor;
}

/* A callback of wolfSSL: a session that may be resumed. 0: we keep no reference to it. */
static int on_new(WOLFSSL *ssl, WOLFSSL_SESSION *session)
{
	const struct acceptor *a = acceptor_of(ssl);
	uint8_t bytes[ROOM], *p = bytes;
	struct cache_key key;
	int n;

	if (wolfSSL_version(ssl) >= 0x0304 || wolfSSL_i2d_SSL_SESSION(session, NULL) > ROOM)
		return 0;
	n = wolfSSL_i2d_SSL_SESSION(session, &p);
	if (n >= ID_AT + CACHE_ID && bytes[ID_AT - 1] == CACHE_ID) {
		memcpy(key.id, bytes + ID_AT, CACHE_ID);
		memcpy(key.context, a->context, CACHE_CONTEXT);
		cache_put(a->cache, &key, str_of(bytes, (size_t)n),
			  now() + (int64_t)a->session_timeout_s);
	}
	buf_wipe_memory(bytes, sizeof(bytes));
	return 0;
}

/* A callback of wolfSSL: the session with that id, which it frees; NULL: none. */
static WOLFSSL_SESSION *on_get(WOLFSSL *ssl, const unsigned char *id, int n, int *copy)
{
	const struct acceptor *a = acceptor_of(ssl);
	uint8_t bytes[CACHE_SESSION];
	const unsigned char *p = bytes;
	WOLFSSL_SESSION *session = NULL;
	struct cache_key key;
	size_t length;

	*copy = 0;
	if (n != CACHE_ID)
		return NULL;
	memcpy(key.id, id, CACHE_ID);
	memcpy(key.context, a->context, CACHE_CONTEXT);
	length = cache_get(a->cache, &key, now(), bytes);
	if (length != 0)
		session = wolfSSL_d2i_SSL_SESSION(NULL, &p, (long)length);
	buf_wipe_memory(bytes, sizeof(bytes));
	return session;
}

void resume_use(WOLFSSL_CTX *ctx)
{
	(void)wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_SERVER |
							      WOLFSSL_SESS_CACHE_NO_INTERNAL |
							      WOLFSSL_SESS_CACHE_NO_AUTO_CLEAR);
	wolfSSL_CTX_sess_set_new_cb(ctx, on_new);
	wolfSSL_CTX_sess_set_get_cb(ctx, on_get);
}
