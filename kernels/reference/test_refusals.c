/* SPDX-License-Identifier: MIT */
/*
 * Requests that break the contract, made past the library: each is refused
 * with Xen's errno, and changes nothing.
 */
#include "kernels/reference/selftest.h"

static uint64_t xen_entry(struct kernel *k)
{
	return walk(k, k->guest.kernel.root, MACH2PHYS_VIRT_START, SLOT_LEVEL);
}

/* A page at an address, with tables on the way to it. */
static pfn_t page_new(struct kernel *k, uint64_t va)
{
	struct guest *g = &k->guest;
	pfn_t frame = frame_new(k);

	must(k, guest_map(g, &g->kernel, vaddr(va), frame, FLAGS_RW),
	     "a page for a test");
	must(k, guest_flush(g), "a page for a test");
	return frame;
}

static void page_free(struct kernel *k, uint64_t va, pfn_t frame)
{
	must(k, guest_unmap(&k->guest, &k->guest.kernel, vaddr(va)),
	     "a page of a test");
	drop_tables(k, va);
	frame_free(k, frame);
}

/* The hypervisor's own slots. */
static void slots(struct kernel *k)
{
	pfn_t root = k->guest.kernel.root;
	pfn_t table = walk_table(k, root, MACH2PHYS_VIRT_START, SLOT_LEVEL);
	uint64_t own = walk(k, root, DIRECT_BASE, SLOT_LEVEL);
	bool present = true;
	bool set = true;
	bool cleared = true;

	for (unsigned int i = KERNEL_XEN_FIRST; i <= KERNEL_XEN_LAST; i++) {
		set = set && ask_entry(k, table, i, own) == -KERNEL_XEN_REFUSED;
		cleared = cleared &&
			  ask_entry(k, table, i, 0) == -KERNEL_XEN_REFUSED;
	}
	present = xen_entry(k) != 0 && m2p(frame_mfn(k, root)) == root.v;
	check(k, set, "refusals: a slot of the hypervisor's cannot be set");
	check(k, cleared, "refusals: nor cleared");
	check(k, present, "refusals: nor is it");
	check_value(k, ask_mapping(MACH2PHYS_VIRT_START, 0), -XEN_EINVAL,
		    "refusals: nor mapped over");
	check_value(k,
		    ask_mapping(MACH2PHYS_VIRT_START + KERNEL_M2P_BYTES - 1, 0),
		    -XEN_EINVAL, "refusals: not the last of them either");
	check(k, write_faults_at(MACH2PHYS_VIRT_START),
	      "refusals: the M2P cannot be written");
}

/*
 * A table of the highest level of 512 entries in itself: to be read, not to be
 * written.
 */
static void linear(struct kernel *k)
{
	pfn_t frame = page_new(k, TEST_BASE);
	pfn_t root = walk_table(k, k->guest.kernel.root, TEST_BASE, SLOT_LEVEL);
	uint64_t self = pte_make(frame_mfn(k, root), 0).v;
	const unsigned int here = pt_index(vaddr(TEST_BASE), SLOT_LEVEL);
	const unsigned int slot = here + 1;
	uint64_t va = TEST_BASE & ~(pt_span(SLOT_LEVEL + 1) - 1);

	for (unsigned int level = 1; level <= SLOT_LEVEL; level++) {
		va |= (uint64_t)slot << pt_shift(level);
	}
	check_value(k, ask_entry(k, root, slot, self | TABLE_FLAGS),
		    -XEN_EINVAL,
		    "refusals: a writable mapping of the root in itself");
	check_value(k, ask_entry(k, root, slot, self | PTE_P | PTE_A), 0,
		    "refusals: a read-only one is allowed");
	check(k,
	      ((volatile uint64_t *)(uintptr_t)va)[here] ==
		      frame_ptr(k, root)[here],
	      "refusals: and shows its entries");
	check(k, write_faults_at(va), "refusals: which cannot be written");
	check_value(k, ask_entry(k, root, slot, 0), 0,
		    "refusals: and it can be taken away");
	check(k, ask_extended(MMUEXT_TLB_FLUSH_LOCAL, 0) == 0,
	      "refusals: and forgotten");
	page_free(k, TEST_BASE, frame);
}

/* Entries of upper tables that refer to what they may not. */
static void upper(struct kernel *k)
{
	pfn_t root = k->guest.kernel.root;
	const unsigned int slot = pt_index(vaddr(TEST_BASE), LEVELS) + 1;
	pfn_t memory = page_new(k, TEST_BASE);
	pfn_t l1 = walk_table(k, root, TEST_BASE, 1);
	/* Two below the right one; the root itself, if that is no table. */
	pfn_t other = LEVELS == 4 ? walk_table(k, root, TEST_BASE, 2) : root;
	pfn_t right = walk_table(k, root, TEST_BASE, LEVELS - 1);
	const struct {
		uint64_t entry;
		const char *sentence;
	} row[] = {
		{pte_make(frame_mfn(k, memory), TABLE_FLAGS).v,
		 "refusals: the root does not refer to ordinary memory"},
		{pte_make(frame_mfn(k, l1), TABLE_FLAGS).v,
		 "refusals: nor to an L1 table"},
		{pte_make(frame_mfn(k, other), TABLE_FLAGS).v,
		 "refusals: nor to another that is not of the level below"},
		{pte_make(frame_mfn(k, right), TABLE_FLAGS | PTE_PS).v,
		 "refusals: nor to one of the level below with PS"},
		{pte_make(frame_mfn(k, right), TABLE_FLAGS | PTE_G).v,
		 "refusals: nor to one with G"},
		{(xen_entry(k) & PTE_FRAME_MASK) | TABLE_FLAGS,
		 "refusals: nor to the hypervisor's"},
		{UINT64_C(1) << 50 | TABLE_FLAGS,
		 "refusals: nor to what the machine does not have"},
	};

	for (unsigned int i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		check_value(k, ask_entry(k, root, slot, row[i].entry),
			    -XEN_EINVAL, row[i].sentence);
	}
	check(k, frame_ptr(k, root)[slot] == 0,
	      "refusals: and the slot is still empty");
	check_value(k,
		    ask_entry(k, root, slot,
			      pte_make(frame_mfn(k, right), TABLE_FLAGS).v),
		    0, "refusals: a table of ours, twice, is allowed");
	check_value(k, ask_entry(k, root, slot, 0), 0,
		    "refusals: and it can be taken away");
	page_free(k, TEST_BASE, memory);
}

/* Requests that are none. */
static void nonsense(struct kernel *k)
{
	struct mmu_update u = {.ptr = 0, .val = 0};
	uint64_t f = mfn_to_maddr(frame_mfn(k, k->guest.kernel.root)).v;
	pfn_t frame = frame_new(k);
	uint64_t own = mfn_to_maddr(frame_mfn(k, frame)).v;

	check_value(k, ask_update(f + 4, 0), -XEN_ENOSYS,
		    "refusals: an update of half an entry");
	check_value(k, ask_update(own | 5, 0), -XEN_ENOSYS,
		    "refusals: an update of no known kind");
	check_value(k, ask_update(UINT64_C(1) << 50, 0), -XEN_EINVAL,
		    "refusals: an update beyond the machine");
	check_value(k, ask_update(xen_entry(k) & PTE_FRAME_MASK, 0),
		    -XEN_EINVAL, "refusals: an update of the hypervisor's");
	check_value(k,
		    hypercall(__HYPERVISOR_mmu_update, (uintptr_t)&u, 1, 0,
			      1234, 0),
		    -XEN_ESRCH, "refusals: an update for no known domain");
	check_value(k,
		    hypercall(__HYPERVISOR_mmu_update, TEST_BASE, 1, 0,
			      DOMID_SELF, 0),
		    -XEN_EFAULT, "refusals: updates that nobody can read");
	check_value(k,
		    hypercall(__HYPERVISOR_mmu_update, MACH2PHYS_VIRT_START, 1,
			      0, DOMID_SELF, 0),
		    -XEN_EFAULT,
		    "refusals: updates in the hypervisor's memory");
	check_value(k, ask_extended(9999, 0), -XEN_ENOSYS,
		    "refusals: an extended operation of no known kind");
	check_value(k, ask_extended(MMUEXT_PIN_L1_TABLE, UINT64_C(1) << 30),
		    -XEN_EINVAL, "refusals: a pin beyond the machine");
	check_value(k,
		    ask_extended(MMUEXT_PIN_L1_TABLE + LEVELS - 1,
				 pte_mfn(pte(xen_entry(k))).v),
		    -XEN_EINVAL, "refusals: a pin of the hypervisor's");
	check_value(k,
		    ask_extended(MMUEXT_UNPIN_TABLE,
				 pte_mfn(pte(xen_entry(k))).v),
		    -XEN_EINVAL, "refusals: and an unpin");
	check_value(k,
		    ask_extended(MMUEXT_NEW_BASEPTR,
				 pte_mfn(pte(xen_entry(k))).v),
		    -XEN_EINVAL, "refusals: and a load as CR3");
	check_value(k, ask_mapping(KERNEL_NO_ADDRESS, 0), -XEN_EINVAL,
		    "refusals: a mapping of what is no address");
	check_value(k, ask_mapping(TEST_BASE, 0), -XEN_EINVAL,
		    "refusals: a mapping where there is no table");
	frame_free(k, frame);
}

/* A hypercall that is called with more than one mistake stops at the first. */
static void counted(struct kernel *k)
{
	pfn_t frame = frame_new(k);
	uint64_t own = mfn_to_maddr(frame_mfn(k, frame)).v;
	struct mmu_update u[4] = {
		{.ptr = own, .val = 1},
		{.ptr = own + 8, .val = 2},
		{.ptr = own | 5, .val = 3},
		{.ptr = own + 16, .val = 4},
	};
	uint32_t nr_done = 99;

	check_value(k,
		    hypercall(__HYPERVISOR_mmu_update, (uintptr_t)u, 4,
			      (uintptr_t)&nr_done, DOMID_SELF, 0),
		    -XEN_ENOSYS, "refusals: the third update of four");
	check_value(k, nr_done, 2, "refusals: two are counted as done");
	check(k,
	      frame_ptr(k, frame)[0] == 1 && frame_ptr(k, frame)[1] == 2 &&
		      frame_ptr(k, frame)[2] == 0,
	      "refusals: and are, and the last is not");
	check_value(k,
		    hypercall(__HYPERVISOR_mmu_update, (uintptr_t)u, 0,
			      (uintptr_t)&nr_done, DOMID_SELF, 0),
		    0, "refusals: no update at all is fine");
	check_value(k, nr_done, 0, "refusals: and none is done");
	frame_free(k, frame);
}

void test_refusals(struct kernel *k)
{
	slots(k);
	linear(k);
	upper(k);
	nonsense(k);
	counted(k);
}
