/* SPDX-License-Identifier: MIT */
/* The packing halves of the libraries whose unpacking halves cli/ uses. */
#include "tests/unit/support/packed.h"

#include <assert.h>
#include <bzlib.h>
#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/unit/support/kernel_file.h"

static struct packed room_for(size_t size)
{
	struct packed p = {malloc(size * 2 + 4096), size * 2 + 4096};

	assert(p.data != NULL);
	return p;
}

static struct packed pack_gzip(const uint8_t *data, size_t size)
{
	struct packed p = room_for(size);
	z_stream z = {0};
	int rc = deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8,
			      Z_DEFAULT_STRATEGY);

	assert(rc == Z_OK);
	z.next_in = (uint8_t *)(uintptr_t)data;
	z.avail_in = (unsigned int)size;
	z.next_out = p.data;
	z.avail_out = (unsigned int)p.size;
	rc = deflate(&z, Z_FINISH);
	assert(rc == Z_STREAM_END);
	p.size = z.total_out;
	deflateEnd(&z);
	return p;
}

/* As Linux's build does it: BCJ x86 and LZMA2, CRC32. */
static struct packed pack_xz(const uint8_t *data, size_t size)
{
	struct packed p = room_for(size);
	lzma_options_lzma options;
	lzma_filter filters[] = {
		{LZMA_FILTER_X86, NULL},
		{LZMA_FILTER_LZMA2, &options},
		{LZMA_VLI_UNKNOWN, NULL},
	};
	size_t used = 0;
	lzma_ret rc;

	assert(!lzma_lzma_preset(&options, 6));
	rc = lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL, data,
				       size, p.data, &used, p.size);
	assert(rc == LZMA_OK);
	p.size = used;
	return p;
}

static struct packed pack_lzma(const uint8_t *data, size_t size)
{
	struct packed p = room_for(size);
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_options_lzma options;
	lzma_ret rc;

	assert(!lzma_lzma_preset(&options, 6));
	rc = lzma_alone_encoder(&s, &options);
	assert(rc == LZMA_OK);
	s.next_in = data;
	s.avail_in = size;
	s.next_out = p.data;
	s.avail_out = p.size;
	rc = lzma_code(&s, LZMA_FINISH);
	assert(rc == LZMA_STREAM_END);
	p.size = s.total_out;
	lzma_end(&s);
	return p;
}

static struct packed pack_zstd(const uint8_t *data, size_t size)
{
	struct packed p = room_for(size);

	p.size = ZSTD_compress(p.data, p.size, data, size, 19);
	assert(!ZSTD_isError(p.size));
	return p;
}

static struct packed pack_bzip2(const uint8_t *data, size_t size)
{
	struct packed p = room_for(size);
	unsigned int used = (unsigned int)p.size;
	int rc = BZ2_bzBuffToBuffCompress((char *)p.data, &used,
					  (char *)(uintptr_t)data,
					  (unsigned int)size, 9, 0, 0);

	assert(rc == BZ_OK);
	p.size = used;
	return p;
}

/* Blocks are smaller than a tool would make them, so that there are some;
 * and the data is two frames, as a concatenation is. */
static struct packed pack_lz4(const uint8_t *data, size_t size)
{
	enum { BLOCK = 10000 };
	static const uint8_t magic[] = {0x02, 0x21, 0x4c, 0x18};
	struct packed p = room_for(size);
	size_t used = 0;

	for (size_t at = 0; at < size; at += BLOCK) {
		int n = size - at < BLOCK ? (int)(size - at) : BLOCK;
		int packed;

		if (at == 0 || at == BLOCK) {
			memcpy(p.data + used, magic, sizeof(magic));
			used += sizeof(magic);
		}
		packed = LZ4_compress_default((const char *)data + at,
					      (char *)p.data + used + 4, n,
					      (int)(p.size - used - 4));
		assert(packed > 0);
		kernel_file_poke(p.data, used, 4, (uint64_t)packed);
		used += 4 + (size_t)packed;
	}
	p.size = used;
	return p;
}

/* As the lz4 program does it. */
static struct packed pack_lz4_frame(const uint8_t *data, size_t size)
{
	struct packed p = room_for(size);
	LZ4F_preferences_t wish = {
		.frameInfo = {.blockSizeID = LZ4F_max64KB,
			      .contentChecksumFlag =
				      LZ4F_contentChecksumEnabled},
	};

	p.size = LZ4F_compressFrame(p.data, p.size, data, size, &wish);
	assert(!LZ4F_isError(p.size));
	return p;
}

static void poke_big(uint8_t *at, uint64_t value, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++) {
		at[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
	}
}

/* A block as lzop writes it: stored where it would not shrink. */
static size_t lzop_block(uint8_t *at, const uint8_t *data, size_t size)
{
	static lzo_align_t work[LZO1X_1_MEM_COMPRESS / sizeof(lzo_align_t)];
	lzo_uint used = 0;
	int rc = lzo1x_1_compress(data, size, at + 12, &used, work);

	assert(rc == LZO_E_OK);
	if (used >= size) {
		memcpy(at + 12, data, size);
		used = size;
	}
	poke_big(at, size, 4);
	poke_big(at + 4, used, 4);
	poke_big(at + 8, adler32(adler32(0, NULL, 0), data, (uInt)size), 4);
	return 12 + used;
}

/* As lzop 1.04 does it: blocks of 256 KiB, here less, with Adler-32. */
static struct packed pack_lzo(const uint8_t *data, size_t size)
{
	enum { BLOCK = 20000 };
	static const uint8_t header[] = {
		0x89, 'L',  'Z',  'O',  0, '\r', '\n', 0x1a,
		'\n', 0x10, 0x40,    /* lzop 1.04 */
		0x20, 0xa0,          /* library 2.10 */
		0x09, 0x40,          /* needed */
		3,    9,             /* method and level */
		0,    0,    0,    1, /* flags: Adler-32 of what is unpacked */
		0,    0,    0x81, 0xa4,                   /* mode */
		0,    0,    0,    0,    0, 0,    0,    0, /* time */
		2,    'k',  'n',                          /* name */
		0,    0,    0,    0, /* checksum of this, which nobody needs */
	};
	struct packed p = room_for(size + BLOCK);
	size_t used = sizeof(header);

	assert(lzo_init() == LZO_E_OK);
	memcpy(p.data, header, sizeof(header));
	for (size_t at = 0; at < size; at += BLOCK) {
		used += lzop_block(p.data + used, data + at,
				   size - at < BLOCK ? size - at : BLOCK);
	}
	poke_big(p.data + used, 0, 4);
	p.size = used + 4;
	return p;
}

struct packed packed_xz_dictionary(const uint8_t *data, size_t size,
				   uint8_t code)
{
	/* .xz file format 1.0.4, 3.1: the block's header is at 12. */
	enum { HEADER = 12, FILTER_LZMA2 = 0x21 };
	struct packed p = pack_xz(data, size);
	uint8_t *header = p.data + HEADER;
	size_t length = ((size_t)header[0] + 1) * 4 - 4;

	for (size_t i = 2; i + 2 < length; i++) {
		if (header[i] == FILTER_LZMA2 && header[i + 1] == 1) {
			header[i + 2] = code;
		}
	}
	kernel_file_poke(p.data, HEADER + length, 4,
			 lzma_crc32(header, length, 0));
	return p;
}

struct packed packed_zstd_window(const uint8_t *data, size_t size, int log)
{
	struct packed p = room_for(size);
	ZSTD_CCtx *z = ZSTD_createCCtx();
	ZSTD_inBuffer in = {data, size / 2, 0};
	ZSTD_outBuffer out = {p.data, p.size, 0};
	size_t rc;

	assert(z != NULL);
	ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, 1);
	ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, log);
	/* In two pieces, so that the size is not known at the beginning. */
	rc = ZSTD_compressStream2(z, &out, &in, ZSTD_e_flush);
	assert(rc == 0);
	in.size = size;
	rc = ZSTD_compressStream2(z, &out, &in, ZSTD_e_end);
	assert(rc == 0);
	ZSTD_freeCCtx(z);
	p.size = out.pos;
	return p;
}

const struct packer packers[] = {
	{"gzip", false, pack_gzip},  {"xz", true, pack_xz},
	{"zstd", true, pack_zstd},   {"lz4", true, pack_lz4},
	{"bzip2", true, pack_bzip2}, {"lzma", true, pack_lzma},
	{"lzo", true, pack_lzo},     {"lz4", false, pack_lz4_frame},
};
const size_t nr_packers = sizeof(packers) / sizeof(packers[0]);

struct packed packed_bzimage(struct packed payload, bool append_size,
			     size_t unpacked_size)
{
	struct packed p = {.size = BZ_PAYLOAD + payload.size + 4 + 100};
	size_t length = payload.size + (append_size ? 4 : 0);

	p.data = malloc(p.size);
	assert(p.data != NULL);
	memset(p.data, 0x90, p.size);
	p.data[BZ_SETUP_SECTS] = BZ_SETUP_SECTS_USED;
	kernel_file_poke(p.data, 0x1fe, 2, 0xaa55);
	memcpy(p.data + 0x202, "HdrS", 4);
	kernel_file_poke(p.data, BZ_VERSION, 2, 0x20f);
	kernel_file_poke(p.data, BZ_PAYLOAD_OFFSET, 4, 0x40);
	kernel_file_poke(p.data, BZ_PAYLOAD_LENGTH, 4, length);
	memcpy(p.data + BZ_PAYLOAD, payload.data, payload.size);
	if (append_size) {
		kernel_file_poke(p.data, BZ_PAYLOAD + payload.size, 4,
				 unpacked_size);
	}
	free(payload.data);
	return p;
}
