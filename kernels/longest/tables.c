/* SPDX-License-Identifier: MIT */
/* A large address space, lists of requests without end, a full GDT. */
#include "kernels/longest/longest.h"

#define TABLES 64
#define LIST_SLOT 100
#define LIST_REQUESTS (UINT32_C(1) << 20)
#define GDT_PAGES 14
#define CALLS 4096

static pte_t l4[PT_ENTRIES] __attribute__((aligned(4096)));
static pte_t l3[PT_ENTRIES] __attribute__((aligned(4096)));
static pte_t l2[PT_ENTRIES] __attribute__((aligned(4096)));
static pte_t l1[TABLES][PT_ENTRIES] __attribute__((aligned(4096)));
static pte_t list_l3[PT_ENTRIES] __attribute__((aligned(4096)));
static pte_t list_l2[PT_ENTRIES] __attribute__((aligned(4096)));
static pte_t list_l1[PT_ENTRIES] __attribute__((aligned(4096)));
static struct mmu_update list[256] __attribute__((aligned(4096)));
static uint64_t gdt[GDT_PAGES][512] __attribute__((aligned(4096)));
static struct multicall_entry calls[CALLS];

static pte_t entry_for(const struct longest *l, const void *page,
		       uint64_t flags)
{
	return pte_make(mfn(mfn_at(l, page)), flags);
}

static void read_only(const struct longest *l, void *page)
{
	if (map_page(page, entry_for(l, page, MAP_RO).v) != 0) {
		die("a table cannot be made read-only");
	}
}

static int64_t mmuext(unsigned int cmd, uint64_t frame)
{
	struct mmuext_op op = {.cmd = cmd};

	op.arg1.mfn = frame;
	return hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0,
			 DOMID_SELF, 0);
}

void long_tables(const struct longest *l)
{
	for (unsigned int i = 0; i < TABLES; i++) {
		for (unsigned int j = 0; j < PT_ENTRIES; j++) {
			l1[i][j] = entry_for(l, data_page, MAP_RO);
		}
	}
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		l2[i] = entry_for(l, l1[i % TABLES], MAP_RW);
	}
	l3[0] = entry_for(l, l2, MAP_RW);
	l4[0] = entry_for(l, l3, MAP_RW);
	for (unsigned int i = 0; i < TABLES; i++) {
		read_only(l, l1[i]);
	}
	read_only(l, l2);
	read_only(l, l3);
	read_only(l, l4);
	must("pinning it", mmuext(MMUEXT_PIN_L4_TABLE, mfn_at(l, l4)), 0);
	must("unpinning it", mmuext(MMUEXT_UNPIN_TABLE, mfn_at(l, l4)), 0);
	/* Nothing asks for more: the queue is worked off by who comes next. */
	must("and what comes behind", mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0), 0);
}

/* One page of requests, seen as many times as there are entries. */
static uint64_t make_list(const struct longest *l)
{
	const uint64_t *m2p = (const uint64_t *)MACH2PHYS_VIRT_START;
	uint64_t frame = mfn_at(l, data_page);
	struct mmu_update hook = {
		.ptr = (mfn_at(l, (void *)l->start->pt_base) << PAGE_SHIFT) +
		       LIST_SLOT * sizeof(pte_t),
	};

	for (unsigned int i = 0; i < 256; i++) {
		list[i].ptr = frame << PAGE_SHIFT | MMU_MACHPHYS_UPDATE;
		list[i].val = m2p[frame];
	}
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		list_l1[i] = entry_for(l, list, MAP_RO);
		list_l2[i] = entry_for(l, list_l1, MAP_RW);
		list_l3[i] = entry_for(l, list_l2, MAP_RW);
	}
	read_only(l, list_l1);
	read_only(l, list_l2);
	read_only(l, list_l3);
	hook.val = entry_for(l, list_l3, MAP_RW).v;
	must("a list without end",
	     hypercall(__HYPERVISOR_mmu_update, (uintptr_t)&hook, 1, 0,
		       DOMID_SELF, 0),
	     0);
	return (uint64_t)LIST_SLOT << 39;
}

void long_lists(const struct longest *l)
{
	uint64_t frames[GDT_PAGES];

	must("a million requests",
	     hypercall(__HYPERVISOR_mmu_update, make_list(l), LIST_REQUESTS, 0,
		       DOMID_SELF, 0),
	     0);
	for (unsigned int i = 0; i < CALLS; i++) {
		calls[i].op = __HYPERVISOR_xen_version;
	}
	must("four thousand calls",
	     hypercall(__HYPERVISOR_multicall, (uintptr_t)calls, CALLS, 0, 0,
		       0),
	     0);
	for (unsigned int i = 0; i < GDT_PAGES; i++) {
		for (unsigned int j = 0; j < 512; j++) {
			gdt[i][j] = UINT64_C(0x00affb000000ffff);
		}
		if (map_page(gdt[i], entry_for(l, gdt[i], MAP_RO).v) != 0) {
			die("a page of descriptors cannot be made read-only");
		}
		frames[i] = mfn_at(l, gdt[i]);
	}
	must("seven thousand descriptors",
	     hypercall(__HYPERVISOR_set_gdt, (uintptr_t)frames, GDT_PAGES * 512,
		       0, 0, 0),
	     0);
}
