/* SPDX-License-Identifier: MIT */
/* What the vCPUs do: operations, and programs of a few of them. */
#ifndef PW_TESTS_INTERLEAVE_OP_H
#define PW_TESTS_INTERLEAVE_OP_H

#include <stdbool.h>
#include <stdint.h>

/* Names of operations; see the table in op.c. */
enum op {
	OP_PIN_L4,
	OP_UNPIN_L4,
	OP_PIN_L1,
	OP_UNPIN_L1,
	OP_MAP_RW,
	OP_MAP_RO,
	OP_CLEAR,
	OP_CLEAR_FLUSH,
	OP_LINK,
	OP_UNLINK,
	OP_CLEAR_AND_LINK,
	OP_FREE,
	OP_EXCHANGE,
	OP_TAKE,
	OP_CR3_OTHER,
	OP_CR3_BACK,
	OP_USER_OTHER,
	OP_USER_NONE,
	OP_FLUSH_ALL,
	OP_INVLPG_ALL,
	OP_FLUSH_SET,
	OP_DIRECT,
	OP_CLEAR_PAGE,
	OP_LDT,
	OP_STORE,
	OP_LOAD,
	OP_SCRIBBLE,
	OP_MULTICALL,
	OP_QUIET, /* the hypervisor's own: see alone.c */
	OPS
};

#define PROGRAM_MAX 8

struct program {
	uint8_t nr;
	uint8_t op[PROGRAM_MAX]; /* enum op */
};

const char *op_name(enum op op);
/* In any way, since the program began: what is always refused proves nothing.
 */
extern bool op_succeeded[OPS];
/* By the thread of the CPU, from start to end. */
void op_run(unsigned int cpu, enum op op);

#endif
