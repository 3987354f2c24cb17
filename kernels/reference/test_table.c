/* SPDX-License-Identifier: MIT */
/* Frames that become tables and ordinary memory again. */
#include "kernels/reference/selftest.h"

static void level1(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t table = frame_new(k);
	uint64_t f = frame_mfn(k, table).v;

	check(k, guest_alloc_table(g, 1, table) == 0 && guest_flush(g) == 0,
	      "table: a frame becomes an L1 table");
	check(k, write_faults_at((uintptr_t)frame_ptr(k, table) + 1),
	      "table: it cannot be written as memory");
	check_value(k, try_writable(k, table), -XEN_EBUSY,
		    "table: and has the type of a table");
	check_value(k, ask_extended(MMUEXT_PIN_L1_TABLE, f), -XEN_EINVAL,
		    "table: it is pinned already");
	check(k, guest_release_table(g, 1, table) == 0 && guest_flush(g) == 0,
	      "table: it is released");
	check_value(k, ask_extended(MMUEXT_UNPIN_TABLE, f), -XEN_EINVAL,
		    "table: and no longer pinned");
	check(k,
	      try_writable(k, table) == 0 &&
		      probe_write((uintptr_t)frame_ptr(k, table), 1, NULL,
				  NULL) == -1,
	      "table: and ordinary memory");
	frame_free(k, table);
}

/* Upper levels get their type when they are hooked. */
static void upper_levels(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t table = frame_new(k);
	bool all = true;

	for (unsigned int level = 2; level <= LEVELS; level++) {
		all = all && guest_alloc_table(g, level, table) == 0 &&
		      guest_flush(g) == 0 && guest_flush_tlb(g) == 0 &&
		      guest_flush(g) == 0 && write_faults(k, table) &&
		      try_writable(k, table) == 0 &&
		      guest_release_table(g, level, table) == 0 &&
		      guest_flush(g) == 0 &&
		      probe_write((uintptr_t)frame_ptr(k, table), 0, NULL,
				  NULL) == -1;
	}
	check(k, all, "table: one of an upper level is made read-only");
	frame_free(k, table);
}

/* Contents that no table may have: the frame does not become one. */
static void contents(struct kernel *k, uint64_t entry, int64_t expected,
		     const char *sentence)
{
	struct guest *g = &k->guest;
	pfn_t table = frame_new(k);

	frame_ptr(k, table)[100] = entry;
	check_value(k, guest_alloc_table(g, 1, table), 0, sentence);
	check_value(k, guest_flush(g), expected, "table: it is refused");
	check_value(k, try_writable(k, table), 0, "table: and has no type");
	check(k,
	      guest_make_readwrite(g, table, GUEST_FLUSH) == 0 &&
		      guest_flush(g) == 0,
	      "table: it is made writable");
	frame_free(k, table);
}

static void refused(struct kernel *k)
{
	struct guest *g = &k->guest;
	uint64_t xen =
		walk(k, g->kernel.root, MACH2PHYS_VIRT_START, SLOT_LEVEL);
	pfn_t frame = frame_new(k);

	contents(k, (xen & PTE_FRAME_MASK) | FLAGS_RO, -XEN_EBUSY,
		 "table: an L1 table with a frame of the hypervisor");
	contents(k, pte_make(frame_mfn(k, g->kernel.root), FLAGS_RW).v,
		 -XEN_EBUSY, "table: one that maps the root writable");
	contents(k,
		 pte_make(frame_mfn(k, frame), FLAGS_RW).v | UINT64_C(1) << 51,
		 -XEN_EPERM, "table: one with an address that no machine has");
	frame_free(k, frame);
}

/* A mapping that the library does not know of. */
static void mapped_elsewhere(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t table = frame_new(k);
	pfn_t other = frame_new(k);

	check_value(k, ask_direct(k, other, table, FLAGS_RW), 0,
		    "table: a frame is mapped writable elsewhere");
	check_value(k, guest_alloc_table(g, 1, table), 0,
		    "table: it is to become a table");
	check_value(k, guest_flush(g), -XEN_EINVAL, "table: which is refused");
	check_value(k, ask_direct(k, other, table, FLAGS_RO), 0,
		    "table: it is mapped read-only elsewhere");
	check(k,
	      guest_alloc_table(g, 1, table) == 0 && guest_flush(g) == 0 &&
		      try_writable(k, table) == -XEN_EBUSY,
	      "table: now it becomes one");
	check_value(k, ask_direct(k, other, table, FLAGS_RW), -XEN_EBUSY,
		    "table: and cannot be mapped writable elsewhere");
	check(k, guest_release_table(g, 1, table) == 0 && guest_flush(g) == 0,
	      "table: it is released");
	check_value(k, ask_direct(k, other, other, FLAGS_RW), 0,
		    "table: and both frames are memory");
	frame_free(k, other);
	frame_free(k, table);
}

void test_table(struct kernel *k)
{
	level1(k);
	upper_levels(k);
	refused(k);
	mapped_elsewhere(k);
}
