/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_files: opens, reads and wipes. Contents are outside of the pool, since that only ever gives
 * its memory back as it is.
 */
#include "app/conf_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM_FIRST = 4096, FILE_SIZE_MAX = 32 << 20 };

struct conf_file *conf_files_name(struct conf_build *b, const struct conf_call *c)
{
	struct conf_file *f = conf_pool_take(b->pool, sizeof(*f));
	struct str name = c->args[0].text;

	f->file.name = str_cstr(conf_build_path(b, b->folder, name));
	f->written = name;
	f->folder = name.n && name.p[0] == '/' ? NULL : b->folder;
	f->where = c->where;
	return f;
}

static int fail(struct conf_build *b, const struct conf_file *f, const char *what, const char *call)
{
	const char *path = (const char *)f->file.name.p;
	int code = errno;

	if (what)
		conf_error_at(b->error, f->where, "cannot load %s \"%s\": %s failed (%d: %s)", what,
			      path, call, code, strerror(code));
	else
		conf_error_at(b->error, f->where, "%s \"%s\" failed (%d: %s)", call, path, code,
			      strerror(code));
	if (code == EACCES)
		conf_error_help(b->error, "whoever starts ringpost has to be allowed to read it");
	else if (code == ENOENT && f->folder)
		conf_error_help(b->error, "relative names start at %s", f->folder);
	return -1;
}

static void forget(struct str bytes, size_t room)
{
	if (bytes.p)
		explicit_bzero((void *)(uintptr_t)bytes.p, room);
	free((void *)(uintptr_t)bytes.p);
}

/* Twice the room, nothing left behind. NULL: no memory. */
static uint8_t *grow(uint8_t *bytes, size_t n, size_t *room)
{
	size_t more = *room ? *room * 2 : ROOM_FIRST;
	uint8_t *to = malloc(more);

	if (to && n)
		memcpy(to, bytes, n);
	forget(str_of(bytes, n), n);
	*room = more;
	return to;
}

/* -1 with errno. */
static int read_whole(int fd, struct str *whole)
{
	uint8_t *bytes = NULL;
	size_t n = 0, room = 0;
	ssize_t got;

	do {
		if (n == room)
			bytes = grow(bytes, n, &room);
		if (!bytes)
			return -1;
		got = read(fd, bytes + n, room - n);
		if (got > 0)
			n += (size_t)got;
		if (n > FILE_SIZE_MAX) {
			got = -1;
			errno = EFBIG;
		}
	} while (got > 0);
	if (got < 0) {
		forget(str_of(bytes, n), n);
		return -1;
	}
	*whole = str_of(bytes, n);
	return 0;
}

int conf_files_read(struct conf_build *b, struct conf_file *f, const char *what)
{
	/* A pipe without a writer must not hold up the start. */
	int fd, rc;
	struct stat st;

	if (f->is_read)
		return 0;
	fd = open((const char *)f->file.name.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail(b, f, what, "open()");
	if (!fstat(fd, &st))
		f->is_open_to_all = st.st_mode & S_IROTH;
	rc = read_whole(fd, &f->file.bytes) ? fail(b, f, what, "read()") : 0;
	close(fd);
	if (rc)
		return -1;
	f->is_read = true;
	*(struct conf_file **)conf_pool_push(b->pool, &b->files, sizeof(f)) = f;
	return 0;
}

int conf_files_read_key(struct conf_build *b, struct conf_file *key)
{
	if (conf_files_read(b, key, "certificate key"))
		return -1;
	if (key->is_open_to_all)
		conf_build_warn(b, key->where,
				"the certificate key \"%s\" can be read by every user of this "
				"machine",
				(const char *)key->file.name.p);
	return 0;
}

struct conf_vec conf_files_lines(struct conf_build *b, const struct conf_file *f)
{
	struct str rest = f->file.bytes;
	struct conf_vec lines = {0};

	while (rest.n) {
		size_t n = str_find(rest, '\n');
		struct str line = str_first(rest, n);

		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n)
			*(struct str *)conf_pool_push(b->pool, &lines, sizeof(line)) = line;
		rest = str_from(rest, n + 1);
	}
	return lines;
}

struct conf_where conf_files_blamed(const struct conf_build *b, const char *text,
				    struct conf_where instead)
{
	struct conf_file *const *all = b->files.items;

	for (uint32_t i = 0; i < b->files.n; i++) {
		struct str name = all[i]->file.name;
		const char *at = strstr(text, (const char *)name.p);

		if (at && at > text && at[-1] == '"' && at[name.n] == '"')
			return all[i]->where;
	}
	return instead;
}

void conf_files_wipe(struct conf_build *b)
{
	struct conf_file **all = b->files.items;

	for (uint32_t i = 0; i < b->files.n; i++) {
		forget(all[i]->file.bytes, all[i]->file.bytes.n);
		all[i]->file.bytes = str_none();
		all[i]->is_read = false;
	}
	b->files.n = 0;
}
