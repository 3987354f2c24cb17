/* SPDX-License-Identifier: MIT */
/*
 * hv/cpu/flush.c: what it tells the CPU, instruction by instruction, for what
 * engine/table/tags.c decides; that it asks the CPU what it has; and that a
 * change of mode keeps what may be kept. QEMU's own translator has no
 * identifiers: this is where these lines run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/metal/metal.h"

#include "hv/cpu/flush.h"
#include "hv/vcpu/vcpu.h"

#define PCID (1u << 17)    /* leaf 1, ecx */
#define PGE (1u << 13)     /* leaf 1, edx */
#define INVPCID (1u << 10) /* leaf 7, ebx */

#define ROOT UINT64_C(0x5000)
#define OTHER UINT64_C(0x6000)
#define OWN UINT64_C(0x7000)
#define VA UINT64_C(0x123000)

/* The CPU comes up with these. */
static void has(struct metal *t, bool pcid, bool invpcid, bool pge)
{
	t->lacks_1c = pcid ? 0 : PCID;
	t->lacks_7b = invpcid ? 0 : INVPCID;
	t->lacks_1d = pge ? 0 : PGE;
	t->cr4 = flush_init();
	t->told[0] = '\0';
}

static void told(struct metal *t, const char *text)
{
	assert_string_equal(t->told, text);
	t->told[0] = '\0';
}

static void only_what_the_cpu_has_is_used(void **state)
{
	struct metal *t = *state;

	has(t, false, false, false);
	assert_int_equal(t->cr4, 0);
	has(t, false, true, true);
	assert_int_equal(t->cr4, 0);
	has(t, true, false, true);
	assert_int_equal(t->cr4, X86_CR4_PCIDE);
	has(t, true, true, false);
	assert_int_equal(t->cr4, X86_CR4_PCIDE);
	has(t, true, true, true);
	assert_int_equal(t->cr4, X86_CR4_PCIDE | X86_CR4_PGE);
}

static void without_identifiers_all_is_as_it_was(void **state)
{
	struct metal *t = *state;

	has(t, false, false, true);
	flush_switch(TAG_KERNEL, ROOT);
	told(t, "load 5000;");
	flush_all();
	told(t, "load 5000;");
	flush_page(VA);
	told(t, "page 123000;");
	flush_leave_user(TAG_KERNEL);
	told(t, "");
	flush_leave_user(TAG_USER);
	told(t, "load 5000;");
	flush_switch(TAG_NONE, OWN);
	told(t, "load 7000;");
}

/* From the kernel's root to the user's and back. */
static void there_and_back(struct metal *t, const char *text)
{
	struct vcpu *v = &t->v[0];

	v->kernel_mode = true;
	v->mmu.kernel_root = mfn(ROOT >> PAGE_SHIFT);
	v->mmu.user_root = mfn(OTHER >> PAGE_SHIFT);
	vcpu_toggle_mode(v);
	vcpu_toggle_mode(v);
	told(t, text);
}

static void with_identifiers_what_is_owed_is_paid_once(void **state)
{
	struct metal *t = *state;
	const mfn_t kernel = t->v[0].mmu.kernel_root;

	has(t, true, false, true);
	flush_switch(TAG_KERNEL, ROOT);
	told(t, "load 5002;");
	there_and_back(t, "load 6001;keep 5002;");
	there_and_back(t, "keep 6001;keep 5002;");
	flush_page(VA);
	told(t, "page 123000;");
	there_and_back(t, "load 6001;keep 5002;");
	flush_all();
	told(t, "load 5002;");
	there_and_back(t, "load 6001;keep 5002;");
	flush_leave_user(TAG_KERNEL);
	told(t, "");
	there_and_back(t, "load 6001;keep 5002;");
	flush_switch(TAG_NONE, OWN);
	told(t, "load 7000;");
	there_and_back(t, "load 6001;load 5002;");
	t->v[0].mmu.kernel_root = kernel;
	t->v[0].mmu.user_root = mfn(0);
}

static void with_invpcid_the_other_root_is_named(void **state)
{
	struct metal *t = *state;
	const mfn_t kernel = t->v[0].mmu.kernel_root;

	has(t, true, true, true);
	flush_switch(TAG_KERNEL, ROOT);
	told(t, "load 5002;invpcid 2 0 0;");
	there_and_back(t, "load 6001;keep 5002;");
	flush_page(VA);
	told(t, "page 123000;invpcid 0 1 123000;");
	there_and_back(t, "keep 6001;keep 5002;");
	flush_leave_user(TAG_KERNEL);
	told(t, "invpcid 2 0 0;");
	flush_leave_user(TAG_KERNEL);
	told(t, "");
	there_and_back(t, "load 6001;keep 5002;");
	flush_all();
	told(t, "invpcid 2 0 0;");
	/* In user mode. */
	flush_switch(TAG_USER, OTHER);
	told(t, "load 6001;invpcid 2 0 0;");
	x86_write_cr3(tags_cr3(&cpu_here()->tags, TAG_KERNEL, ROOT));
	x86_write_cr3(tags_cr3(&cpu_here()->tags, TAG_USER, OTHER));
	told(t, "load 5002;keep 6001;");
	flush_page(VA);
	told(t, "page 123000;invpcid 0 2 123000;");
	flush_leave_user(TAG_USER);
	told(t, "invpcid 2 0 0;");
	t->v[0].mmu.kernel_root = kernel;
	t->v[0].mmu.user_root = mfn(0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, metal_set_up, metal_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_what_the_cpu_has_is_used),
		TEST(without_identifiers_all_is_as_it_was),
		TEST(with_identifiers_what_is_owed_is_paid_once),
		TEST(with_invpcid_the_other_root_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
