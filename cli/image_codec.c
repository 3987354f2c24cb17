/* SPDX-License-Identifier: MIT */
/*
 * The codecs of Linux kernel payloads. Each feeds its library the whole input
 * and an output buffer that grows by doubling up to a limit, so that a small
 * file that unpacks to terabytes costs no more than the limit. Memory that a
 * library takes for its dictionary is limited too. A file may be several
 * packed files one after the other, where the codec's own tool reads it so.
 */
#include "cli/image_codec.h"

#include <bzlib.h>
#include <limits.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define FIRST_ROOM ((size_t)1 << 20)
/* The largest power of two that zstd's window may be, within the limit. */
#define ZSTD_WINDOW_LOG 29
_Static_assert((size_t)1 << ZSTD_WINDOW_LOG <= CODEC_DICTIONARY_MAX &&
		       (size_t)2 << ZSTD_WINDOW_LOG > CODEC_DICTIONARY_MAX,
	       "one limit for all codecs");

enum codec_result codec_grow(struct codec_job *job)
{
	size_t room = job->out_room == 0 ? FIRST_ROOM : job->out_room * 2;
	uint8_t *out;

	if (job->out_size < job->out_room) {
		return CODEC_DONE;
	}
	if (job->out_room == job->out_max) {
		return CODEC_TOO_LARGE;
	}
	if (room > job->out_max) {
		room = job->out_max;
	}
	out = realloc(job->out, room);
	if (out == NULL) {
		return CODEC_NO_MEMORY;
	}
	job->out = out;
	job->out_room = room;
	return CODEC_DONE;
}

enum codec_result codec_append(struct codec_job *job, const uint8_t *data,
			       size_t size)
{
	while (size > 0) {
		enum codec_result grown = codec_grow(job);
		size_t n = job->out_room - job->out_size;

		if (grown != CODEC_DONE) {
			return grown;
		}
		n = n < size ? n : size;
		memcpy(job->out + job->out_size, data, n);
		job->out_size += n;
		data += n;
		size -= n;
	}
	return CODEC_DONE;
}

/* Does another packed file follow? */
static bool another(const uint8_t *at, const uint8_t *end, const char *magic,
		    size_t length)
{
	return (size_t)(end - at) >= length && memcmp(at, magic, length) == 0;
}

/* Input and output in pieces that zlib's and libbz2's 32-bit counts hold. */
static unsigned int piece(size_t size)
{
	return size < INT_MAX ? (unsigned int)size : INT_MAX;
}

static enum codec_result gzip_loop(struct codec_job *job, z_stream *z)
{
	const uint8_t *in_end = job->in + job->in_size;

	for (;;) {
		enum codec_result grown = codec_grow(job);
		unsigned int room;
		int rc;

		if (grown != CODEC_DONE) {
			return grown;
		}
		room = piece(job->out_room - job->out_size);
		z->avail_in = piece((size_t)(in_end - z->next_in));
		z->next_out = job->out + job->out_size;
		z->avail_out = room;
		rc = inflate(z, Z_NO_FLUSH);
		job->out_size += room - z->avail_out;
		if (rc == Z_STREAM_END) {
			if (!another(z->next_in, in_end, "\x1f\x8b", 2)) {
				return CODEC_DONE;
			}
			inflateReset(z);
			continue;
		}
		if (rc == Z_BUF_ERROR || (rc == Z_OK && z->avail_out != 0)) {
			return CODEC_TRUNCATED;
		}
		if (rc != Z_OK) {
			return rc == Z_MEM_ERROR ? CODEC_NO_MEMORY
						 : CODEC_CORRUPT;
		}
	}
}

static enum codec_result codec_gzip(struct codec_job *job)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)job->in};
	enum codec_result result;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
		return CODEC_NO_MEMORY;
	}
	result = gzip_loop(job, &z);
	inflateEnd(&z);
	return result;
}

static enum codec_result lzma_loop(struct codec_job *job, lzma_stream *s)
{
	s->next_in = job->in;
	s->avail_in = job->in_size;
	for (;;) {
		enum codec_result grown = codec_grow(job);
		lzma_ret rc;

		if (grown != CODEC_DONE) {
			return grown;
		}
		s->next_out = job->out + job->out_size;
		s->avail_out = job->out_room - job->out_size;
		rc = lzma_code(s, LZMA_FINISH);
		job->out_size = job->out_room - s->avail_out;
		switch (rc) {
		case LZMA_OK:
			break;
		case LZMA_STREAM_END:
			return CODEC_DONE;
		case LZMA_BUF_ERROR:
			return CODEC_TRUNCATED;
		case LZMA_MEM_ERROR:
			return CODEC_NO_MEMORY;
		case LZMA_MEMLIMIT_ERROR:
			return CODEC_DICTIONARY;
		default:
			return CODEC_CORRUPT;
		}
	}
}

static enum codec_result lzma_finish(struct codec_job *job, lzma_stream *s,
				     lzma_ret ready)
{
	enum codec_result result = CODEC_NO_MEMORY;

	if (ready == LZMA_OK) {
		result = lzma_loop(job, s);
	}
	lzma_end(s);
	return result;
}

static enum codec_result codec_xz(struct codec_job *job)
{
	lzma_stream s = LZMA_STREAM_INIT;

	return lzma_finish(job, &s,
			   lzma_stream_decoder(&s, CODEC_DICTIONARY_MAX,
					       LZMA_CONCATENATED));
}

static enum codec_result codec_lzma(struct codec_job *job)
{
	lzma_stream s = LZMA_STREAM_INIT;

	return lzma_finish(job, &s,
			   lzma_alone_decoder(&s, CODEC_DICTIONARY_MAX));
}

static enum codec_result zstd_error(size_t rc)
{
	switch (ZSTD_getErrorCode(rc)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		return CODEC_DICTIONARY;
	case ZSTD_error_memory_allocation:
		return CODEC_NO_MEMORY;
	default:
		return CODEC_CORRUPT;
	}
}

static enum codec_result zstd_loop(struct codec_job *job, ZSTD_DStream *z)
{
	ZSTD_inBuffer in = {job->in, job->in_size, 0};

	for (;;) {
		enum codec_result grown = codec_grow(job);
		ZSTD_outBuffer out;
		size_t rc;

		if (grown != CODEC_DONE) {
			return grown;
		}
		out = (ZSTD_outBuffer){job->out, job->out_room, job->out_size};
		rc = ZSTD_decompressStream(z, &out, &in);
		job->out_size = out.pos;
		if (ZSTD_isError(rc)) {
			return zstd_error(rc);
		}
		if (rc == 0 &&
		    !another(job->in + in.pos, job->in + job->in_size,
			     "\x28\xb5\x2f\xfd", 4)) {
			return CODEC_DONE;
		}
		if (in.pos == in.size && out.pos < out.size) {
			return CODEC_TRUNCATED;
		}
	}
}

static enum codec_result codec_zstd(struct codec_job *job)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	enum codec_result result;

	if (z == NULL) {
		return CODEC_NO_MEMORY;
	}
	ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	result = zstd_loop(job, z);
	ZSTD_freeDStream(z);
	return result;
}

static enum codec_result bzip2_loop(struct codec_job *job, bz_stream *b)
{
	const char *in_end = (const char *)job->in + job->in_size;

	for (;;) {
		enum codec_result grown = codec_grow(job);
		unsigned int room;
		int rc;

		if (grown != CODEC_DONE) {
			return grown;
		}
		room = piece(job->out_room - job->out_size);
		b->avail_in = piece((size_t)(in_end - b->next_in));
		b->next_out = (char *)job->out + job->out_size;
		b->avail_out = room;
		rc = BZ2_bzDecompress(b);
		job->out_size += room - b->avail_out;
		if (rc == BZ_STREAM_END) {
			return CODEC_DONE;
		}
		if (rc != BZ_OK) {
			return rc == BZ_MEM_ERROR ? CODEC_NO_MEMORY
						  : CODEC_CORRUPT;
		}
		if (b->avail_out != 0 && b->next_in == in_end) {
			return CODEC_TRUNCATED;
		}
	}
}

static enum codec_result codec_bzip2(struct codec_job *job)
{
	const uint8_t *at = job->in, *end = job->in + job->in_size;
	enum codec_result result;

	do {
		bz_stream b = {.next_in = (char *)(uintptr_t)at};

		if (BZ2_bzDecompressInit(&b, 0, 0) != BZ_OK) {
			return CODEC_NO_MEMORY;
		}
		result = bzip2_loop(job, &b);
		at = (const uint8_t *)b.next_in;
		BZ2_bzDecompressEnd(&b);
	} while (result == CODEC_DONE && another(at, end, "BZh", 3));
	return result;
}

static const struct codec codecs[] = {
	{"gzip", {0x1f, 0x8b}, 2, false, codec_gzip},
	{"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, true, codec_xz},
	{"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, true, codec_zstd},
	{"lz4", {0x02, 0x21, 0x4c, 0x18}, 4, true, codec_lz4_legacy},
	{"lz4", {0x04, 0x22, 0x4d, 0x18}, 4, false, codec_lz4_frame},
	{"bzip2", {'B', 'Z', 'h'}, 3, true, codec_bzip2},
	{"lzo", {0x89, 'L', 'Z', 'O', 0, '\r'}, 6, true, codec_lzop},
	{"lzma", {0x5d, 0, 0}, 3, true, codec_lzma},
};

const struct codec *codec_find(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
		const struct codec *c = &codecs[i];

		if (size >= c->magic_size &&
		    memcmp(data, c->magic, c->magic_size) == 0) {
			return c;
		}
	}
	return NULL;
}
