/* SPDX-License-Identifier: MIT */
/*
 * What differs between the levels of a page table, as data. Flag bits are
 * those that Xen 4.17 lets an unprivileged PV-64 guest set; the CPU's NX
 * support is taken from struct mmu.
 */
#ifndef PW_ENGINE_LEVEL_H
#define PW_ENGINE_LEVEL_H

#include "engine/table/frame.h"
#include "abi/pte.h"
#include "abi/xen.h"

struct pt_level {
	enum frame_type type;  /* of a table of this level */
	enum frame_type child; /* of what its entries refer to */
	uint64_t allowed;      /* flags a present entry may have, NX aside */
	uint64_t forced;       /* flags every present entry gets */
};

#define PTE_COMMON \
	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_AVAIL | PTE_AVAIL_HIGH)

/* Indexed by level; [0] is unused. */
extern const struct pt_level pt_levels[5];

/*
 * Flags that may change on a live entry without a new validation: they widen
 * nothing and refer to nothing (XSA-182: a whitelist, never a blacklist).
 */
#define PTE_FASTPATH \
	(PTE_NX | PTE_AVAIL_HIGH | PTE_AVAIL | PTE_G | PTE_D | PTE_A | PTE_US)

/* Xen's software bit in an L1 entry that the kernel gave without US. */
#define PTE_GUEST_KERNEL (UINT64_C(1) << 52)

/*
 * Guest kernel and guest user both run in ring 3, so each present entry gets
 * US; where the guest did not ask for it, a software bit remembers that.
 */
static inline pte_t pte_adjust(pte_t e, unsigned int level)
{
	if (level != 1) {
		return pte(e.v | pt_levels[level].forced);
	}
	if ((e.v & PTE_US) == 0) {
		e.v |= PTE_GUEST_KERNEL | PTE_US;
	}
	if ((e.v & PTE_GUEST_KERNEL) == 0) {
		e.v |= PTE_G;
	}
	return e;
}

/*
 * Tables are mostly empty, and walking them is most of what a fork and an exit
 * cost: are these eight entries all absent?
 */
#define PTE_GROUP 8
static inline bool pte_group_absent(const pte_t *e)
{
	uint64_t any = pte_read(&e[0]).v | pte_read(&e[1]).v |
		       pte_read(&e[2]).v | pte_read(&e[3]).v |
		       pte_read(&e[4]).v | pte_read(&e[5]).v |
		       pte_read(&e[6]).v | pte_read(&e[7]).v;

	return (any & PTE_P) == 0;
}

static inline bool is_xen_slot(unsigned int level, unsigned int index)
{
	return level == 4 && index >= XEN_L4_FIRST && index <= XEN_L4_LAST;
}

#endif
