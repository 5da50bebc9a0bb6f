/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_pool: the memory of one configuration: taken bit by bit, given back all at once.
 *
 * Memory comes zeroed, aligned for any type, and never moves. A few kilobytes in all; when the
 * system refuses even those, the process ends.
 */
#ifndef APP_CONF_POOL_H
#define APP_CONF_POOL_H

#include "base/str.h"

struct conf_pool;

struct conf_pool *conf_pool_new(void);
void conf_pool_free(struct conf_pool *p);

void *conf_pool_take(struct conf_pool *p, size_t n);

/* A copy of s with a NUL behind it that does not count. */
struct str conf_pool_str(struct conf_pool *p, struct str s);
char *conf_pool_text(struct conf_pool *p, struct str s);

/* The two after one another. */
struct str conf_pool_join(struct conf_pool *p, struct str a, struct str b);

/* An array that grows; its items move when it does. All zero is the empty one. */
struct conf_vec {
	void *items;
	uint32_t n, room;
};

/* Room for one more zeroed item at the end. item_size is the same in every call for one array. */
void *conf_pool_push(struct conf_pool *p, struct conf_vec *v, size_t item_size);

#endif
