/* SPDX-License-Identifier: MIT */
/* Reading tables: the library's walk against our own, and its refusals. */
#include "kernels/reference/selftest.h"

static bool same_walk(struct kernel *k, uint64_t va)
{
	struct guest *g = &k->guest;
	struct guest_slot slot;
	pte_t e;
	pte_t again = pte(0);

	return guest_lookup(g, g->kernel.root, vaddr(va), &slot, &e) == 0 &&
	       slot.level == 1 && slot.index == pt_index(vaddr(va), 1) &&
	       slot.table.v == walk_table(k, g->kernel.root, va, 1).v &&
	       e.v == walk(k, g->kernel.root, va, 1) && pte_present(e) &&
	       guest_read_entry(g, slot, &again) == 0 && again.v == e.v;
}

static void found(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t frame = frame_new(k);
	uint64_t va = (uintptr_t)frame_ptr(k, frame);

	check(k, same_walk(k, va) && same_walk(k, DIRECT_BASE),
	      "lookup: the direct map's entries are those of our own walk");
	check(k, same_walk(k, (uintptr_t)&test_lookup),
	      "lookup: and the kernel's");
	check(k,
	      guest_make_pte(g, frame, FLAGS_RW).v ==
		      (frame_mfn(k, frame).v << PAGE_SHIFT | FLAGS_RW),
	      "lookup: an entry holds the machine frame and the flags");
	check(k,
	      (walk_leaf(k, va) & ~PTE_NX) ==
		      (guest_make_pte(g, frame, PTE_P | PTE_RW).v),
	      "lookup: as the direct map has it");
	frame_free(k, frame);
}

/* Where there is nothing, the walk says how far it came. */
static void absent(struct kernel *k)
{
	struct guest *g = &k->guest;
	struct guest_slot slot = {.level = 0};
	pte_t e = pte(1);
	uint64_t hole = TEST_BASE + pt_span(LEVELS - 1);
	pfn_t frame = frame_new(k);

	check(k,
	      guest_lookup(g, g->kernel.root, vaddr(TEST_BASE), &slot, &e) ==
			      -XEN_ENOENT &&
		      slot.level == LEVELS &&
		      slot.table.v == g->kernel.root.v &&
		      slot.index == pt_index(vaddr(TEST_BASE), LEVELS) &&
		      e.v == 0,
	      "lookup: an empty slot of the root ends the walk");
	must(k, guest_map(g, &g->kernel, vaddr(TEST_BASE), frame, FLAGS_RW),
	     "a page for a test");
	check(k,
	      guest_lookup(g, g->kernel.root, vaddr(hole), &slot, &e) ==
			      -XEN_ENOENT &&
		      slot.level == LEVELS - 1 &&
		      slot.table.v ==
			      walk_table(k, g->kernel.root, hole, LEVELS - 1)
				      .v &&
		      e.v == 0,
	      "lookup: and so does one of the level below");
	check(k, probe_read(hole, NULL, NULL) == VECTOR_PAGE_FAULT,
	      "lookup: where the CPU finds nothing either");
	must(k, guest_unmap(g, &g->kernel, vaddr(TEST_BASE)),
	     "a page of a test");
	drop_tables(k, TEST_BASE);
	frame_free(k, frame);
	check(k,
	      guest_lookup(g, g->kernel.root, vaddr(MACH2PHYS_VIRT_START),
			   &slot, &e) == -XEN_EFAULT,
	      "lookup: the hypervisor's tables are none of ours");
	check(k,
	      guest_lookup(g, pfn(g->room_end.v), vaddr(DIRECT_BASE), &slot,
			   &e) == -XEN_EINVAL,
	      "lookup: there is no root beyond memory");
}

static void addresses(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t frame = frame_new(k);
	vaddr_t va = vaddr(0);

	check(k,
	      guest_frame_va(g, frame, true, &va) == 0 &&
		      va.v == (uintptr_t)frame_ptr(k, frame),
	      "frame_va: ordinary memory can be written");
	check(k,
	      guest_frame_va(g, g->kernel.root, false, &va) == 0 &&
		      ((const uint64_t *)(uintptr_t)
			       va.v)[pt_index(va, LEVELS)] ==
			      walk(k, g->kernel.root, va.v, LEVELS),
	      "frame_va: a table can be read");
	check(k, guest_frame_va(g, g->kernel.root, true, &va) == -XEN_EINVAL,
	      "frame_va: but not written");
	check(k,
	      guest_frame_va(g, pfn(g->room_end.v), false, &va) ==
			      -XEN_EINVAL &&
		      guest_frame_va(g, PFN_INVALID, true, &va) == -XEN_EINVAL,
	      "frame_va: and there is nothing beyond memory");
	check(k, write_faults(k, g->kernel.root),
	      "frame_va: a write to a table faults");
	frame_free(k, frame);
}

void test_lookup(struct kernel *k)
{
	found(k);
	absent(k);
	addresses(k);
}
