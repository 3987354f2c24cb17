/* SPDX-License-Identifier: MIT */
/*
 * Decoder of the x86-64 instructions on which a PV kernel traps: those that
 * write memory (a page table that it sees read-only) and the privileged ones.
 * Everything else is DECODE_UNKNOWN, which means: not ours, the guest's fault.
 */
#ifndef PW_EMUL_DECODE_H
#define PW_EMUL_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSN_MAX_BYTES 15 /* SDM 2B: longer ones raise #GP */

enum insn_op {
	INSN_NONE,
	/* Writes of memory; the first eight as /0 to /7 of opcodes 80 to 83. */
	INSN_ADD,
	INSN_OR,
	INSN_ADC,
	INSN_SBB,
	INSN_AND,
	INSN_SUB,
	INSN_XOR,
	INSN_MOV,
	INSN_XCHG,
	INSN_CMPXCHG,
	INSN_XADD,
	INSN_BTS,
	INSN_BTR,
	INSN_BTC,
	INSN_INC,
	INSN_DEC,
	INSN_NOT,
	INSN_NEG,
	INSN_CMPXCHG8B,
	INSN_STOS,
	INSN_MOVS,
	/* Privileged, or privileged by IOPL. */
	INSN_IN,
	INSN_OUT,
	INSN_INS,
	INSN_OUTS,
	INSN_CLI,
	INSN_STI,
	INSN_HLT,
	INSN_INT,
	INSN_CLTS,
	INSN_INVD,
	INSN_WBINVD,
	INSN_READ_CR,
	INSN_WRITE_CR,
	INSN_READ_DR,
	INSN_WRITE_DR,
	INSN_RDMSR,
	INSN_WRMSR,
	INSN_RDTSC,
	INSN_RDTSCP,
	INSN_RDPMC,
	INSN_CPUID,
	INSN_XSETBV,
	INSN_SWAPGS,
	INSN_LMSW,
	INSN_SMSW,
};

enum decode_status {
	DECODE_OK,
	DECODE_TRUNCATED, /* the bytes given are only the head of one */
	DECODE_UNKNOWN,
};

/* Where the operand beside memory comes from. */
enum insn_operand {
	OPERAND_NONE,
	OPERAND_REG, /* .reg */
	OPERAND_IMM, /* .imm */
};

enum insn_segment { SEGMENT_NONE, SEGMENT_FS, SEGMENT_GS, SEGMENT_OTHER };

#define INSN_REG_NONE 0xff
#define INSN_REG_RIP 0xfe

struct insn {
	uint8_t op;     /* enum insn_op */
	uint8_t length; /* bytes of the whole instruction */
	uint8_t size;   /* of the memory (or I/O, CR, DR) operand: 1, 2, 4, 8 */
	uint8_t operand; /* enum insn_operand */
	uint8_t reg;     /* general register 0..15, as encoded */
	bool reg_high;   /* .reg is ah, ch, dh or bh: .reg is 0..3 */
	bool lock;
	bool rep;             /* repe or repne */
	bool memory;          /* has an address by ModRM (or moffs) */
	uint8_t segment;      /* enum insn_segment */
	uint8_t address_size; /* 4 or 8 */
	uint8_t base;         /* register, INSN_REG_RIP or INSN_REG_NONE */
	uint8_t index;        /* register or INSN_REG_NONE */
	uint8_t scale;        /* shift of the index */
	uint8_t special;      /* number of the CR or DR */
	int64_t displacement;
	uint64_t imm; /* sign-extended to 64 bits */
};

/*
 * Decodes one instruction from bytes[0..available). *in is meaningful only
 * when DECODE_OK comes back. `code64`: CS.L; else 32-bit code.
 */
enum decode_status decode_insn(struct insn *in, const uint8_t *bytes,
			       size_t available, bool code64);

/*
 * Linear address of the memory operand. gpr: in encoding order (rax, rcx,
 * rdx, rbx, rsp, rbp, rsi, rdi, r8..r15); rip: of the instruction itself.
 */
uint64_t decode_address(const struct insn *in, const uint64_t gpr[16],
			uint64_t rip, uint64_t fs_base, uint64_t gs_base);

#endif
