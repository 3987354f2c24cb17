/* SPDX-License-Identifier: MIT */
/* After a flush, the CPU sees what the tables say. */
#include "kernels/reference/selftest.h"

static uint64_t seen(void)
{
	return *(volatile uint64_t *)TEST_BASE;
}

/* Each change is made without a flush of its own, then flushed so. */
static void by(struct kernel *k, bool all, const char *sentence)
{
	struct guest *g = &k->guest;
	pfn_t frame[2] = {frame_new(k), frame_new(k)};
	struct guest_slot slot;
	bool right = true;
	pte_t e;

	frame_ptr(k, frame[0])[0] = 1000;
	frame_ptr(k, frame[1])[0] = 1001;
	if (guest_map(g, &g->kernel, vaddr(TEST_BASE), frame[0], FLAGS_RW) !=
		    0 ||
	    guest_lookup(g, g->kernel.root, vaddr(TEST_BASE), &slot, &e) != 0) {
		fail(k, "a page for a test");
	}
	for (unsigned int i = 1; i < 50; i++) {
		uint64_t flushes = g->stats.flushes;
		int error;

		seen();
		must(k,
		     guest_set_entry(g, slot,
				     guest_make_pte(g, frame[i % 2], FLAGS_RW)),
		     "an entry");
		error = all ? guest_flush_tlb(g)
			    : guest_flush_address(g, vaddr(TEST_BASE));
		right = right && error == 0 && guest_flush(g) == 0 &&
			seen() == 1000 + i % 2 &&
			g->stats.flushes == flushes + 1;
	}
	check(k, right, sentence);
	must(k, guest_set_entry(g, slot, pte(0)), "an entry");
	drop_tables(k, TEST_BASE);
	frame_free(k, frame[1]);
	frame_free(k, frame[0]);
}

/* Flushes by hand, of what is and is not an address. */
static void requests(struct kernel *k)
{
	check(k,
	      ask_extended(MMUEXT_TLB_FLUSH_LOCAL, 0) == 0 &&
		      ask_extended(MMUEXT_TLB_FLUSH_ALL, 0) == 0,
	      "tlb: all of it can be flushed, here and everywhere");
	check(k,
	      ask_extended(MMUEXT_INVLPG_LOCAL, TEST_BASE) == 0 &&
		      ask_extended(MMUEXT_INVLPG_ALL, TEST_BASE) == 0,
	      "tlb: and one address");
	check_value(k, ask_extended(MMUEXT_INVLPG_LOCAL, UINT64_C(1) << 63), 0,
		    "tlb: also one that is none");
	check_value(k, ask_extended(MMUEXT_INVLPG_LOCAL, MACH2PHYS_VIRT_START),
		    0, "tlb: and one of the hypervisor's");
}

void test_tlb(struct kernel *k)
{
	by(k, false, "tlb: what is flushed by address is new");
	by(k, true, "tlb: and what is flushed with all the rest");
	requests(k);
}
