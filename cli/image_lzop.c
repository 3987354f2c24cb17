/* SPDX-License-Identifier: MIT */
/*
 * The file format of lzop, which Linux's LZO payload is: a header whose fields
 * depend on its version and flags, then blocks, each with its two sizes and
 * the checksums that the flags ask for, and a size of 0 at the end; perhaps
 * several such one after the other. Numbers are big endian. (lzop 1.04, its own
 * description of the format.)
 */
#include <lzo/lzo1x.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cli/image_codec.h"

/* What lzop's own reader accepts. */
#define BLOCK_MAX ((size_t)64 << 20)

enum {
	MAGIC_SIZE = 9,
	/* From this version on the header has what is now usual. */
	VERSION_NEEDED_SINCE = 0x0940,
	FLAG_ADLER32 = 0x1, /* of what is unpacked */
	FLAG_ADLER32_PACKED = 0x2,
	FLAG_EXTRA = 0x40,
	FLAG_CRC32 = 0x100,
	FLAG_CRC32_PACKED = 0x200,
	FLAG_FILTER = 0x800,
};

struct reader {
	const uint8_t *at;
	size_t left;
	bool short_of; /* more was asked for than there is */
};

static const uint8_t *take(struct reader *r, size_t size)
{
	const uint8_t *at = r->at;

	if (size > r->left) {
		r->short_of = true;
		r->left = 0;
		return NULL;
	}
	r->at += size;
	r->left -= size;
	return at;
}

static uint32_t take_number(struct reader *r, unsigned int bytes)
{
	const uint8_t *at = take(r, bytes);
	uint32_t value = 0;

	for (unsigned int i = 0; at != NULL && i < bytes; i++) {
		value = value << 8 | at[i];
	}
	return value;
}

static const uint8_t magic[MAGIC_SIZE] = {0x89, 'L',  'Z',  'O', 0,
					  '\r', '\n', 0x1a, '\n'};

static enum codec_result read_header(struct reader *r, uint32_t *flags)
{
	const uint8_t *begin = take(r, sizeof(magic));
	uint32_t version;

	if (begin != NULL && memcmp(begin, magic, sizeof(magic)) != 0) {
		return CODEC_CORRUPT;
	}
	version = take_number(r, 2);
	take_number(r, 2); /* the library's */
	if (version >= VERSION_NEEDED_SINCE) {
		take_number(r, 2); /* to unpack it */
	}
	take_number(r, 1); /* method: all are unpacked alike */
	if (version >= VERSION_NEEDED_SINCE) {
		take_number(r, 1); /* level */
	}
	*flags = take_number(r, 4);
	if ((*flags & FLAG_FILTER) != 0) {
		take_number(r, 4);
	}
	take(r, 8); /* mode, time */
	if (version >= VERSION_NEEDED_SINCE) {
		take(r, 4); /* the time's upper half */
	}
	take(r, take_number(r, 1)); /* name */
	take_number(r, 4);          /* the header's checksum */
	if ((*flags & FLAG_EXTRA) != 0) {
		take(r, take_number(r, 4));
		take_number(r, 4);
	}
	return r->short_of ? CODEC_TRUNCATED : CODEC_DONE;
}

/* Unpacks a block whose sizes are known to be possible. */
static enum codec_result unpack_block(struct codec_job *job, struct reader *r,
				      uint32_t flags, uint32_t size,
				      uint32_t packed_size, uint8_t *block)
{
	uint32_t adler = 0, crc = 0;
	const uint8_t *packed;
	lzo_uint made = size;

	if ((flags & FLAG_ADLER32) != 0) {
		adler = take_number(r, 4);
	}
	if ((flags & FLAG_CRC32) != 0) {
		crc = take_number(r, 4);
	}
	if (packed_size < size) {
		take(r, ((flags & FLAG_ADLER32_PACKED) != 0 ? 4 : 0) +
				((flags & FLAG_CRC32_PACKED) != 0 ? 4 : 0));
	}
	packed = take(r, packed_size);
	if (packed == NULL) {
		return CODEC_TRUNCATED;
	}
	/* What would not shrink is stored. */
	if (packed_size == size) {
		memcpy(block, packed, size);
	} else if (lzo1x_decompress_safe(packed, packed_size, block, &made,
					 NULL) != LZO_E_OK ||
		   made != size) {
		return CODEC_CORRUPT;
	}
	if (((flags & FLAG_ADLER32) != 0 &&
	     adler32(adler32(0, NULL, 0), block, size) != adler) ||
	    ((flags & FLAG_CRC32) != 0 &&
	     crc32(crc32(0, NULL, 0), block, size) != crc)) {
		return CODEC_CORRUPT;
	}
	return codec_append(job, block, size);
}

static enum codec_result unpack_blocks(struct codec_job *job, struct reader *r,
				       uint32_t flags)
{
	for (;;) {
		uint32_t size = take_number(r, 4), packed_size;
		enum codec_result result;
		uint8_t *block;

		if (!r->short_of && size == 0) {
			return CODEC_DONE;
		}
		packed_size = take_number(r, 4);
		if (r->short_of) {
			return CODEC_TRUNCATED;
		}
		if (size > BLOCK_MAX || packed_size > size) {
			return CODEC_CORRUPT;
		}
		block = malloc(size);
		if (block == NULL) {
			return CODEC_NO_MEMORY;
		}
		result = unpack_block(job, r, flags, size, packed_size, block);
		free(block);
		if (result != CODEC_DONE) {
			return result;
		}
	}
}

enum codec_result codec_lzop(struct codec_job *job)
{
	struct reader r = {job->in, job->in_size, false};
	enum codec_result result;
	uint32_t flags;

	if (lzo_init() != LZO_E_OK) {
		return CODEC_NO_MEMORY;
	}
	do {
		result = read_header(&r, &flags);
		if (result == CODEC_DONE) {
			result = unpack_blocks(job, &r, flags);
		}
	} while (result == CODEC_DONE && r.left >= sizeof(magic) &&
		 memcmp(r.at, magic, sizeof(magic)) == 0);
	return result;
}
