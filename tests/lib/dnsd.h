/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dnsd: a name server on 127.0.0.1 that answers what a test wants, over UDP and TCP, or plays one
 * of many tricks. It lives as long as the test process.
 */
#ifndef TESTS_LIB_DNSD_H
#define TESTS_LIB_DNSD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum dnsd_trick {
	DNSD_FAIR,
	DNSD_SILENT,
	DNSD_LATE, /* 20 ms later */
	DNSD_WRONG_ID,
	DNSD_WRONG_PORT,     /* a good answer from another port */
	DNSD_WRONG_QUESTION, /* the answer to another question */
	DNSD_CUT,            /* the first half of the packet */
	DNSD_LOOP,           /* names that point at themselves */
	DNSD_NOISE,          /* the header, then nonsense */
	DNSD_EMPTY,          /* packets of no byte */
	DNSD_FLOOD,          /* a hundred wrong ids before the good answer */
	DNSD_TCP,            /* over TCP only */
	DNSD_TCP_CLOSE,      /* ... where it closes */
	DNSD_TCP_SLOW,       /* ... where it sends a byte now and then and never ends */
};

struct dnsd {
	char at[32]; /* "127.0.0.1:PORT" */
	uint16_t port;
	int udp, other, tcp;
	_Atomic enum dnsd_trick trick;
	atomic_int questions, connections;
	_Atomic uint16_t asker; /* port that the last question over UDP came from */
	pthread_mutex_t lock;
	char zone[4096];
};

struct dnsd *dnsd_start(void);

/*
 * What it knows from now on. Lines "NAME TYPE TTL VALUE"; A, AAAA, PTR, CNAME; "A+2000" is 2000
 * other addresses and then that one; RCODE answers with that number. A name's bytes may be \DDD.
 * Who is not in it does not exist.
 */
void dnsd_zone(struct dnsd *d, const char *zone);

#endif
