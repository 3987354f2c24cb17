/* SPDX-License-Identifier: MIT */
/*
 * What a memory-writing instruction does: the new value of its memory operand,
 * of one register, and of the flags, from the old ones. Reads and writes
 * nothing itself.
 */
#ifndef PW_EMUL_EXECUTE_H
#define PW_EMUL_EXECUTE_H

#include "emul/decode.h"

#define RFLAGS_CF (UINT64_C(1) << 0)
#define RFLAGS_PF (UINT64_C(1) << 2)
#define RFLAGS_AF (UINT64_C(1) << 4)
#define RFLAGS_ZF (UINT64_C(1) << 6)
#define RFLAGS_SF (UINT64_C(1) << 7)
#define RFLAGS_DF (UINT64_C(1) << 10)
#define RFLAGS_OF (UINT64_C(1) << 11)
#define RFLAGS_ARITH \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

struct insn_outcome {
	uint64_t store; /* new memory operand, in its low `size` bytes */
	bool stores;    /* false: memory stays (cmpxchg that did not match) */
	bool sets_reg;  /* gpr[reg_number] becomes reg */
	uint8_t reg_number;
	uint64_t reg;
	bool sets_pair; /* cmpxchg8b: edx and eax become this */
	uint64_t pair;
	uint64_t rflags;
};

/*
 * `memory`: the operand as it is now. gpr: in encoding order. The instruction
 * must be one of INSN_ADD..INSN_STOS.
 */
void execute_insn(const struct insn *in, const uint64_t gpr[16],
		  uint64_t rflags, uint64_t memory,
		  struct insn_outcome *ret_outcome);

/* `value` written to a register that held `old`, as the CPU would. */
uint64_t execute_merge(uint64_t old, uint64_t value, unsigned int size);

#endif
