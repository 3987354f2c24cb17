/* SPDX-License-Identifier: MIT */
/*
 * Blocks of a mebibyte are packed as they fill, so that what a run that is
 * killed has recorded up to then is in the file, and a reader that finds a bad
 * block can say where it is. The first failure is kept, and everything after it
 * is dropped: a trace with a gap is none.
 */
#include "trace/file/writer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "trace/file/crc.h"

#define BLOCK_WORDS (TRACE_BLOCK_MAX / sizeof(uint64_t))
/* As fast as the machine that is recorded, and small enough. */
#define LEVEL 3

__attribute__((format(printf, 2, 3))) static void fail(struct trace_writer *w,
						       const char *format, ...)
{
	va_list args;

	if (!w->failed) {
		w->failed = true;
		va_start(args, format);
		vsnprintf(w->error, sizeof(w->error), format, args);
		va_end(args);
	}
}

static void put_bytes(struct trace_writer *w, const void *bytes, size_t size)
{
	if (!w->failed && fwrite(bytes, 1, size, w->file) != size) {
		fail(w, "%s", strerror(errno));
	}
	w->written += size;
}

static void put_header(struct trace_writer *w)
{
	struct trace_file_header h = {.magic = TRACE_MAGIC,
				      .version = TRACE_VERSION};

	h.crc = crc_of(&h, offsetof(struct trace_file_header, crc));
	put_bytes(w, &h, sizeof(h));
}

static void put_block(struct trace_writer *w)
{
	size_t size = w->nr * sizeof(*w->block);
	struct trace_block_header h = {.size = (uint32_t)size};
	size_t packed = 0;

	if (size != 0) {
		packed = ZSTD_compressCCtx(w->context, w->packed,
					   TRACE_PACKED_MAX, w->block, size,
					   LEVEL);
		if (ZSTD_isError(packed)) {
			fail(w, "zstd: %s", ZSTD_getErrorName(packed));
			return;
		}
	}
	h.packed = (uint32_t)packed;
	h.crc = crc_of(w->packed, packed);
	h.check = crc_of(&h, offsetof(struct trace_block_header, check));
	put_bytes(w, &h, sizeof(h));
	put_bytes(w, w->packed, packed);
	w->words += w->nr;
	w->nr = 0;
}

bool trace_writer_open(struct trace_writer *w, const char *path)
{
	*w = (struct trace_writer){
		.context = ZSTD_createCCtx(),
		.block = malloc(TRACE_BLOCK_MAX),
		.packed = malloc(TRACE_PACKED_MAX),
		.file = fopen(path, "wbe"),
	};
	if (w->file == NULL) {
		fail(w, "%s", strerror(errno));
	} else if (w->context == NULL || w->block == NULL ||
		   w->packed == NULL) {
		fail(w, "out of memory");
	}
	if (w->failed) {
		(void)trace_writer_close(w);
		return false;
	}
	put_header(w);
	return true;
}

void trace_writer_put(struct trace_writer *w, const uint64_t *words, size_t nr)
{
	while (nr != 0 && !w->failed) {
		size_t room = BLOCK_WORDS - w->nr;
		size_t some = nr < room ? nr : room;

		memcpy(w->block + w->nr, words, some * sizeof(*words));
		w->nr += some;
		words += some;
		nr -= some;
		if (w->nr == BLOCK_WORDS) {
			put_block(w);
		}
	}
}

bool trace_writer_close(struct trace_writer *w)
{
	if (!w->failed && w->nr != 0) {
		put_block(w);
	}
	if (!w->failed) {
		put_block(w);
	}
	if (w->file != NULL && fclose(w->file) != 0) {
		fail(w, "%s", strerror(errno));
	}
	ZSTD_freeCCtx(w->context);
	free(w->block);
	free(w->packed);
	w->file = NULL;
	w->context = NULL;
	w->block = NULL;
	w->packed = NULL;
	return !w->failed;
}
