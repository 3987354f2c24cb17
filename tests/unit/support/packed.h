/* SPDX-License-Identifier: MIT */
/* Packs kernel files for tests: every codec, and the bzImage around it. */
#ifndef PW_TESTS_PACKED_H
#define PW_TESTS_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packed {
	uint8_t *data; /* malloc'ed */
	size_t size;
};

struct packer {
	const char *name;
	/* Linux appends the unpacked size. */
	bool size_appended;
	struct packed (*pack)(const uint8_t *data, size_t size);
};

/* All codecs that a kernel file may use. */
extern const struct packer packers[];
extern const size_t nr_packers;

/*
 * An xz file whose header asks for a dictionary of (2 | code & 1) << code / 2
 * + 11 bytes, and a zstd frame with a window of 1 << log.
 */
struct packed packed_xz_dictionary(const uint8_t *data, size_t size,
				   uint8_t code);
struct packed packed_zstd_window(const uint8_t *data, size_t size, int log);

/* Offsets of the setup header's fields. */
enum {
	BZ_SETUP_SECTS = 0x1f1,
	BZ_VERSION = 0x206,
	BZ_PAYLOAD_OFFSET = 0x248,
	BZ_PAYLOAD_LENGTH = 0x24c,
	BZ_SETUP_SECTS_USED = 2,
	BZ_PAYLOAD = (BZ_SETUP_SECTS_USED + 1) * 512 + 0x40,
};

/* A bzImage with a payload, and some bytes after it. Frees the payload. */
struct packed packed_bzimage(struct packed payload, bool append_size,
			     size_t unpacked_size);

#endif
