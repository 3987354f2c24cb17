/* SPDX-License-Identifier: MIT */
/*
 * Pins: a tree of one L4, one L3, one L2 and up to 512 L1 tables, full of
 * read-only mappings of one frame; with 32 bits one L3, its last L2 that has
 * the hypervisor's slots alone, and the L2 of the others. It is never loaded: a
 * row pins it, so that the hypervisor checks every entry, and unpins it, so
 * that it drops every reference; each is a hypercall of its own.
 */
#include "kernels/reference/bench.h"

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A)
#define LEAF_FLAGS (PTE_P | PTE_US | PTE_A)
#define NR_UPPER 3
#define NR_TABLES (NR_UPPER + PT_ENTRIES)

struct tree {
	struct kernel *k;
	pfn_t tables; /* L4, L3, L2, then the L1s; L3, last L2, L2 */
	pfn_t data;
	unsigned int pin; /* MMUEXT_PIN_* */
	mfn_t pinned;
};

static struct tree the_tree;

static void extended(unsigned int command, mfn_t frame, const char *what)
{
	struct mmuext_op op = {.cmd = command};

	op.arg1.mfn = (xen_pfn_t)frame.v;
	bench_must(hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0,
			     DOMID_SELF, 0) == 0,
		   what);
}

static void pin_unpin(void *what)
{
	struct tree *t = what;

	extended(t->pin, t->pinned, "a pin");
	extended(MMUEXT_UNPIN_TABLE, t->pinned, "an unpin");
}

/* The first nr entries of a table lead to frames from `first` on, or to it. */
static void fill_table(struct tree *t, pfn_t table, unsigned int nr,
		       pfn_t first, uint64_t stride, uint64_t flags)
{
	uint64_t *entry = frame_ptr(t->k, table);

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		pfn_t frame = pfn_add(first, i * stride);

		entry[i] =
			i < nr ? pte_make(frame_mfn(t->k, frame), flags).v : 0;
	}
}

static void measure(struct tree *t, const char *name, unsigned int command,
		    pfn_t table, unsigned int repeat)
{
	t->pin = command;
	t->pinned = frame_mfn(t->k, table);
	bench_readonly(t->k, t->tables, NR_TABLES);
	bench_measure(name, pin_unpin, t, repeat);
	bench_readwrite(t->k, t->tables, NR_TABLES);
}

static void measure_l1(struct tree *t, const char *name, unsigned int nr,
		       unsigned int repeat)
{
	pfn_t table = pfn_add(t->tables, NR_UPPER);

	fill_table(t, table, nr, t->data, 0, LEAF_FLAGS);
	measure(t, name, MMUEXT_PIN_L1_TABLE, table, repeat);
}

static void fill_upper(struct tree *t)
{
	pfn_t second = pfn_add(t->tables, 1);
	pfn_t last = pfn_add(t->tables, 2);

	if (LEVELS == 4) {
		fill_table(t, t->tables, 1, second, 0, TABLE_FLAGS);
		fill_table(t, second, 1, last, 0, TABLE_FLAGS);
		return;
	}
	fill_table(t, second, 0, last, 0, 0);
	fill_table(t, t->tables, 1, last, 0, PTE_P);
	frame_ptr(t->k, t->tables)[3] =
		pte_make(frame_mfn(t->k, second), PTE_P).v;
}

static void measure_root(struct tree *t, const char *name, unsigned int nr,
			 unsigned int repeat)
{
	pfn_t l1 = pfn_add(t->tables, NR_UPPER);

	fill_upper(t);
	fill_table(t, pfn_add(t->tables, 2), nr, l1, 1, TABLE_FLAGS);
	for (unsigned int i = 0; i < nr; i++) {
		fill_table(t, pfn_add(l1, i), PT_ENTRIES, t->data, 0,
			   LEAF_FLAGS);
	}
	measure(t, name, MMUEXT_PIN_L1_TABLE + LEVELS - 1, t->tables, repeat);
}

void bench_pins(struct kernel *k)
{
	struct tree *t = &the_tree;

	t->k = k;
	t->data = frame_new(k);
	if (guest_alloc_frames(&k->guest, NR_TABLES, &t->tables) != 0) {
		fail(k, "frames for a benchmark");
	}
	measure_l1(t, "pin-unpin-l1-1", 1, 2000);
	measure_l1(t, "pin-unpin-l1-64", 64, 1000);
	measure_l1(t, "pin-unpin-l1-512", PT_ENTRIES, 500);
	measure_root(t, "pin-unpin-" KERNEL_ROOT_NAME "-1", 1, 500);
	measure_root(t, "pin-unpin-" KERNEL_ROOT_NAME "-64", 64, 50);
	measure_root(t, "pin-unpin-" KERNEL_ROOT_NAME "-512", PT_ENTRIES, 20);
	if (guest_free_frames(&k->guest, t->tables, NR_TABLES) != 0) {
		fail(k, "frames given back");
	}
	frame_free(k, t->data);
}
