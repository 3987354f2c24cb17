/* SPDX-License-Identifier: MIT */
/* Streams of records, put together by hand, and files made of them. */
#ifndef PW_TESTS_STREAM_H
#define PW_TESTS_STREAM_H

#include "trace/file/reader.h"

#define STREAM_FRAMES 64
#define STREAM_TAG 1

struct stream {
	uint64_t word[1 << 19];
	size_t nr;
};

/* Names, a machine of STREAM_FRAMES, one domain with one vCPU. */
void stream_begin(struct stream *s);
/* The same for one of 32 bits: enum trace_width; the M2P's 4-byte entries are
 * in frame 3, the first of the hypervisor's slots is STREAM_SLOT. */
#define STREAM_SLOT (UINT64_C(3) << 12 | 0xe3)
void stream_begin_32(struct stream *s, uint64_t frames, uint64_t width);
void stream_put(struct stream *s, enum trace_kind kind, unsigned int vcpu,
		unsigned int detail, const uint64_t *words, unsigned int nr);
/* An operation of the first vCPU; its operands are 0. */
void stream_operation(struct stream *s, unsigned int op);
void stream_result(struct stream *s, int64_t result);

/* As a file, malloc'ed. */
uint8_t *stream_file(const struct stream *s, size_t *ret_size);
/* Is it one that can be read? If not, error says why. */
bool stream_good(const struct stream *s, char error[TRACE_ERROR_SIZE]);

#endif
