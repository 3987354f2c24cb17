/* SPDX-License-Identifier: MIT */
/*
 * Files and folders as a cpio archive in the "newc" format: what a kernel
 * unpacks as its initial root. Written by the command for the guest, and by the
 * guest's first process for the command.
 */
#ifndef PW_INITRAMFS_PACK_H
#define PW_INITRAMFS_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define PACK_ERROR_SIZE 384

struct pack {
	int to;               /* the maker's own */
	uint32_t inode;       /* of the last entry */
	uint64_t written;     /* bytes */
	unsigned int skipped; /* sockets, which no archive holds */
	char error[PACK_ERROR_SIZE];
};

struct pack_meta {
	uint32_t mode; /* type and permissions */
	uint32_t time; /* of the last change */
	uint32_t major, minor;
};

/* What whoever makes an archive provides, by link. False: errno says why. */
bool pack_put(struct pack *p, const void *data, size_t size);
/* A regular file is being packed. False: with p->error. */
bool pack_seen(struct pack *p, const char *path, const struct stat *status);

/* All of these: false with a line in p->error. Names have no leading slash. */
bool pack_entry(struct pack *p, const char *name, const struct pack_meta *meta,
		const void *data, size_t size);
/*
 * A file, or a folder with all in it that is on the same file system; "" for
 * its name is the root, whose own entry is not made.
 */
bool pack_tree(struct pack *p, const char *path, const char *name);
bool pack_end(struct pack *p);

#endif
