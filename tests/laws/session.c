/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions under the laws of tests/lib/stage_laws.c: plays put together by chance from steps that
 * lead somewhere. What fuzz_session does for minutes, this does for a moment, and always the same.
 */
#include "../lib/stage_script.h"

#include <criterion/criterion.h>
#include <string.h>

/* AUTH PLAIN, OK, and a backend up to its reply to STARTTLS. */
#define STARTTLS                                                                                   \
	"\x01\x02\x0c\x1b"                                                                         \
	"Auth-Server-SSL: starttls\r\n"                                                            \
	"\x0d\x06\x00\x2a\x06\x15\x2a"

/* Steps as stage_script.c reads them, for the first session; + 16 in a step is the second. */
static const struct str steps[] = {
	STR_INIT("\x0a"),                     /* what goes to the client was taken */
	STR_INIT("\x2a"),                     /* ... to the backend */
	STR_INIT("\x4a"),                     /* ... half of it, to the client */
	STR_INIT("\x6a"),                     /* ... and to the backend */
	STR_INIT("\xca"),                     /* ... nothing */
	STR_INIT("\xea"),                     /* ... */
	STR_INIT("\x01\x00\x0a"),             /* EHLO */
	STR_INIT("\x01\x02"),                 /* AUTH PLAIN */
	STR_INIT("\x21\x02"),                 /* ... byte by byte */
	STR_INIT("\x81\x02"),                 /* ... arriving later */
	STR_INIT("\x01\x04\x21\x07\x01\x08"), /* AUTH LOGIN */
	STR_INIT("\x01\x09\x01\x0a"),         /* MAIL, RCPT */
	STR_INIT("\x81\x0b"),                 /* DATA and a message, later */
	STR_INIT("\x01\x0d"),                 /* NOOP */
	STR_INIT("\x01\x19\x01\x1a"),         /* USER, PASS */
	STR_INIT("\x01\x1b"),                 /* APOP */
	STR_INIT("\x01\x1d"),                 /* LOGIN */
	STR_INIT("\x01\x1e\x21\x1f\x01\x20"), /* ... in literals */
	STR_INIT("\x01\x0c"),                 /* QUIT */
	STR_INIT("\x03\x40"),                 /* many NOOPs */
	STR_INIT("\x03\xd0"),                 /* very many */
	STR_INIT("\x83\xc0\xe9"),             /* as many, in a receive that was under way */
	STR_INIT("\x09"),                     /* all that was said arrives */
	STR_INIT("\x29"),
	STR_INIT("\x04"),                                 /* the client closes */
	STR_INIT("\x08"),                                 /* the backend closes */
	STR_INIT("\x0c\x00"),                             /* OK */
	STR_INIT("\x0c\x00\x0d\x06\x00\x2a\x06\x02\x2a"), /* ... a backend that greets */
	STR_INIT("\x2c\x00\x0d\x06\x00\x2a\x06\x02\x2a"), /* OK with another password */
	STR_INIT("\x4c\x00\x0e"),                         /* WAIT, and time passes */
	STR_INIT("\x6c\x00\x0e"),                         /* no, and time passes */
	STR_INIT("\x8c\x00"),                             /* no, and that is all */
	STR_INIT("\xec\x00"),                             /* nothing that makes sense */
	STR_INIT("\x06\x01\x2a"),                         /* 250 */
	STR_INIT("\x06\x0c\x2a"),                         /* +OK */
	STR_INIT("\x06\x0e"),                             /* -ERR */
	STR_INIT("\x06\x0b\x2a\x06\x11\x2a\x06\x11\x2a"), /* an IMAP backend up to the password */
	STR_INIT("\x06\x12"),                             /* a OK */
	STR_INIT("\x06\x03\x2a"),                         /* 235 */
	STR_INIT("\x06\x04\x06\x05"),                     /* 250, 250 */
	STR_INIT("\x06\x06"),                             /* 550 */
	STR_INIT("\x07\xd0"),                             /* much of the backend */
	STR_INIT("\x2d"),                                 /* no backend */
	STR_INIT("\x0b"),                                 /* the client is reset */
	STR_INIT("\x2b"),                                 /* the backend is */
	STR_INIT("\x0e"),                                 /* the deadline */
	STR_INIT("\x2e"),                                 /* a moment before */
	STR_INIT("\x8e\x09"),                             /* 0.9 s */
	STR_INIT("\x2f"),                                 /* shutdown */
	STR_INIT("\x0f"),                                 /* a session that is over goes */
	STR_INIT("\x01\x0e"),                             /* STARTTLS */
	STR_INIT("\x01\x1c"),                             /* STLS */
	STR_INIT("\x01\x27"),                             /* IMAP's */
	STR_INIT("\x01\x0e\x0a\x4f\x00"),                 /* ... and a handshake behind it */
	STR_INIT("\x01\x0e\x81\x02\xc9"), /* ... and AUTH, in a receive that was under way */
	STR_INIT(STARTTLS "\x86\x00\x86\x01\x29"),        /* ... with plaintext behind its reply */
	STR_INIT(STARTTLS "\x06\x00\x6f\x00\x2a"),        /* ... and TLS behind it */
	STR_INIT(STARTTLS "\x06\x06"),                    /* ... that refuses it */
	STR_INIT("\x81\x0e\x81\x02\x09"),                 /* STARTTLS and AUTH in one segment */
	STR_INIT("\x4f\x00"),                             /* TLS is up with the client */
	STR_INIT("\x4f\x01"),                             /* ... it could not be */
	STR_INIT("\x4f\x02"),                             /* ... but with a bad certificate */
	STR_INIT("\x2a\x6f\x00"),                         /* TLS is up with the backend */
	STR_INIT("\x6f\x01"),                             /* ... it could not be */
	STR_INIT("\x0c\x00\x0d\x6f\x00"),                 /* OK, and a backend with TLS */
	STR_INIT("\x06\x00\x2a\x06\x15\x2a\x06\x00\x2a"), /* a backend up to its handshake */
	STR_INIT("\x06\x0b\x2a\x06\x16"),                 /* one of IMAP */
	STR_INIT("\xcf\x01"),                             /* names are resolved from here on */
	STR_INIT("\xaf\x00"),                             /* a name is answered as is right */
	STR_INIT("\xaf\x00\xaf\x00"),                     /* ... and the next */
	STR_INIT("\xaf\x01"),                             /* there is none */
	STR_INIT("\xaf\x02"),                             /* nobody knows */
	STR_INIT("\xaf\x83\x04"
		 "a\r\nb"), /* one that is none */
	STR_INIT("\xaf\x0b\x01"
		 "a"), /* three addresses, and not the client's */
	STR_INIT("\x0c\x1b"
		 "Auth-Server: back.example\r\n\xaf\x0b\x01"
		 "a"),        /* OK, by name */
	STR_INIT("\x0d\x2b"), /* a backend that refuses the connection */
	STR_INIT("\x0c\x1b"
		 "Auth-Server-SSL: starttls\r\n\x0d"), /* OK, with a backend that is to have it */
};

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void play(uint32_t seed)
{
	enum { STEPS = 40 };
	uint8_t script[8 + STEPS * 64];
	size_t n = 0;

	for (int i = 0; i < 4; i++)
		script[n++] = (uint8_t)(next_random(&seed) >> 8);
	script[0] |= 1;
	if (next_random(&seed) % 4) { /* few come through a balancer, or are made to wait */
		script[1] &= 127;
		script[2] &= (uint8_t)~8;
	}
	if (next_random(&seed) % 2) { /* where names are resolved */
		script[n++] = 0xcf;
		script[n++] = 1;
	}
	if (next_random(&seed) % 2) { /* where TLS is spoken */
		script[n++] = 0x8f;
		script[n++] = (uint8_t)(next_random(&seed) >> 8);
	}
	for (int i = 0; i < STEPS; i++) {
		struct str step = steps[next_random(&seed) % (sizeof(steps) / sizeof(steps[0]))];

		memcpy(script + n, step.p, step.n);
		if (next_random(&seed) % 4 == 0)
			script[n] |= 16;
		n += step.n;
	}
	stage_script_play(str_of(script, n));
}

Test(laws_session, plays_by_chance)
{
	for (uint32_t seed = 1; seed <= 8000; seed++)
		play(seed * 2654435761U);
}
