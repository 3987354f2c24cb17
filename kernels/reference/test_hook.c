/* SPDX-License-Identifier: MIT */
/* Tables hooked into tables in use, and out of them. */
#include "kernels/reference/selftest.h"

/* Tables at TEST_BASE down to an L2; the slot for an L1 table. */
static struct guest_slot chain_new(struct kernel *k)
{
	struct guest *g = &k->guest;
	struct guest_slot slot = {.level = LEVELS, .table = g->kernel.root};

	for (; slot.level > 2; slot.level--) {
		pfn_t child = frame_new(k);

		slot.index = pt_index(vaddr(TEST_BASE), slot.level);
		if (guest_hook(g, slot, child) != 0) {
			fail(k, "tables for a test");
		}
		slot.table = child;
	}
	slot.index = pt_index(vaddr(TEST_BASE), 2);
	return slot;
}

static bool is_memory(struct kernel *k, pfn_t frame)
{
	return try_writable(k, frame) == 0 &&
	       probe_write((uintptr_t)frame_ptr(k, frame), 0, NULL, NULL) == -1;
}

static bool is_table(struct kernel *k, pfn_t frame)
{
	uint64_t e = walk_leaf(k, (uintptr_t)frame_ptr(k, frame));

	return try_writable(k, frame) == -XEN_EBUSY && (e & PTE_RW) == 0;
}

static void hooked(struct kernel *k, struct guest_slot slot)
{
	struct guest *g = &k->guest;
	pfn_t child = frame_new(k);
	pfn_t frame = frame_new(k);

	frame_ptr(k, child)[3] = pte_make(frame_mfn(k, frame), FLAGS_RW).v;
	frame_ptr(k, frame)[0] = 0x600d;
	check(k,
	      is_table(k, slot.table) &&
		      is_table(k, walk_table(k, g->kernel.root, TEST_BASE, 3)),
	      "hook: tables of the upper levels have their types");
	check_value(k, guest_hook(g, slot, child), 0,
		    "hook: an L1 table with an entry is hooked");
	check(k,
	      is_table(k, child) &&
		      walk_table(k, g->kernel.root, TEST_BASE, 1).v == child.v,
	      "hook: it has its type, and the walk comes to it");
	check(k,
	      probe_read(TEST_BASE + 3 * PAGE_SIZE, NULL, NULL) == -1 &&
		      *(volatile uint64_t *)(TEST_BASE + 3 * PAGE_SIZE) ==
			      0x600d,
	      "hook: and the CPU too");
	check_value(k, guest_unhook(g, slot), 0, "hook: it is unhooked");
	check(k,
	      is_memory(k, child) && walk(k, g->kernel.root, TEST_BASE, 2) == 0,
	      "hook: it is memory, and the entry is gone");
	check(k,
	      probe_read(TEST_BASE + 3 * PAGE_SIZE, NULL, NULL) ==
		      VECTOR_PAGE_FAULT,
	      "hook: and the page, for the CPU");
	check_value(k, guest_unhook(g, slot), -XEN_ENOENT,
		    "hook: it is not unhooked twice");
	frame_free(k, frame);
	frame_free(k, child);
}

/* On error what had been accepted is undone. */
static void undone(struct kernel *k, struct guest_slot slot, pfn_t child,
		   int64_t expected, const char *sentence)
{
	struct guest *g = &k->guest;

	check_value(k, guest_hook(g, slot, child), expected, sentence);
	check(k,
	      is_memory(k, child) &&
		      frame_ptr(k, slot.table)[slot.index] == 0 &&
		      guest_flush(g) == 0,
	      "hook: and it is memory again");
}

static void refused(struct kernel *k, struct guest_slot slot)
{
	struct guest *g = &k->guest;
	pfn_t child = frame_new(k);
	pfn_t other = frame_new(k);
	uint64_t xen =
		walk(k, g->kernel.root, MACH2PHYS_VIRT_START, SLOT_LEVEL);

	frame_ptr(k, child)[9] = (xen & PTE_FRAME_MASK) | FLAGS_RO;
	undone(k, slot, child, -XEN_EBUSY,
	       "hook: a table with a frame of the hypervisor is refused");
	frame_ptr(k, child)[9] = pte_make(frame_mfn(k, child), FLAGS_RW).v;
	undone(k, slot, child, -XEN_EBUSY,
	       "hook: and one that maps itself writable");
	frame_ptr(k, child)[9] = 0;
	if (ask_direct(k, other, child, FLAGS_RW) != 0) {
		fail(k, "a second mapping");
	}
	check_value(k, guest_hook(g, slot, child), -XEN_EINVAL,
		    "hook: and one that is mapped writable elsewhere");
	check(k,
	      ask_direct(k, other, other, FLAGS_RW) == 0 &&
		      is_memory(k, child) && guest_flush(g) == 0,
	      "hook: which stays memory");
	frame_free(k, other);
	frame_free(k, child);
}

/* L2 and L3 tables whose entries nobody may have. */
static void upper_refused(struct kernel *k, struct guest_slot slot)
{
	struct guest *g = &k->guest;
	struct guest_slot second = {.level = 3,
				    .table = walk_table(k, g->kernel.root,
							TEST_BASE, 3),
				    .index = pt_index(vaddr(TEST_OTHER), 3)};
	pfn_t child = frame_new(k);
	pfn_t page = frame_new(k);

	frame_ptr(k, child)[1] =
		pte_make(frame_mfn(k, page), TABLE_FLAGS | PTE_PS).v;
	undone(k, second, child, -XEN_EINVAL,
	       "hook: an L2 table with a large page is refused");
	frame_ptr(k, child)[1] = pte_make(frame_mfn(k, page), TABLE_FLAGS).v;
	undone(k, second, child, -XEN_EINVAL,
	       "hook: and one with a table that is mapped writable");
	frame_ptr(k, child)[1] =
		pte_make(frame_mfn(k, slot.table), TABLE_FLAGS).v;
	undone(k, second, child, -XEN_EINVAL,
	       "hook: and one with an L2 table below it");
	frame_free(k, page);
	frame_free(k, child);
}

/* A table is hooked twice, and stays one until it is unhooked twice. */
static void twice(struct kernel *k, struct guest_slot slot)
{
	struct guest *g = &k->guest;
	struct guest_slot next = slot;
	pfn_t child = frame_new(k);

	next.index++;
	check(k,
	      guest_hook(g, slot, child) == 0 &&
		      ask_entry(k, next.table, next.index,
				pte_make(frame_mfn(k, child), TABLE_FLAGS).v) ==
			      0,
	      "hook: a table may be in two places");
	check(k,
	      ask_extended(MMUEXT_UNPIN_TABLE, frame_mfn(k, child).v) == 0 &&
		      ask_entry(k, slot.table, slot.index, 0) == 0 &&
		      try_writable(k, child) == -XEN_EBUSY,
	      "hook: it stays one for the second, unpinned");
	check(k,
	      ask_entry(k, next.table, next.index, 0) == 0 &&
		      try_writable(k, child) == 0,
	      "hook: and is none after that");
	check(k,
	      guest_flush_tlb(g) == 0 &&
		      guest_make_readwrite(g, child, GUEST_FLUSH) == 0 &&
		      guest_flush(g) == 0 && is_memory(k, child),
	      "hook: but memory");
	frame_free(k, child);
}

void test_hook(struct kernel *k)
{
	struct guest_slot slot = chain_new(k);

	hooked(k, slot);
	refused(k, slot);
	upper_refused(k, slot);
	twice(k, slot);
	drop_tables(k, TEST_BASE);
}
