/* SPDX-License-Identifier: MIT */
/* Page tables: entries that say too much, and frames of the wrong type. */
#include "kernels/bad-hypercalls/bad.h"

#define L4_SPARE 300 /* a slot that nothing uses */
#define PAGE_FAULT 14

static uint64_t entry_address(const struct bad *b, const pte_t *table,
			      unsigned int index)
{
	return (mfn_at(b, table) << PAGE_SHIFT) + index * sizeof(pte_t);
}

static void l1_entries(const struct bad *b)
{
	pte_t *l1 = l1_of(b, page_a);
	uint64_t at = (uintptr_t)page_a;
	uint64_t own = mfn_at(b, page_a) << PAGE_SHIFT;

	expect("a page table mapped writable",
	       hypercall(__HYPERVISOR_update_va_mapping, at,
			 mfn_at(b, l1) << PAGE_SHIFT | MAP_RW, 0, 0, 0),
	       -XEN_EBUSY);
	expect("the L4 mapped writable",
	       hypercall(__HYPERVISOR_update_va_mapping, at,
			 mfn_at(b, b->l4) << PAGE_SHIFT | MAP_RW, 0, 0, 0),
	       -XEN_EBUSY);
	expect("an uncached mapping",
	       hypercall(__HYPERVISOR_update_va_mapping, at,
			 own | MAP_RW | PTE_PCD, 0, 0, 0),
	       -XEN_EINVAL);
	expect("the hypervisor's frame mapped",
	       hypercall(__HYPERVISOR_update_va_mapping, at,
			 UINT64_C(0x100000) | MAP_RO, 0, 0, 0) < 0,
	       1);
	expect("a frame beyond all memory mapped",
	       hypercall(__HYPERVISOR_update_va_mapping, at,
			 UINT64_C(0xfffffff000) | MAP_RO, 0, 0, 0) < 0,
	       1);
	expect("a mapping where no table is",
	       hypercall(__HYPERVISOR_update_va_mapping, NOT_MAPPED,
			 own | MAP_RW, 0, 0, 0),
	       -XEN_EINVAL);
	expect("a mapping at an address that is not canonical",
	       hypercall(__HYPERVISOR_update_va_mapping, NOT_CANONICAL,
			 own | MAP_RW, 0, 0, 0),
	       -XEN_EINVAL);
	expect("the page is still where it was", page_a[0] == 0x34, 1);
	expect("and is mapped again as it was", remap(b, page_a, MAP_RW), 0);
}

static void l4_entries(const struct bad *b)
{
	uint64_t l4 = mfn_at(b, b->l4) << PAGE_SHIFT;

	expect("a slot of the hypervisor's",
	       update(entry_address(b, b->l4, 256), 0), -XEN_EINVAL);
	expect("the last slot of the hypervisor's",
	       update(entry_address(b, b->l4, 271), 0), -XEN_EINVAL);
	expect("a page of data as L3",
	       update(entry_address(b, b->l4, L4_SPARE),
		      mfn_at(b, page_a) << PAGE_SHIFT | MAP_RW),
	       -XEN_EINVAL);
	expect("a large page in the L4",
	       update(entry_address(b, b->l4, L4_SPARE),
		      mfn_at(b, page_a) << PAGE_SHIFT | MAP_RW | PTE_PS),
	       -XEN_EINVAL);
	expect("the L4 in itself, writable",
	       update(entry_address(b, b->l4, L4_SPARE), l4 | MAP_RW),
	       -XEN_EINVAL);
	expect("the L4 in itself, read-only",
	       update(entry_address(b, b->l4, L4_SPARE), l4 | MAP_RO), 0);
	expect("and away again", update(entry_address(b, b->l4, L4_SPARE), 0),
	       0);
}

static void pins(const struct bad *b)
{
	uint64_t a = mfn_at(b, page_a);

	expect("pin a page that is mapped writable as L1",
	       mmuext(MMUEXT_PIN_L1_TABLE, a, 0), -XEN_EINVAL);
	expect("pin the L4 as L3",
	       mmuext(MMUEXT_PIN_L3_TABLE, mfn_at(b, b->l4), 0), -XEN_EINVAL);
	expect("pin the L4 again",
	       mmuext(MMUEXT_PIN_L4_TABLE, mfn_at(b, b->l4), 0), -XEN_EINVAL);
	expect("pin a frame beyond all memory",
	       mmuext(MMUEXT_PIN_L1_TABLE, UINT64_C(1) << 40, 0), -XEN_EINVAL);
	expect("unpin what is not pinned", mmuext(MMUEXT_UNPIN_TABLE, a, 0),
	       -XEN_EINVAL);
	expect("a page of data as root", mmuext(MMUEXT_NEW_BASEPTR, a, 0),
	       -XEN_EINVAL);
	expect("a page of data as user root",
	       mmuext(MMUEXT_NEW_USER_BASEPTR, a, 0), -XEN_EINVAL);
	expect("clear a page table",
	       mmuext(MMUEXT_CLEAR_PAGE, mfn_at(b, b->l4), 0), -XEN_EINVAL);
	expect("copy onto a page table",
	       mmuext(MMUEXT_COPY_PAGE, mfn_at(b, b->l4), a), -XEN_EINVAL);
}

/* A page of ours becomes an L1, with a bad entry and without. */
static void own_l1(const struct bad *b)
{
	uint64_t *entry = (uint64_t *)page_b;
	uint64_t frame = mfn_at(b, page_b);

	entry[0] = mfn_at(b, page_a) << PAGE_SHIFT | MAP_RO;
	entry[7] = mfn_at(b, b->l4) << PAGE_SHIFT | MAP_RW;
	expect("a page of ours read-only", remap(b, page_b, MAP_RO), 0);
	expect("pinned with an entry that maps the L4 writable",
	       mmuext(MMUEXT_PIN_L1_TABLE, frame, 0) < 0, 1);
	expect("writable again", remap(b, page_b, MAP_RW), 0);
	entry[7] = 0;
	expect("read-only again", remap(b, page_b, MAP_RO), 0);
	expect("pinned", mmuext(MMUEXT_PIN_L1_TABLE, frame, 0), 0);
	expect("pinned twice", mmuext(MMUEXT_PIN_L1_TABLE, frame, 0),
	       -XEN_EINVAL);
	expect("writable while it is a table", remap(b, page_b, MAP_RW),
	       -XEN_EBUSY);
	expect("a bad entry in it",
	       update(frame << PAGE_SHIFT | 8,
		      mfn_at(b, b->l4) << PAGE_SHIFT | MAP_RW),
	       -XEN_EBUSY);
	expect("an entry written directly, without the assistance",
	       probe_write((uintptr_t)&entry[1], 0, NULL, NULL), PAGE_FAULT);
	expect("the assistance",
	       hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
			 VMASST_TYPE_writable_pagetables, 0, 0, 0),
	       0);
	expect("a bad entry, written directly",
	       probe_write((uintptr_t)&entry[1],
			   mfn_at(b, b->l4) << PAGE_SHIFT | MAP_RW, NULL, NULL),
	       PAGE_FAULT);
	expect("a good entry, written directly",
	       probe_write((uintptr_t)&entry[1],
			   mfn_at(b, page_a) << PAGE_SHIFT | MAP_RO, NULL,
			   NULL),
	       -1);
	expect("it is there", (int64_t)(entry[1] >> PAGE_SHIFT & UINT32_MAX),
	       (int64_t)mfn_at(b, page_a));
	expect("unpinned", mmuext(MMUEXT_UNPIN_TABLE, frame, 0), 0);
	expect("an ordinary page again", remap(b, page_b, MAP_RW), 0);
	entry[0] = 0;
	entry[1] = 0;
}

void check_tables(const struct bad *b)
{
	l1_entries(b);
	l4_entries(b);
	pins(b);
	own_l1(b);
}
