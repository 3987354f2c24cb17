/* SPDX-License-Identifier: MIT */
/*
 * Reads a trace file whole. What it gives out has been checked: records are as
 * long as their kinds say, stand where they may, name frames that the machine
 * has, domains and vCPUs that it was told of, and operations and rules that the
 * engine knows, by the engine's own numbers.
 */
#ifndef PW_TRACE_READER_H
#define PW_TRACE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "pagewarden/trace.h"

#define TRACE_ERROR_SIZE 256

/* The stream is kept in memory: no larger one is read. */
#define TRACE_STREAM_MAX (UINT64_C(1) << 33)
/* Frames of a machine: 4 TiB. */
#define TRACE_FRAMES_MAX (UINT64_C(1) << 30)

/* As many as there are domains. */
#define TRACE_NARROW_MAX 32

struct trace_place {
	uint64_t word;   /* the first of a block */
	uint64_t offset; /* where that is in the file */
};

struct trace {
	uint64_t *word;
	uint64_t nr;
	uint64_t most; /* bytes that the stream may have; 0: the above */
	struct trace_place *block;
	size_t nr_blocks;
	uint64_t whole; /* words; then an operation that did not end, or none */
	uint32_t version;    /* of the file */
	uint64_t nr_frames;  /* of the machine */
	uint64_t operations; /* TRACE_BEGIN */
	uint64_t refusals;
	uint64_t tables;
	/* Domains whose requests are of 4-byte words, by tag. */
	uint16_t narrow[TRACE_NARROW_MAX];
	unsigned int nr_narrow;
	/* By the numbers in the file: the engine's. */
	uint16_t *number[TRACE_NAME_LISTS];
	unsigned int nr_numbers[TRACE_NAME_LISTS];
};

struct trace_record {
	enum trace_kind kind;
	uint8_t vcpu;
	uint16_t domain;
	uint16_t detail;
	uint16_t nr;
	const uint64_t *word; /* those behind the head */
	uint64_t at;          /* of the head, in the stream */
};

/*
 * False with one line in error, of TRACE_ERROR_SIZE bytes, that names the
 * offset in the file; nothing is to be freed then.
 */
bool trace_read(struct trace *t, const void *bytes, size_t size, char *error);
bool trace_read_file(struct trace *t, const char *path, char *error);
void trace_free(struct trace *t);

/* Are the requests of that domain of 4-byte words? */
static inline bool trace_narrow(const struct trace *t, uint16_t domain)
{
	for (unsigned int i = 0; i < t->nr_narrow; i++) {
		if (t->narrow[i] == domain) {
			return true;
		}
	}
	return false;
}

/* The record at *at, which moves on to the next; false: there is none. */
static inline bool trace_next(const struct trace *t, uint64_t *at,
			      struct trace_record *r)
{
	uint64_t head;

	if (*at >= t->nr) {
		return false;
	}
	head = t->word[*at];
	*r = (struct trace_record){
		.kind = (enum trace_kind)(head & 0xff),
		.vcpu = (uint8_t)(head >> 8),
		.domain = (uint16_t)(head >> 16),
		.nr = (uint16_t)(head >> 32),
		.detail = (uint16_t)(head >> 48),
		.word = t->word + *at + 1,
		.at = *at,
	};
	*at += 1 + (uint64_t)r->nr;
	return true;
}

/*
 * The words of bytes that were copied: a structure of a domain of 32 bits is of
 * 4-byte words, which shows where their number is odd.
 */
static inline bool trace_is_narrow(const struct trace_record *r)
{
	return (r->kind == TRACE_COPIED_IN || r->kind == TRACE_COPIED_OUT) &&
	       r->nr != 0 && r->detail % 8 == 4;
}

static inline unsigned int trace_words_in(const struct trace_record *r)
{
	return trace_is_narrow(r) ? r->detail / 4u : r->nr;
}

static inline uint64_t trace_word_in(const struct trace_record *r,
				     unsigned int i)
{
	return trace_is_narrow(r) ? (uint32_t)(r->word[i / 2] >> i % 2 * 32)
				  : r->word[i];
}

#endif
