/* SPDX-License-Identifier: MIT */
/*
 * Self-tests: what the start of day built, read back through the hypervisor's
 * eyes (its M2P, its refusals, the CPU's faults), not through the library's.
 */
#include "kernels/reference/reference.h"

#define M2P ((const volatile uint64_t *)MACH2PHYS_VIRT_START)
#define SAMPLES 64

static int64_t map_direct(struct kernel *k, pfn_t frame, pfn_t shown,
			  uint64_t flags)
{
	return hypercall(__HYPERVISOR_update_va_mapping,
			 (uintptr_t)frame_ptr(k, frame),
			 pte_make(frame_mfn(k, shown), flags).v, UVMF_INVLPG, 0,
			 0);
}

/* The two tables that translate frames agree, all over memory. */
static void translations(struct kernel *k)
{
	uint64_t step = k->guest.boot.nr_pages / SAMPLES + 1;
	bool agree = true;

	for (uint64_t i = 0; i < k->guest.boot.nr_pages; i += step) {
		mfn_t f = p2m_get(&k->guest, pfn(i));

		if (f.v != INVALID_FRAME && M2P[f.v] != i) {
			say("# pfn %x is mfn %x is pfn %x", i, f.v, M2P[f.v]);
			agree = false;
		}
	}
	check(k, agree, "P2M and M2P agree");
}

/* A frame can be written, and then, made read-only, cannot. */
static void direct_map(struct kernel *k)
{
	pfn_t frame = frame_new(k);
	volatile uint64_t *p = frame_ptr(k, frame);
	uint64_t error = 0;
	uint64_t cr2 = 0;

	p[7] = 0x1234;
	check(k, p[7] == 0x1234, "the direct map holds what is written");
	check_value(k, map_direct(k, frame, frame, PTE_P | PTE_A), 0,
		    "a frame is made read-only");
	check(k,
	      probe_write((uintptr_t)&p[7], 1, &error, &cr2) != 0 &&
		      cr2 == (uintptr_t)&p[7],
	      "a write to it faults");
	check(k, p[7] == 0x1234, "and changes nothing");
	check_value(k,
		    map_direct(k, frame, frame, PTE_P | PTE_RW | PTE_A | PTE_D),
		    0, "it is made writable again");
	p[7] = 0;
	frame_free(k, frame);
}

static int64_t extended(unsigned int cmd, mfn_t f)
{
	struct mmuext_op op = {.cmd = cmd};

	op.arg1.mfn = f.v;
	return hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0,
			 DOMID_SELF, 0);
}

/* What breaks the contract is refused, with Xen's errno. */
static void refusals(struct kernel *k)
{
	pfn_t table = frame_new(k);
	pfn_t other = frame_new(k);
	mfn_t f = frame_mfn(k, table);

	check_value(k, extended(MMUEXT_PIN_L1_TABLE, f), -XEN_EINVAL,
		    "a frame mapped writable is no table");
	check_value(k, map_direct(k, table, table, PTE_P | PTE_A), 0,
		    "its mapping is made read-only");
	check_value(k, extended(MMUEXT_PIN_L1_TABLE, f), 0,
		    "then it can be pinned");
	check_value(k, extended(MMUEXT_PIN_L1_TABLE, f), -XEN_EINVAL,
		    "but not twice");
	check_value(k, map_direct(k, other, table, PTE_P | PTE_RW), -XEN_EBUSY,
		    "nor mapped writable elsewhere");
	check_value(k, extended(MMUEXT_PIN_L2_TABLE, f), -XEN_EINVAL,
		    "nor be another level's table");
	check_value(k, extended(MMUEXT_UNPIN_TABLE, f), 0, "it is unpinned");
	check_value(k, extended(MMUEXT_UNPIN_TABLE, f), -XEN_EINVAL,
		    "but not twice");
	check_value(k,
		    map_direct(k, table, table, PTE_P | PTE_RW | PTE_A | PTE_D),
		    0, "and is memory again");
	frame_free(k, table);
	frame_free(k, other);
}

void selftest(struct kernel *k)
{
	translations(k);
	direct_map(k);
	refusals(k);
}
