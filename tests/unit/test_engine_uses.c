/* SPDX-License-Identifier: MIT */
/*
 * What keeps a frame beside entries and pins: each kind is found, and with
 * entries, pin and reservation they add up to the frame's count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/report/uses.h"
#include "tests/unit/support/machine.h"

#define ROOM 8
#define SLOT 30
#define SLOT_VA (SLOT * PAGE_SIZE)

/* Entries of tables in use of the frame's owner, that name it. */
static uint64_t entries_of(struct machine *m, mfn_t f)
{
	uint64_t nr = 0;

	for (uint64_t t = 0; t < MACHINE_FRAMES; t++) {
		const struct frame *fr = &m->frames[t];
		unsigned int all =
			(fr->flags & (FRAME_PARTIAL | FRAME_DYING)) != 0
				? fr->table.nr_validated
				: PT_ENTRIES;

		if (!frame_is_table(fr->type) || frame_type_refs(fr) == 0 ||
		    fr->owner != frame_of(&m->mmu, f)->owner) {
			continue;
		}
		for (unsigned int i = 0; i < all; i++) {
			pte_t e = entry_of(m, mfn(t), i);

			nr += pte_present(e) && mfn_eq(pte_mfn(e), f) &&
			      !(fr->type == FRAME_L4 && i >= XEN_L4_FIRST &&
				i <= XEN_L4_LAST) &&
			      (fr->type == FRAME_L1 || !mfn_eq(f, mfn(t)));
		}
	}
	return nr;
}

/* Every reference on every frame of the domain's has a holder. */
static void assert_whole_account(struct machine *m)
{
	for (uint64_t i = 0; i < MACHINE_FRAMES; i++) {
		const struct frame *f = &m->frames[i];
		struct mmu_use use[ROOM];
		uint64_t nr;

		if (f->owner != TEST_TAG) {
			continue;
		}
		nr = mmu_uses(&m->dom, mfn(i), use, ROOM) +
		     entries_of(m, mfn(i)) +
		     ((f->flags & FRAME_ALLOCATED) != 0) +
		     ((f->flags & FRAME_PINNED) != 0);
		if (nr != f->count) {
			fail_msg("frame %lx: count %u, %lu found", (long)i,
				 f->count, (long)nr);
		}
	}
}

static void assert_used(struct machine *m, mfn_t f, enum mmu_use_kind kind,
			unsigned int vcpu, unsigned int index)
{
	struct mmu_use use[ROOM];
	unsigned int nr = mmu_uses(&m->dom, f, use, ROOM);

	for (unsigned int i = 0; i < nr && i < ROOM; i++) {
		if (use[i].kind == kind && use[i].vcpu == vcpu &&
		    use[i].index == index) {
			assert_whole_account(m);
			return;
		}
	}
	fail_msg("frame %lx: no %s among %u", (long)f.v, mmu_use_name(kind),
		 nr);
}

static void roots_are_found(void **state)
{
	struct machine *m = *state;

	assert_used(m, dom_frame(L4_FRAME), MMU_USE_KERNEL_ROOT, 0, 0);
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR,
				     dom_frame(L4_FRAME).v, 0),
			 0);
	assert_used(m, dom_frame(L4_FRAME), MMU_USE_USER_ROOT, 0, 0);
	machine_second_vcpu(m);
	assert_used(m, dom_frame(L4_FRAME), MMU_USE_KERNEL_ROOT, 1, 0);
}

static void descriptor_tables_are_found(void **state)
{
	struct machine *m = *state;
	const uint64_t frames[2] = {dom_frame(60).v, dom_frame(61).v};

	memcpy(m->guest, frames, sizeof(frames));
	assert_int_equal(machine_call(m, hc_set_gdt, GUEST_BUFFER, 1024, 0, 0),
			 0);
	assert_used(m, dom_frame(60), MMU_USE_GDT, 0, 0);
	assert_used(m, dom_frame(61), MMU_USE_GDT, 0, 1);
	assert_int_equal(call_mmu_update(m, entry_at(dom_frame(L1_FRAME), SLOT),
					 pte_make(dom_frame(62), RO_FLAGS).v),
			 0);
	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT, SLOT_VA, 512), 0);
	assert_int_equal(mmu_ldt_fault(&m->vcpu, 0), 0);
	assert_used(m, dom_frame(62), MMU_USE_LDT, 0, 0);
}

static void pages_of_the_hypervisors_are_found(void **state)
{
	struct machine *m = *state;

	assert_int_equal(mmu_hold(&m->dom, dom_frame(60)), 0);
	assert_used(m, dom_frame(60), MMU_USE_HELD, 0, 0);
	mmu_share(&m->dom, mfn(SHARED_FRAME), true);
	assert_used(m, mfn(SHARED_FRAME), MMU_USE_LENT, 0, 0);
}

/* Two entries of the other domain's, by one reference. */
static void another_domain_is_found(void **state)
{
	struct machine *m = *state;
	struct granted g = {
		.owner = &m->dom,
		.address = SLOT_VA,
		.frame = dom_frame(60),
	};
	struct mmu_use use;

	machine_second_domain(m);
	assert_int_equal(mmu_grant_map(&m->other_vcpu, &g), 0);
	g.address += PAGE_SIZE;
	assert_int_equal(mmu_grant_map(&m->other_vcpu, &g), 0);
	assert_used(m, dom_frame(60), MMU_USE_FOREIGN, 0, 2);
	assert_int_equal(mmu_uses(&m->dom, dom_frame(60), &use, 1), 1);
	assert_int_equal(use.domid, m->other.domid);
	assert_false(use.writable);
}

/* Whoever asks is told of as many as there is room for, and how many. */
static void many_uses_are_counted(void **state)
{
	struct machine *m = *state;
	struct mmu_use use[2] = {{0}, {.kind = MMU_USE_KINDS}};

	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR,
				     dom_frame(L4_FRAME).v, 0),
			 0);
	assert_int_equal(mmu_uses(&m->dom, dom_frame(L4_FRAME), use, 1), 2);
	assert_int_equal(use[0].kind, MMU_USE_KERNEL_ROOT);
	assert_int_equal(use[1].kind, MMU_USE_KINDS);
}

static void what_is_not_the_domains_is_not_told_of(void **state)
{
	struct machine *m = *state;
	struct mmu_use use[ROOM];

	assert_int_equal(mmu_uses(&m->dom, mfn(0), use, ROOM), 0);
	assert_int_equal(mmu_uses(&m->dom, MFN_INVALID, use, ROOM), 0);
	assert_int_equal(mmu_uses(&m->dom, mfn(MACHINE_FRAMES), use, ROOM), 0);
	/* A page of data has entries alone. */
	assert_int_equal(mmu_uses(&m->dom, dom_frame(DATA_FRAME), use, ROOM),
			 0);
}

/* Interrupted in the middle of a pin. */
static void what_is_half_done_is_found(void **state)
{
	struct machine *m = *state;

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		raw_entry(m, dom_frame(40), i,
			  pte_make(dom_frame(41), RO_FLAGS));
	}
	m->once = true;
	m->preempt_after = 1;
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE, dom_frame(40).v,
				     0),
			 -XEN_ERESTART);
	assert_true((m->frames[dom_frame(40).v].flags & FRAME_PARTIAL) != 0);
	assert_used(m, dom_frame(40), MMU_USE_PARTIAL, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(roots_are_found, space_set_up,
						machine_tear_down),
		cmocka_unit_test_setup_teardown(descriptor_tables_are_found,
						space_set_up,
						machine_tear_down),
		cmocka_unit_test_setup_teardown(
			pages_of_the_hypervisors_are_found, space_set_up,
			machine_tear_down),
		cmocka_unit_test_setup_teardown(another_domain_is_found,
						space_set_up,
						machine_tear_down),
		cmocka_unit_test_setup_teardown(many_uses_are_counted,
						space_set_up,
						machine_tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_not_the_domains_is_not_told_of, space_set_up,
			machine_tear_down),
		cmocka_unit_test_setup_teardown(what_is_half_done_is_found,
						space_set_up,
						machine_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
