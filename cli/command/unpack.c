/* SPDX-License-Identifier: MIT */
/*
 * Unpacks what a guest has packed, and believes nothing of it: names begin with
 * the number of a wish, whose place the user has named; what follows is looked
 * up part by part from there, in folders that were opened before the guest
 * began, and no part may be ".." or a link. So nothing is written outside of
 * the places named. Files, folders and links are made, with their permissions
 * but for set-user-ID and the like; other kinds are left out.
 */
#define _GNU_SOURCE /* O_PATH */

#include "cli/command/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/write_all.h"

#define TRAILER "TRAILER!!!"

__attribute__((format(printf, 2, 3))) static bool fail(struct unpack *u,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(u->error, sizeof(u->error), format, args);
	va_end(args);
	u->failed = true;
	return false;
}

/* DST of SRC:DST: its folder, opened, and its name there. */
static bool open_place(struct unpack *u, struct unpack_place *place,
		       const char *wish)
{
	const char *colon = strchr(wish, ':');
	const char *goal = colon + 1;
	char path[2 * PATH_MAX];
	char real[PATH_MAX];
	char source[PATH_MAX];
	char *slash;

	snprintf(source, sizeof(source), "%.*s", (int)(colon - wish), wish);
	slash = strrchr(source, '/');
	snprintf(path, sizeof(path), "%s%s", goal,
		 goal[strlen(goal) - 1] == '/' && slash != NULL ? slash + 1
								: "");
	if (realpath(path, real) != NULL) {
		snprintf(path, sizeof(path), "%s", real);
	}
	slash = strrchr(path, '/');
	if (slash != NULL) {
		*slash = '\0';
	}
	snprintf(place->name, sizeof(place->name), "%.255s",
		 slash == NULL ? path : slash + 1);
	place->folder = open(slash == NULL   ? "."
			     : slash == path ? "/"
					     : path,
			     O_PATH | O_DIRECTORY | O_CLOEXEC);
	return place->folder >= 0 ||
	       fail(u, "--copy-out: %.200s: %s", goal, strerror(errno));
}

bool unpack_init(struct unpack *u, const struct command_wish *wish)
{
	*u = (struct unpack){.wish = wish, .fd = -1};
	for (; u->nr_places < wish->nr_copy_out; u->nr_places++) {
		if (!open_place(u, &u->place[u->nr_places],
				wish->copy_out[u->nr_places])) {
			return false;
		}
	}
	return true;
}

void unpack_fini(struct unpack *u)
{
	if (u->fd >= 0) {
		close(u->fd);
	}
	while (u->nr_places != 0) {
		close(u->place[--u->nr_places].folder);
	}
}

static const char *name_of(const struct unpack *u)
{
	return u->head + UNPACK_HEAD;
}

/* The n-th of the head's numbers, of eight digits each. */
static bool field(const struct unpack *u, unsigned int n, uint32_t *ret)
{
	char digits[9];
	char *end;

	memcpy(digits, u->head + 6 + 8 * n, 8);
	digits[8] = '\0';
	*ret = (uint32_t)strtoul(digits, &end, 16);
	return *end == '\0' && digits[0] != '-' && digits[0] != '+' &&
	       digits[0] != ' ';
}

/* Whose wish an entry is, and what comes below; -1: nobody's. */
static int wish_of(struct unpack *u, const char **ret_rest)
{
	const char *name = name_of(u);
	char *end;
	unsigned long n = strtoul(name, &end, 10);

	if (name[0] < '0' || name[0] > '9' || n >= u->wish->nr_copy_out ||
	    (*end != '\0' && *end != '/')) {
		fail(u, "the guest has sent '%.100s'", name);
		return -1;
	}
	*ret_rest = *end == '/' ? end + 1 : end;
	return (int)n;
}

/* A folder in a folder that is open, which is closed; -1: there is none. */
static int step(int at, const char *part, size_t length)
{
	char name[NAME_MAX + 1];
	int next = -1;

	if (length < sizeof(name)) {
		memcpy(name, part, length);
		name[length] = '\0';
		if (strcmp(name, "..") != 0 && strcmp(name, ".") != 0) {
			next = openat(at, name,
				      O_PATH | O_DIRECTORY | O_NOFOLLOW |
					      O_CLOEXEC);
		}
	}
	close(at);
	return next;
}

/* An entry's folder, opened, and its last part; -1: it leads elsewhere. */
static int open_parent(struct unpack *u, const char **ret_last)
{
	const char *rest;
	const char *slash;
	int n = wish_of(u, &rest);
	int at;

	if (n < 0) {
		return -1;
	}
	at = fcntl(u->place[n].folder, F_DUPFD_CLOEXEC, 0);
	*ret_last = u->place[n].name;
	if (*rest != '\0' && at >= 0) {
		at = step(at, u->place[n].name, strlen(u->place[n].name));
		while (at >= 0 && (slash = strchr(rest, '/')) != NULL) {
			at = step(at, rest, (size_t)(slash - rest));
			rest = slash + 1;
		}
		*ret_last = rest;
	}
	if (at >= 0 && **ret_last != '\0' && strcmp(*ret_last, "..") != 0 &&
	    strcmp(*ret_last, ".") != 0) {
		return at;
	}
	if (at >= 0) {
		close(at);
	}
	fail(u, "the guest has sent '%.100s'", name_of(u));
	return -1;
}

static bool fail_entry(struct unpack *u)
{
	return fail(u, "--copy-out %.200s: %s", name_of(u), strerror(errno));
}

static bool make_folder(struct unpack *u, int at, const char *last)
{
	/* Ours while it is filled. */
	const mode_t mode = (u->mode & 0777) | S_IRWXU;
	struct stat s;

	return mkdirat(at, last, mode) == 0 ||
	       (errno == EEXIST &&
		fstatat(at, last, &s, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISDIR(s.st_mode)) ||
	       fail_entry(u);
}

/* What was there before is replaced, unless it is a folder. */
static bool make_file(struct unpack *u, int at, const char *last)
{
	unlinkat(at, last, 0);
	u->fd = openat(at, last,
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		       u->mode & 0777);
	return u->fd >= 0 || fail_entry(u);
}

static bool make_link(struct unpack *u, int at, const char *last)
{
	u->link[u->link_size] = '\0';
	unlinkat(at, last, 0);
	return symlinkat(u->link, at, last) == 0 || fail_entry(u);
}

/* Makes the entry where it belongs, if it is of a kind that is wanted. */
static bool make_entry(struct unpack *u)
{
	const char *last;
	bool good = true;
	int at = open_parent(u, &last);

	if (at < 0) {
		return false;
	}
	if (S_ISDIR(u->mode)) {
		good = make_folder(u, at, last);
	} else if (S_ISREG(u->mode)) {
		good = make_file(u, at, last);
	} else if (S_ISLNK(u->mode)) {
		good = make_link(u, at, last);
	}
	close(at);
	return good;
}

/* A link is made when it is known where it leads. */
static bool begin_entry(struct unpack *u)
{
	if (strcmp(name_of(u), TRAILER) == 0) {
		u->ended = true;
		return true;
	}
	return S_ISLNK(u->mode) || make_entry(u);
}

/* The head and the name are there. */
static bool read_head(struct unpack *u)
{
	uint32_t size;

	if (memchr(name_of(u), '\0', u->want - UNPACK_HEAD) == NULL ||
	    !field(u, 1, &u->mode) || !field(u, 6, &size)) {
		return fail(u, "the guest's archive is broken");
	}
	u->left = size;
	u->padding = -(uint64_t)size & 3;
	u->link_size = 0;
	return begin_entry(u);
}

static bool end_entry(struct unpack *u)
{
	bool good = true;

	if (u->fd >= 0) {
		good = close(u->fd) == 0 ||
		       fail(u, "--copy-out: %s", strerror(errno));
		u->fd = -1;
	}
	if (good && S_ISLNK(u->mode)) {
		good = make_entry(u);
	}
	u->got = 0;
	u->want = 0;
	return good;
}

/* Of the entry's data; how much was taken. */
static size_t take_data(struct unpack *u, const char *data, size_t size)
{
	size_t n = size < u->left ? size : (size_t)u->left;

	if (u->fd >= 0 && !write_all(u->fd, data, n)) {
		fail(u, "--copy-out %.200s: %s", name_of(u), strerror(errno));
	}
	if (S_ISLNK(u->mode)) {
		if (u->link_size + n >= sizeof(u->link)) {
			fail(u, "the guest's archive is broken");
			return n;
		}
		memcpy(u->link + u->link_size, data, n);
		u->link_size += n;
	}
	u->left -= n;
	return n;
}

/* How much there is of head and name, once the head tells. */
static bool find_want(struct unpack *u)
{
	uint32_t name;

	if (memcmp(u->head, "070701", 6) != 0 || !field(u, 11, &name) ||
	    name == 0 || name > PATH_MAX) {
		return fail(u, "the guest's archive is broken");
	}
	u->want = (UNPACK_HEAD + (size_t)name + 3) & ~(size_t)3;
	return true;
}

static size_t take_head(struct unpack *u, const char *data, size_t size)
{
	size_t want = u->want == 0 ? UNPACK_HEAD : u->want;
	size_t n = size < want - u->got ? size : want - u->got;

	memcpy(u->head + u->got, data, n);
	u->got += n;
	if (u->got < want || (u->want == 0 && !find_want(u))) {
		return n;
	}
	if (u->got == u->want) {
		read_head(u);
	}
	return n;
}

bool unpack_feed(struct unpack *u, const void *data, size_t size)
{
	const char *at = data;

	while (size != 0 && !u->failed && !u->ended) {
		size_t n;

		if (u->want == 0 || u->got < u->want) {
			n = take_head(u, at, size);
		} else if (u->left != 0) {
			n = take_data(u, at, size);
		} else {
			n = size < u->padding ? size : (size_t)u->padding;
			u->padding -= n;
		}
		if (u->want != 0 && u->got == u->want && u->left == 0 &&
		    u->padding == 0 && !u->failed && !u->ended) {
			end_entry(u);
		}
		at += n;
		size -= n;
	}
	return !u->failed;
}

bool unpack_end(struct unpack *u)
{
	return u->ended || u->wish->nr_copy_out == 0 || u->failed ||
	       fail(u, "--copy-out: the guest has not sent all");
}
