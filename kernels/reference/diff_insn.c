/* SPDX-License-Identifier: MIT */
/*
 * The instructions that kernels write page tables with, at an entry that may
 * be memory, or an L1 table seen read-only (the hypervisor carries out the
 * write), or any other table (it must not). Operands are chosen so that an
 * entry keeps its frame or gets another's whole number: an entry mixed of two
 * would depend on where the domain's memory is.
 */
#include "kernels/reference/diff.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define REPEAT 3
/* Frames of processors that address 40 bits. */
#define BEYOND_DEVICES (UINT64_C(1) << 28)

/* The instruction, and the carry after it, unless it faults. */
#define TRY(insn)                            \
	"1: " insn "\n"                      \
	"setc %[carry]\n"                    \
	"2:\n"                               \
	".pushsection .text.fixup, \"ax\"\n" \
	"3: movb $0, %[ok]\n"                \
	"jmp 2b\n"                           \
	".popsection\n"                      \
	".pushsection .fixups, \"a\"\n"      \
	".quad 1b, 3b\n"                     \
	".popsection\n"

struct access {
	uint64_t at;
	uint64_t reg;
	uint64_t rax;
	uint8_t carry;
	bool ok;
};

/* One function an instruction: its operand is reg, its place at. */
#define FORM(name, insn)                                                       \
	static void name(struct access *a)                                     \
	{                                                                      \
		__asm__ volatile(TRY(insn)                                     \
				 : [reg] "+r"(a->reg), [carry] "+q"(a->carry), \
				   [ok] "+q"(a->ok), "+a"(a->rax)              \
				 : [at] "r"(a->at)                             \
				 : "cc", "memory");                            \
	}

FORM(mov_byte, "movb %b[reg], (%[at])")
FORM(mov_long, "movl %k[reg], (%[at])")
FORM(mov_quad, "movq %[reg], (%[at])")
FORM(xchg_quad, "xchgq %[reg], (%[at])")
FORM(xchg_long, "xchgl %k[reg], (%[at])")
FORM(and_byte, "lock andb %b[reg], (%[at])")
FORM(and_word, "andw %w[reg], (%[at])")
FORM(and_quad, "lock andq %[reg], (%[at])")
FORM(or_byte, "orb %b[reg], (%[at])")
FORM(or_long, "lock orl %k[reg], (%[at])")
FORM(or_quad, "orq %[reg], (%[at])")
FORM(xor_quad, "xorq %[reg], (%[at])")
FORM(bts_quad, "lock btsq %[reg], (%[at])")
FORM(btr_quad, "lock btrq %[reg], (%[at])")
FORM(btc_long, "btcl %k[reg], (%[at])")
FORM(not_top, "notb 7(%[at])")
FORM(inc_top, "lock incb 7(%[at])")
FORM(neg_top, "negb 7(%[at])")
FORM(mov_across, "movq %[reg], 4(%[at])")
FORM(add_none, "addq $0, (%[at])")
FORM(cmpxchg_quad, "lock cmpxchgq %[reg], (%[at])")
FORM(cmpxchg_long, "lock cmpxchgl %k[reg], (%[at])")

static void rep_stos(struct access *a)
{
	uint64_t count = REPEAT;
	uint64_t to = a->at;

	__asm__ volatile(TRY("rep stosq")
			 : [carry] "+q"(a->carry), [ok] "+q"(a->ok), "+D"(to),
			   "+c"(count)
			 : "a"(a->reg)
			 : "cc", "memory");
	a->reg = (to - a->at) << 8 | count;
}

static void rep_movs(struct access *a)
{
	uint64_t source[REPEAT] = {a->reg, 0, a->reg};
	uint64_t count = REPEAT;
	uint64_t to = a->at;
	const uint64_t *from = source;

	__asm__ volatile(TRY("rep movsq")
			 : [carry] "+q"(a->carry), [ok] "+q"(a->ok), "+D"(to),
			   "+S"(from), "+c"(count)
			 :
			 : "cc", "memory");
	a->reg = (to - a->at) << 8 | count;
}

enum operand {
	ENTRY,    /* one for the table */
	LOW_HALF, /* four bytes of it */
	CLEARS,   /* all bits but a few flags */
	FLAGS,    /* a few flags */
	BIT,      /* the number of one */
	NOTHING,
	LOW_FLAGS, /* a byte of flags, present */
};

static const struct form {
	const char *name;
	void (*run)(struct access *a);
	enum operand operand;
} forms[] = {
	{"mov 1", mov_byte, LOW_FLAGS},
	{"mov 4", mov_long, LOW_HALF},
	{"mov 8", mov_quad, ENTRY},
	{"xchg 8", xchg_quad, ENTRY},
	{"xchg 4", xchg_long, LOW_HALF},
	{"and 1", and_byte, CLEARS},
	{"and 2", and_word, CLEARS},
	{"and 8", and_quad, CLEARS},
	{"or 1", or_byte, LOW_FLAGS},
	{"or 4", or_long, FLAGS},
	{"or 8", or_quad, FLAGS},
	{"xor 8", xor_quad, FLAGS},
	{"bts", bts_quad, BIT},
	{"btr", btr_quad, BIT},
	{"btc", btc_long, BIT},
	{"not", not_top, NOTHING},
	{"inc", inc_top, NOTHING},
	{"neg", neg_top, NOTHING},
	{"add", add_none, NOTHING},
	{"cmpxchg 8", cmpxchg_quad, ENTRY},
	{"mov 8 across", mov_across, NOTHING},
	{"rep stos", rep_stos, ENTRY},
	{"cmpxchg 4", cmpxchg_long, LOW_HALF},
	{"rep movs", rep_movs, ENTRY},
};

/* Bits that both hypervisors leave to the guest. */
static uint64_t pick_operand(struct diff *d, enum operand operand,
			     unsigned int level)
{
	static const uint64_t flags[] = {
		PTE_P,
		PTE_RW,
		PTE_US,
		PTE_A | PTE_D,
		PTE_P | PTE_RW | PTE_US,
		UINT64_C(3) << 9,
		PTE_RW | PTE_US,
	};
	static const uint8_t bits[] = {0, 1, 2, 5, 6, 9, 10, 11};
	uint64_t f = flags[pick(d, LENGTH(flags))];
	uint64_t e;

	switch (operand) {
	case ENTRY:
		return pick_entry(d, level);
	case LOW_HALF:
		e = pick_entry(d, level) & UINT32_MAX;
		return diff_number(d, pte_mfn(pte(e))) == FRAME_OTHER
			       ? e & ~PTE_P
			       : e;
	case CLEARS:
		return ~f;
	case FLAGS:
		return f;
	case BIT:
		return bits[pick(d, LENGTH(bits))];
	case LOW_FLAGS:
		return f & (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D);
	case NOTHING:
		break;
	}
	return 0;
}

static bool is_entry(enum operand operand)
{
	return operand == ENTRY || operand == LOW_HALF;
}

/*
 * Would a flag make of what is there a mapping of low memory, which a first
 * domain may have (rule device-memory)?
 */
static bool is_device(struct diff *d, unsigned int nr, unsigned int index)
{
	unsigned int shown = diff_number(d, pte_mfn(pte(direct_entry(d, nr))));
	mfn_t f;

	if (!diff_visible(d, shown)) {
		return false;
	}
	f = pte_mfn(pte(diff_view(shown)[index]));
	return diff_number(d, f) == FRAME_OTHER && f.v < BEYOND_DEVICES;
}

static uint64_t not_present(enum operand operand, uint64_t value)
{
	if (operand == FLAGS || operand == LOW_FLAGS) {
		return value & ~PTE_P;
	}
	return operand == BIT && value == 0 ? 1 : value;
}

static bool is_string(const struct form *f)
{
	return f->run == rep_stos || f->run == rep_movs;
}

/* What cmpxchg compares with: mostly what is there. */
static uint64_t pick_expected(struct diff *d, unsigned int nr,
			      unsigned int index)
{
	return chance(d, 75) ? diff_view(nr)[index] : pick_entry(d, 1);
}

/*
 * What an instruction of four bytes brings of an entry does not tell whether it
 * is a kernel page's: bit 52 is not in it.
 */
static uint64_t brought(const struct diff *d, const struct form *f, uint64_t e)
{
	return f->operand == LOW_HALF && rule_holds(d, RULE_GLOBAL_KERNEL)
		       ? e & ~PTE_G
		       : e;
}

static void record_access(struct diff *d, const struct form *f,
			  const struct access *a)
{
	uint64_t error;
	uint64_t cr2;

	record_result(d, a->ok ? 0 : -1);
	if (!a->ok) {
		probe_last(&error, &cr2);
		record(d, "error", error);
		record(d, "at", cr2 - a->at);
	} else if (f->operand == BIT && a->reg != 5 && a->reg != 6) {
		record(d, "carry", a->carry);
	}
	if (is_string(f)) {
		record(d, "moved", a->reg);
	} else if (is_entry(f->operand)) {
		record_entry(d, brought(d, f, a->reg));
	}
}

void op_instruction(struct diff *d)
{
	const struct form *f = &forms[pick(d, LENGTH(forms))];
	unsigned int nr = pick_pool(d);
	unsigned int index = pick_index(d);
	struct access a = {
		.at = direct_va(d, nr) + index * 8,
		.reg = pick_operand(d, f->operand, pool_level(nr)),
		.ok = true,
	};

	/* The entries after it must not be the hypervisor's. */
	if (is_string(f) || f->run == mov_across) {
		index = 2 + (unsigned int)pick(d, 4);
		a.at = direct_va(d, nr) + index * 8;
	}
	if (is_device(d, nr, index)) {
		a.reg = not_present(f->operand, a.reg);
	}
	record_op(d, f->name);
	record_frame(d, d->frame[nr]);
	record(d, "index", index);
	if (is_entry(f->operand)) {
		record_entry(d, a.reg);
	} else {
		record(d, "with", a.reg);
	}
	a.rax = pick_expected(d, nr, index);
	(void)flush_all();
	f->run(&a);
	record_access(d, f, &a);
	if (f->run == cmpxchg_quad) {
		record_entry(d, a.rax);
	}
}
