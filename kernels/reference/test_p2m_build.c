/* SPDX-License-Identifier: MIT */
/*
 * Building the P2M anew in each form, with all that can go wrong on the way,
 * and what it says before and after.
 */
#include "kernels/reference/selftest.h"

static bool is_linear(struct kernel *k, uint64_t at)
{
	const uint64_t *list = (const uint64_t *)(uintptr_t)at;

	for (uint64_t i = 0; i < k->guest.p2m.nr; i += 97) {
		if (list[i] != INVALID_FRAME && m2p(mfn(list[i])) != i) {
			return false;
		}
	}
	return k->guest.p2m.kind == GUEST_P2M_LINEAR &&
	       list[1] == guest_p2m_get(&k->guest, pfn(1)).v;
}

static void forms(struct kernel *k)
{
	struct guest *g = &k->guest;
	struct guest_p2m before = g->p2m;
	uint64_t said = p2m_digest(k);
	uint64_t free_before = nr_free(k);
	uint64_t tree_frames;

	check_value(k, guest_p2m_build(g, GUEST_P2M_TREE, vaddr(0)), 0,
		    "guest_p2m_build: a tree, from what there is");
	check(k, g->p2m.kind == GUEST_P2M_TREE && p2m_digest(k) == said,
	      "guest_p2m_build: it says the same");
	tree_frames = g->p2m.nr_frames;
	check_value(k, guest_p2m_build(g, GUEST_P2M_LINEAR, vaddr(TEST_OTHER)),
		    0, "guest_p2m_build: linear, from a tree");
	check(k, is_linear(k, TEST_OTHER) && p2m_digest(k) == said,
	      "guest_p2m_build: it says the same, at its address");
	check_value(k, guest_p2m_build(g, GUEST_P2M_LINEAR, vaddr(TEST_BASE)),
		    0, "guest_p2m_build: linear, from a linear one elsewhere");
	check(k, is_linear(k, TEST_BASE) && p2m_digest(k) == said,
	      "guest_p2m_build: it says the same");
	check(k, probe_read(TEST_OTHER, NULL, NULL) == VECTOR_PAGE_FAULT,
	      "guest_p2m_build: and the old one is gone");
	check_value(k, guest_p2m_build(g, GUEST_P2M_TREE, vaddr(0)), 0,
		    "guest_p2m_build: a tree, from a linear one");
	check(k,
	      p2m_digest(k) == said && g->p2m.nr_frames == tree_frames &&
		      walk(k, g->kernel.root, TEST_BASE, LEVELS) == 0,
	      "guest_p2m_build: it says the same, and is as large as the first");
	check_value(k, guest_p2m_build(g, before.kind, before.list), 0,
		    "guest_p2m_build: and the first form again");
	check(k,
	      p2m_digest(k) == said && g->p2m.nr_frames == before.nr_frames &&
		      nr_free(k) == free_before,
	      "guest_p2m_build: with as many frames as at first");
}

static void refused(struct kernel *k)
{
	struct guest *g = &k->guest;
	struct guest_p2m before = g->p2m;
	uint64_t free_before = nr_free(k);
	uint64_t said = p2m_digest(k);

	check(k,
	      guest_p2m_build(g, GUEST_P2M_LIST, vaddr(0)) == -XEN_EINVAL &&
		      guest_p2m_build(g, GUEST_P2M_IDENTITY, vaddr(0)) ==
			      -XEN_EINVAL,
	      "guest_p2m_build: only a tree or a linear one can be built");
	check_value(k,
		    guest_p2m_build(g, GUEST_P2M_LINEAR, vaddr(TEST_BASE + 8)),
		    -XEN_EINVAL, "guest_p2m_build: not at an odd address");
	check_value(k, guest_p2m_build(g, GUEST_P2M_LINEAR, vaddr(DIRECT_BASE)),
		    -XEN_EEXIST,
		    "guest_p2m_build: not where something is mapped");
	check_value(k,
		    guest_p2m_build(g, GUEST_P2M_LINEAR,
				    vaddr(MACH2PHYS_VIRT_START)),
		    -XEN_EFAULT,
		    "guest_p2m_build: not where the hypervisor is");
	check_value(k, guest_p2m_teardown(g), -XEN_EBUSY,
		    "guest_p2m_build: there is no way back to the builder's");
	check(k,
	      p2m_digest(k) == said && nr_free(k) == free_before &&
		      g->p2m.kind == before.kind && frame_sound(k, pfn(0)) &&
		      frame_sound(k, pfn(0x200)),
	      "guest_p2m_build: after that all is as it was");
}

/* The linear P2M's last page, in an L1 table after its first's, is taken. */
static void in_the_way(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t frame = frame_new(k);
	uint64_t free_before = nr_free(k);
	uint64_t nr = (g->p2m.nr + GUEST_P2M_PER_PAGE - 1) / GUEST_P2M_PER_PAGE;
	uint64_t at = TEST_BASE + PT_ENTRIES * PAGE_SIZE;
	uint64_t list = at - (nr - 1) * PAGE_SIZE;

	if (guest_map(g, &g->kernel, vaddr(at), frame, FLAGS_RW) != 0) {
		fail(k, "a page in the way");
	}
	check_value(k, guest_p2m_build(g, GUEST_P2M_LINEAR, vaddr(list)),
		    -XEN_EEXIST, "guest_p2m_build: its last page is taken");
	check(k,
	      pte_mfn(pte(walk_leaf(k, at))).v == frame_mfn(k, frame).v &&
		      walk_leaf(k, at - PAGE_SIZE) == 0,
	      "guest_p2m_build: that stays, and the rest is unmapped");
	if (guest_unmap(g, &g->kernel, vaddr(at)) != 0) {
		fail(k, "a page in the way");
	}
	drop_tables(k, at);
	drop_tables(k, TEST_BASE);
	check(k, nr_free(k) == free_before,
	      "guest_p2m_build: and no frame is lost");
	frame_free(k, frame);
}

/* A whole leaf of frames that are not there, and then one that is. */
static void missing(struct kernel *k, enum guest_p2m_kind kind)
{
	static uint64_t behind[GUEST_P2M_PER_PAGE];
	struct guest *g = &k->guest;
	struct guest_p2m before = g->p2m;
	pfn_t run = pfn(0);
	pfn_t first;
	uint64_t full;

	if (guest_alloc_frames(g, UINT64_C(2) * GUEST_P2M_PER_PAGE, &run) !=
	    0) {
		fail(k, "frames for a leaf");
	}
	first = pfn((run.v + GUEST_P2M_PER_PAGE - 1) & ~UINT64_C(511));
	guest_p2m_get_many(g, first, behind, GUEST_P2M_PER_PAGE);
	if (guest_p2m_build(g, kind, vaddr(TEST_BASE)) != 0) {
		fail(k, "a P2M with all its leaves");
	}
	full = g->p2m.nr_frames;
	for (unsigned int i = 0; i < GUEST_P2M_PER_PAGE; i++) {
		must(k, guest_p2m_set(g, pfn_add(first, i), MFN_INVALID),
		     "an entry of the P2M");
	}
	check(k,
	      guest_p2m_build(g, kind, vaddr(TEST_OTHER)) == 0 &&
		      g->p2m.nr_frames == full - 1 &&
		      guest_p2m_get(g, first).v == INVALID_FRAME,
	      "guest_p2m_build: frames that are not there share a leaf");
	check(k,
	      guest_p2m_set(g, pfn_add(first, 5), mfn(behind[5])) ==
			      -XEN_ENOENT &&
		      guest_p2m_reserve(g, pfn_add(first, 5)) == 0 &&
		      guest_p2m_set(g, pfn_add(first, 5), mfn(behind[5])) ==
			      0 &&
		      g->p2m.nr_frames == full &&
		      guest_p2m_get(g, pfn_add(first, 5)).v == behind[5] &&
		      guest_p2m_get(g, pfn_add(first, 6)).v == INVALID_FRAME,
	      "guest_p2m_build: until one of them comes, which needs its own");
	for (unsigned int i = 0; i < GUEST_P2M_PER_PAGE; i++) {
		must(k, guest_p2m_set(g, pfn_add(first, i), mfn(behind[i])),
		     "an entry of the P2M");
	}
	check(k,
	      g->p2m.nr_frames == full && frame_sound(k, first) &&
		      frame_sound(k, pfn_add(first, GUEST_P2M_PER_PAGE - 1)),
	      "guest_p2m_build: which the others share");
	if (guest_p2m_build(g, before.kind, before.list) != 0) {
		fail(k, "the P2M as it was");
	}
	must(k, guest_free_frames(g, run, UINT64_C(2) * GUEST_P2M_PER_PAGE),
	     "frames given back");
}

/* With so few frames free, neither form can be built. */
static bool fails_with(struct kernel *k, uint64_t nr, enum guest_p2m_kind kind)
{
	static struct guest_memblock saved;
	struct guest *g = &k->guest;
	pfn_t cursor = pfn(0);
	struct guest_region r;
	uint64_t left = nr;
	uint64_t had;
	bool ok;

	saved = g->memblock;
	while (guest_memblock_next_free(&saved, &cursor, &r)) {
		uint64_t keep = r.end.v - r.start.v;

		keep = keep < left ? keep : left;
		left -= keep;
		if (r.start.v + keep < r.end.v &&
		    guest_memblock_reserve(&g->memblock, pfn_add(r.start, keep),
					   r.end) != 0) {
			fail(k, "memory cannot be reserved");
		}
	}
	had = nr_free(k);
	ok = guest_p2m_build(g, kind, vaddr(TEST_BASE)) == -XEN_ENOMEM &&
	     nr_free(k) == had && had == nr;
	if (!ok) {
		say("# %lu frames free before, %lu after: %s", had, nr_free(k),
		    g->message);
	}
	g->memblock = saved;
	return ok;
}

static void without_memory(struct kernel *k)
{
	uint64_t said = p2m_digest(k);
	uint64_t leaves = k->guest.p2m.nr / GUEST_P2M_PER_PAGE;
	bool tree = true;
	bool linear = true;

	/* Never enough for the leaves alone. */
	for (uint64_t nr = 0; nr < leaves && nr < 60; nr += nr < 6 ? 1 : 9) {
		tree = fails_with(k, nr, GUEST_P2M_TREE) && tree;
		linear = fails_with(k, nr, GUEST_P2M_LINEAR) && linear;
	}
	check(k, tree,
	      "guest_p2m_build: too few frames for a tree, and none lost");
	check(k, linear,
	      "guest_p2m_build: nor for a linear one, and none lost");
	check(k,
	      p2m_digest(k) == said &&
		      walk(k, k->guest.kernel.root, TEST_BASE, LEVELS) == 0,
	      "guest_p2m_build: and the old one is in use");
}

void test_p2m_build(struct kernel *k)
{
	forms(k);
	refused(k);
	in_the_way(k);
	missing(k, GUEST_P2M_TREE);
	missing(k, GUEST_P2M_LINEAR);
	without_memory(k);
}
