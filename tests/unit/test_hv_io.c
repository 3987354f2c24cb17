/* SPDX-License-Identifier: MIT */
/*
 * I/O instructions and cpuid: which ports a guest may use, what an empty bus
 * answers, and that no feature is offered that is not known here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/metal/insn.h"

#include <xen/arch-x86/cpuid.h>

#define AMD UINT32_C(0x68747541)

/* --- I/O ------------------------------------------------------------------ */

#define BITMAP UINT64_C(0x11000)
#define IN_AL "\xec"
#define IN_EAX "\xed"
#define INSB "\x6c"
#define REP_INSB "\xf3\x6c"
#define REP_OUTSB "\xf3\x6e"

static void the_bitmap_allows_ports(void **state)
{
	struct metal *t = *state;
	struct regs r = start();
	struct vcpu *v = &t->v[0];
	const mfn_t user_root = v->mmu.user_root;

	v->kernel_mode = false;
	v->mmu.user_root = mfn(99);
	v->iobmp = BITMAP;
	memset(guest(t, BITMAP), 0, 32);
	r.rdx = 0x20;
	assert_true(REFUSES(t, &r, IN_AL));
	v->iobmp_ports = 0x24;
	assert_true(DOES(t, &r, IN_AL));
	assert_int_equal(r.rax, 0xff);
	assert_false(v->kernel_mode);
	assert_int_equal(t->cr3, 99 << PAGE_SHIFT);
	assert_true(DOES(t, &r, IN_EAX));
	r.rdx = 0x21; /* the last byte's port is beyond the bitmap */
	assert_true(REFUSES(t, &r, IN_EAX));
	v->iobmp_ports = 0x100;
	guest(t, BITMAP)[4] = 1 << 1;
	assert_true(REFUSES(t, &r, IN_AL));
	r.rdx = 0x1f; /* to 0x22, by two bytes of the bitmap */
	assert_true(REFUSES(t, &r, IN_EAX));
	assert_true(DOES(t, &r, IN_AL));
	r.rdx = 0x10000 + 0x40;
	assert_true(DOES(t, &r, IN_AL));
	r.rdx = 0;
	assert_true(REFUSES(t, &r, "\xe4\x21")); /* in $0x21,%al */
	v->mmu.user_root = user_root;
	v->kernel_mode = true;
}

static void a_bitmap_that_cannot_be_read_forbids(void **state)
{
	struct metal *t = *state;
	struct regs r = start();
	struct vcpu *v = &t->v[0];

	v->iobmp_ports = 0x100;
	v->iobmp = METAL_UNMAPPED;
	assert_true(REFUSES(t, &r, IN_AL));
	/* The last byte that can be read; what is behind it is all ones. */
	*guest(t, BUFFER_END - 1) = 0;
	v->iobmp = BUFFER_END - 1;
	assert_true(DOES(t, &r, IN_AL));
	r.rdx = 7;
	assert_true(REFUSES(t, &r, IN_EAX));
}

static void no_device_answers_but_the_timer_with_zero(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	t->v[0].iopl = 1;
	r.rdx = 0x40;
	assert_true(DOES(t, &r, IN_EAX));
	assert_int_equal(r.rax, 0xff00ffff);
	r.rax = 1;
	assert_true(DOES(t, &r, "\xee"));
	assert_int_equal(r.rax, 1);
}

static void a_string_goes_to_guest_memory_only(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	t->v[0].iopl = 1;
	r.rdi = BUFFER_END - 1;
	assert_true(DOES(t, &r, INSB));
	assert_int_equal(*guest(t, BUFFER_END - 1), 0xff);
	assert_int_equal(r.rdi, BUFFER_END);
	assert_true(run_at(t, &r, INSB, 1));
	assert_int_equal(r.rip, CODE);
	assert_int_equal(t->exception, TRAP_PF);
	assert_int_equal(t->address, BUFFER_END);
	assert_int_equal(t->error, 2);
	assert_int_equal(r.rdi, BUFFER_END);
	r.rdi = BITMAP;
	assert_true(REFUSES(t, &r, "\x67\x6c"));
	assert_true(REFUSES(t, &r, "\x67\x6e"));
}

static void a_repeated_string_stops_in_between(void **state)
{
	struct metal *t = *state;
	struct regs r = start();

	t->v[0].iopl = 1;
	r.rdi = r.rsi = BITMAP;
	assert_true(DOES(t, &r, REP_INSB));
	assert_int_equal(r.rdi, BITMAP); /* none of none */
	r.rcx = 100;
	assert_true(run_at(t, &r, REP_INSB, 2));
	assert_int_equal(r.rip, CODE);
	assert_int_equal(r.rcx, 36);
	assert_int_equal(r.rdi, BITMAP + 64);
	assert_true(DOES(t, &r, REP_INSB));
	assert_int_equal(r.rcx, 0);
	r.rcx = 5;
	r.rflags |= X86_RFLAGS_DF;
	assert_true(DOES(t, &r, REP_INSB));
	assert_int_equal(r.rdi, BITMAP + 95);
	r.rcx = 7;
	assert_true(DOES(t, &r, REP_OUTSB));
	assert_int_equal(r.rsi, BITMAP - 7);
	assert_int_equal(r.rcx, 0);
	r.rflags = 2;
	r.rcx = 9;
	assert_true(DOES(t, &r, "\x6e"));
	assert_int_equal(r.rsi, BITMAP - 6);
	assert_int_equal(r.rcx, 9);
}

/* --- cpuid ---------------------------------------------------------------- */

#define CPUID "\x0f\xa2"

static struct regs ask(struct metal *t, uint32_t leaf, uint32_t subleaf)
{
	struct regs r = start();

	r.rax = leaf;
	r.rcx = subleaf;
	assert_true(DOES(t, &r, CPUID));
	return r;
}

static void only_known_features_are_offered(void **state)
{
	struct metal *t = *state;
	struct regs r = ask(t, 1, 0);

	/* No XSAVE, AVX, x2APIC, PCID; one thread; a hypervisor is there. */
	assert_int_equal(r.rcx, 0xc2d82203);
	assert_int_equal(r.rdx, 0x0789c9f5);
	assert_int_equal(r.rbx, 0x1ff00);
	t->vendor = AMD;
	assert_int_equal(ask(t, 1, 0).rdx, 0x0789c1f5);
	r = ask(t, 7, 0);
	assert_int_equal(r.rbx & 0x100481 /* FSGSBASE, SMEP, INVPCID, SMAP */,
			 0);
	assert_int_equal(r.rax | r.rcx, 0);
	assert_int_equal(r.rdx, 0x410);
	r = ask(t, 0x80000001, 0);
	assert_int_equal(r.rcx, 0x1e1);
	assert_int_equal(r.rdx & 1 << 26 /* 1 GiB pages */, 0);
}

static void leaves_that_are_not_known_are_empty(void **state)
{
	static const uint32_t empty[][2] = {
		{3, 0},          {7, 1},          {0xd, 0},
		{0x15, 0},       {0x80000007, 0}, {0x80000009, 0},
		{0x40000004, 0}, {0x40000006, 0}, {0x40000003, 3},
		{0x400000ff, 0}, {0x40000100, 0},
	};
	struct metal *t = *state;

	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		struct regs r = ask(t, empty[i][0], empty[i][1]);

		assert_int_equal(r.rax | r.rbx | r.rcx | r.rdx, 0);
	}
	assert_int_equal(ask(t, 0, 0).rax, 0xd);
	assert_int_equal(ask(t, 0x80000000, 0).rax, 0x80000008);
	assert_int_equal(ask(t, 4, 0).rax, 0x3fff);
	assert_int_equal(ask(t, 0x80000008, 0).rax, 0xffff);
	assert_int_equal(ask(t, 0x80000008, 0).rcx, 0);
	assert_int_equal(ask(t, 0x40000000, 0).rbx, XEN_CPUID_SIGNATURE_EBX);
	assert_int_equal(ask(t, 0x40000005, 0).rbx, 20);
}

static void cpuid_is_forced_by_the_whole_prefix(void **state)
{
	static const char forced[] = "\x0f\x0bxen\x0f\xa2";
	struct metal *t = *state;
	struct regs r = start();

	r.rax = 0x40000000;
	memcpy(guest(t, CODE), forced, 7);
	assert_true(emulate_forced_cpuid(&t->v[0], &r));
	assert_int_equal(r.rip, CODE + 7);
	assert_int_equal(r.rbx, XEN_CPUID_SIGNATURE_EBX);
	*guest(t, CODE + 6) = 0xa3;
	r.rip = CODE;
	assert_false(emulate_forced_cpuid(&t->v[0], &r));
	/* Six bytes, and then no memory. */
	memcpy(guest(t, BUFFER_END - 6), forced, 6);
	r.rip = BUFFER_END - 6;
	assert_false(emulate_forced_cpuid(&t->v[0], &r));
	assert_int_equal(r.rip, BUFFER_END - 6);
}

int main(void)
{
#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, metal_set_up, metal_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_bitmap_allows_ports),
		TEST(a_bitmap_that_cannot_be_read_forbids),
		TEST(no_device_answers_but_the_timer_with_zero),
		TEST(a_string_goes_to_guest_memory_only),
		TEST(a_repeated_string_stops_in_between),
		TEST(only_known_features_are_offered),
		TEST(leaves_that_are_not_known_are_empty),
		TEST(cpuid_is_forced_by_the_whole_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
