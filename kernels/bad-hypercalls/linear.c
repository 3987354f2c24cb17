/* SPDX-License-Identifier: MIT */
/*
 * The L4 in itself: through such an entry the guest sees all its tables, and
 * each address in it leads to a table where a page would be. None of the
 * requests that take an address may mistake one for the other, and the
 * hypervisor's own slots turn up at every level.
 */
#include "kernels/bad-hypercalls/bad.h"

#define SLOT UINT64_C(300) /* nothing uses it */
#define OTHER UINT64_C(301)
#define XEN_SLOT UINT64_C(256)
#define PAGE_FAULT 14
#define NO_TRAP (-1)
#define LDT_SELECTOR 7

static uint64_t address(uint64_t l4, uint64_t l3, uint64_t l2, uint64_t l1)
{
	return UINT64_C(0xffff000000000000) | l4 << 39 | l3 << 30 | l2 << 21 |
	       l1 << 12;
}

static int64_t map_at(uint64_t va, uint64_t entry)
{
	return hypercall(__HYPERVISOR_update_va_mapping, va, entry,
			 UVMF_INVLPG | UVMF_ALL, 0, 0);
}

static void requests(const struct bad *b)
{
	uint64_t data = mfn_at(b, page_a) << PAGE_SHIFT | MAP_RW;

	/* The "L1 entry" is one of the L4's. */
	expect("an entry of the L4 by its linear address",
	       map_at(address(SLOT, SLOT, SLOT, OTHER), data), -XEN_EINVAL);
	expect("the hypervisor's slot by its linear address",
	       map_at(address(SLOT, SLOT, SLOT, XEN_SLOT), data), -XEN_EINVAL);
	/* The way leads through the hypervisor's slot. */
	expect("the hypervisor's L3 by its linear address",
	       map_at(address(SLOT, SLOT, XEN_SLOT, 0), data), -XEN_EINVAL);
	expect("the hypervisor's L2 by its linear address",
	       map_at(address(SLOT, XEN_SLOT, 0, 0), data), -XEN_EINVAL);
	expect("a mapping in the hypervisor's part",
	       map_at(address(XEN_SLOT, 0, 0, 0), data), -XEN_EINVAL);
}

static void accesses(const struct bad *b)
{
	uint64_t l4 = address(SLOT, SLOT, SLOT, SLOT);

	expect("read of the L4 through itself", probe_read(l4, NULL, NULL),
	       NO_TRAP);
	expect("which is the L4",
	       (int64_t)(*(uint64_t *)(l4 + SLOT * 8) >> PAGE_SHIFT &
			 UINT32_MAX),
	       (int64_t)mfn_at(b, b->l4));
	expect("write of the L4 through itself",
	       probe_write(l4 + OTHER * 8, 0, NULL, NULL), PAGE_FAULT);
	expect("write of the hypervisor's slot",
	       probe_write(l4 + XEN_SLOT * 8, 0, NULL, NULL), PAGE_FAULT);
	expect("write of the hypervisor's L3",
	       probe_write(address(SLOT, SLOT, SLOT, XEN_SLOT), 0, NULL, NULL),
	       PAGE_FAULT);
	expect("read of its direct map's L3",
	       probe_read(address(SLOT, SLOT, SLOT, XEN_SLOT + 6), NULL, NULL),
	       PAGE_FAULT);
}

static int trapped;

static bool skip_load(struct trap_frame *f, uint64_t cr2)
{
	(void)cr2;
	trapped = (int)f->vector;
	f->rip += 2; /* mov %eax, %ds */
	return true;
}

/* The CPU reads a descriptor where a table is. */
static void ldt_at(const char *what, uint64_t base)
{
	expect("an LDT in a linear address", mmuext(MMUEXT_SET_LDT, base, 512),
	       0);
	traps_expect(skip_load);
	trapped = NO_TRAP;
	__asm__ volatile("mov %0, %%ds" : : "a"(LDT_SELECTOR) : "memory");
	traps_expect(NULL);
	expect(what, trapped, PAGE_FAULT);
	expect("no LDT again", mmuext(MMUEXT_SET_LDT, 0, 0), 0);
}

void check_linear(const struct bad *b)
{
	uint64_t l4 = mfn_at(b, b->l4) << PAGE_SHIFT;

	expect("the L4 in itself", update(l4 | SLOT * 8, l4 | MAP_RO), 0);
	requests(b);
	accesses(b);
	ldt_at("a descriptor in the L4", address(SLOT, SLOT, SLOT, SLOT));
	ldt_at("a descriptor in the hypervisor's L3",
	       address(SLOT, SLOT, SLOT, XEN_SLOT));
	ldt_at("a descriptor in the hypervisor's L2",
	       address(SLOT, SLOT, XEN_SLOT, 0));
	expect("writable in itself", update(l4 | SLOT * 8, l4 | MAP_RW),
	       -XEN_EINVAL);
	expect("and away", update(l4 | SLOT * 8, 0), 0);
}
