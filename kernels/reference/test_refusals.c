/* SPDX-License-Identifier: MIT */
/*
 * Requests that break the contract, made past the library: each is refused
 * with Xen's errno, and changes nothing.
 */
#include "kernels/reference/selftest.h"

static uint64_t xen_entry(struct kernel *k)
{
	return walk(k, k->guest.kernel.root, MACH2PHYS_VIRT_START, 4);
}

/* The hypervisor's own slots of the root. */
static void slots(struct kernel *k)
{
	pfn_t root = k->guest.kernel.root;
	uint64_t own = walk(k, root, DIRECT_BASE, 4);
	bool present = true;
	bool set = true;
	bool cleared = true;

	for (unsigned int i = XEN_L4_FIRST; i <= XEN_L4_LAST; i++) {
		set = set && ask_entry(k, root, i, own) == -XEN_EINVAL;
		cleared = cleared && ask_entry(k, root, i, 0) == -XEN_EINVAL;
	}
	present = xen_entry(k) != 0 && m2p(frame_mfn(k, root)) == root.v;
	check(k, set, "refusals: a slot of the hypervisor's cannot be set");
	check(k, cleared, "refusals: nor cleared");
	check(k, present, "refusals: nor is it");
	check_value(k, ask_mapping(MACH2PHYS_VIRT_START, 0), -XEN_EINVAL,
		    "refusals: nor mapped over");
	check_value(k, ask_mapping(MACH2PHYS_VIRT_START + pt_span(4) * 15, 0),
		    -XEN_EINVAL, "refusals: not the last of them either");
	check(k, write_faults_at(MACH2PHYS_VIRT_START),
	      "refusals: the M2P cannot be written");
}

/* The root in itself: to be read, not to be written. */
static void linear(struct kernel *k)
{
	pfn_t root = k->guest.kernel.root;
	uint64_t self = pte_make(frame_mfn(k, root), 0).v;
	const unsigned int slot = pt_index(vaddr(TEST_BASE), 4);
	uint64_t va = UINT64_C(0xffff) << 48;

	for (unsigned int level = 1; level <= 4; level++) {
		va |= (uint64_t)slot << pt_shift(level);
	}
	check_value(k, ask_entry(k, root, slot, self | TABLE_FLAGS),
		    -XEN_EINVAL,
		    "refusals: a writable mapping of the root in itself");
	check_value(k, ask_entry(k, root, slot, self | PTE_P | PTE_A), 0,
		    "refusals: a read-only one is allowed");
	check(k,
	      *(volatile uint64_t *)(uintptr_t)(va + DIRECT_BASE / pt_span(4) %
							     512 * 8) ==
		      walk(k, root, DIRECT_BASE, 4),
	      "refusals: and shows its entries");
	check(k, write_faults_at(va), "refusals: which cannot be written");
	check_value(k, ask_entry(k, root, slot, 0), 0,
		    "refusals: and it can be taken away");
	check(k, ask_extended(MMUEXT_TLB_FLUSH_LOCAL, 0) == 0,
	      "refusals: and forgotten");
}

/* Entries of upper tables that refer to what they may not. */
static void upper(struct kernel *k)
{
	pfn_t root = k->guest.kernel.root;
	const unsigned int slot = pt_index(vaddr(TEST_BASE), 4);
	pfn_t memory = frame_new(k);
	pfn_t l1 = walk_table(k, root, DIRECT_BASE, 1);
	pfn_t l2 = walk_table(k, root, DIRECT_BASE, 2);
	pfn_t l3 = walk_table(k, root, DIRECT_BASE, 3);
	const struct {
		uint64_t entry;
		const char *sentence;
	} row[] = {
		{pte_make(frame_mfn(k, memory), TABLE_FLAGS).v,
		 "refusals: the root does not refer to ordinary memory"},
		{pte_make(frame_mfn(k, l1), TABLE_FLAGS).v,
		 "refusals: nor to an L1 table"},
		{pte_make(frame_mfn(k, l2), TABLE_FLAGS).v,
		 "refusals: nor to an L2 table"},
		{pte_make(frame_mfn(k, l3), TABLE_FLAGS | PTE_PS).v,
		 "refusals: nor to an L3 table with PS"},
		{pte_make(frame_mfn(k, l3), TABLE_FLAGS | PTE_G).v,
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
	check(k, walk(k, root, TEST_BASE, 4) == 0,
	      "refusals: and the slot is still empty");
	check_value(k,
		    ask_entry(k, root, slot,
			      pte_make(frame_mfn(k, l3), TABLE_FLAGS).v),
		    0, "refusals: an L3 table of ours, twice, is allowed");
	check_value(k, ask_entry(k, root, slot, 0), 0,
		    "refusals: and it can be taken away");
	frame_free(k, memory);
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
	check_value(k, ask_extended(MMUEXT_PIN_L1_TABLE, UINT64_C(1) << 38),
		    -XEN_EINVAL, "refusals: a pin beyond the machine");
	check_value(k,
		    ask_extended(MMUEXT_PIN_L4_TABLE,
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
	check_value(k, ask_mapping(UINT64_C(1) << 63, 0), -XEN_EINVAL,
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
