/* SPDX-License-Identifier: MIT */
/* What the start of day built. */
#include "kernels/reference/selftest.h"

#define SAMPLES 64

/* Where the builder had its P2M, with the tables that map it. */
static pfn_t p2m_start;
static pfn_t p2m_end;

void note_builders(struct kernel *k)
{
	p2m_start = k->guest.boot.p2m_start;
	p2m_end = k->guest.boot.p2m_end;
}

static bool is_free(struct kernel *k, pfn_t frame)
{
	const struct guest_memblock *m = &k->guest.memblock;

	return guest_memblock_is_memory(m, frame) &&
	       !guest_memblock_is_reserved(m, frame);
}

/* What the start of day gave back is free, and mapped as memory is. */
static void given_back(struct kernel *k)
{
	const struct guest_boot *b = &k->guest.boot;
	pfn_t frame = p2m_start;
	bool all = p2m_start.v < p2m_end.v;

	for (; frame.v < p2m_end.v; frame = pfn_add(frame, 1)) {
		all = all && is_free(k, frame) &&
		      probe_write((uintptr_t)frame_ptr(k, frame), 0, NULL,
				  NULL) == -1;
	}
	check(k, all, "the builder's P2M and its tables are free memory");
	check(k,
	      is_free(k, b->start_info) && is_free(k, b->tables_end) &&
		      is_free(k, b->root),
	      "and so are start_info, the stack and the first root");
	if (k->guest.config.virt_base.v == DIRECT_BASE) {
		check(k,
		      frame_sound(k, b->start_info) &&
			      probe_write((uintptr_t)frame_ptr(k, b->root), 0,
					  NULL, NULL) == -1,
		      "where they were mapped, the direct map has them");
		return;
	}
	check(k,
	      probe_read(b->p2m_list.v, NULL, NULL) == VECTOR_PAGE_FAULT &&
		      probe_read(k->guest.config.virt_base.v +
					 b->start_info.v * PAGE_SIZE,
				 NULL, NULL) == VECTOR_PAGE_FAULT,
	      "where they were mapped, nothing is");
}

/* The two tables that translate frames agree, all over memory. */
static void translations(struct kernel *k)
{
	uint64_t step = k->guest.boot.nr_pages / SAMPLES + 1;
	bool agree = true;

	for (uint64_t i = 0; i < k->guest.boot.nr_pages; i += step) {
		mfn_t f = guest_p2m_get(&k->guest, pfn(i));

		if (f.v != INVALID_FRAME && m2p(f) != i) {
			say("# pfn %lx is mfn %lx is pfn %lx", i, f.v, m2p(f));
			agree = false;
		}
	}
	check(k, agree, "P2M and M2P agree");
}

/* Every frame of memory is in the direct map, at its place. */
static void direct_map(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t cursor = pfn(0);
	struct guest_region r;
	bool sound = true;

	while (guest_memblock_next_memory(&g->memblock, &cursor, &r)) {
		uint64_t step = (r.end.v - r.start.v) / SAMPLES + 1;

		for (uint64_t i = r.start.v; i < r.end.v; i += step) {
			sound = frame_sound(k, pfn(i)) && sound;
		}
	}
	check(k, sound, "the direct map has each frame at its place");
}

/* Free frames are ordinary memory, on every side of them. */
static void free_memory(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t cursor = pfn(0);
	struct guest_region r;
	bool writable = true;

	while (guest_memblock_next_free(&g->memblock, &cursor, &r)) {
		pfn_t last = pfn(r.end.v - 1);

		/* try_writable takes frames from the end of memory. */
		writable = try_writable(k, r.start) == 0 && writable;
		writable = (walk_leaf(k, (uintptr_t)frame_ptr(k, last)) &
			    PTE_RW) != 0 &&
			   writable;
	}
	check(k, writable, "no free frame is a table");
}

/* Every table on the way to the kernel is read-only and typed. */
static void tables(struct kernel *k)
{
	const uint64_t va[] = {(uintptr_t)&tables, DIRECT_BASE};

	for (unsigned int i = 0; i < 2; i++) {
		bool typed = true;
		bool readonly = true;

		for (unsigned int level = 1;
		     level <= k->guest.config.geometry->levels; level++) {
			pfn_t t = walk_table(k, k->guest.kernel.root, va[i],
					     level);
			uint64_t e;

			if (pfn_eq(t, PFN_INVALID)) {
				typed = false;
				break;
			}
			e = walk_leaf(k, (uintptr_t)frame_ptr(k, t));
			readonly = readonly && (e & PTE_RW) == 0;
			typed = typed && try_writable(k, t) == -XEN_EBUSY;
		}
		check(k, readonly, "the tables on the way are read-only");
		check(k, typed, "and nobody can map them writable");
	}
}

void test_boot(struct kernel *k)
{
	translations(k);
	direct_map(k);
	given_back(k);
	free_memory(k);
	tables(k);
}
