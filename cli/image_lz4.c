/* SPDX-License-Identifier: MIT */
/*
 * LZ4's legacy frame, which Linux still uses for its payload: a magic, then
 * blocks of at most 8 MiB unpacked, each behind its packed size. The frame
 * has no end mark: it ends with the input, or where another frame begins. And
 * the frame that the lz4 program writes unless told otherwise.
 */
#include <limits.h>
#include <lz4.h>
#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>

#include "builder/little_endian.h"
#include "cli/image_codec.h"

#define MAGIC UINT32_C(0x184c2102)
#define BLOCK_MAX ((size_t)8 << 20)

static enum codec_result unpack_blocks(struct codec_job *job, uint8_t *block)
{
	size_t at = 0;

	while (at < job->in_size) {
		enum codec_result result;
		uint32_t packed;
		int n;

		if (job->in_size - at < 4) {
			return CODEC_TRUNCATED;
		}
		packed = (uint32_t)little_endian(job->in + at, 4);
		at += 4;
		if (packed == MAGIC) {
			continue;
		}
		if (packed > (uint32_t)LZ4_COMPRESSBOUND(BLOCK_MAX)) {
			return CODEC_CORRUPT;
		}
		if (packed > job->in_size - at) {
			return CODEC_TRUNCATED;
		}
		n = LZ4_decompress_safe((const char *)job->in + at,
					(char *)block, (int)packed,
					(int)BLOCK_MAX);
		if (n < 0) {
			return CODEC_CORRUPT;
		}
		result = codec_append(job, block, (size_t)n);
		if (result != CODEC_DONE) {
			return result;
		}
		at += packed;
	}
	return CODEC_DONE;
}

enum codec_result codec_lz4_legacy(struct codec_job *job)
{
	uint8_t *block = malloc(BLOCK_MAX);
	enum codec_result result = CODEC_NO_MEMORY;

	if (block != NULL) {
		result = unpack_blocks(job, block);
		free(block);
	}
	return result;
}

/* One frame, from *at on; *at is its end then. */
static enum codec_result unpack_frame(struct codec_job *job, LZ4F_dctx *ctx,
				      size_t *at)
{
	for (;;) {
		enum codec_result grown = codec_grow(job);
		size_t made = job->out_room - job->out_size;
		size_t used = job->in_size - *at;
		size_t left;

		if (grown != CODEC_DONE) {
			return grown;
		}
		left = LZ4F_decompress(ctx, job->out + job->out_size, &made,
				       job->in + *at, &used, NULL);
		if (LZ4F_isError(left)) {
			return CODEC_CORRUPT;
		}
		job->out_size += made;
		*at += used;
		if (left == 0) {
			return CODEC_DONE;
		}
		if (made == 0 && *at == job->in_size) {
			return CODEC_TRUNCATED;
		}
	}
}

enum codec_result codec_lz4_frame(struct codec_job *job)
{
	enum codec_result result;
	LZ4F_dctx *ctx = NULL;
	size_t at = 0;

	if (LZ4F_isError(LZ4F_createDecompressionContext(&ctx, LZ4F_VERSION))) {
		return CODEC_NO_MEMORY;
	}
	do {
		result = unpack_frame(job, ctx, &at);
	} while (result == CODEC_DONE && job->in_size - at >= 4 &&
		 memcmp(job->in + at, job->in, 4) == 0);
	LZ4F_freeDecompressionContext(ctx);
	return result;
}
