/* SPDX-License-Identifier: MIT */
/*
 * Tables that are written directly. A write to an L1 table faults in the
 * hypervisor, which does it if it is one that a request could have made (the
 * guest has asked for that assistance); any other is a page fault.
 */
#include "kernels/reference/selftest.h"

struct rig {
	pfn_t table;
	pfn_t frame;
	volatile uint64_t *entry; /* of the table, for TEST_BASE */
};

static uint64_t entry_of(struct kernel *k, pfn_t frame, uint64_t flags)
{
	return pte_make(frame_mfn(k, frame), flags).v;
}

static struct rig rig_new(struct kernel *k)
{
	struct guest *g = &k->guest;
	struct rig r = {.frame = frame_new(k)};

	if (guest_map(g, &g->kernel, vaddr(TEST_BASE), r.frame, FLAGS_RW) !=
		    0 ||
	    guest_flush(g) != 0) {
		fail(k, "a page for a test");
	}
	r.table = walk_table(k, g->kernel.root, TEST_BASE, 1);
	r.entry = frame_ptr(k, r.table) + pt_index(vaddr(TEST_BASE), 1);
	return r;
}

static bool is_entry(const struct rig *r, uint64_t entry)
{
	return (r->entry[0] & ENTRY_MASK) == (entry & ENTRY_MASK);
}

static bool flushed(void)
{
	return ask_extended(MMUEXT_TLB_FLUSH_LOCAL, 0) == 0;
}

static void done(struct kernel *k, const struct rig *r)
{
	uint64_t ro = entry_of(k, r->frame, FLAGS_RO);
	uint64_t rw = entry_of(k, r->frame, FLAGS_RW);

	frame_ptr(k, r->frame)[0] = 0x77;
	check(k,
	      probe_write((uintptr_t)r->entry, 0, NULL, NULL) == -1 &&
		      is_entry(r, 0) && flushed() &&
		      probe_read(TEST_BASE, NULL, NULL) == VECTOR_PAGE_FAULT,
	      "write: an entry of an L1 table is cleared by a store");
	check(k,
	      probe_write((uintptr_t)r->entry, ro, NULL, NULL) == -1 &&
		      is_entry(r, ro) &&
		      *(volatile uint64_t *)TEST_BASE == 0x77,
	      "write: and set, and the page is there");
	check(k, flushed() && write_faults_at(TEST_BASE),
	      "write: read-only, as it was asked for");
	check(k,
	      __atomic_exchange_n(r->entry, rw, __ATOMIC_RELAXED) != 0 &&
		      is_entry(r, rw) && flushed() &&
		      probe_write(TEST_BASE, 0x78, NULL, NULL) == -1,
	      "write: an exchange makes it writable");
	check_value(k, try_writable(k, r->table), -XEN_EBUSY,
		    "write: the table is still one");
}

static void compared(struct kernel *k, const struct rig *r)
{
	uint64_t is = r->entry[0];
	uint64_t other = is ^ PTE_AVAIL;
	uint64_t ro = entry_of(k, r->frame, FLAGS_RO);

	check(k,
	      !__atomic_compare_exchange_n(r->entry, &other, ro, false,
					   __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED) &&
		      r->entry[0] == is && other == is,
	      "write: compare-and-exchange of another value does nothing");
	check(k,
	      __atomic_compare_exchange_n(r->entry, &is, ro, false,
					  __ATOMIC_RELAXED, __ATOMIC_RELAXED) &&
		      is_entry(r, ro),
	      "write: and of the right one, it does");
}

/* Less than an entry: the rest of it stays. */
static void parts(struct kernel *k, const struct rig *r)
{
	uint64_t rw = entry_of(k, r->frame, FLAGS_RW);
	volatile uint32_t *half = (volatile uint32_t *)r->entry;
	volatile uint8_t *byte = (volatile uint8_t *)r->entry;
	uint64_t before;

	half[0] = (uint32_t)rw;
	check(k, is_entry(r, rw), "write: half an entry is written");
	before = r->entry[0];
	byte[0] = (uint8_t)(before & ~PTE_RW);
	check(k, r->entry[0] == (before & ~PTE_RW),
	      "write: and one byte of it");
	probe_write((uintptr_t)r->entry, rw, NULL, NULL);
	flushed();
}

static void refused(struct kernel *k, const struct rig *r, uint64_t entry,
		    const char *sentence)
{
	uint64_t before = r->entry[0];
	uint64_t error = 0;
	uint64_t cr2 = 0;
	int vector = probe_write((uintptr_t)r->entry, entry, &error, &cr2);

	check(k,
	      vector == VECTOR_PAGE_FAULT && error == ERROR_WRITE_PRESENT &&
		      cr2 == (uintptr_t)r->entry && r->entry[0] == before,
	      sentence);
}

static void faults(struct kernel *k, const struct rig *r)
{
	pfn_t root = k->guest.kernel.root;
	uint64_t xen = walk(k, root, MACH2PHYS_VIRT_START, SLOT_LEVEL);
	uint64_t error = 0;
	uint64_t cr2 = 0;
	uint64_t odd = (uintptr_t)r->entry + 4;
	uint64_t before = r->entry[0];
	bool upper = true;

	refused(k, r, entry_of(k, root, FLAGS_RW),
		"write: a writable mapping of the root is a page fault");
	refused(k, r, entry_of(k, r->table, FLAGS_RW),
		"write: and one of the table itself");
	refused(k, r, (xen & PTE_FRAME_MASK) | FLAGS_RO,
		"write: and any of the hypervisor's frame");
	check(k,
	      probe_write(odd, 0, &error, &cr2) == VECTOR_PAGE_FAULT &&
		      cr2 == odd && r->entry[0] == before,
	      "write: and a store over two entries");
	for (unsigned int level = 2; level <= LEVELS; level++) {
		pfn_t t = walk_table(k, root, TEST_BASE, level);
		uint64_t *e =
			frame_ptr(k, t) + pt_index(vaddr(TEST_BASE), level);
		uint64_t old = *(volatile uint64_t *)e;

		upper = write_faults_at((uintptr_t)e) &&
			probe_write((uintptr_t)e, old, NULL, NULL) ==
				VECTOR_PAGE_FAULT &&
			*(volatile uint64_t *)e == old && upper;
	}
	check(k, upper, "write: and any to a table of an upper level");
	check_value(k, try_writable(k, r->frame), 0,
		    "write: none of them changed a type");
}

/* The entries of a table that is pinned, and in no use, are written too. */
static void pinned(struct kernel *k, const struct rig *r)
{
	struct guest *g = &k->guest;
	pfn_t table = frame_new(k);
	volatile uint64_t *entry = frame_ptr(k, table) + 511;
	uint64_t rw = entry_of(k, r->frame, FLAGS_RW);

	/* What is in the frame shall be good for a table. */
	frame_ptr(k, r->frame)[0] = 0;
	check(k,
	      guest_alloc_table(g, 1, table) == 0 && guest_flush(g) == 0 &&
		      probe_write((uintptr_t)entry, rw, NULL, NULL) == -1 &&
		      (*entry & ENTRY_MASK) == (rw & ENTRY_MASK),
	      "write: an entry of a table that is only pinned");
	check_value(k, ask_direct(k, r->frame, r->frame, FLAGS_RO), 0,
		    "write: its frame has one writable mapping less");
	check_value(k, ask_entry(k, r->table, pt_index(vaddr(TEST_BASE), 1), 0),
		    0, "write: and one more");
	check_value(k,
		    ask_extended(MMUEXT_PIN_L1_TABLE, frame_mfn(k, r->frame).v),
		    -XEN_EINVAL, "write: and one is left: it is no table");
	check(k, probe_write((uintptr_t)entry, 0, NULL, NULL) == -1,
	      "write: which a store takes away");
	check_value(k,
		    ask_extended(MMUEXT_PIN_L1_TABLE, frame_mfn(k, r->frame).v),
		    0, "write: and now it can become one");
	check(k,
	      ask_extended(MMUEXT_UNPIN_TABLE, frame_mfn(k, r->frame).v) == 0 &&
		      ask_direct(k, r->frame, r->frame, FLAGS_RW) == 0 &&
		      guest_release_table(g, 1, table) == 0 &&
		      guest_flush(g) == 0,
	      "write: and both become memory again");
	frame_free(k, table);
}

void test_write(struct kernel *k)
{
	struct rig r;

	check_value(k,
		    hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
			      VMASST_TYPE_writable_pagetables, 0, 0, 0),
		    0, "write: the assistance is asked for");
	r = rig_new(k);
	done(k, &r);
	compared(k, &r);
	parts(k, &r);
	faults(k, &r);
	pinned(k, &r);
	drop_tables(k, TEST_BASE);
	frame_free(k, r.frame);
}
