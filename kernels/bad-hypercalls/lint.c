/* SPDX-License-Identifier: MIT */
/*
 * What is allowed, and likely a mistake: one of each kind, and the kernel ends
 * well. Its own mapping, as the builder made it, is the first: it is writable
 * and executable. And the same done rightly.
 */
#include "kernels/bad-hypercalls/hostile.h"

#define ALIGNED __attribute__((aligned(PAGE_SIZE)))

static uint8_t was_table[PAGE_SIZE] ALIGNED;
static uint8_t stays_pinned[PAGE_SIZE] ALIGNED;
static pte_t new_root[PT_ENTRIES] ALIGNED;

static pte_t *entry_of(const struct bad *b, void *page)
{
	return &l1_of(b, page)[pt_index(vaddr((uintptr_t)page), 1)];
}

static int64_t update_without_flush(const struct bad *b, void *page,
				    uint64_t flags)
{
	const pte_t *e = entry_of(b, page);
	const uint64_t at = mfn_at(b, l1_of(b, page)) << PAGE_SHIFT |
			    ((uintptr_t)e & (PAGE_SIZE - 1));

	return update(at, mfn_at(b, page) << PAGE_SHIFT | flags);
}

static void no_flush(const struct bad *b)
{
	expect("a page is made read-only", remap(b, page_a, MAP_RO), 0);
	expect("and writable without a flush",
	       update_without_flush(b, page_a, MAP_RW), 0);
	for (unsigned int i = 0; i < 100; i++) {
		(void)update_without_flush(b, page_a, MAP_RW);
	}
}

static void bits_lost(const struct bad *b)
{
	expect("a page that has been written to", remap(b, page_b, MAP_RW), 0);
	expect("an update takes the dirty bit away",
	       update_without_flush(b, page_b, MAP_RW & ~(uint64_t)PTE_D), 0);
}

static void direct_writes(const struct bad *b)
{
	volatile uint64_t *e = (volatile uint64_t *)entry_of(b, page_a);

	hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
		  VMASST_TYPE_writable_pagetables, 0, 0, 0);
	for (unsigned int i = 0; i < 200; i++) {
		const uint64_t same = *e;

		*e = same;
	}
}

static void tables_left(const struct bad *b)
{
	expect("a page to be a table", remap(b, was_table, MAP_RO), 0);
	expect("is one", mmuext(MMUEXT_PIN_L1_TABLE, mfn_at(b, was_table), 0),
	       0);
	expect("and is none any more",
	       mmuext(MMUEXT_UNPIN_TABLE, mfn_at(b, was_table), 0), 0);
	expect("another", remap(b, stays_pinned, MAP_RO), 0);
	expect("is forgotten",
	       mmuext(MMUEXT_PIN_L1_TABLE, mfn_at(b, stays_pinned), 0), 0);
}

/* The builder's L4 stays pinned. */
static void root_left(const struct bad *b)
{
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		const bool ours = i >= XEN_L4_FIRST && i <= XEN_L4_LAST;

		new_root[i] = ours ? pte(0) : b->l4[i];
	}
	expect("a root of its own", remap(b, new_root, MAP_RO), 0);
	expect("is pinned", mmuext(MMUEXT_PIN_L4_TABLE, mfn_at(b, new_root), 0),
	       0);
	expect("and used", mmuext(MMUEXT_NEW_BASEPTR, mfn_at(b, new_root), 0),
	       0);
}

/* Written to or executed, of all that the builder mapped: 4 MiB (xen.h). */
static void part_rights(const struct bad *b)
{
	extern const uint8_t text_start[], text_end[];
	uint8_t *at = (uint8_t *)b->virt_base;
	const uint8_t *end = at + (4 << 20);
	int64_t rc = 0;

	for (; at < end && rc == 0; at += PAGE_SIZE) {
		const pte_t e = *entry_of(b, at);
		const bool text = at >= text_start && at < text_end;

		if (pte_present(e) && pte_writable(e)) {
			rc = remap(b, at, text ? MAP_RO : MAP_RW | PTE_NX);
		}
	}
	expect("no page is writable and executable", rc, 0);
}

static void tables_returned(const struct bad *b)
{
	const uint64_t table = mfn_at(b, was_table);

	expect("a page to be a table", remap(b, was_table, MAP_RO | PTE_NX), 0);
	expect("is one", mmuext(MMUEXT_PIN_L1_TABLE, table, 0), 0);
	expect("and none", mmuext(MMUEXT_UNPIN_TABLE, table, 0), 0);
	expect("and a page of data", remap(b, was_table, MAP_RW | PTE_NX), 0);
}

void lint_none(const struct bad *b)
{
	part_rights(b);
	tables_returned(b);
}

void lint_all(const struct bad *b)
{
	no_flush(b);
	bits_lost(b);
	direct_writes(b);
	tables_left(b);
	root_left(b);
}
