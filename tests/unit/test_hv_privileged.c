/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions, by their bytes: what each refuses, and that what is
 * refused changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/metal/insn.h"

#include "hv/emul/fetch.h"

#define CR4_TSD (UINT64_C(1) << 2)
#define SPARE 30 /* frames of the domain with no use yet */
#define AMD UINT32_C(0x68747541)

/* --- fetching ------------------------------------------------------------- */

static void code_outside_the_guests_memory_is_not_fetched(void **state)
{
	struct metal *t = *state;
	struct regs r = start();
	uint8_t code[PAGE_SIZE];

	r.rip = UINT64_C(0xffff830000000000);
	assert_int_equal(fetch_code(&t->v[0], &r, code), 0);
	r.rip = UINT64_C(0x7fffffffffff);
	assert_int_equal(fetch_code(&t->v[0], &r, code), 0);
}

static void code_is_fetched_to_the_end_of_its_page(void **state)
{
	struct metal *t = *state;
	struct regs r = start();
	uint8_t code[PAGE_SIZE];

	r.rip = BUFFER_END - 3;
	assert_int_equal(fetch_code(&t->v[0], &r, code), 3);
	r.rip = METAL_UNMAPPED + PAGE_SIZE - 3;
	assert_int_equal(fetch_code(&t->v[0], &r, code), 0);
	/* Another vCPU maps it in the meantime: no more than there is room. */
	r.rip = CODE;
	t->loads_fail = true;
	assert_int_equal(fetch_code(&t->v[0], &r, code), 0);
}

static void what_cannot_be_fetched_is_refused(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	r.rip = METAL_UNMAPPED;
	assert_false(emulate_privileged(&t->v[0], &r));
	r.rip = CODE;
	assert_true(REFUSES(t, &r, "\x90"));
	/* in $imm8,%al, and no memory where the constant would be. */
	t->v[0].iopl = 1;
	r.rip = BUFFER_END - 1;
	assert_true(REFUSES(t, &r, "\xe4"));
}

/* 0f 20 c0 is the same in both; 48 is not. */
static void code_is_what_its_segment_says(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	assert_true(DOES(t, &r, "\x0f\x06"));
	assert_true(DOES(t, &r, "\x48\x0f\x06"));
	r.cs = CODE32;
	assert_true(REFUSES(t, &r, "\x48\x0f\x06"));
}

static void a_retired_instruction_steps(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	r.rflags |= X86_RFLAGS_RF;
	assert_true(DOES(t, &r, "\x0f\x06"));
	assert_int_equal(r.rflags & X86_RFLAGS_RF, 0);
	assert_int_equal(t->exception, METAL_NOTHING);
	r.rflags |= X86_RFLAGS_TF;
	assert_true(DOES(t, &r, "\x0f\x06"));
	assert_int_equal(t->exception, TRAP_DB);
	assert_int_equal(t->v[0].debugreg[6], 1 << 14);
}

/* --- who may -------------------------------------------------------------- */

static void only_a_kernel_has_privileged_instructions(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	t->v[0].kernel_mode = false;
	assert_true(REFUSES(t, &r, "\x0f\x06"));
	assert_true(REFUSES(t, &r, "\x0f\x20\xc0"));
	assert_true(REFUSES(t, &r, "\x0f\x31"));
	t->v[0].kernel_mode = true;
	assert_true(REFUSES(t, &r, "\xf4")); /* hlt: not even a kernel */
	assert_true(DOES(t, &r, "\x0f\x09"));
	r.rcx = 5;
	assert_true(DOES(t, &r, "\x0f\x31"));
	assert_int_equal(r.rcx, 5);
	assert_true(DOES(t, &r, "\x0f\x01\xf9")); /* rdtscp */
	assert_int_equal(r.rcx, 0);
}

static void the_iopl_says_who_may_mask_interrupts(void **state)
{
	struct metal *t = *state;
	struct regs r = start();
	struct vcpu *v = &t->v[0];

	assert_true(REFUSES(t, &r, "\xfa"));
	v->iopl = 1;
	assert_true(DOES(t, &r, "\xfa"));
	v->kernel_mode = false;
	assert_true(REFUSES(t, &r, "\xfb"));
	v->iopl = 3;
	assert_true(DOES(t, &r, "\xfb"));
	v->iopl = 0;
	v->kernel_mode = true;
	t->d.vm_assist = 1u << VMASST_TYPE_architectural_iopl;
	assert_true(DOES(t, &r, "\xfa"));
}

/* --- control and debug registers ------------------------------------------ */

static void only_ts_of_cr0_changes(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	t->v[0].ts = true;
	assert_true(DOES(t, &r, "\x0f\x20\xc0")); /* mov %cr0,%rax */
	assert_int_equal(r.rax & X86_CR0_TS, X86_CR0_TS);
	assert_true(DOES(t, &r, "\x0f\x06"));
	assert_false(t->v[0].ts);
	assert_true(DOES(t, &r, "\x0f\x22\xc0"));
	assert_true(t->v[0].ts);
	r.rax ^= X86_CR0_WP;
	assert_true(REFUSES(t, &r, "\x0f\x22\xc0"));
	r.rax ^= X86_CR0_WP | X86_CR0_TS;
	assert_true(DOES(t, &r, "\x0f\x22\xc0"));
	assert_false(t->v[0].ts);
	assert_true(DOES(t, &r, "\x0f\x20\xc0"));
	assert_int_equal(r.rax & X86_CR0_TS, 0);
}

static void of_cr4_a_guest_has_two_bits(void **state)
{
	struct metal *t = *state;
	struct regs r = start();
	const uint64_t ours = X86_CR4_PGE | X86_CR4_PCIDE;

	t->cr4 = X86_CR4_PAE | X86_CR4_DE | CR4_TSD | ours;
	r.rax = ~UINT64_C(0);
	assert_true(DOES(t, &r, "\x0f\x22\xe0")); /* mov %rax,%cr4 */
	assert_int_equal(t->cr4, X86_CR4_PAE | X86_CR4_DE | CR4_TSD | ours);
	assert_int_equal(t->v[0].cr4, X86_CR4_DE | CR4_TSD);
	assert_true(DOES(t, &r, "\x0f\x20\xe0"));
	assert_int_equal(r.rax, X86_CR4_PAE | X86_CR4_DE | CR4_TSD);
	r.rax = 0;
	assert_true(DOES(t, &r, "\x0f\x22\xe0"));
	assert_int_equal(t->cr4, X86_CR4_PAE | X86_CR4_DE | ours);
	assert_true(DOES(t, &r, "\x0f\x20\xe0"));
	assert_int_equal(r.rax, X86_CR4_PAE);
}

static void registers_that_there_are_not_are_refused(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	assert_true(REFUSES(t, &r, "\x44\x0f\x20\xc0")); /* cr8 */
	assert_true(REFUSES(t, &r, "\x44\x0f\x22\xc0"));
	assert_true(REFUSES(t, &r, "\x0f\x20\xc8")); /* cr1 */
	assert_true(REFUSES(t, &r, "\x0f\x22\xc8"));
	assert_true(REFUSES(t, &r, "\x44\x0f\x21\xc0")); /* db8 */
	assert_true(REFUSES(t, &r, "\x44\x0f\x23\xc0"));
}

static void db4_and_db5_are_names_unless_de_is_set(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	t->v[0].debugreg[7] = 0x400;
	assert_true(DOES(t, &r, "\x0f\x21\xe8")); /* mov %db5,%rax */
	assert_int_equal(r.rax, 0x400);
	t->v[0].cr4 = X86_CR4_DE;
	assert_true(run_at(t, &r, "\x0f\x21\xe0", 3));
	assert_int_equal(t->exception, TRAP_UD);
	assert_int_equal(r.rip, CODE);
}

static void a_debug_register_is_judged(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	r.rax = 0x1234;
	assert_true(DOES(t, &r, "\x0f\x23\xc0")); /* mov %rax,%db0 */
	assert_int_equal(t->v[0].debugreg[0], 0x1234);
	r.rax = UINT64_C(1) << 32;
	assert_true(REFUSES(t, &r, "\x0f\x23\xf8")); /* db7 */
	assert_int_equal(t->v[0].debugreg[7], 0);
}

/* A second root, like the first. */
static uint64_t other_root(struct metal *t)
{
	memcpy(frame_ptes(&t->m.mmu, metal_frame(SPARE)),
	       frame_ptes(&t->m.mmu, metal_frame(L4_FRAME)), PAGE_SIZE);
	return mfn_to_maddr(metal_frame(SPARE)).v;
}

#define LOAD_CR3 "\x0f\x22\xd8" /* mov %rax,%cr3 */

static void a_root_is_judged(void **state)
{
	struct metal *t = *state;
	struct regs r = start();
	uint64_t rax = other_root(t);

	r.rax = rax;
	assert_true(DOES(t, &r, LOAD_CR3));
	assert_int_equal(t->v[0].mmu.kernel_root.v, metal_frame(SPARE).v);
	r.rax = mfn_to_maddr(metal_frame(L1_FRAME)).v;
	assert_true(REFUSES(t, &r, LOAD_CR3));
	assert_true(DOES(t, &r, "\x0f\x20\xd8"));
	assert_int_equal(r.rax, rax);
}

static void a_root_that_takes_long_is_tried_again(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	metal_leave_work(t);
	r.rax = mfn_to_maddr(metal_frame(L4_FRAME)).v;
	assert_true(run_at(t, &r, LOAD_CR3, 3));
	assert_int_equal(r.rip, CODE);
	t->m.preempt_after = 0;
	assert_true(DOES(t, &r, LOAD_CR3));
}

/* --- MSRs ----------------------------------------------------------------- */

#define RDMSR "\x0f\x32"
#define WRMSR "\x0f\x30"
#define HYPERCALL_PAGE 0x40000000
#define MISC_ENABLE 0x1a0

static void set_value(struct regs *r, uint64_t value)
{
	r->rax = (uint32_t)value;
	r->rdx = value >> 32;
}

static void an_unknown_msr_faults_once_faults_can_be_caught(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	r.rcx = 0x123;
	set_value(&r, ~UINT64_C(0));
	assert_true(DOES(t, &r, RDMSR));
	assert_int_equal(r.rax | r.rdx, 0);
	t->v[0].trap[TRAP_GP].address = 0x1000;
	assert_true(REFUSES(t, &r, RDMSR));
	assert_true(REFUSES(t, &r, WRMSR));
	for (unsigned int i = 0; i < 100; i++) {
		assert_true(REFUSES(t, &r, RDMSR));
	}
	assert_int_equal(t->v[0].counters.msrs_logged, 32);
}

static void a_segment_base_is_canonical(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	r.rcx = MSR_FS_BASE;
	set_value(&r, UINT64_C(0x7fff12345678));
	assert_true(DOES(t, &r, WRMSR));
	assert_true(DOES(t, &r, RDMSR));
	assert_int_equal(r.rdx << 32 | r.rax, UINT64_C(0x7fff12345678));
	set_value(&r, UINT64_C(0x800000000000));
	assert_true(REFUSES(t, &r, WRMSR));
}

static void efer_is_shown_in_part_and_stays(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	metal_set_msr(t, MSR_EFER, 0xffff);
	r.rcx = MSR_EFER;
	assert_true(DOES(t, &r, RDMSR));
	assert_int_equal(r.rax, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
	assert_true(DOES(t, &r, WRMSR));
	r.rax ^= EFER_NXE;
	assert_true(REFUSES(t, &r, WRMSR));
}

static void only_the_first_vcpu_is_the_boot_cpu(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	r.rcx = MSR_APIC_BASE;
	assert_true(DOES(t, &r, RDMSR));
	assert_int_equal(r.rax, 0xfee00900);
	t->v[0].id = 1;
	assert_true(DOES(t, &r, RDMSR));
	assert_int_equal(r.rax, 0xfee00800);
	t->v[0].id = 0;
}

static void misc_enable_hides_what_a_guest_has_not(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	metal_set_msr(t, MISC_ENABLE, 1 << 18 | 1 << 7 | 1);
	r.rcx = MISC_ENABLE;
	t->vendor = AMD;
	assert_true(DOES(t, &r, RDMSR));
	assert_int_equal(r.rax, 1 << 11 | 1 << 12 | 1 << 23);
	t->vendor = UINT32_C(0x756e6547);
	assert_true(DOES(t, &r, RDMSR));
	assert_int_equal(r.rax, 1 << 11 | 1 << 12 | 1 << 23 | 1);
}

static void a_hypercall_page_is_an_own_frame(void **state)
{
	struct metal *t = *state;
	struct regs r = start();
	uint8_t *page = frame_data(&t->m.mmu, metal_frame(SPARE));

	r.rcx = HYPERCALL_PAGE;
	set_value(&r, mfn_to_maddr(metal_frame(SPARE)).v + 1);
	assert_true(REFUSES(t, &r, WRMSR));
	set_value(&r, mfn_to_maddr(metal_frame(L1_FRAME)).v);
	assert_true(REFUSES(t, &r, WRMSR));
	set_value(&r, mfn_to_maddr(mfn(1)).v);
	assert_true(REFUSES(t, &r, WRMSR));
	assert_int_equal(page[0], 0);
	set_value(&r, mfn_to_maddr(metal_frame(SPARE)).v);
	assert_true(DOES(t, &r, WRMSR));
	assert_int_not_equal(page[0], 0);
}

static void a_hypercall_page_that_must_wait_is_tried_again(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	metal_leave_work(t);
	r.rcx = HYPERCALL_PAGE;
	set_value(&r, mfn_to_maddr(metal_frame(SPARE + 1)).v);
	assert_true(run_at(t, &r, WRMSR, 2));
	assert_int_equal(r.rip, CODE);
	t->m.preempt_after = 0;
	assert_true(DOES(t, &r, WRMSR));
}

int main(void)
{
#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, metal_set_up, metal_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(code_outside_the_guests_memory_is_not_fetched),
		TEST(code_is_fetched_to_the_end_of_its_page),
		TEST(what_cannot_be_fetched_is_refused),
		TEST(code_is_what_its_segment_says),
		TEST(a_retired_instruction_steps),
		TEST(only_a_kernel_has_privileged_instructions),
		TEST(the_iopl_says_who_may_mask_interrupts),
		TEST(only_ts_of_cr0_changes),
		TEST(of_cr4_a_guest_has_two_bits),
		TEST(registers_that_there_are_not_are_refused),
		TEST(db4_and_db5_are_names_unless_de_is_set),
		TEST(a_debug_register_is_judged),
		TEST(a_root_is_judged),
		TEST(a_root_that_takes_long_is_tried_again),
		TEST(an_unknown_msr_faults_once_faults_can_be_caught),
		TEST(a_segment_base_is_canonical),
		TEST(efer_is_shown_in_part_and_stays),
		TEST(only_the_first_vcpu_is_the_boot_cpu),
		TEST(misc_enable_hides_what_a_guest_has_not),
		TEST(a_hypercall_page_is_an_own_frame),
		TEST(a_hypercall_page_that_must_wait_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
