/* SPDX-License-Identifier: MIT */
/*
 * The file's outer form: header and blocks. Nothing of what a file says is
 * believed before its checksum has been seen to be right, and no size is used
 * before it has been compared with what there is: files come from others, with
 * reports of what went wrong. The checksums are against accidents; a file made
 * to deceive passes them, and then meets check.c.
 */
#include "trace/file/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "trace/file/check.h"
#include "trace/file/crc.h"

struct input {
	const uint8_t *bytes;
	size_t size;
	size_t at;
	char *error;
};

__attribute__((format(printf, 3, 4))) static bool refuse(struct input *in,
							 uint64_t offset,
							 const char *format,
							 ...)
{
	char why[160];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	snprintf(in->error, TRACE_ERROR_SIZE, "offset %" PRIu64 ": %s", offset,
		 why);
	return false;
}

static bool take(struct input *in, void *to, size_t size, const char *what)
{
	if (in->size - in->at < size) {
		return refuse(in, in->size, "the file ends within %s", what);
	}
	memcpy(to, in->bytes + in->at, size);
	in->at += size;
	return true;
}

static bool take_header(struct trace *t, struct input *in)
{
	struct trace_file_header h = {0};

	if (in->size < sizeof(h.magic) ||
	    memcmp(in->bytes, TRACE_MAGIC, sizeof(h.magic)) != 0) {
		return refuse(in, 0, "this is no trace of Pagewarden's");
	}
	if (!take(in, &h, sizeof(h), "its header")) {
		return false;
	}
	if (h.crc != crc_of(&h, offsetof(struct trace_file_header, crc))) {
		return refuse(in, 0, "the header is damaged");
	}
	if (h.version < TRACE_VERSION_OLDEST || h.version > TRACE_VERSION) {
		return refuse(in, offsetof(struct trace_file_header, version),
			      "version %u, and only %u to %u are read here",
			      h.version, TRACE_VERSION_OLDEST, TRACE_VERSION);
	}
	t->version = h.version;
	return true;
}

/* Room for one more block of the stream. */
static bool grow(struct trace *t, struct input *in, uint64_t size)
{
	uint64_t most = t->most != 0 ? t->most : TRACE_STREAM_MAX;
	uint64_t have = t->nr * sizeof(*t->word);
	size_t blocks = t->nr_blocks + 1;
	void *p;

	if (have + size > most) {
		return refuse(in, in->at, "more than %" PRIu64 " MiB unpacked",
			      most >> 20);
	}
	/* By doubling: whenever the number of blocks is a power of 2. */
	if ((t->nr_blocks & (t->nr_blocks - 1)) == 0) {
		size_t room = t->nr_blocks == 0 ? 1 : 2 * t->nr_blocks;

		p = realloc(t->block, room * sizeof(*t->block));
		if (p == NULL) {
			return refuse(in, in->at, "out of memory");
		}
		t->block = p;
		p = realloc(t->word, room * TRACE_BLOCK_MAX);
		if (p == NULL) {
			return refuse(in, in->at, "out of memory");
		}
		t->word = p;
	}
	t->block[blocks - 1] =
		(struct trace_place){.word = t->nr, .offset = in->at};
	t->nr_blocks = blocks;
	return true;
}

/* *ret_last: that was the end. */
static bool take_block(struct trace *t, struct input *in, bool *ret_last)
{
	const uint64_t at = in->at;
	struct trace_block_header h = {0};
	size_t n;

	if (!take(in, &h, sizeof(h), "a block's header")) {
		return false;
	}
	if (h.check != crc_of(&h, offsetof(struct trace_block_header, check))) {
		return refuse(in, at, "the block's header is damaged");
	}
	if (h.size > TRACE_BLOCK_MAX || h.size % sizeof(*t->word) != 0 ||
	    h.packed > TRACE_PACKED_MAX || (h.packed == 0) != (h.size == 0)) {
		return refuse(in, at, "no block is of %u bytes, %u packed",
			      h.size, h.packed);
	}
	if (in->size - in->at < h.packed) {
		return refuse(in, in->size, "the file ends within a block");
	}
	if (h.crc != crc_of(in->bytes + in->at, h.packed)) {
		return refuse(in, at, "the block is damaged");
	}
	*ret_last = h.packed == 0;
	if (*ret_last) {
		return true;
	}
	if (!grow(t, in, h.size)) {
		return false;
	}
	n = ZSTD_decompress(t->word + t->nr, h.size, in->bytes + in->at,
			    h.packed);
	if (ZSTD_isError(n) || n != h.size) {
		return refuse(in, at, "the block does not unpack: %s",
			      ZSTD_isError(n) ? ZSTD_getErrorName(n)
					      : "it is too short");
	}
	in->at += h.packed;
	t->nr += h.size / sizeof(*t->word);
	return true;
}

static bool take_all(struct trace *t, struct input *in)
{
	bool last = false;
	const char *wrong;
	uint64_t at = 0;
	size_t i;

	if (!take_header(t, in)) {
		return false;
	}
	while (!last) {
		if (!take_block(t, in, &last)) {
			return false;
		}
	}
	if (in->at != in->size) {
		return refuse(in, in->at, "something follows the end");
	}
	wrong = trace_check(t, &at);
	if (wrong == NULL) {
		return true;
	}
	for (i = t->nr_blocks; i > 1 && t->block[i - 1].word > at; i--) {
	}
	return refuse(in, i == 0 ? in->at : t->block[i - 1].offset,
		      "word %" PRIu64 " of the stream, in this block: %s", at,
		      wrong);
}

bool trace_read(struct trace *t, const void *bytes, size_t size, char *error)
{
	struct input in = {.bytes = bytes, .size = size, .error = error};

	*t = (struct trace){.most = t->most};
	if (!take_all(t, &in)) {
		trace_free(t);
		return false;
	}
	return true;
}

bool trace_read_file(struct trace *t, const char *path, char *error)
{
	FILE *f = fopen(path, "rbe");
	void *bytes = NULL;
	bool good = false;
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
		snprintf(error, TRACE_ERROR_SIZE, "%s", strerror(errno));
	} else {
		rewind(f);
		bytes = malloc((size_t)size + 1);
		if (bytes == NULL) {
			snprintf(error, TRACE_ERROR_SIZE, "out of memory");
		} else if (fread(bytes, 1, (size_t)size, f) != (size_t)size) {
			snprintf(error, TRACE_ERROR_SIZE, "cannot be read");
		} else {
			good = trace_read(t, bytes, (size_t)size, error);
		}
	}
	free(bytes);
	if (f != NULL) {
		fclose(f);
	}
	return good;
}

void trace_free(struct trace *t)
{
	free(t->word);
	free(t->block);
	for (unsigned int i = 0; i < TRACE_NAME_LISTS; i++) {
		free(t->number[i]);
	}
	*t = (struct trace){0};
}
