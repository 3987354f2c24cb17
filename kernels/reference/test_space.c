/* SPDX-License-Identifier: MIT */
/*
 * An address space of our own: a root with the kernel's slots and tables of
 * its own below slot 0; pinned, loaded, changed, left and unpinned.
 */
#include "kernels/reference/selftest.h"

#define LOW UINT64_C(0x400000)
#define VALUE UINT64_C(0x5ca1ab1e)
#define PIN_ROOT (MMUEXT_PIN_L1_TABLE + LEVELS - 1)

static volatile uint64_t *at(uint64_t va)
{
	return (volatile uint64_t *)(uintptr_t)va;
}

static struct guest_space space_new(struct kernel *k)
{
	struct guest_space s = {.root = frame_new(k), .end_slot = 1};
	const pfn_t of = k->guest.kernel.root;
	pfn_t last;

	for (unsigned int i = KERNEL_XEN_LAST + 1;
	     LEVELS == SLOT_LEVEL && i < PT_ENTRIES; i++) {
		frame_ptr(k, s.root)[i] = frame_ptr(k, of)[i];
	}
	if (LEVELS == SLOT_LEVEL) {
		return s;
	}
	/* The last table with the hypervisor's slots is each root's own. */
	last = frame_new(k);
	for (unsigned int i = 0; i < KERNEL_XEN_FIRST; i++) {
		frame_ptr(k, last)[i] =
			frame_ptr(k, walk_table(k, of, DIRECT_BASE,
						SLOT_LEVEL))[i];
	}
	frame_ptr(k, s.root)[pt_index(vaddr(DIRECT_BASE), LEVELS)] =
		pte_make(frame_mfn(k, last), PTE_P).v;
	return s;
}

/* Is each of the space's tables of a type, or is none of them? */
static bool all_typed(struct kernel *k, const struct guest_space *s, bool typed)
{
	for (unsigned int level = 1; level <= LEVELS; level++) {
		pfn_t t = walk_table(k, s->root, LOW, level);

		if (pfn_eq(t, PFN_INVALID) ||
		    try_writable(k, t) != (typed ? -XEN_EBUSY : 0)) {
			return false;
		}
		if (typed != ((walk_leaf(k, (uintptr_t)frame_ptr(k, t)) &
			       PTE_RW) == 0)) {
			return false;
		}
	}
	return true;
}

static void space_free(struct kernel *k, const struct guest_space *s)
{
	pfn_t tables[LEVELS];
	pfn_t last = walk_table(k, s->root, DIRECT_BASE, SLOT_LEVEL);

	for (unsigned int level = 1; level <= LEVELS; level++) {
		tables[level - 1] = walk_table(k, s->root, LOW, level);
	}
	for (unsigned int i = 0; i < LEVELS; i++) {
		if (!pfn_eq(tables[i], PFN_INVALID)) {
			frame_free(k, tables[i]);
		}
	}
	if (!pfn_eq(last, s->root)) {
		frame_free(k, last);
	}
}

static void unpinned(struct kernel *k, struct guest_space *s, pfn_t frame)
{
	struct guest *g = &k->guest;

	check_value(k, guest_map(g, s, vaddr(LOW), frame, FLAGS_RW | PTE_US), 0,
		    "space: a page is mapped in one that is not pinned");
	check(k,
	      pte_mfn(pte(walk(k, s->root, LOW, 1))).v ==
			      frame_mfn(k, frame).v &&
		      all_typed(k, s, false),
	      "space: its tables are memory");
	check_value(k, guest_map(g, s, vaddr(LOW), frame, FLAGS_RW),
		    -XEN_EEXIST, "space: it is not mapped twice");
	check(k,
	      guest_unmap(g, s, vaddr(LOW)) == 0 &&
		      walk(k, s->root, LOW, 1) == 0 &&
		      guest_unmap(g, s, vaddr(LOW)) == -XEN_ENOENT,
	      "space: it is unmapped, once");
	check_value(k, guest_map(g, s, vaddr(LOW), frame, FLAGS_RW | PTE_US), 0,
		    "space: and mapped again");
}

/* A table with what no table may have: nothing of it is pinned. */
static void not_pinned(struct kernel *k, struct guest_space *s)
{
	struct guest *g = &k->guest;
	uint64_t *entry = frame_ptr(k, walk_table(k, s->root, LOW, 1)) + 5;
	uint64_t xen =
		walk(k, g->kernel.root, MACH2PHYS_VIRT_START, SLOT_LEVEL);

	*entry = (xen & PTE_FRAME_MASK) | FLAGS_RO;
	check_value(k, guest_pin_space(g, s), -XEN_EBUSY,
		    "space: with a frame of the hypervisor it is not pinned");
	check(k, !s->pinned && all_typed(k, s, false),
	      "space: and its tables are memory again");
	*entry = pte_make(frame_mfn(k, s->root), FLAGS_RW).v;
	check_value(k, guest_pin_space(g, s), -XEN_EBUSY,
		    "space: nor with a writable mapping of its root");
	check(k, !s->pinned && all_typed(k, s, false),
	      "space: and its tables are memory again");
	*entry = 0;
}

static void pinned(struct kernel *k, struct guest_space *s)
{
	struct guest *g = &k->guest;
	uint64_t f = frame_mfn(k, s->root).v;

	check_value(k, ask_extended(PIN_ROOT, f), -XEN_EINVAL,
		    "space: its root, mapped writable, cannot be pinned");
	check_value(k, guest_unpin_space(g, s), 0,
		    "space: to unpin one that is not pinned does nothing");
	check(k, guest_pin_space(g, s) == 0 && s->pinned,
	      "space: it is pinned");
	check(k, all_typed(k, s, true),
	      "space: each table has its type and is read-only");
	check_value(k, guest_pin_space(g, s), 0,
		    "space: to pin it twice does nothing");
	check_value(k, ask_extended(PIN_ROOT, f), -XEN_EINVAL,
		    "space: and the hypervisor does not");
	check_value(k,
		    ask_extended(PIN_ROOT - 1,
				 frame_mfn(k, walk_table(k, s->root, LOW,
							 LEVELS - 1))
					 .v),
		    0, "space: the table below it can be pinned for itself");
	check_value(k,
		    ask_extended(MMUEXT_UNPIN_TABLE,
				 frame_mfn(k, walk_table(k, s->root, LOW,
							 LEVELS - 1))
					 .v),
		    0, "space: and unpinned");
	check(k, all_typed(k, s, true), "space: which changes no type");
}

/* The L1 table of an address is empty now. */
static void drop_far(struct kernel *k, const struct guest_space *s, uint64_t va)
{
	pfn_t table = walk_table(k, s->root, va, 1);
	struct guest_slot slot = {
		.level = 2,
		.table = walk_table(k, s->root, va, 2),
		.index = pt_index(vaddr(va), 2),
	};

	if (guest_unhook(&k->guest, slot) != 0) {
		fail(k, "a table of a space");
	}
	frame_free(k, table);
}

static void changed(struct kernel *k, struct guest_space *s, pfn_t frame,
		    bool loaded)
{
	struct guest *g = &k->guest;
	const uint64_t page = LOW + PAGE_SIZE;
	const uint64_t far = LOW + pt_span(2);

	check(k,
	      guest_map(g, s, vaddr(page), frame, FLAGS_RW) == 0 &&
		      guest_flush(g) == 0 &&
		      pte_mfn(pte(walk(k, s->root, page, 1))).v ==
			      frame_mfn(k, frame).v,
	      loaded ? "space: a page is mapped in the one in use"
		     : "space: a page is mapped in one that is pinned");
	check(k,
	      guest_protect(g, s->root, vaddr(page), 0, PTE_RW, GUEST_FLUSH) ==
			      0 &&
		      guest_flush(g) == 0 &&
		      (walk(k, s->root, page, 1) & PTE_RW) == 0,
	      "space: it is made read-only");
	check(k, !loaded || write_faults_at(page),
	      "space: and if in use, a write faults");
	check(k,
	      guest_map(g, s, vaddr(far), frame, FLAGS_RW) == 0 &&
		      guest_flush(g) == 0 &&
		      try_writable(k, walk_table(k, s->root, far, 1)) ==
			      -XEN_EBUSY,
	      "space: a page that needs a table gets one");
	check(k,
	      guest_unmap(g, s, vaddr(page)) == 0 &&
		      guest_unmap(g, s, vaddr(far)) == 0 &&
		      guest_flush(g) == 0 && walk(k, s->root, page, 1) == 0 &&
		      walk(k, s->root, far, 1) == 0,
	      "space: both are unmapped");
	drop_far(k, s, far);
}

/* As CR3: the CPU sees its pages, and the kernel as before. */
static void loaded(struct kernel *k, struct guest_space *s, pfn_t frame,
		   pfn_t other)
{
	struct guest *g = &k->guest;
	struct guest_space kernel = g->kernel;

	frame_ptr(k, frame)[0] = VALUE;
	check(k, probe_read(LOW, NULL, NULL) == VECTOR_PAGE_FAULT,
	      "space: its page is not there before it is loaded");
	check(k,
	      guest_load_root(g, s->root) == 0 && g->kernel.root.v == s->root.v,
	      "space: it is loaded");
	check(k, *at(LOW) == VALUE, "space: its page is there");
	*at(LOW + 8) = VALUE + 1;
	check(k, frame_ptr(k, frame)[1] == VALUE + 1,
	      "space: and can be written");
	check(k, frame_sound(k, frame), "space: the direct map is as before");
	changed(k, s, other, true);
	check(k,
	      ask_extended(MMUEXT_UNPIN_TABLE, frame_mfn(k, s->root).v) == 0 &&
		      try_writable(k, s->root) == -XEN_EBUSY &&
		      ask_extended(PIN_ROOT, frame_mfn(k, s->root).v) == 0,
	      "space: unpinned while in use, it stays a table");
	check(k, guest_load_root(g, kernel.root) == 0,
	      "space: the kernel's is loaded again");
	g->kernel = kernel;
	check(k, probe_read(LOW, NULL, NULL) == VECTOR_PAGE_FAULT,
	      "space: its page is gone");
}

/* The root of user mode is held as the kernel's is; none has 32 bits. */
static void user_root(struct kernel *k, struct guest_space *s)
{
	struct guest *g = &k->guest;
	pfn_t memory;

	if (LEVELS == 3) {
		check_value(k, guest_load_user_root(g, s->root), -XEN_EINVAL,
			    "space: there is no root of user mode alone");
		return;
	}
	memory = frame_new(k);
	check_value(k, guest_load_user_root(g, s->root), 0,
		    "space: it is loaded for user mode");
	check(k,
	      ask_extended(MMUEXT_UNPIN_TABLE, frame_mfn(k, s->root).v) == 0 &&
		      try_writable(k, s->root) == -XEN_EBUSY,
	      "space: unpinned, it stays a table");
	check_value(k, guest_load_user_root(g, memory), -XEN_EINVAL,
		    "space: ordinary memory is no root of user mode");
	check(k,
	      guest_load_root(g, memory) == -XEN_EINVAL &&
		      !pfn_eq(g->kernel.root, memory),
	      "space: nor of the kernel");
	check_value(k, guest_load_user_root(g, walk_table(k, s->root, LOW, 2)),
		    -XEN_EINVAL, "space: nor is an L2 table");
	check(k,
	      guest_load_user_root(g, PFN_INVALID) == 0 &&
		      ask_extended(PIN_ROOT, frame_mfn(k, s->root).v) == 0,
	      "space: user mode has none, and it is pinned again");
	frame_free(k, memory);
}

void test_space(struct kernel *k)
{
	struct guest *g = &k->guest;
	struct guest_space s = space_new(k);
	pfn_t frame = frame_new(k);
	pfn_t other = frame_new(k);

	unpinned(k, &s, frame);
	not_pinned(k, &s);
	pinned(k, &s);
	changed(k, &s, other, false);
	loaded(k, &s, frame, other);
	user_root(k, &s);
	check(k,
	      guest_unpin_space(g, &s) == 0 && !s.pinned &&
		      all_typed(k, &s, false),
	      "space: unpinned, all of it is memory");
	space_free(k, &s);
	frame_free(k, other);
	frame_free(k, frame);
}
