/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed: exact-size input blocks. Owns the one block that is open.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

struct buf *feed_open(struct feed *f, struct str more)
{
	struct str old = f->bytes ? buf_data(&f->in) : str_none();
	size_t n = old.n + more.n;
	uint8_t *fresh = malloc(n ? n : 1);

	if (!fresh)
		abort();
	if (old.n)
		memcpy(fresh, old.p, old.n);
	if (more.n)
		memcpy(fresh + old.n, more.p, more.n);
	free(f->bytes);
	f->bytes = fresh;
	f->in = buf_view(str_of(fresh, n));
	return &f->in;
}

void feed_done(struct feed *f)
{
	free(f->bytes);
	*f = (struct feed){0};
}
