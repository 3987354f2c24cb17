/* SPDX-License-Identifier: MIT */
/*
 * A cpio archive of files as they are: types, permissions and times are kept,
 * the owner is root, for whom alone a small system has a name. Folders are read
 * in the order of their names, so that the same files give the same bytes.
 */
#include "initramfs/pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define HEAD 110
#define CHUNK 65536
#define FILE_MAX UINT64_C(0xffffffff) /* eight digits tell its size */
#define MIB (UINT64_C(1) << 20)

__attribute__((format(printf, 2, 3))) static bool fail(struct pack *p,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->error, sizeof(p->error), format, args);
	va_end(args);
	return false;
}

static bool fail_path(struct pack *p, const char *path)
{
	return fail(p, "%.300s: %s", path, strerror(errno));
}

static bool put(struct pack *p, const void *data, size_t size)
{
	p->written += size;
	return size == 0 || pack_put(p, data, size) ||
	       fail(p, "cannot write the archive: %s", strerror(errno));
}

/* Up to a multiple of four. */
static bool put_padding(struct pack *p)
{
	static const char zeros[4];

	return put(p, zeros, (size_t)(-p->written & 3));
}

static bool put_head(struct pack *p, const char *name,
		     const struct pack_meta *m, uint64_t size)
{
	const size_t name_size = strlen(name) + 1;
	char head[HEAD + 1];

	if (name_size > PATH_MAX) {
		return fail(p, "%.200s...: the name is too long", name);
	}
	snprintf(head, sizeof(head),
		 "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		 ++p->inode, m->mode, 0U, 0U, S_ISDIR(m->mode) ? 2U : 1U,
		 m->time, (uint32_t)size, 0U, 0U, m->major, m->minor,
		 (uint32_t)name_size, 0U);
	return put(p, head, HEAD) && put(p, name, name_size) && put_padding(p);
}

bool pack_entry(struct pack *p, const char *name, const struct pack_meta *meta,
		const void *data, size_t size)
{
	return put_head(p, name, meta, size) && put(p, data, size) &&
	       put_padding(p);
}

/* As many bytes as the head has said, whatever becomes of the file. */
static bool put_bytes(struct pack *p, int fd, const char *path, uint64_t size)
{
	char *chunk = malloc(CHUNK);
	bool good = chunk != NULL || fail(p, "out of memory");

	while (good && size != 0) {
		size_t want = size < CHUNK ? (size_t)size : CHUNK;
		ssize_t n = read(fd, chunk, want);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			good = n < 0 ? fail_path(p, path)
				     : fail(p, "%.300s: became shorter", path);
			break;
		}
		good = put(p, chunk, (size_t)n);
		size -= (uint64_t)n;
	}
	free(chunk);
	return good && put_padding(p);
}

static bool put_file(struct pack *p, const char *path, const char *name,
		     const struct stat *s, const struct pack_meta *m)
{
	const uint64_t size = (uint64_t)s->st_size;
	bool good;
	int fd;

	if (size > FILE_MAX) {
		return fail(p,
			    "%.300s: %llu MiB are more than an archive holds",
			    path, (unsigned long long)(size / MIB));
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		return fail_path(p, path);
	}
	good = put_head(p, name, m, size) && put_bytes(p, fd, path, size);
	close(fd);
	return good && pack_seen(p, path, s);
}

static bool put_link(struct pack *p, const char *path, const char *name,
		     const struct pack_meta *m)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target));

	return n < 0 ? fail_path(p, path)
		     : pack_entry(p, name, m, target, (size_t)n);
}

static bool put_any(struct pack *p, const char *path, const char *name,
		    dev_t device);

/* path/entry and name/entry. */
static bool put_child(struct pack *p, const char *path, const char *name,
		      const char *entry, dev_t device)
{
	char below[PATH_MAX];
	char named[PATH_MAX];

	if (snprintf(below, sizeof(below), "%s/%s", path, entry) >=
		    (int)sizeof(below) ||
	    snprintf(named, sizeof(named), "%s%s%s", name,
		     *name == '\0' ? "" : "/", entry) >= (int)sizeof(named)) {
		return fail(p, "%.200s/%.100s: the name is too long", path,
			    entry);
	}
	return put_any(p, below, named, device);
}

static int no_dots(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool put_children(struct pack *p, const char *path, const char *name,
			 dev_t device)
{
	struct dirent **entries;
	int nr = scandir(path, &entries, no_dots, by_bytes);
	bool good = true;

	if (nr < 0) {
		return fail_path(p, path);
	}
	for (int i = 0; i < nr; i++) {
		good = good &&
		       put_child(p, path, name, entries[i]->d_name, device);
		free(entries[i]);
	}
	free(entries);
	return good;
}

static struct pack_meta meta_of(const struct stat *s)
{
	const bool device = S_ISCHR(s->st_mode) || S_ISBLK(s->st_mode);

	return (struct pack_meta){
		.mode = s->st_mode,
		.time = (uint32_t)s->st_mtime,
		.major = device ? major(s->st_rdev) : 0,
		.minor = device ? minor(s->st_rdev) : 0,
	};
}

static bool put_known(struct pack *p, const char *path, const char *name,
		      const struct stat *s, dev_t device)
{
	const struct pack_meta m = meta_of(s);

	if (S_ISREG(s->st_mode)) {
		return put_file(p, path, name, s, &m);
	}
	if (S_ISLNK(s->st_mode)) {
		return put_link(p, path, name, &m);
	}
	if (S_ISDIR(s->st_mode)) {
		return (*name == '\0' || pack_entry(p, name, &m, NULL, 0)) &&
		       (s->st_dev != device ||
			put_children(p, path, name, device));
	}
	if (S_ISSOCK(s->st_mode)) {
		p->skipped++;
		return true;
	}
	return pack_entry(p, name, &m, NULL, 0);
}

static bool put_any(struct pack *p, const char *path, const char *name,
		    dev_t device)
{
	struct stat s;

	return lstat(path, &s) != 0 ? fail_path(p, path)
				    : put_known(p, path, name, &s, device);
}

/* What is named by the user is meant, not a link to it. */
bool pack_tree(struct pack *p, const char *path, const char *name)
{
	char real[PATH_MAX];
	struct stat s;

	if (realpath(path, real) == NULL || lstat(real, &s) != 0) {
		return fail_path(p, path);
	}
	if (*name == '\0' && !S_ISDIR(s.st_mode)) {
		return fail(p, "%.300s: is no folder", path);
	}
	return put_known(p, real, name, &s, s.st_dev);
}

bool pack_end(struct pack *p)
{
	static const struct pack_meta none;

	p->inode = 0;
	return pack_entry(p, "TRAILER!!!", &none, NULL, 0);
}
