/* SPDX-License-Identifier: MIT */
/*
 * A kernel unpacks one archive after the other into its initial root, so what
 * the command needs is appended to whatever root there is. Our part has the
 * guest's first process, what is copied in (by number: the process moves it to
 * where it belongs), and a file that says what is to be done.
 */
#define _GNU_SOURCE /* memfd_create, asprintf */

#include "cli/command/root.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/command/libraries.h"
#include "cli/guest_files.h"
#include "cli/write_all.h"
#include "initramfs/command/job.h"
#include "initramfs/pack.h"

#define JOB_MAX 262144
#define CHUNK 65536

struct root {
	struct pack pack; /* first: pack_seen() finds us by that */
	const struct command_wish *wish;
	bool wants_libraries; /* of the files that are packed now */
	struct libraries libraries;
	unsigned int nr_in;
	char job[JOB_MAX];
	size_t job_size;
};

static const struct pack_meta folder = {.mode = S_IFDIR | 0755};

bool pack_put(struct pack *p, const void *data, size_t size)
{
	return write_all(p->to, data, size);
}

bool pack_seen(struct pack *p, const char *path, const struct stat *status)
{
	struct root *r = (struct root *)p;

	if (!r->wants_libraries || (status->st_mode & S_IXUSR) == 0 ||
	    libraries_of(&r->libraries, path)) {
		return true;
	}
	snprintf(p->error, sizeof(p->error), "%s", r->libraries.error);
	return false;
}

static bool fail(struct root *r, const char *what)
{
	snprintf(r->pack.error, sizeof(r->pack.error), "%s", what);
	return false;
}

static bool say_job(struct root *r, enum job_letter letter, const char *value)
{
	const size_t size = strlen(value) + 1;

	if (r->job_size + 1 + size >= sizeof(r->job)) {
		return fail(r, "the command is too long");
	}
	r->job[r->job_size++] = (char)letter;
	memcpy(r->job + r->job_size, value, size);
	r->job_size += size;
	return true;
}

/* A file or folder, to an absolute path. */
static bool copy_in(struct root *r, const char *from, const char *to)
{
	char name[32];

	snprintf(name, sizeof(name), JOB_IN "/%u", r->nr_in++);
	return pack_tree(&r->pack, from, name) && say_job(r, JOB_COPY_IN, to);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* SRC[:DST]; a DST that ends in a slash is the folder that gets it. */
static bool copy_wish(struct root *r, const char *wish)
{
	const char *colon = strrchr(wish, ':');
	char from[PATH_MAX];
	char real[PATH_MAX];
	char to[PATH_MAX];
	const char *goal = colon == NULL ? "/" : colon + 1;
	int n;

	n = snprintf(from, sizeof(from), "%.*s",
		     colon == NULL ? (int)strlen(wish) : (int)(colon - wish),
		     wish);
	if (n >= (int)sizeof(from) || realpath(from, real) == NULL) {
		snprintf(r->pack.error, sizeof(r->pack.error), "%.200s: %s",
			 from, strerror(errno));
		return false;
	}
	n = snprintf(to, sizeof(to), "%s%s%s", goal[0] == '/' ? "" : "/", goal,
		     goal[strlen(goal) - 1] == '/' ? last_part(real) : "");
	return n < (int)sizeof(to) ? copy_in(r, real, to)
				   : fail(r, "the path is too long");
}

/*
 * The folder that has modules.dep: the one that is named, or the only one in
 * its lib/modules, as `make modules_install INSTALL_MOD_PATH=` leaves it.
 */
static bool find_modules(const char *named, char *found)
{
	bool good = false;

	for (size_t i = 0; !good && i < 2; i++) {
		char pattern[PATH_MAX];
		glob_t g;

		snprintf(pattern, sizeof(pattern),
			 i == 0 ? "%s/modules.dep"
				: "%s/lib/modules/*/modules.dep",
			 named);
		if (glob(pattern, 0, NULL, &g) == 0) {
			*strrchr(g.gl_pathv[0], '/') = '\0';
			good = g.gl_pathc == 1 &&
			       realpath(g.gl_pathv[0], found) != NULL;
			globfree(&g);
		}
	}
	return good;
}

static bool copy_modules(struct root *r)
{
	char folder_path[PATH_MAX];
	char to[PATH_MAX];

	if (r->wish->modules == NULL) {
		return true;
	}
	if (access(r->wish->modules, R_OK) != 0) {
		snprintf(r->pack.error, sizeof(r->pack.error),
			 "--modules %.200s: %s", r->wish->modules,
			 strerror(errno));
		return false;
	}
	if (!find_modules(r->wish->modules, folder_path)) {
		return fail(r,
			    "--modules: there is no modules.dep (run depmod), "
			    "or of several kernels");
	}
	snprintf(to, sizeof(to), "/lib/modules/%.255s", last_part(folder_path));
	return copy_in(r, folder_path, to);
}

/* Those that the given root has not. */
static bool copy_libraries(struct root *r)
{
	const char *root = r->wish->rootfs;

	for (unsigned int i = 0; i < r->libraries.nr; i++) {
		const char *path = r->libraries.path[i];
		char there[2 * PATH_MAX];

		snprintf(there, sizeof(there), "%s%s", root == NULL ? "" : root,
			 path);
		if ((root == NULL || access(there, F_OK) != 0) &&
		    !copy_in(r, path, path)) {
			return false;
		}
	}
	return true;
}

/* Where their program's own loader looks for them is not known there. */
static bool say_folders(struct root *r)
{
	char text[2 * PATH_MAX] = "LD_LIBRARY_PATH=";
	const size_t used = strlen(text);

	if (r->libraries.nr == 0) {
		return true;
	}
	return libraries_folders(&r->libraries, text + used,
				 sizeof(text) - used)
		       ? say_job(r, JOB_VARIABLE, text)
		       : fail(r, "the libraries are in too many folders");
}

static bool say_terminal(struct root *r)
{
	const char *term = getenv("TERM");
	char text[128];

	snprintf(text, sizeof(text), "TERM=%.100s",
		 term == NULL ? "linux" : term);
	return !r->wish->shell ||
	       (say_job(r, JOB_TERMINAL, "") && say_job(r, JOB_VARIABLE, text));
}

static bool say_command(struct root *r)
{
	static char shell[] = "/bin/sh";
	bool good = true;

	if (r->wish->words == NULL) {
		return say_job(r, JOB_ARGUMENT, shell);
	}
	for (int i = 0; good && i < r->wish->nr_words; i++) {
		good = say_job(r, JOB_ARGUMENT, r->wish->words[i]);
	}
	return good;
}

/* SRC of SRC:DST. */
static bool say_copies_out(struct root *r)
{
	bool good = true;

	for (unsigned int i = 0; good && i < r->wish->nr_copy_out; i++) {
		const char *wish = r->wish->copy_out[i];
		char *source = strndup(wish, strcspn(wish, ":"));

		good = source != NULL ? say_job(r, JOB_COPY_OUT, source)
				      : fail(r, "out of memory");
		free(source);
	}
	return good;
}

static bool put_folders(struct root *r)
{
	static const struct pack_meta console = {.mode = S_IFCHR | 0600,
						 .major = 5,
						 .minor = 1};

	return pack_entry(&r->pack, JOB_FOLDER, &folder, NULL, 0) &&
	       pack_entry(&r->pack, JOB_IN, &folder, NULL, 0) &&
	       pack_entry(&r->pack, "dev", &folder, NULL, 0) &&
	       pack_entry(&r->pack, "dev/console", &console, NULL, 0);
}

static bool put_init(struct root *r)
{
	char path[PATH_MAX];

	guest_beside_executable("pagewarden-init", path);
	return pack_tree(&r->pack, path, JOB_INIT);
}

static bool put_job(struct root *r)
{
	static const struct pack_meta file = {.mode = S_IFREG | 0600};

	return pack_entry(&r->pack, JOB_FILE, &file, r->job, r->job_size);
}

static bool put_ours(struct root *r, bool own)
{
	bool good = put_folders(r) && put_init(r) && copy_modules(r) &&
		    (!own || say_job(r, JOB_BUSYBOX, ""));

	r->wants_libraries = true;
	for (unsigned int i = 0; good && i < r->wish->nr_copy_in; i++) {
		good = copy_wish(r, r->wish->copy_in[i]);
	}
	r->wants_libraries = false;
	return good && copy_libraries(r) && say_folders(r) && say_terminal(r) &&
	       say_copies_out(r) && say_command(r) && put_job(r) &&
	       pack_end(&r->pack);
}

/* The root that there is, whole, up to a multiple of four bytes. */
static bool put_base(struct root *r, int base)
{
	static char chunk[CHUNK];
	uint64_t size = 0;
	ssize_t n = 0;

	while (base >= 0 &&
	       (n = pread(base, chunk, sizeof(chunk), (off_t)size)) > 0) {
		if (!write_all(r->pack.to, chunk, (size_t)n)) {
			return fail(r, strerror(errno));
		}
		size += (uint64_t)n;
	}
	if (n < 0) {
		return fail(r, strerror(errno));
	}
	memset(chunk, 0, 4);
	return write_all(r->pack.to, chunk, (size_t)(-size & 3)) ||
	       fail(r, strerror(errno));
}

int root_make(const struct command_wish *wish, int base, bool own, char *error,
	      size_t size)
{
	struct root *r = calloc(1, sizeof(*r));
	int fd = memfd_create("guest-root", MFD_CLOEXEC);
	bool good = r != NULL && fd >= 0;

	if (good) {
		r->wish = wish;
		r->pack.to = fd;
		good = put_base(r, base) &&
		       (wish->rootfs == NULL ||
			pack_tree(&r->pack, wish->rootfs, "")) &&
		       put_ours(r, own);
		snprintf(error, size, "%s", r->pack.error);
		libraries_fini(&r->libraries);
	} else {
		snprintf(error, size, "no memory for the initial root: %s",
			 strerror(errno));
	}
	free(r);
	if (!good && fd >= 0) {
		close(fd);
	}
	return good ? fd : -1;
}
