/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of memory-writing instructions. All is computed in 64 bits
 * and cut to the operand's size at the end; flags follow from the operands and
 * the result by the usual bit identities, so no host instruction is needed and
 * the same file can be compared with the real CPU in a hosted test.
 */
#include "emul/execute.h"

static uint64_t size_mask(unsigned int size)
{
	return ~UINT64_C(0) >> (64 - 8 * size);
}

static uint64_t sign_bit(unsigned int size)
{
	return UINT64_C(1) << (8 * size - 1);
}

/* PF, ZF and SF of a result. */
static uint64_t result_flags(uint64_t r, unsigned int size)
{
	uint64_t flags = 0;

	if (__builtin_parity((unsigned int)(r & 0xff)) == 0) {
		flags |= RFLAGS_PF;
	}
	if ((r & size_mask(size)) == 0) {
		flags |= RFLAGS_ZF;
	}
	if (r & sign_bit(size)) {
		flags |= RFLAGS_SF;
	}
	return flags;
}

static uint64_t flags_add(uint64_t a, uint64_t b, uint64_t r, unsigned int size)
{
	uint64_t top = sign_bit(size);
	uint64_t flags = result_flags(r, size);

	if (((a & b) | ((a | b) & ~r)) & top) {
		flags |= RFLAGS_CF;
	}
	if ((a ^ r) & (b ^ r) & top) {
		flags |= RFLAGS_OF;
	}
	return flags | ((a ^ b ^ r) & RFLAGS_AF);
}

static uint64_t flags_sub(uint64_t a, uint64_t b, uint64_t r, unsigned int size)
{
	uint64_t top = sign_bit(size);
	uint64_t flags = result_flags(r, size);

	if (((~a & b) | ((~a | b) & r)) & top) {
		flags |= RFLAGS_CF;
	}
	if ((a ^ b) & (a ^ r) & top) {
		flags |= RFLAGS_OF;
	}
	return flags | ((a ^ b ^ r) & RFLAGS_AF);
}

uint64_t execute_merge(uint64_t old, uint64_t value, unsigned int size)
{
	uint64_t mask = size_mask(size);

	if (size == 4) {
		return value & mask; /* upper half cleared */
	}
	return (old & ~mask) | (value & mask);
}

static uint64_t read_operand(const struct insn *in, const uint64_t gpr[16])
{
	switch (in->operand) {
	case OPERAND_REG:
		return in->reg_high ? gpr[in->reg] >> 8 : gpr[in->reg];
	case OPERAND_IMM:
		return in->imm;
	default:
		return 0;
	}
}

/* The register operand takes what memory held. */
static void load_reg(const struct insn *in, const uint64_t gpr[16],
		     uint64_t memory, struct insn_outcome *o)
{
	uint64_t old = gpr[in->reg];

	o->sets_reg = true;
	o->reg_number = in->reg;
	if (in->reg_high) {
		o->reg = (old & ~UINT64_C(0xff00)) | ((memory & 0xff) << 8);
	} else {
		o->reg = execute_merge(old, memory, in->size);
	}
}

static void execute_cmpxchg(const struct insn *in, const uint64_t gpr[16],
			    uint64_t memory, struct insn_outcome *o)
{
	uint64_t mask = size_mask(in->size);
	uint64_t rax = gpr[0];

	o->rflags = flags_sub(rax, memory, rax - memory, in->size);
	if (((rax ^ memory) & mask) == 0) {
		o->store = read_operand(in, gpr);
		return;
	}
	o->stores = false;
	o->sets_reg = true;
	o->reg_number = 0;
	o->reg = execute_merge(rax, memory, in->size);
}

static uint64_t pair(uint64_t high, uint64_t low)
{
	return high << 32 | (uint32_t)low;
}

/* edx:eax with memory, which becomes ecx:ebx; of the flags, ZF alone. */
static void execute_cmpxchg8b(const uint64_t gpr[16], uint64_t rflags,
			      uint64_t memory, struct insn_outcome *o)
{
	o->rflags = rflags & RFLAGS_ARITH & ~RFLAGS_ZF;
	if (memory == pair(gpr[2], gpr[0])) {
		o->store = pair(gpr[1], gpr[3]);
		o->rflags |= RFLAGS_ZF;
		return;
	}
	o->stores = false;
	o->sets_pair = true;
	o->pair = memory;
}

static void execute_bit(const struct insn *in, const uint64_t gpr[16],
			uint64_t rflags, uint64_t memory,
			struct insn_outcome *o)
{
	uint64_t bit = UINT64_C(1)
		       << (read_operand(in, gpr) & (8u * in->size - 1));

	o->rflags = rflags & RFLAGS_ARITH & ~RFLAGS_CF;
	if (memory & bit) {
		o->rflags |= RFLAGS_CF;
	}
	if (in->op == INSN_BTS) {
		o->store = memory | bit;
	} else if (in->op == INSN_BTR) {
		o->store = memory & ~bit;
	} else {
		o->store = memory ^ bit;
	}
}

/* Arithmetic; sets store and the arithmetic flags. */
static void execute_alu(const struct insn *in, const uint64_t gpr[16],
			uint64_t rflags, uint64_t m, struct insn_outcome *o)
{
	uint64_t v = read_operand(in, gpr);
	uint64_t carry = rflags & RFLAGS_CF;
	unsigned int size = in->size;

	switch (in->op) {
	case INSN_ADD:
	case INSN_XADD:
		o->store = m + v;
		o->rflags = flags_add(m, v, o->store, size);
		break;
	case INSN_ADC:
		o->store = m + v + carry;
		o->rflags = flags_add(m, v, o->store, size);
		break;
	case INSN_SUB:
		o->store = m - v;
		o->rflags = flags_sub(m, v, o->store, size);
		break;
	case INSN_SBB:
		o->store = m - v - carry;
		o->rflags = flags_sub(m, v, o->store, size);
		break;
	case INSN_NEG:
		o->store = 0 - m;
		o->rflags = flags_sub(0, m, o->store, size);
		break;
	case INSN_INC:
		o->store = m + 1;
		o->rflags = flags_add(m, 1, o->store, size) & ~RFLAGS_CF;
		o->rflags |= carry;
		break;
	case INSN_DEC:
		o->store = m - 1;
		o->rflags = flags_sub(m, 1, o->store, size) & ~RFLAGS_CF;
		o->rflags |= carry;
		break;
	default:
		o->store = in->op == INSN_AND  ? m & v
			   : in->op == INSN_OR ? m | v
					       : m ^ v;
		o->rflags = result_flags(o->store, size);
		break;
	}
}

void execute_insn(const struct insn *in, const uint64_t gpr[16],
		  uint64_t rflags, uint64_t memory,
		  struct insn_outcome *ret_outcome)
{
	struct insn_outcome *o = ret_outcome;

	o->stores = true;
	o->sets_reg = false;
	o->sets_pair = false;
	o->rflags = rflags & RFLAGS_ARITH;
	switch (in->op) {
	case INSN_MOV:
		o->store = read_operand(in, gpr);
		break;
	case INSN_STOS:
		o->store = gpr[0];
		break;
	case INSN_XCHG:
		o->store = read_operand(in, gpr);
		load_reg(in, gpr, memory, o);
		break;
	case INSN_NOT:
		o->store = ~memory;
		break;
	case INSN_CMPXCHG:
		execute_cmpxchg(in, gpr, memory, o);
		break;
	case INSN_CMPXCHG8B:
		execute_cmpxchg8b(gpr, rflags, memory, o);
		break;
	case INSN_BTS:
	case INSN_BTR:
	case INSN_BTC:
		execute_bit(in, gpr, rflags, memory, o);
		break;
	case INSN_XADD:
		execute_alu(in, gpr, rflags, memory, o);
		load_reg(in, gpr, memory, o);
		break;
	default:
		execute_alu(in, gpr, rflags, memory, o);
		break;
	}
	o->store &= size_mask(in->size);
	o->rflags |= rflags & ~RFLAGS_ARITH;
}
