/* SPDX-License-Identifier: MIT */
/*
 * Direct writes to page tables: that what is written is what the instruction
 * would have written, and what is the guest's fault after all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/metal/insn.h"

#include "hv/emul/ptwr.h"

/* Entry 8 of the L1, where the guest sees it read-only; it maps nothing. */
#define ENTRY 8
#define TABLE_VA ((uint64_t)(RO_ENTRY + 3) << PAGE_SHIFT)
#define VA (TABLE_VA + 8 * ENTRY)
#define WRITE (PTWR_ERROR_PRESENT | PTWR_ERROR_WRITE)
#define PTWR_ERROR_PRESENT 1u
#define PTWR_ERROR_WRITE 2u
#define PTWR_ERROR_RESERVED 8u
#define PTWR_ERROR_FETCH 16u
#define SPARE 30

static int set_up(void **state)
{
	int rc = metal_set_up(state);
	struct metal *t = *state;

	t->d.vm_assist = 1u << VMASST_TYPE_writable_pagetables;
	return rc;
}

static struct regs begin(uint64_t cs)
{
	struct regs r = start();

	r.cs = cs;
	r.rdi = VA;
	return r;
}

static uint64_t entry(struct metal *t)
{
	return frame_ptes(&t->m.mmu, metal_frame(L1_FRAME))[ENTRY].v;
}

/* What stands there before the instruction: nothing present. */
static void put(struct metal *t, uint64_t value)
{
	frame_ptes(&t->m.mmu, metal_frame(L1_FRAME))[ENTRY] = pte(value);
}

static uint64_t data_pte(unsigned int n)
{
	return pte_make(metal_frame(DATA_FRAME + n), RW_FLAGS | PTE_G).v;
}

static enum ptwr fault(struct metal *t, struct regs *r, const char *code,
		       size_t nr, uint64_t cr2)
{
	memcpy(guest(t, r->rip), code, nr);
	return ptwr_fault(&t->v[0], r, cr2, WRITE);
}

#define WRITES(t, r, code)                                             \
	(fault((t), (r), (code), sizeof(code) - 1, VA) == PTWR_DONE && \
	 (r)->rip == CODE + sizeof(code) - 1)
/* To be executed again. */
#define STAYS(t, r, code)                                              \
	(fault((t), (r), (code), sizeof(code) - 1, VA) == PTWR_DONE && \
	 (r)->rip == CODE)
#define FAULTS(t, r, code) faults((t), (r), (code), sizeof(code) - 1)

static bool faults(struct metal *t, struct regs *r, const char *code, size_t nr)
{
	struct regs before = *r;
	uint64_t was = entry(t);

	return fault(t, r, code, nr, VA) == PTWR_REFUSED && entry(t) == was &&
	       memcmp(&before, r, sizeof(before)) == 0;
}

#define XCHG "\x48\x87\x07"        /* xchg %rax,(%rdi) */
#define ANDB "\xf0\x80\x27\xfd"    /* lock andb $0xfd,(%rdi) */
#define MOV "\x48\x89\x07"         /* mov %rax,(%rdi) */
#define CMPXCHG "\x48\x0f\xb1\x37" /* cmpxchg %rsi,(%rdi) */
#define STOS "\x48\xab"
#define REP_STOS "\xf3\x48\xab"
#define MOVS "\x48\xa5"

/* --- what comes here ------------------------------------------------------ */

static void only_a_kernels_writes_are_emulated(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(FLAT_KERNEL_CS);
	struct vcpu *v = &t->v[0];

	memcpy(guest(t, CODE), XCHG, 3);
	assert_int_equal(ptwr_fault(v, &r, VA, PTWR_ERROR_WRITE), PTWR_REFUSED);
	assert_int_equal(ptwr_fault(v, &r, VA, PTWR_ERROR_PRESENT),
			 PTWR_REFUSED);
	assert_int_equal(ptwr_fault(v, &r, VA, WRITE | PTWR_ERROR_RESERVED),
			 PTWR_REFUSED);
	assert_int_equal(ptwr_fault(v, &r, VA, WRITE | PTWR_ERROR_FETCH),
			 PTWR_REFUSED);
	v->kernel_mode = false;
	assert_true(FAULTS(t, &r, XCHG));
	v->kernel_mode = true;
	t->d.vm_assist = 0;
	assert_true(FAULTS(t, &r, XCHG));
}

static void other_mappings_are_ordinary(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(FLAT_KERNEL_CS);

	/* Nothing is there; a table that is no L1. */
	assert_int_equal(fault(t, &r, XCHG, 3, METAL_UNMAPPED), PTWR_ORDINARY);
	assert_int_equal(fault(t, &r, XCHG, 3, TABLE_VA - PAGE_SIZE),
			 PTWR_REFUSED);
	/* A page of data, read-only. */
	put(t, 0);
	r.rax = pte_make(metal_frame(SPARE), RO_FLAGS).v;
	assert_true(WRITES(t, &r, XCHG));
	assert_int_equal(fault(t, &r, XCHG, 3, ENTRY << PAGE_SHIFT),
			 PTWR_ORDINARY);
}

/* --- the two usual ones --------------------------------------------------- */

static void an_xchg_is_carried_out(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(FLAT_KERNEL_CS);

	r.rax = data_pte(0);
	put(t, 0x5000);
	assert_true(WRITES(t, &r, XCHG));
	assert_int_equal(r.rax, 0x5000);
	assert_int_equal(entry(t) & ~PTE_D, data_pte(0));
	/* xchg %r9,-8(%r10) */
	r = begin(FLAT_KERNEL_CS);
	r.r10 = VA + 8;
	assert_true(WRITES(t, &r, "\x4d\x87\x4a\xf8"));
	assert_int_equal(r.r9 & ~PTE_D, data_pte(0));
	assert_int_equal(entry(t), 0);
}

/* As the decoder is told that a process has no such segment, none is done. */
static void another_operand_is_left_to_the_decoder(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(FLAT_KERNEL_CS);

	put(t, 0x5000);
	r.rsp = r.rbp = VA;
	assert_true(FAULTS(t, &r, "\x48\x87\x04\x27"));
	assert_true(FAULTS(t, &r, "\x48\x87\x05\x00\x00\x00\x00"));
	assert_true(FAULTS(t, &r, "\x48\x87\x87\x08\x00\x00\x00"));
	r.rdi = VA + 8;
	assert_true(FAULTS(t, &r, XCHG));
}

static void what_is_no_andb_is_not_taken_for_one(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(FLAT_KERNEL_CS);

	put(t, 0x5000);
	assert_true(WRITES(t, &r, "\xf0\x80\x0f\x80")); /* orb */
	assert_int_equal(entry(t), 0x5080);
	r.rip = CODE;
	assert_true(WRITES(t, &r, "\xf0\x81\x27\xff\xf0\xff\xff"));
	assert_int_equal(entry(t), 0x5080);
	r.rip = CODE;
	r.rdi = VA + 8; /* the next entry's, whatever the CPU said */
	assert_true(WRITES(t, &r, "\xf0\x80\x27\x00"));
	assert_int_equal(entry(t), 0x5080);
}

static void thirty_two_bit_code_means_something_else(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(CODE32);

	put(t, 0x5000);
	assert_true(FAULTS(t, &r, XCHG));
}

static void an_andb_changes_its_byte(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(FLAT_KERNEL_CS);

	put(t, 0x123456);
	r.rdi = VA + 1;
	assert_int_equal(fault(t, &r, "\xf0\x80\x27\xf0", 4, VA + 1),
			 PTWR_DONE);
	assert_int_equal(entry(t), 0x123056);
	assert_int_equal(r.rip, CODE + 4);
	/* lock andb $0,(%r15): the flags say zero */
	r = begin(FLAT_KERNEL_CS);
	r.r15 = VA;
	assert_true(WRITES(t, &r, "\xf0\x41\x80\x27\x00"));
	assert_int_equal(entry(t), 0x123000);
	assert_int_equal(r.rflags & (1 << 6), 1 << 6);
}

static void what_the_engine_refuses_is_a_fault(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(FLAT_KERNEL_CS);

	r.rax = pte_make(mfn(1), RW_FLAGS).v;
	assert_true(FAULTS(t, &r, XCHG));
	r.cs = CODE64;
	assert_true(FAULTS(t, &r, MOV));
	/* One byte less, and it is the hypervisor's frame. */
	r.cs = FLAT_KERNEL_CS;
	r.rax = data_pte(0);
	assert_true(WRITES(t, &r, XCHG));
	r.rip = CODE;
	r.rdi = VA + 1;
	memcpy(guest(t, CODE), "\xf0\x80\x27\x0f", 4);
	assert_int_equal(ptwr_fault(&t->v[0], &r, VA + 1, WRITE), PTWR_REFUSED);
	assert_int_equal(r.rip, CODE);
	assert_int_equal(r.rflags, 2);
}

static void what_must_wait_is_executed_again(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(FLAT_KERNEL_CS);

	r.rax = data_pte(0);
	metal_leave_work(t);
	assert_true(STAYS(t, &r, XCHG));
	assert_int_equal(r.rax, data_pte(0));
	metal_leave_work(t);
	r.cs = CODE64;
	assert_true(STAYS(t, &r, MOV));
	assert_int_equal(entry(t), 0);
	t->m.preempt_after = 0;
	assert_true(WRITES(t, &r, MOV));
}

/* --- all others ----------------------------------------------------------- */

static void a_mov_is_carried_out(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(CODE64);

	put(t, UINT64_C(0x1122334455667780));
	r.rax = 0x5000;
	assert_true(WRITES(t, &r, MOV));
	assert_int_equal(entry(t), 0x5000);
	put(t, UINT64_C(0x1122334455667780));
	r = begin(CODE64);
	r.rdi = VA + 4;
	r.rax = 0x99aabbcc;
	assert_int_equal(fault(t, &r, "\x89\x07", 2, VA + 4), PTWR_DONE);
	assert_int_equal(entry(t), UINT64_C(0x99aabbcc55667780));
	put(t, UINT64_C(0x1122334455667780));
	r.rip = CODE;
	r.rdi = VA;
	assert_true(WRITES(t, &r, "\x89\x07"));
	assert_int_equal(entry(t), UINT64_C(0x1122334499aabbcc));
	/* xadd %rsi,(%rdi) */
	put(t, 0x3000);
	r = begin(CODE64);
	r.rsi = 0x2000;
	assert_true(WRITES(t, &r, "\x48\x0f\xc1\x37"));
	assert_int_equal(entry(t), 0x5000);
	assert_int_equal(r.rsi, 0x3000);
}

static void a_segments_base_is_added(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(CODE64);

	metal_set_msr(t, MSR_FS_BASE, VA);
	metal_set_msr(t, MSR_GS_BASE, VA - 8);
	r.rax = 0x6000;
	r.rdi = 0;
	assert_true(WRITES(t, &r, "\x64\x48\x89\x07"));
	r.rip = CODE;
	r.rax = 0x8000;
	r.rdi = 8;
	assert_true(WRITES(t, &r, "\x65\x48\x89\x07"));
	assert_int_equal(entry(t), 0x8000);
	/* And none where there is none. */
	r = begin(CODE64);
	r.rax = 0xa000;
	assert_true(WRITES(t, &r, MOV));
	assert_int_equal(entry(t), 0xa000);
}

static void what_does_not_write_there_is_a_fault(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(CODE64);

	put(t, 0x5000);
	assert_true(FAULTS(t, &r, "\xfa"));
	assert_true(FAULTS(t, &r, "\x90"));
	r.rdi = VA + PAGE_SIZE; /* where another page is */
	assert_true(FAULTS(t, &r, MOV));
	r.rdi = VA + 4;
	assert_true(FAULTS(t, &r, MOV));
}

static void a_cmpxchg_that_does_not_match_writes_nothing(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(CODE64);
	const uint64_t mapped = data_pte(0) & ~PTE_A;

	r.rax = mapped;
	assert_true(WRITES(t, &r, MOV));
	r.rip = CODE;
	r.rax = 1;
	r.rsi = 0x6000;
	assert_true(WRITES(t, &r, CMPXCHG));
	assert_int_equal(entry(t), mapped);
	assert_int_equal(r.rax, mapped);
	assert_int_equal(t->d.mmu.stats.ptwr, 1);
	r.rip = CODE;
	assert_true(WRITES(t, &r, CMPXCHG));
	assert_int_equal(entry(t), 0x6000);
}

static void a_string_steps(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(CODE64);

	r.rax = 0x6000;
	assert_true(WRITES(t, &r, STOS));
	assert_int_equal(r.rdi, VA + 8);
	assert_int_equal(r.rsi, begin(CODE64).rsi);
	assert_int_equal(r.rcx, begin(CODE64).rcx);
	assert_int_equal(entry(t), 0x6000);
	r = begin(CODE64);
	r.rflags |= X86_RFLAGS_DF;
	r.rsi = GUEST_BUFFER;
	memcpy(guest(t, GUEST_BUFFER), &(uint64_t){0x8000}, 8);
	assert_true(WRITES(t, &r, MOVS));
	assert_int_equal(r.rdi, VA - 8);
	assert_int_equal(r.rsi, GUEST_BUFFER - 8);
	assert_int_equal(entry(t), 0x8000);
	r = begin(CODE64);
	r.rcx = 2;
	assert_true(STAYS(t, &r, REP_STOS));
	assert_int_equal(r.rcx, 1);
	r.rdi = VA;
	assert_true(WRITES(t, &r, REP_STOS));
	assert_int_equal(r.rcx, 0);
}

static void a_string_that_is_not_all_there_is_a_fault(void **state)
{
	struct metal *t = *state;
	struct regs r = begin(CODE64);

	put(t, 0x5000);
	assert_true(FAULTS(t, &r, REP_STOS)); /* none of them */
	assert_true(FAULTS(t, &r, "\x67\x48\xab"));
	r.rsi = METAL_UNMAPPED;
	assert_true(FAULTS(t, &r, MOVS));
	r.rsi = GUEST_BUFFER;
	assert_true(FAULTS(t, &r, "\x64\x48\xa5"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, metal_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(only_a_kernels_writes_are_emulated),
		TEST(other_mappings_are_ordinary),
		TEST(an_xchg_is_carried_out),
		TEST(another_operand_is_left_to_the_decoder),
		TEST(what_is_no_andb_is_not_taken_for_one),
		TEST(thirty_two_bit_code_means_something_else),
		TEST(an_andb_changes_its_byte),
		TEST(what_the_engine_refuses_is_a_fault),
		TEST(what_must_wait_is_executed_again),
		TEST(a_mov_is_carried_out),
		TEST(a_segments_base_is_added),
		TEST(what_does_not_write_there_is_a_fault),
		TEST(a_cmpxchg_that_does_not_match_writes_nothing),
		TEST(a_string_steps),
		TEST(a_string_that_is_not_all_there_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
