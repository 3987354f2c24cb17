/* SPDX-License-Identifier: MIT */
/*
 * Emulated memory-writing instructions against the CPU's own: each row runs
 * the same instruction natively (the template below, assembled by the
 * compiler) and by decode_insn() + execute_insn() from its machine code, on the
 * same random and corner values, and compares memory, registers and flags.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "emul/execute.h"

struct world {
	uint64_t memory;
	uint64_t rax;
	uint64_t rcx;
	uint64_t rdx;
	uint64_t rbx;
	uint64_t flags;
};

/* All with memory at (%rdi), rax (and rdx) implicit, rcx the register operand.
 */
#define NATIVE(fn, text)                                                    \
	static void fn(struct world *w)                                     \
	{                                                                   \
		/* The stack below may be the red zone of this function. */ \
		__asm__ volatile("sub $128, %%rsp\n\t"                      \
				 "push %[flags]\n\tpopfq\n\t" text          \
				 "\n\tpushfq\n\tpop %[flags]\n\t"           \
				 "add $128, %%rsp"                          \
				 : [flags] "+r"(w->flags), "+a"(w->rax),    \
				   "+c"(w->rcx), "+d"(w->rdx)               \
				 : "D"(&w->memory), "b"(w->rbx)             \
				 : "memory", "cc");                         \
	}

#define INSTRUCTIONS(X)                                                        \
	X(mov_q, "movq %%rcx,(%%rdi)", "\x48\x89\x0f", 0)                      \
	X(mov_l, "movl %%ecx,(%%rdi)", "\x89\x0f", 0)                          \
	X(mov_w, "movw %%cx,(%%rdi)", "\x66\x89\x0f", 0)                       \
	X(mov_b, "movb %%cl,(%%rdi)", "\x88\x0f", 0)                           \
	X(mov_ch, "movb %%ch,(%%rdi)", "\x88\x2f", 0)                          \
	X(mov_imm, "movq $-2,(%%rdi)", "\x48\xc7\x07\xfe\xff\xff\xff", 0)      \
	X(xchg_q, "xchgq %%rcx,(%%rdi)", "\x48\x87\x0f", 0)                    \
	X(xchg_l, "xchgl %%ecx,(%%rdi)", "\x87\x0f", 0)                        \
	X(xchg_w, "xchgw %%cx,(%%rdi)", "\x66\x87\x0f", 0)                     \
	X(xchg_b, "xchgb %%cl,(%%rdi)", "\x86\x0f", 0)                         \
	X(xchg_ch, "xchgb %%ch,(%%rdi)", "\x86\x2f", 0)                        \
	X(cmpxchg_q, "lock cmpxchgq %%rcx,(%%rdi)", "\xf0\x48\x0f\xb1\x0f", 0) \
	X(cmpxchg_l, "lock cmpxchgl %%ecx,(%%rdi)", "\xf0\x0f\xb1\x0f", 0)     \
	X(cmpxchg_b, "cmpxchgb %%cl,(%%rdi)", "\x0f\xb0\x0f", 0)               \
	X(cmpxchg8b, "lock cmpxchg8b (%%rdi)", "\xf0\x0f\xc7\x0f", 0)          \
	X(xadd_q, "lock xaddq %%rcx,(%%rdi)", "\xf0\x48\x0f\xc1\x0f", 0)       \
	X(xadd_l, "xaddl %%ecx,(%%rdi)", "\x0f\xc1\x0f", 0)                    \
	X(add_q, "addq %%rcx,(%%rdi)", "\x48\x01\x0f", 0)                      \
	X(add_l, "addl %%ecx,(%%rdi)", "\x01\x0f", 0)                          \
	X(add_w, "addw %%cx,(%%rdi)", "\x66\x01\x0f", 0)                       \
	X(add_b, "addb %%cl,(%%rdi)", "\x00\x0f", 0)                           \
	X(adc_q, "adcq %%rcx,(%%rdi)", "\x48\x11\x0f", 0)                      \
	X(adc_b, "adcb %%cl,(%%rdi)", "\x10\x0f", 0)                           \
	X(sub_q, "subq %%rcx,(%%rdi)", "\x48\x29\x0f", 0)                      \
	X(sub_b, "subb %%cl,(%%rdi)", "\x28\x0f", 0)                           \
	X(sbb_q, "sbbq %%rcx,(%%rdi)", "\x48\x19\x0f", 0)                      \
	X(sbb_w, "sbbw %%cx,(%%rdi)", "\x66\x19\x0f", 0)                       \
	X(and_q, "andq %%rcx,(%%rdi)", "\x48\x21\x0f", RFLAGS_AF)              \
	X(or_q, "orq %%rcx,(%%rdi)", "\x48\x09\x0f", RFLAGS_AF)                \
	X(xor_q, "xorq %%rcx,(%%rdi)", "\x48\x31\x0f", RFLAGS_AF)              \
	X(andb_imm, "lock andb $0xfd,(%%rdi)", "\xf0\x80\x27\xfd", RFLAGS_AF)  \
	X(orq_imm, "lock orq $0x40,(%%rdi)", "\xf0\x48\x83\x0f\x40",           \
	  RFLAGS_AF)                                                           \
	X(andq_imm, "andq $-4096,(%%rdi)", "\x48\x81\x27\x00\xf0\xff\xff",     \
	  RFLAGS_AF)                                                           \
	X(inc_q, "incq (%%rdi)", "\x48\xff\x07", 0)                            \
	X(dec_b, "decb (%%rdi)", "\xfe\x0f", 0)                                \
	X(not_q, "notq (%%rdi)", "\x48\xf7\x17", 0)                            \
	X(neg_q, "negq (%%rdi)", "\x48\xf7\x1f", 0)                            \
	X(neg_w, "negw (%%rdi)", "\x66\xf7\x1f", 0)                            \
	X(bts_imm, "lock btsq $5,(%%rdi)", "\xf0\x48\x0f\xba\x2f\x05",         \
	  BIT_UNDEFINED)                                                       \
	X(btr_imm, "lock btrq $63,(%%rdi)", "\xf0\x48\x0f\xba\x37\x3f",        \
	  BIT_UNDEFINED)                                                       \
	X(btc_imm, "btcl $31,(%%rdi)", "\x0f\xba\x3f\x1f", BIT_UNDEFINED)

/* Flags that the manual leaves undefined. */
#define BIT_UNDEFINED (RFLAGS_OF | RFLAGS_SF | RFLAGS_AF | RFLAGS_PF)

#define DEFINE(fn, text, code, undefined) NATIVE(fn, text)
INSTRUCTIONS(DEFINE)

struct row {
	const char *name;
	void (*native)(struct world *w);
	const char *code;
	size_t length;
	uint64_t undefined;
};

#define ROW(fn, text, code, undefined) \
	{text, fn, code, sizeof(code) - 1, undefined},
static const struct row rows[] = {INSTRUCTIONS(ROW)};

static void emulate(struct world *w, const struct row *r)
{
	uint64_t gpr[16] = {w->rax, w->rcx, w->rdx, w->rbx};
	struct insn_outcome o;
	struct insn in;
	uint64_t cut;

	assert_int_equal(decode_insn(&in, (const uint8_t *)r->code, r->length,
				     true),
			 DECODE_OK);
	cut = ~UINT64_C(0) >> (64 - 8 * in.size);
	execute_insn(&in, gpr, w->flags, w->memory & cut, &o);
	if (o.stores) {
		assert_int_equal(o.store & ~cut, 0);
		w->memory = (w->memory & ~cut) | o.store;
	}
	if (o.sets_reg) {
		gpr[o.reg_number] = o.reg;
	}
	if (o.sets_pair) {
		gpr[0] = (uint32_t)o.pair;
		gpr[2] = o.pair >> 32;
	}
	w->rax = gpr[0];
	w->rcx = gpr[1];
	w->rdx = gpr[2];
	w->flags = o.rflags;
}

static void compare(const struct row *r, const struct world *start)
{
	struct world cpu = *start;
	struct world ours = *start;
	uint64_t judged = RFLAGS_ARITH & ~r->undefined;

	r->native(&cpu);
	emulate(&ours, r);
	if (cpu.memory != ours.memory || cpu.rax != ours.rax ||
	    cpu.rcx != ours.rcx || cpu.rdx != ours.rdx ||
	    ((cpu.flags ^ ours.flags) & judged)) {
		fail_msg("%s: from m=%#lx a=%#lx c=%#lx f=%#lx: "
			 "cpu m=%#lx a=%#lx c=%#lx f=%#lx, "
			 "ours m=%#lx a=%#lx c=%#lx f=%#lx",
			 r->name, start->memory, start->rax, start->rcx,
			 start->flags, cpu.memory, cpu.rax, cpu.rcx, cpu.flags,
			 ours.memory, ours.rax, ours.rcx, ours.flags);
	}
}

static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static const uint64_t corners[] = {
	0,           1,         0x7f,       0x80,       0xff,       0x100,
	0x7fff,      0x8000,    0xffff,     0x7fffffff, 0x80000000, 0xffffffff,
	0x100000000, INT64_MAX, 1ull << 63, UINT64_MAX,
};
#define CORNERS (sizeof(corners) / sizeof(corners[0]))

static void emulated_instructions_do_what_the_cpu_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t k = 0; k < CORNERS * CORNERS * 2; k++) {
			struct world w = {
				.memory = corners[k % CORNERS],
				.rcx = corners[k / CORNERS % CORNERS],
				.rax = corners[(k * 7) % CORNERS],
				.rdx = corners[k % CORNERS] >> 32,
				.rbx = corners[(k * 5) % CORNERS],
				.flags = 2 | (k & 1),
			};

			compare(&rows[i], &w);
		}
	}
}

static void random_operands_agree_too(void **state)
{
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

	(void)state;
	for (size_t k = 0; k < 20000; k++) {
		struct world w;

		w.memory = next_random(&seed);
		w.rcx = next_random(&seed);
		/* cmpxchg must match now and then. */
		w.rax = (k & 1) ? w.memory : next_random(&seed);
		w.rdx = (k & 2) ? w.memory >> 32 : next_random(&seed);
		w.rbx = next_random(&seed);
		w.flags = 2 | (next_random(&seed) & RFLAGS_ARITH);
		compare(&rows[k % (sizeof(rows) / sizeof(rows[0]))], &w);
	}
}

static void stos_stores_the_accumulator(void **state)
{
	uint64_t gpr[16] = {UINT64_C(0x1122334455667788)};
	struct insn_outcome o;
	struct insn in;

	(void)state;
	assert_int_equal(decode_insn(&in, (const uint8_t *)"\xab", 1, true),
			 DECODE_OK);
	execute_insn(&in, gpr, 2, 0, &o);
	assert_true(o.stores);
	assert_int_equal(o.store, 0x55667788);
	assert_int_equal(o.rflags, 2);
}

static void a_bit_number_stays_in_the_operand(void **state)
{
	uint64_t gpr[16] = {0};
	struct insn_outcome o;
	struct insn in;

	(void)state;
	/* btsl $40,(%rdi): bit 8 of 32. */
	assert_int_equal(decode_insn(&in, (const uint8_t *)"\x0f\xba\x2f\x28",
				     4, true),
			 DECODE_OK);
	execute_insn(&in, gpr, 2, 0, &o);
	assert_int_equal(o.store, 0x100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(emulated_instructions_do_what_the_cpu_does),
		cmocka_unit_test(random_operands_agree_too),
		cmocka_unit_test(stos_stores_the_accumulator),
		cmocka_unit_test(a_bit_number_stays_in_the_operand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
