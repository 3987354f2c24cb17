/* SPDX-License-Identifier: MIT */
/*
 * An entry is one file, named by the SHA-256 of the packed one: a head, then
 * the ELF. It is written under a name of its own and then renamed, so that two
 * runs may write the same at once and none reads half of it; and read whole and
 * held against its head, with a checksum, so that one that a full disk or a
 * broken one has damaged is no kernel but a miss. Against who may write to the
 * user's own folder it is no guard, and need not be.
 */
#define _GNU_SOURCE
#include "cli/image_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "cli/write_all.h"

#define SUFFIX ".kernel"
/* The digest in hexadecimal, and that; with the NUL. */
#define NAME_SIZE (SHA256_DIGEST_STRING_LENGTH - 1 + sizeof(SUFFIX))
#define OWN "new." /* what is being written begins so */
static const char magic[8] = "PWKERN1";

struct head {
	char magic[8];
	uint64_t packed_size;
	uint64_t size;
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char kind[32];
	uint32_t crc;      /* of the ELF */
	uint32_t head_crc; /* of all before it */
};

_Static_assert(sizeof(((struct image *)0)->kind) == 32, "struct head");

static uint32_t head_crc(const struct head *h)
{
	return (uint32_t)crc32(0, (const void *)h,
			       offsetof(struct head, head_crc));
}

static uint32_t elf_crc(const uint8_t *elf, size_t size)
{
	return (uint32_t)crc32_z(0, elf, size);
}

struct image_key image_key_of(const uint8_t *file, size_t size)
{
	struct image_key key = {.size = size};
	SHA2_CTX all;

	SHA256Init(&all);
	SHA256Update(&all, file, size);
	SHA256Final(key.digest, &all);
	return key;
}

/* The folder, made if `make`; -1: there is none. */
static int open_folder(bool make)
{
	static const char *const below[] = {"pagewarden", "kernels"};
	const char *base = getenv("XDG_CACHE_HOME");
	char home[PATH_MAX];
	int fd;

	/* One that is not absolute is to be ignored, its standard says. */
	if (base == NULL || *base != '/') {
		const char *h = getenv("HOME");

		if (h == NULL || *h != '/' ||
		    snprintf(home, sizeof(home), "%s/.cache", h) >=
			    (int)sizeof(home)) {
			return -1;
		}
		base = home;
	}
	if (make) {
		(void)!mkdir(base, 0700);
	}
	fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (unsigned int i = 0; fd >= 0 && i < 2; i++) {
		int in = fd;

		if (make) {
			(void)!mkdirat(in, below[i], 0700);
		}
		fd = openat(in, below[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(in);
	}
	return fd;
}

static void name_of(const struct image_key *key, char name[NAME_SIZE])
{
	for (unsigned int i = 0; i < sizeof(key->digest); i++) {
		snprintf(name + (size_t)2 * i, 3, "%02x", key->digest[i]);
	}
	strcat(name, SUFFIX);
}

static bool read_whole(int fd, void *to, size_t size)
{
	uint8_t *p = to;

	while (size != 0) {
		ssize_t n = read(fd, p, size);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		p += n;
		size -= (size_t)n;
	}
	return true;
}

/* Does the head belong to the key, and its file hold what it says? */
static bool head_is_good(const struct head *h, const struct image_key *key,
			 const struct stat *st)
{
	return memcmp(h->magic, magic, sizeof(magic)) == 0 &&
	       h->head_crc == head_crc(h) && h->packed_size == key->size &&
	       memcmp(h->digest, key->digest, sizeof(h->digest)) == 0 &&
	       h->kind[sizeof(h->kind) - 1] == '\0' && h->size != 0 &&
	       h->size <= IMAGE_MAX_ELF && st->st_size > 0 &&
	       (uint64_t)st->st_size == sizeof(*h) + h->size;
}

static bool read_entry(int fd, const struct image_key *key, struct image *image)
{
	struct head h;
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    !read_whole(fd, &h, sizeof(h)) || !head_is_good(&h, key, &st)) {
		return false;
	}
	image->elf = malloc(h.size);
	if (image->elf == NULL || !read_whole(fd, image->elf, h.size) ||
	    elf_crc(image->elf, h.size) != h.crc) {
		image_free(image);
		return false;
	}
	image->size = h.size;
	image->file_size = key->size;
	image->was_kept = true;
	memcpy(image->kind, h.kind, sizeof(image->kind));
	return true;
}

bool image_cache_find(const struct image_key *key, struct image *image)
{
	char name[NAME_SIZE];
	int folder = open_folder(false);
	bool found = false;
	int fd;

	*image = (struct image){0};
	if (folder < 0) {
		return false;
	}
	name_of(key, name);
	fd = openat(folder, name,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0) {
		found = read_entry(fd, key, image);
		if (found) {
			/* Used now: the last to go. */
			(void)!futimens(fd, NULL);
		} else {
			(void)!unlinkat(folder, name, 0);
		}
		close(fd);
	}
	close(folder);
	return found;
}

static bool is_entry(const char *name)
{
	size_t n = strlen(name);

	return n == NAME_SIZE - 1 &&
	       strcmp(name + n - strlen(SUFFIX), SUFFIX) == 0;
}

/* Left by a run that was killed while it wrote: none writes for an hour. */
static bool is_litter(const char *name, const struct stat *st)
{
	return strncmp(name, OWN, strlen(OWN)) == 0 &&
	       st->st_mtim.tv_sec < time(NULL) - 3600;
}

/* How many there are, and the one that was not used for longest. */
static unsigned int oldest(DIR *dir, char name[NAME_MAX + 1])
{
	struct timespec least = {0};
	const struct dirent *e;
	unsigned int nr = 0;
	struct stat st;

	rewinddir(dir);
	while ((e = readdir(dir)) != NULL) {
		if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) !=
		    0) {
			continue;
		}
		if (is_litter(e->d_name, &st)) {
			(void)!unlinkat(dirfd(dir), e->d_name, 0);
		}
		if (!is_entry(e->d_name)) {
			continue;
		}
		if (nr++ == 0 || st.st_mtim.tv_sec < least.tv_sec ||
		    (st.st_mtim.tv_sec == least.tv_sec &&
		     st.st_mtim.tv_nsec < least.tv_nsec)) {
			least = st.st_mtim;
			strcpy(name, e->d_name);
		}
	}
	return nr;
}

static void remove_old(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[NAME_MAX + 1];
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL) {
		close(fd);
		return;
	}
	while (oldest(dir, name) > IMAGE_CACHE_MOST &&
	       unlinkat(folder, name, 0) == 0) {
	}
	closedir(dir);
}

static bool write_entry(int fd, const struct image_key *key,
			const struct image *image)
{
	struct head h = {.packed_size = key->size,
			 .size = image->size,
			 .crc = elf_crc(image->elf, image->size)};

	memcpy(h.magic, magic, sizeof(magic));
	memcpy(h.digest, key->digest, sizeof(h.digest));
	memcpy(h.kind, image->kind, sizeof(h.kind));
	h.head_crc = head_crc(&h);
	return write_all(fd, &h, sizeof(h)) &&
	       write_all(fd, image->elf, image->size);
}

void image_cache_keep(const struct image_key *key, const struct image *image)
{
	char name[NAME_SIZE];
	struct timespec now;
	char own[64];
	int folder = open_folder(true);
	bool done;
	int fd;

	if (folder < 0) {
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(own, sizeof(own), OWN "%ld.%lx", (long)getpid(),
		 (unsigned long)now.tv_sec * 1000000000 +
			 (unsigned long)now.tv_nsec);
	fd = openat(folder, own, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		name_of(key, name);
		done = write_entry(fd, key, image);
		done = close(fd) == 0 && done;
		if (!done || renameat(folder, own, folder, name) != 0) {
			(void)!unlinkat(folder, own, 0);
		}
		remove_old(folder);
	}
	close(folder);
}
