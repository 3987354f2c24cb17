/* SPDX-License-Identifier: MIT */
/*
 * What the fuzzers of the engine have in common: operations of six bytes whose
 * operands index small tables, so that mutations stay meaningful.
 */
#ifndef PW_TESTS_FUZZ_REQUESTS_H
#define PW_TESTS_FUZZ_REQUESTS_H

#include "tests/unit/support/machine.h"

#define OP_BYTES 6
#define MAX_OPS 400

struct op {
	uint8_t kind;
	uint8_t a; /* frame */
	uint8_t b; /* index, level, count */
	uint8_t c; /* frame in an entry */
	uint8_t d; /* flags */
	uint8_t e; /* fault injection and the rest */
};

/* The kinds that every fuzzer of the engine has: kind is taken modulo this. */
#define REQUEST_KINDS 12
void request(struct machine *m, const struct op *o);

/*
 * A machine whose domain is of the width that the last byte says of an input
 * that has more than whole operations: 'p', with the tables of 32 bits; 'n', of
 * 32 bits altogether; any other, or none: of 64 bits.
 */
struct machine *machine_of_width(const uint8_t *data, size_t size);

/* Words as the domain has them, from there on in the guest's buffer. */
void put_words(struct machine *m, size_t at, const uint64_t *word,
	       unsigned int nr);

/* Operands. */
uint64_t frame_by(uint8_t n);
unsigned int index_by(uint8_t n);

/* The next operation of an input, moved on; false: it ends. */
bool next_op(const uint8_t **data, size_t *size, struct op *ret);

/* The domain dies, and all its frames must be free again. */
void die(struct machine *m);

#endif
