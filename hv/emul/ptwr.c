/* SPDX-License-Identifier: MIT */
/*
 * Direct writes to page tables: a guest kernel stores to an L1 table that it
 * sees read-only, and the store is carried out for it, judged by the engine as
 * an mmu_update of that entry.
 *
 * The engine is asked with the address that the decoded instruction has, on
 * the page where the CPU faulted, so what is written is what the instruction
 * would have written. Whatever cannot be done so is an ordinary page fault of
 * the guest's. An entry that changed between being read and being written
 * leaves the instruction to be tried again, which the guest's own CPU does.
 *
 * Forking kernels live on two instructions, xchg with a register and lock
 * andb with a constant, at an address of a register and a displacement. They
 * are recognised by their bytes first; all others go through the decoder.
 */
#include "emul/execute.h"
#include "engine/port.h"
#include "hv/domain/domain.h"
#include "hv/emul/ptwr.h"
#include "hv/emul/fetch.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

enum outcome {
	DONE,       /* the instruction has been carried out */
	AGAIN,      /* it is to be executed again */
	FAULT,      /* it is the guest's fault */
	NOT_SIMPLE, /* not one of the two usual instructions */
};

/* The engine's answer to a write. */
static enum outcome outcome_of(int rc)
{
	if (rc == 0) {
		return DONE;
	}
	return rc == -XEN_ERESTART ? AGAIN : FAULT;
}

/* Replaces what was seen there by val, unless it has changed. */
static enum outcome replace(struct vcpu *v, const struct direct_write *w,
			    uint64_t val)
{
	uint64_t seen = w->seen;
	int rc = mmu_direct_write(&v->mmu, w, DIRECT_CMPXCHG, &seen, val);

	return rc == 0 && seen != w->seen ? AGAIN : outcome_of(rc);
}

/* --- the two usual ones --------------------------------------------------- */

struct simple {
	unsigned int reg;
	uint64_t address;
	unsigned int length;
};

/*
 * ModRM of code[at] with a base register and no index; rex gives the
 * registers' fourth bits. False: another form.
 */
static inline __attribute__((always_inline)) bool simple_operand(
	struct regs *r, const uint8_t *code, unsigned int at, uint8_t rex,
	struct simple *ret_operand)
{
	uint8_t modrm = code[at];
	unsigned int mod = modrm >> 6;
	unsigned int rm = modrm & 7;
	int64_t displacement = 0;

	if (rm == 4 || mod >= 2 || (mod == 0 && rm == 5)) {
		return false;
	}
	at++;
	if (mod == 1) {
		/* Sign-extended. */
		displacement = (code[at++] ^ 0x80) - 0x80;
	}
	ret_operand->reg = ((modrm >> 3) & 7u) | ((rex & 4u) << 1);
	ret_operand->address =
		*regs_gpr(r, rm | ((rex & 1u) << 3)) + (uint64_t)displacement;
	ret_operand->length = at;
	return true;
}

/* xchg %reg,disp8(%base) of 64 bits. */
static enum outcome try_xchg(struct vcpu *v, struct regs *r,
			     const uint8_t *code, uint64_t cr2,
			     struct direct_write *w)
{
	struct simple s;
	uint64_t *reg;
	uint64_t old = 0;
	int rc;

	if (!simple_operand(r, code, 2, code[0], &s) || s.address != cr2) {
		return NOT_SIMPLE;
	}
	reg = regs_gpr(r, s.reg);
	/* It was looked for at the entry that the address lies in. */
	if ((cr2 & 7) != 0) {
		mmu_direct_move(v->mmu.dom, w, vaddr(cr2));
	}
	rc = mmu_direct_write(&v->mmu, w, DIRECT_WRITE, &old, *reg);
	if (rc != 0) {
		return outcome_of(rc);
	}
	*reg = old;
	fetch_retire(v, r, r->rip + s.length);
	return DONE;
}

/* The flags of what a logical instruction of one byte came to. */
static inline uint64_t logical_flags(uint64_t rflags, uint8_t result)
{
	bool zero, sign, even;

	__asm__("testb %3, %3"
		: "=@ccz"(zero), "=@ccs"(sign), "=@ccp"(even)
		: "q"(result));
	return (rflags & ~RFLAGS_ARITH) | (zero ? RFLAGS_ZF : 0) |
	       (sign ? RFLAGS_SF : 0) | (even ? RFLAGS_PF : 0);
}

/* lock andb $imm8,disp8(%base). */
static enum outcome try_andb(struct vcpu *v, struct regs *r,
			     const uint8_t *code, uint64_t cr2,
			     const struct direct_write *w)
{
	bool has_rex = (code[1] & 0xf0) == 0x40;
	unsigned int at = has_rex ? 2 : 1;
	unsigned int shift = 8 * (cr2 & 7);
	struct simple s;
	enum outcome rc;
	uint8_t byte;

	if (code[at] != 0x80 || ((code[at + 1] >> 3) & 7) != 4 ||
	    !simple_operand(r, code, at + 1, has_rex ? code[1] : 0, &s) ||
	    s.address != cr2) {
		return NOT_SIMPLE;
	}
	byte = (uint8_t)(w->seen >> shift) & code[s.length];
	rc = replace(v, w,
		     (w->seen & ~(UINT64_C(0xff) << shift)) | (uint64_t)byte
								      << shift);
	if (rc == DONE) {
		r->rflags = logical_flags(r->rflags, byte);
		fetch_retire(v, r, r->rip + s.length + 1);
	}
	return rc;
}

static enum outcome try_simple(struct vcpu *v, struct regs *r,
			       const uint8_t *code, uint64_t cr2,
			       struct direct_write *w)
{
	/* Code that guest kernels run from is 64-bit but where they say so. */
	if (r->cs != FLAT_KERNEL_CS) {
		return NOT_SIMPLE;
	}
	if ((code[0] & 0xf8) == 0x48 && code[1] == 0x87) {
		return try_xchg(v, r, code, cr2, w);
	}
	return code[0] == 0xf0 ? try_andb(v, r, code, cr2, w) : NOT_SIMPLE;
}

/* --- all others ------------------------------------------------------------
 */

static uint64_t operand_address(const struct insn *in, const uint64_t gpr[16],
				const struct regs *r)
{
	uint64_t fs = 0;
	uint64_t gs = 0;

	if (in->op == INSN_STOS || in->op == INSN_MOVS) {
		return gpr[7];
	}
	if (in->segment == SEGMENT_FS) {
		fs = x86_rdmsr(MSR_FS_BASE);
	} else if (in->segment == SEGMENT_GS) {
		gs = x86_rdmsr(MSR_GS_BASE);
	}
	return decode_address(in, gpr, r->rip, fs, gs);
}

/* movs: the source becomes an immediate, and the instruction a mov. */
static bool load_source(struct vcpu *v, const uint64_t gpr[16], struct insn *in)
{
	in->imm = 0;
	in->op = INSN_MOV;
	in->operand = OPERAND_IMM;
	return in->segment == SEGMENT_NONE &&
	       port_copy_in(&v->mmu, &in->imm, gpr[6], in->size) == 0;
}

/* Pointers and count of a string instruction after one element. */
static void step_string(struct regs *r, const struct insn *in, bool movs,
			bool narrow)
{
	uint64_t step = in->size;

	if (r->rflags & X86_RFLAGS_DF) {
		step = 0 - step;
	}
	r->rdi += step;
	if (movs) {
		r->rsi += step;
	}
	if (in->rep) {
		r->rcx--;
	}
	/* What wraps at 4 GiB is still an address, and not one above. */
	if (narrow) {
		r->rdi = (uint32_t)r->rdi;
		r->rsi = (uint32_t)r->rsi;
		r->rcx = (uint32_t)r->rcx;
	}
}

static enum outcome write_operand(struct vcpu *v, const struct insn *in,
				  const uint64_t gpr[16], uint64_t address,
				  struct regs *r, struct direct_write *w,
				  struct insn_outcome *o)
{
	unsigned int shift = 8 * (address & 7);
	uint64_t mask = ~UINT64_C(0) >> (64 - 8 * in->size);

	mmu_direct_move(v->mmu.dom, w, vaddr(address & ~UINT64_C(7)));
	execute_insn(in, gpr, r->rflags, (w->seen >> shift) & mask, o);
	if (!o->stores) {
		return DONE;
	}
	return replace(v, w, (w->seen & ~(mask << shift)) | o->store << shift);
}

/* 32 bits of each are the guest's; what is above may be anything. */
static void gprs_32(uint64_t gpr[16])
{
	for (unsigned int i = 0; i < 16; i++) {
		gpr[i] = i < 8 ? (uint32_t)gpr[i] : 0;
	}
}

static enum outcome emulate_write(struct vcpu *v, struct regs *r, uint64_t cr2,
				  struct direct_write *w)
{
	struct insn_outcome o;
	struct insn in;
	uint64_t gpr[16];
	uint64_t address;
	enum outcome rc;
	bool movs, string;

	if (!fetch_insn(v, r, &in) || in.op < INSN_ADD || in.op > INSN_MOVS) {
		return FAULT;
	}
	fetch_gprs(r, gpr);
	if (v->narrow) {
		gprs_32(gpr);
	}
	address = operand_address(&in, gpr, r);
	movs = in.op == INSN_MOVS;
	string = movs || in.op == INSN_STOS;
	if ((address ^ cr2) >> PAGE_SHIFT != 0 ||
	    (address & (in.size - 1u)) != 0 ||
	    (string && (in.address_size != (v->narrow ? 4 : 8) ||
			(in.rep && gpr[1] == 0))) ||
	    (movs && !load_source(v, gpr, &in))) {
		return FAULT;
	}
	rc = write_operand(v, &in, gpr, address, r, w, &o);
	if (rc != DONE) {
		return rc;
	}
	r->rflags = o.rflags;
	if (o.sets_reg) {
		*regs_gpr(r, o.reg_number) = o.reg;
	}
	if (o.sets_pair) {
		r->rax = (uint32_t)o.pair;
		r->rdx = o.pair >> 32;
	}
	if (string) {
		step_string(r, &in, movs, v->narrow);
	}
	/* A repeated one goes on with its next element. */
	if (!string || !in.rep || r->rcx == 0) {
		fetch_retire(v, r, r->rip + in.length);
	}
	return DONE;
}

#define PF_ERROR_JUDGED \
	(PF_ERROR_PRESENT | PF_ERROR_WRITE | PF_ERROR_RESERVED | PF_ERROR_FETCH)

enum ptwr ptwr_fault(struct vcpu *v, struct regs *r, uint64_t cr2,
		     uint32_t error)
{
	uint8_t code[FETCH_BYTES];
	struct direct_write w;
	int found;

	if ((error & PF_ERROR_JUDGED) != (PF_ERROR_PRESENT | PF_ERROR_WRITE) ||
	    !v->kernel_mode ||
	    !(v->domain->vm_assist & 1u << VMASST_TYPE_writable_pagetables)) {
		return PTWR_REFUSED;
	}
	/* Is it a page table at all? Most faults that come here are not. */
	found = mmu_direct_find(&v->mmu, vaddr(cr2 & ~UINT64_C(7)), &w);
	if (found != 0) {
		return found == -XEN_ENOENT ? PTWR_ORDINARY : PTWR_REFUSED;
	}
	if (fetch_code(v, r, code) == FETCH_BYTES) {
		enum outcome rc = try_simple(v, r, code, cr2, &w);

		if (rc != NOT_SIMPLE) {
			return rc != FAULT ? PTWR_DONE : PTWR_REFUSED;
		}
	}
	return emulate_write(v, r, cr2, &w) != FAULT ? PTWR_DONE : PTWR_REFUSED;
}
