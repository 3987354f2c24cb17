/* SPDX-License-Identifier: MIT */
/*
 * Kernel files: an ELF; a Linux bzImage, whose payload is a compressed ELF; a
 * unified kernel image (UKI), which is a PE file with a bzImage in it; or a
 * compressed ELF. gzip, xz, zstd, lz4, bzip2, lzo and lzma are understood. All
 * of it is untrusted.
 */
#ifndef PW_CLI_IMAGE_H
#define PW_CLI_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_ERROR_SIZE 320
/* More than any kernel has; a larger file is refused, and so is one that
 * unpacks to more. */
#define IMAGE_MAX_FILE ((size_t)1 << 30)
#define IMAGE_MAX_ELF ((size_t)1 << 30)

struct image {
	uint8_t *elf; /* the ELF file's bytes, malloc'ed */
	size_t size;
	/* How it came: "ELF in gzip", "UKI, bzImage, ELF in xz" ... */
	char kind[32];
	size_t file_size;
	bool was_kept; /* found, not unpacked */
};

/*
 * Reads and unpacks a kernel file. Returns 0, or -1 with one line (without
 * the path, without newline) in error, of IMAGE_ERROR_SIZE bytes.
 */
int image_load(const char *path, struct image *image, char *error);
/* The same; it is unpacked once and then found again (image_cache.h). */
int image_load_cached(const char *path, struct image *image, char *error);

/* The same from memory, for an ELF of max_elf bytes at most. */
int image_unpack(const uint8_t *file, size_t size, size_t max_elf,
		 struct image *image, char *error);
void image_free(struct image *image);

/* Writes the ELF where QEMU can read it. Returns 0 or -1, as above. */
int image_write_elf(const struct image *image, const char *path, char *error);

#endif
