/* SPDX-License-Identifier: MIT */
/* Compressed data in memory to memory, by the usual libraries. */
#ifndef PW_CLI_IMAGE_CODEC_H
#define PW_CLI_IMAGE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a codec reads, and the buffer that grows as it writes. */
struct codec_job {
	const uint8_t *in;
	size_t in_size;
	uint8_t *out; /* malloc'ed; the caller frees it, whatever happened */
	size_t out_size;
	size_t out_room;
	size_t out_max; /* refuse to make more */
};

enum codec_result {
	CODEC_DONE,
	CODEC_TRUNCATED, /* the input ends before the data does */
	CODEC_CORRUPT,
	CODEC_TOO_LARGE, /* above out_max */
	CODEC_NO_MEMORY,
	CODEC_DICTIONARY, /* needs more than CODEC_DICTIONARY_MAX */
};

/*
 * What a codec may take for its dictionary or window. Linux packs with 32 MiB
 * (xz) and 128 MiB (zstd), people who do it by hand with 256 MiB; some more,
 * for what xz needs beside its dictionary.
 */
#define CODEC_DICTIONARY_MAX ((size_t)520 << 20)

struct codec {
	const char *name;
	uint8_t magic[6];
	uint8_t magic_size;
	/*
	 * Linux appends the unpacked size, 32 bits, to what a tool of this
	 * codec wrote; gzip's own trailer ends with the same.
	 */
	bool size_appended;
	enum codec_result (*run)(struct codec_job *job);
};

/* The codec whose magic the data begins with, or NULL. */
const struct codec *codec_find(const uint8_t *data, size_t size);

/* Makes room for more output: at least one byte, unless it fails. */
enum codec_result codec_grow(struct codec_job *job);

/* Appends to the output. */
enum codec_result codec_append(struct codec_job *job, const uint8_t *data,
			       size_t size);

enum codec_result codec_lz4_legacy(struct codec_job *job);
enum codec_result codec_lz4_frame(struct codec_job *job);
enum codec_result codec_lzop(struct codec_job *job);

#endif
