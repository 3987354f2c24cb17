/* SPDX-License-Identifier: MIT */
/*
 * Kernel files: an ELF, an ELF in gzip, or a Linux bzImage whose payload is an
 * ELF in gzip, xz, zstd, lz4, bzip2 or lzma. All of it is untrusted.
 */
#ifndef PW_CLI_IMAGE_H
#define PW_CLI_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_ERROR_SIZE 320
/* More than any kernel has; what unpacks to more is refused. */
#define IMAGE_MAX_FILE ((size_t)1 << 30)
#define IMAGE_MAX_ELF ((size_t)1 << 30)

struct image {
	uint8_t *elf; /* the ELF file's bytes, malloc'ed */
	size_t size;
	/* How it came: "ELF", "gzip'd ELF", "bzImage (xz)" ... */
	char kind[32];
	size_t file_size;
};

/*
 * Reads and unpacks a kernel file. Returns 0, or -1 with one line (without
 * the path, without newline) in error, of IMAGE_ERROR_SIZE bytes.
 */
int image_load(const char *path, struct image *image, char *error);
/* The same from memory. */
int image_unpack(const uint8_t *file, size_t size, struct image *image,
		 char *error);
void image_free(struct image *image);

/* Writes the ELF where QEMU can read it. Returns 0 or -1, as above. */
int image_write_elf(const struct image *image, const char *path, char *error);

#endif
