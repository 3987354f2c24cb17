/* SPDX-License-Identifier: MIT */
/* Setting single entries of tables in use: queued, filtered, refused. */
#include "kernels/reference/selftest.h"

/* A page at TEST_BASE, and the slot of its entry. */
struct page {
	pfn_t frame;
	struct guest_slot slot;
};

static uint64_t entry_of(struct kernel *k, pfn_t frame, uint64_t flags)
{
	return pte_make(frame_mfn(k, frame), flags).v;
}

static struct page page_new(struct kernel *k)
{
	struct guest *g = &k->guest;
	struct page p = {.frame = frame_new(k)};
	pte_t e;

	if (guest_map(g, &g->kernel, vaddr(TEST_BASE), p.frame, FLAGS_RW) !=
		    0 ||
	    guest_lookup(g, g->kernel.root, vaddr(TEST_BASE), &p.slot, &e) !=
		    0) {
		fail(k, "a page for a test");
	}
	return p;
}

static void page_free(struct kernel *k, struct page p)
{
	if (guest_set_entry(&k->guest, p.slot, pte(0)) != 0 ||
	    guest_flush_address(&k->guest, vaddr(TEST_BASE)) != 0 ||
	    guest_flush(&k->guest) != 0) {
		fail(k, "a page of a test cannot be unmapped");
	}
	drop_tables(k, TEST_BASE);
	frame_free(k, p.frame);
}

static bool is_now(struct kernel *k, uint64_t entry)
{
	return walk_leaf(k, TEST_BASE) == (entry & ENTRY_MASK);
}

static void queued(struct kernel *k, struct page p)
{
	struct guest *g = &k->guest;
	uint64_t rw = entry_of(k, p.frame, FLAGS_RW);
	uint64_t ro = entry_of(k, p.frame, FLAGS_RO);
	pte_t e = pte(0);

	check(k, guest_set_entry(g, p.slot, pte(ro)) == 0 && is_now(k, rw),
	      "entry: what is set is queued");
	check(k, guest_flush(g) == 0 && is_now(k, ro),
	      "entry: and goes out with the flush");
	check(k,
	      guest_set_entry(g, p.slot, pte(rw)) == 0 &&
		      guest_read_entry(g, p.slot, &e) == 0 &&
		      (e.v & ENTRY_MASK) == (rw & ENTRY_MASK),
	      "entry: a read sees what is queued");
}

static void filtered(struct kernel *k, struct page p)
{
	struct guest *g = &k->guest;
	uint64_t rw = entry_of(k, p.frame, FLAGS_RW);
	uint64_t ro = entry_of(k, p.frame, FLAGS_RO);

	must(k, guest_set_entry(g, p.slot, pte(ro)), "an entry");
	check(k,
	      guest_set_entry_init(g, p.slot, pte(rw)) == 0 &&
		      guest_flush(g) == 0 && is_now(k, ro),
	      "entry: the init-time form does not add RW to a present entry");
	must(k, guest_set_entry(g, p.slot, pte(0)), "an entry");
	check(k,
	      guest_set_entry_init(g, p.slot, pte(rw)) == 0 &&
		      guest_flush(g) == 0 && is_now(k, rw),
	      "entry: but keeps it for one that was not present");
	check(k,
	      guest_set_entry_init(g, p.slot, pte(ro)) == 0 &&
		      guest_flush(g) == 0 && is_now(k, ro),
	      "entry: and takes it away");
	must(k, guest_set_entry(g, p.slot, pte(rw)), "an entry");
	must(k, guest_flush(g), "the queue");
}

/* One entry that is refused: its errno, and the old entry stays. */
static void refusal(struct kernel *k, struct page p, uint64_t entry,
		    int64_t expected, const char *sentence)
{
	struct guest *g = &k->guest;
	uint64_t before = walk_leaf(k, TEST_BASE);
	int error = guest_set_entry(g, p.slot, pte(entry));

	if (error == 0) {
		error = guest_flush(g);
	}
	check_value(k, error, expected, sentence);
	check(k, walk_leaf(k, TEST_BASE) == before && guest_flush(g) == 0,
	      "entry: and the old one stays");
}

static void refused(struct kernel *k, struct page p)
{
	struct guest *g = &k->guest;
	pfn_t root = g->kernel.root;
	uint64_t xen = walk(k, root, MACH2PHYS_VIRT_START, SLOT_LEVEL);

	refusal(k, p, entry_of(k, root, FLAGS_RW), -XEN_EBUSY,
		"entry: a writable mapping of the root is refused");
	refusal(k, p, entry_of(k, p.slot.table, FLAGS_RW), -XEN_EBUSY,
		"entry: and of the very table that it is in");
	refusal(k, p, (xen & PTE_FRAME_MASK) | FLAGS_RO, -XEN_EBUSY,
		"entry: and any of the hypervisor's own frame");
	refusal(k, p, entry_of(k, p.frame, FLAGS_RW) | UINT64_C(1) << 51,
		-XEN_EPERM, "entry: and an address bit that no machine has");
	check(k,
	      guest_set_entry(g, p.slot, pte(entry_of(k, root, FLAGS_RO))) ==
			      0 &&
		      guest_flush(g) == 0 &&
		      is_now(k, entry_of(k, root, FLAGS_RO)),
	      "entry: a read-only mapping of the root is not");
	check(k, write_faults_at(TEST_BASE), "entry: it cannot be written");
	must(k, guest_set_entry(g, p.slot, pte(entry_of(k, p.frame, FLAGS_RW))),
	     "an entry");
	must(k, guest_flush(g), "the queue");
}

/* Tables that are not in use are memory, and set by a store. */
static void stored(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t table = frame_new(k);
	struct guest_slot slot = {.level = 1, .table = table, .index = 17};
	struct guest_slot root = {.level = LEVELS,
				  .table = g->kernel.root,
				  .index = 1};
	pte_t e = pte(0);
	uint64_t before = walk(k, g->kernel.root, pt_span(LEVELS), LEVELS);

	check(k,
	      guest_store_entry(g, slot, pte(0x1234567)) == 0 &&
		      frame_ptr(k, table)[17] == 0x1234567 &&
		      guest_read_entry(g, slot, &e) == 0 && e.v == 0x1234567,
	      "entry: one of a table that is not in use is stored");
	check(k,
	      guest_set_entry(g, slot, pte(0x7654321)) == 0 &&
		      guest_flush(g) == 0 &&
		      frame_ptr(k, table)[17] == 0x7654321,
	      "entry: the hypervisor writes to ordinary memory unseen");
	check(k,
	      guest_store_entry(g, root, pte(0)) == -XEN_EINVAL &&
		      walk(k, g->kernel.root, pt_span(LEVELS), LEVELS) ==
			      before,
	      "entry: a store to a table in use is refused");
	frame_free(k, table);
}

void test_entry(struct kernel *k)
{
	struct page p = page_new(k);

	queued(k, p);
	filtered(k, p);
	refused(k, p);
	page_free(k, p);
	stored(k);
}
