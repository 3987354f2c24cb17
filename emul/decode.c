/* SPDX-License-Identifier: MIT */
/*
 * Instruction decoder.
 *
 * It reads bytes only through a cursor that knows where they end: a byte that
 * is not there ends decoding as DECODE_TRUNCATED, and an instruction may never
 * be longer than 15 bytes. What is not in the two opcode tables is unknown;
 * so are forms that cannot have trapped (a register where memory must be, LOCK
 * on what does not take it). The caller therefore acts only on instructions
 * that the CPU would have carried out in the same way, had it been allowed.
 */
#include "emul/decode.h"

/* How an opcode's operands are encoded. */
enum shape {
	SHAPE_NONE = 0, /* unknown opcode */
	SHAPE_PLAIN,    /* no operand bytes */
	SHAPE_M_REG,    /* ModRM: memory, register */
	SHAPE_M_IMM,    /* ModRM: memory; immediate of the operand's size */
	SHAPE_M_IMM8,   /* ModRM: memory; immediate of one byte */
	SHAPE_M,        /* ModRM: memory alone */
	SHAPE_MOFFS,    /* absolute address; rax */
	SHAPE_IMM8,     /* one immediate byte, no ModRM */
	SHAPE_CONTROL,  /* ModRM: control or debug register, register */
	SHAPE_GROUP7,   /* 0f 01 */
};

#define ROW_SHAPE 0x0f
#define ROW_BYTE 0x10  /* operand of one byte */
#define ROW_LOCK 0x20  /* LOCK is allowed (with memory) */
#define ROW_GROUP 0x40 /* ModRM.reg selects the operation: groups[op] */
#define ROW_PLAIN 0x80 /* 66, F2 and F3 make it another instruction */

struct row {
	uint8_t op;
	uint8_t how;
};

enum group {
	GROUP_ALU,
	GROUP_BIT,
	GROUP_UNARY,
	GROUP_STEP,
	GROUP_MOV,
	GROUP_8B,
};

static const uint8_t groups[][8] = {
	[GROUP_ALU] = {INSN_ADD, INSN_OR, INSN_ADC, INSN_SBB, INSN_AND,
		       INSN_SUB, INSN_XOR, INSN_NONE},
	[GROUP_BIT] = {[5] = INSN_BTS, [6] = INSN_BTR, [7] = INSN_BTC},
	[GROUP_UNARY] = {[2] = INSN_NOT, [3] = INSN_NEG},
	[GROUP_STEP] = {[0] = INSN_INC, [1] = INSN_DEC},
	[GROUP_MOV] = {[0] = INSN_MOV},
	[GROUP_8B] = {[1] = INSN_CMPXCHG8B},
};

#define ALU(code, op)                                         \
	[(code)] = {(op), SHAPE_M_REG | ROW_LOCK | ROW_BYTE}, \
	[(code) + 1] = {(op), SHAPE_M_REG | ROW_LOCK}

static const struct row one_byte[256] = {
	ALU(0x00, INSN_ADD),
	ALU(0x08, INSN_OR),
	ALU(0x10, INSN_ADC),
	ALU(0x18, INSN_SBB),
	ALU(0x20, INSN_AND),
	ALU(0x28, INSN_SUB),
	ALU(0x30, INSN_XOR),
	[0x6c] = {INSN_INS, SHAPE_PLAIN | ROW_BYTE},
	[0x6d] = {INSN_INS, SHAPE_PLAIN},
	[0x6e] = {INSN_OUTS, SHAPE_PLAIN | ROW_BYTE},
	[0x6f] = {INSN_OUTS, SHAPE_PLAIN},
	[0x80] = {GROUP_ALU, SHAPE_M_IMM8 | ROW_LOCK | ROW_GROUP | ROW_BYTE},
	[0x81] = {GROUP_ALU, SHAPE_M_IMM | ROW_LOCK | ROW_GROUP},
	[0x83] = {GROUP_ALU, SHAPE_M_IMM8 | ROW_LOCK | ROW_GROUP},
	ALU(0x86, INSN_XCHG),
	[0x88] = {INSN_MOV, SHAPE_M_REG | ROW_BYTE},
	[0x89] = {INSN_MOV, SHAPE_M_REG},
	[0xa2] = {INSN_MOV, SHAPE_MOFFS | ROW_BYTE},
	[0xa3] = {INSN_MOV, SHAPE_MOFFS},
	[0xa4] = {INSN_MOVS, SHAPE_PLAIN | ROW_BYTE},
	[0xa5] = {INSN_MOVS, SHAPE_PLAIN},
	[0xaa] = {INSN_STOS, SHAPE_PLAIN | ROW_BYTE},
	[0xab] = {INSN_STOS, SHAPE_PLAIN},
	[0xc6] = {GROUP_MOV, SHAPE_M_IMM8 | ROW_GROUP | ROW_BYTE},
	[0xc7] = {GROUP_MOV, SHAPE_M_IMM | ROW_GROUP},
	[0xcd] = {INSN_INT, SHAPE_IMM8},
	[0xe4] = {INSN_IN, SHAPE_IMM8 | ROW_BYTE},
	[0xe5] = {INSN_IN, SHAPE_IMM8},
	[0xe6] = {INSN_OUT, SHAPE_IMM8 | ROW_BYTE},
	[0xe7] = {INSN_OUT, SHAPE_IMM8},
	[0xec] = {INSN_IN, SHAPE_PLAIN | ROW_BYTE},
	[0xed] = {INSN_IN, SHAPE_PLAIN},
	[0xee] = {INSN_OUT, SHAPE_PLAIN | ROW_BYTE},
	[0xef] = {INSN_OUT, SHAPE_PLAIN},
	[0xf4] = {INSN_HLT, SHAPE_PLAIN},
	[0xf6] = {GROUP_UNARY, SHAPE_M | ROW_LOCK | ROW_GROUP | ROW_BYTE},
	[0xf7] = {GROUP_UNARY, SHAPE_M | ROW_LOCK | ROW_GROUP},
	[0xfa] = {INSN_CLI, SHAPE_PLAIN},
	[0xfb] = {INSN_STI, SHAPE_PLAIN},
	[0xfe] = {GROUP_STEP, SHAPE_M | ROW_LOCK | ROW_GROUP | ROW_BYTE},
	[0xff] = {GROUP_STEP, SHAPE_M | ROW_LOCK | ROW_GROUP},
};

/* After 0f. */
static const struct row two_byte[256] = {
	[0x01] = {INSN_NONE, SHAPE_GROUP7},
	[0x06] = {INSN_CLTS, SHAPE_PLAIN},
	[0x08] = {INSN_INVD, SHAPE_PLAIN},
	[0x09] = {INSN_WBINVD, SHAPE_PLAIN},
	[0x20] = {INSN_READ_CR, SHAPE_CONTROL},
	[0x21] = {INSN_READ_DR, SHAPE_CONTROL},
	[0x22] = {INSN_WRITE_CR, SHAPE_CONTROL},
	[0x23] = {INSN_WRITE_DR, SHAPE_CONTROL},
	[0x30] = {INSN_WRMSR, SHAPE_PLAIN},
	[0x31] = {INSN_RDTSC, SHAPE_PLAIN},
	[0x32] = {INSN_RDMSR, SHAPE_PLAIN},
	[0x33] = {INSN_RDPMC, SHAPE_PLAIN},
	[0xa2] = {INSN_CPUID, SHAPE_PLAIN},
	[0xab] = {INSN_BTS, SHAPE_M_REG | ROW_LOCK},
	[0xb0] = {INSN_CMPXCHG, SHAPE_M_REG | ROW_LOCK | ROW_BYTE},
	[0xb1] = {INSN_CMPXCHG, SHAPE_M_REG | ROW_LOCK},
	[0xb3] = {INSN_BTR, SHAPE_M_REG | ROW_LOCK},
	[0xba] = {GROUP_BIT, SHAPE_M_IMM8 | ROW_LOCK | ROW_GROUP},
	[0xbb] = {INSN_BTC, SHAPE_M_REG | ROW_LOCK},
	[0xc0] = {INSN_XADD, SHAPE_M_REG | ROW_LOCK | ROW_BYTE},
	[0xc1] = {INSN_XADD, SHAPE_M_REG | ROW_LOCK},
	[0xc3] = {INSN_MOV, SHAPE_M_REG | ROW_PLAIN}, /* movnti */
	[0xc7] = {GROUP_8B, SHAPE_M | ROW_LOCK | ROW_GROUP},
};

struct cursor {
	const uint8_t *bytes;
	unsigned int at;
	unsigned int end; /* what is there, at most INSN_MAX_BYTES */
	bool short_of;    /* a byte was asked for that is not there */
};

static inline uint8_t next_byte(struct cursor *c)
{
	if (c->at < c->end) {
		return c->bytes[c->at++];
	}
	c->short_of = true;
	return 0;
}

/* Little-endian, sign-extended. */
static int64_t next_signed(struct cursor *c, unsigned int bytes)
{
	uint64_t v = 0;
	unsigned int shift = 64 - 8 * bytes;

	for (unsigned int i = 0; i < bytes; i++) {
		v |= (uint64_t)next_byte(c) << (8 * i);
	}
	return (int64_t)(v << shift) >> shift;
}

struct prefixes {
	bool operand; /* 66 */
	bool address; /* 67 */
	bool repeat;  /* F2 or F3 */
	uint8_t rex;  /* 0: none */
};

#define REX_W 8
#define REX_R 4
#define REX_X 2
#define REX_B 1

/* Consumes prefixes; returns the opcode's first byte. */
static uint8_t decode_prefixes(struct cursor *c, struct insn *in,
			       struct prefixes *p, bool code64)
{
	for (;;) {
		uint8_t b = next_byte(c);

		if (code64 && (b & 0xf0) == 0x40) {
			p->rex = b;
			continue;
		}
		switch (b) {
		case 0x66:
			p->operand = true;
			break;
		case 0x67:
			p->address = true;
			break;
		case 0xf0:
			in->lock = true;
			break;
		case 0xf2:
		case 0xf3:
			p->repeat = true;
			break;
		case 0x64:
			in->segment = SEGMENT_FS;
			break;
		case 0x65:
			in->segment = SEGMENT_GS;
			break;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
			/* Without meaning in 64-bit code. */
			if (!code64) {
				in->segment = SEGMENT_OTHER;
			}
			break;
		default:
			return b;
		}
		/* Only a REX right before the opcode counts. */
		p->rex = 0;
		if (c->short_of) {
			return 0;
		}
	}
}

static uint8_t extend(uint8_t low, uint8_t rex, uint8_t bit)
{
	return (uint8_t)(low | ((rex & bit) ? 8 : 0));
}

static void decode_sib(struct cursor *c, struct insn *in, uint8_t rex,
		       unsigned int mod)
{
	uint8_t sib = next_byte(c);
	uint8_t index = extend((sib >> 3) & 7, rex, REX_X);

	in->scale = sib >> 6;
	in->index = index == 4 ? INSN_REG_NONE : index;
	if ((sib & 7) == 5 && mod == 0) {
		in->base = INSN_REG_NONE;
		in->displacement = next_signed(c, 4);
	} else {
		in->base = extend(sib & 7, rex, REX_B);
	}
}

/* The memory operand of a ModRM byte whose mod is not 3. */
static void decode_memory(struct cursor *c, struct insn *in, uint8_t modrm,
			  uint8_t rex, bool code64)
{
	unsigned int mod = modrm >> 6;

	in->memory = true;
	in->index = INSN_REG_NONE;
	if ((modrm & 7) == 4) {
		decode_sib(c, in, rex, mod);
	} else if ((modrm & 7) == 5 && mod == 0) {
		in->base = code64 ? INSN_REG_RIP : INSN_REG_NONE;
		in->displacement = next_signed(c, 4);
	} else {
		in->base = extend(modrm & 7, rex, REX_B);
	}
	if (mod == 1) {
		in->displacement = next_signed(c, 1);
	} else if (mod == 2) {
		in->displacement = next_signed(c, 4);
	}
}

/* mov between a general and a control or debug register; mod is ignored. */
static void decode_control(struct cursor *c, struct insn *in, uint8_t rex,
			   bool code64)
{
	uint8_t modrm = next_byte(c);

	in->size = code64 ? 8 : 4;
	in->special = extend((modrm >> 3) & 7, rex, REX_R);
	in->reg = extend(modrm & 7, rex, REX_B);
	in->operand = OPERAND_REG;
}

/* 0f 01: by ModRM.reg with memory, by the whole byte without. */
static void decode_group7(struct cursor *c, struct insn *in,
			  const struct prefixes *p, bool code64)
{
	uint8_t modrm = next_byte(c);
	unsigned int which = (modrm >> 3) & 7;

	if (modrm >> 6 == 3) {
		in->reg = extend(modrm & 7, p->rex, REX_B);
		if (modrm == 0xd1) {
			in->op = INSN_XSETBV;
		} else if (modrm == 0xf8 && code64) {
			in->op = INSN_SWAPGS;
		} else if (modrm == 0xf9) {
			in->op = INSN_RDTSCP;
		} else if (which == 4 || which == 6) {
			in->op = which == 4 ? INSN_SMSW : INSN_LMSW;
			in->operand = OPERAND_REG;
		}
		if (which == 6) {
			in->size = 2;
		}
		return;
	}
	decode_memory(c, in, modrm, p->rex, code64);
	if (which == 4 || which == 6) {
		in->op = which == 4 ? INSN_SMSW : INSN_LMSW;
		in->size = 2;
	}
}

static void take_reg(struct insn *in, uint8_t modrm, uint8_t rex)
{
	in->operand = OPERAND_REG;
	in->reg = extend((modrm >> 3) & 7, rex, REX_R);
	if (in->size == 1 && rex == 0 && in->reg >= 4) {
		in->reg = (uint8_t)(in->reg - 4);
		in->reg_high = true;
	}
}

static void take_imm(struct cursor *c, struct insn *in, unsigned int bytes)
{
	in->operand = OPERAND_IMM;
	in->imm = (uint64_t)next_signed(c, bytes);
}

/* The operand bytes of an opcode that has a ModRM byte for memory. */
static void decode_modrm(struct cursor *c, struct insn *in, struct row row,
			 uint8_t rex, bool code64)
{
	uint8_t modrm = next_byte(c);

	if (row.how & ROW_GROUP) {
		in->op = groups[row.op][(modrm >> 3) & 7];
	}
	if (modrm >> 6 == 3) {
		in->op = INSN_NONE; /* a register cannot page-fault */
		return;
	}
	decode_memory(c, in, modrm, rex, code64);
	switch (row.how & ROW_SHAPE) {
	case SHAPE_M_REG:
		take_reg(in, modrm, rex);
		break;
	case SHAPE_M_IMM:
		take_imm(c, in, in->size == 2 ? 2 : 4);
		break;
	case SHAPE_M_IMM8:
		take_imm(c, in, 1);
		break;
	default:
		break;
	}
}

static void decode_operands(struct cursor *c, struct insn *in, struct row row,
			    const struct prefixes *p, bool code64)
{
	switch (row.how & ROW_SHAPE) {
	case SHAPE_NONE:
		in->op = INSN_NONE;
		break;
	case SHAPE_PLAIN:
		break;
	case SHAPE_IMM8:
		take_imm(c, in, 1);
		in->imm &= 0xff; /* ports and vectors have no sign */
		break;
	case SHAPE_MOFFS:
		in->memory = true;
		in->base = INSN_REG_NONE;
		in->index = INSN_REG_NONE;
		in->operand = OPERAND_REG;
		in->displacement = next_signed(c, in->address_size);
		break;
	case SHAPE_CONTROL:
		decode_control(c, in, p->rex, code64);
		break;
	case SHAPE_GROUP7:
		decode_group7(c, in, p, code64);
		break;
	default:
		decode_modrm(c, in, row, p->rex, code64);
		break;
	}
}

static uint8_t operand_size(struct row row, const struct prefixes *p)
{
	if (row.how & ROW_BYTE) {
		return 1;
	}
	if (p->rex & REX_W) {
		return 8;
	}
	return p->operand ? 2 : 4;
}

static bool is_io(uint8_t op)
{
	return op >= INSN_IN && op <= INSN_OUTS;
}

/* Forms that the CPU would not have carried out. */
static bool is_legal(const struct insn *in, struct row row,
		     const struct prefixes *p)
{
	if (in->op == INSN_NONE) {
		return false;
	}
	if (in->lock && !(row.how & ROW_LOCK)) {
		return false;
	}
	return !(row.how & ROW_PLAIN) || (!p->operand && !p->repeat);
}

enum decode_status decode_insn(struct insn *in, const uint8_t *bytes,
			       size_t available, bool code64)
{
	struct cursor c = {.bytes = bytes};
	struct prefixes p = {0};
	struct row row;
	uint8_t b;

	c.end = available < INSN_MAX_BYTES ? (unsigned int)available
					   : INSN_MAX_BYTES;
	*in = (struct insn){0};
	b = decode_prefixes(&c, in, &p, code64);
	if (b == 0x0f) {
		row = two_byte[next_byte(&c)];
	} else {
		row = one_byte[b];
	}
	in->op = row.op;
	in->rep = p.repeat;
	in->size = operand_size(row, &p);
	/* 16-bit addressing of 32-bit code (67) has other ModRM forms. */
	in->address_size = code64 ? (p.address ? 4 : 8) : (p.address ? 2 : 4);
	decode_operands(&c, in, row, &p, code64);
	if (c.short_of) {
		/* Truncated is only what more bytes could complete. */
		return c.end < INSN_MAX_BYTES ? DECODE_TRUNCATED
					      : DECODE_UNKNOWN;
	}
	if (!is_legal(in, row, &p) || (in->memory && in->address_size == 2)) {
		return DECODE_UNKNOWN;
	}
	if (in->op == INSN_CMPXCHG8B) {
		if (in->size == 8) {
			return DECODE_UNKNOWN; /* cmpxchg16b */
		}
		in->size = 8; /* whatever prefixes say */
	}
	if (is_io(in->op) && in->size == 8) {
		in->size = 4; /* no I/O is wider */
	}
	in->length = (uint8_t)c.at;
	return DECODE_OK;
}

/* bts, btr, btc with a register: the bit number reaches beyond the operand. */
static uint64_t bit_offset(const struct insn *in, const uint64_t gpr[16])
{
	unsigned int shift = 64 - 8u * in->size;
	int64_t bit;

	if (in->op < INSN_BTS || in->op > INSN_BTC ||
	    in->operand != OPERAND_REG) {
		return 0;
	}
	bit = (int64_t)(gpr[in->reg] << shift) >> shift;
	return (uint64_t)(bit >> 3) & ~(uint64_t)(in->size - 1);
}

uint64_t decode_address(const struct insn *in, const uint64_t gpr[16],
			uint64_t rip, uint64_t fs_base, uint64_t gs_base)
{
	uint64_t a = (uint64_t)in->displacement;

	if (in->base == INSN_REG_RIP) {
		a += rip + in->length;
	} else if (in->base != INSN_REG_NONE) {
		a += gpr[in->base];
	}
	if (in->index != INSN_REG_NONE) {
		a += gpr[in->index] << in->scale;
	}
	a += bit_offset(in, gpr);
	if (in->address_size == 4) {
		a = (uint32_t)a;
	}
	if (in->segment == SEGMENT_FS) {
		a += fs_base;
	} else if (in->segment == SEGMENT_GS) {
		a += gs_base;
	}
	return a;
}
