/* SPDX-License-Identifier: MIT */
/* Mapping single pages, with the tables they need. */
#include "kernels/reference/selftest.h"

#define VALUE UINT64_C(0x0123456789abcdef)

static volatile uint64_t *at(uint64_t va)
{
	return (volatile uint64_t *)(uintptr_t)va;
}

static void mapped(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t frame = frame_new(k);
	uint64_t cr2 = 0;
	uint64_t error = 0;

	check_value(k,
		    guest_map(g, &g->kernel, vaddr(TEST_BASE), frame, FLAGS_RW),
		    0, "map: a page is mapped, with its tables");
	check(k,
	      guest_flush(g) == 0 && pte_mfn(pte(walk_leaf(k, TEST_BASE))).v ==
					     frame_mfn(k, frame).v,
	      "map: our own walk finds it");
	*at(TEST_BASE + 16) = VALUE;
	check(k, frame_ptr(k, frame)[2] == VALUE,
	      "map: what is written there is in the frame");
	check_value(k,
		    guest_map(g, &g->kernel, vaddr(TEST_BASE), frame, FLAGS_RW),
		    -XEN_EEXIST, "map: it is not mapped twice");
	check_value(k, guest_unmap(g, &g->kernel, vaddr(TEST_BASE)), 0,
		    "map: it is unmapped");
	check(k, guest_flush(g) == 0 && walk_leaf(k, TEST_BASE) == 0,
	      "map: our own walk finds nothing");
	check(k,
	      probe_read(TEST_BASE + 16, &error, &cr2) == VECTOR_PAGE_FAULT &&
		      cr2 == TEST_BASE + 16 && (error & 3) == 0,
	      "map: a read faults, at its address, as not present");
	check_value(k, guest_unmap(g, &g->kernel, vaddr(TEST_BASE)),
		    -XEN_ENOENT, "map: it is not unmapped twice");
	frame_free(k, frame);
}

/* More pages than an L1 table has entries. */
static void many(struct kernel *k)
{
	struct guest *g = &k->guest;
	const uint64_t start = TEST_BASE + (UINT64_C(500) << PAGE_SHIFT);
	pfn_t run = pfn(0);
	bool right = true;
	bool none = true;

	if (guest_alloc_frames(g, 40, &run) != 0) {
		fail(k, "frames to map");
	}
	for (unsigned int i = 0; i < 40; i++) {
		right = right &&
			guest_map(g, &g->kernel, vaddr(start + i * PAGE_SIZE),
				  pfn_add(run, i), FLAGS_RW) == 0;
	}
	check(k, right && guest_flush(g) == 0,
	      "map: pages over the end of an L1 table are mapped");
	for (unsigned int i = 0; i < 40; i++) {
		*at(start + i * PAGE_SIZE) = i;
		right = right && frame_ptr(k, pfn_add(run, i))[0] == i;
	}
	check(k, right, "map: each shows its frame");
	for (unsigned int i = 0; i < 40; i++) {
		none = none && guest_unmap(g, &g->kernel,
					   vaddr(start + i * PAGE_SIZE)) == 0;
	}
	none = none && guest_flush(g) == 0;
	for (unsigned int i = 0; i < 40; i++) {
		none = none && probe_read(start + i * PAGE_SIZE, NULL, NULL) ==
				       VECTOR_PAGE_FAULT;
	}
	check(k, none, "map: and none after they are unmapped");
	must(k, guest_free_frames(g, run, 40), "frames given back");
	drop_tables(k, start + 39 * PAGE_SIZE);
}

static void refused(struct kernel *k)
{
	struct guest *g = &k->guest;
	const struct guest_space *space = &g->kernel;

	check_value(k,
		    guest_map(g, space, vaddr(TEST_BASE), pfn(g->room_end.v),
			      FLAGS_RW),
		    -XEN_EINVAL, "map: there is no frame beyond memory");
	check_value(k,
		    guest_map(g, space, vaddr(MACH2PHYS_VIRT_START),
			      g->kernel.root, FLAGS_RO),
		    -XEN_EFAULT, "map: nothing goes where the hypervisor is");
	check_value(k, guest_unmap(g, space, vaddr(MACH2PHYS_VIRT_START)),
		    -XEN_EFAULT, "map: nor away from there");
	check_value(k,
		    guest_map(g, space, vaddr(TEST_BASE), space->root,
			      FLAGS_RW),
		    0, "map: the root is to be mapped writable");
	check(k, guest_flush(g) == -XEN_EBUSY && walk_leaf(k, TEST_BASE) == 0,
	      "map: which is refused, and it is not mapped");
	check(k,
	      guest_map(g, space, vaddr(TEST_BASE), space->root, FLAGS_RO) ==
			      0 &&
		      guest_flush(g) == 0 && write_faults_at(TEST_BASE) &&
		      at(TEST_BASE)[pt_index(vaddr(TEST_BASE), LEVELS)] ==
			      walk(k, space->root, TEST_BASE, LEVELS),
	      "map: read-only it can be mapped, and read");
	check(k,
	      guest_unmap(g, space, vaddr(TEST_BASE)) == 0 &&
		      guest_flush(g) == 0,
	      "map: and unmapped");
}

/* Without frames for tables, nothing is mapped. */
static void without_memory(struct kernel *k)
{
	static struct guest_memblock saved;
	struct guest *g = &k->guest;
	pfn_t frame = frame_new(k);
	uint64_t va = TEST_BASE + pt_span(3);
	int error;

	saved = g->memblock;
	must(k,
	     guest_memblock_reserve(&g->memblock, pfn(0),
				    guest_memblock_end(&g->memblock)),
	     "no memory");
	error = guest_map(g, &g->kernel, vaddr(va), frame, FLAGS_RW);
	g->memblock = saved;
	check_value(k, error, -XEN_ENOMEM,
		    "map: there is no frame for a table");
	check(k, guest_flush(g) == 0 && walk(k, g->kernel.root, va, 3) == 0,
	      "map: and nothing is hooked");
	frame_free(k, frame);
}

void test_map(struct kernel *k)
{
	mapped(k);
	many(k);
	refused(k);
	without_memory(k);
	drop_tables(k, TEST_BASE);
}
