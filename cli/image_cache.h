/* SPDX-License-Identifier: MIT */
/*
 * Kernels that were unpacked, kept in the user's cache folder for the next run:
 * $XDG_CACHE_HOME/pagewarden/kernels, or ~/.cache/pagewarden/kernels.
 */
#ifndef PW_CLI_IMAGE_CACHE_H
#define PW_CLI_IMAGE_CACHE_H

#include <sha2.h>
#include <stdbool.h>

#include "cli/image.h"

/* More of them are not kept; those that were not used for longest go. */
#define IMAGE_CACHE_MOST 8

/* The packed file's place in it. */
struct image_key {
	uint8_t digest[SHA256_DIGEST_LENGTH];
	size_t size;
};

struct image_key image_key_of(const uint8_t *file, size_t size);

/*
 * True: the image is what the file unpacks to, malloc'ed as image_unpack()
 * does. False: it is not there, or is damaged, and then is removed.
 */
bool image_cache_find(const struct image_key *key, struct image *image);

/* Keeps it, if it can; a cache that cannot be written is none. */
void image_cache_keep(const struct image_key *key, const struct image *image);

#endif
