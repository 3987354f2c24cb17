/* SPDX-License-Identifier: MIT */
/*
 * What differs between the levels of a page table, and between the two widths
 * that a domain may have, as data. Flag bits are those that Xen 4.17 lets an
 * unprivileged PV guest set; the CPU's NX support is taken from struct mmu.
 *
 * A 32-bit domain has the three levels of PAE. The CPU walks four also for it:
 * the L4 is the hypervisor's own, one for each vCPU, and its first entry is the
 * root that the guest knows (domain/root.c). So its L3 is one of 512 entries to
 * the CPU, of which the guest has four, and needs the flags of such an L3.
 */
#ifndef PW_ENGINE_LEVEL_H
#define PW_ENGINE_LEVEL_H

#include "engine/mmu.h"

struct pt_level {
	enum frame_type child; /* of what its entries refer to */
	enum frame_type last;  /* of what the last of them does */
	unsigned int entries;  /* the guest's; the rest are kept empty */
	bool linear;           /* they may refer to their own level (I4) */
	/* The last is there from the first, and never changes. */
	bool last_fixed;
	uint64_t allowed; /* flags a present entry may have, NX aside */
	uint64_t nx;      /* PTE_NX, where that is allowed too */
	uint64_t forced;  /* flags every present entry gets, */
	uint64_t kernel;  /* that one gets which is not the user's, */
	uint64_t global;  /* that one has if it then is not the kernel's */
};

/* The tables of a domain of one width. */
struct pt_width {
	struct pt_level level[5]; /* [0] is unused */
	unsigned int top;         /* level of a root */
	enum frame_type root;     /* its type */
	bool user_root;           /* user mode has one of its own */
	enum frame_type xen;      /* tables that hold the hypervisor's slots, */
	unsigned int xen_first;   /* from this on */
	unsigned int nr_xen_slots; /* so many */
	uint64_t root_end;         /* roots lie below this frame */
	uint64_t guest_end;        /* and what a request names below this */
	unsigned int kernel_ring;  /* the most privileged of its segments */
	uint64_t gate_reserved;    /* bits that a call gate must not have */
};

extern const struct pt_width pt_64;
extern const struct pt_width pt_pae;

#define PTE_COMMON \
	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_AVAIL | PTE_AVAIL_HIGH)

/*
 * Flags that may change on a live entry without a new validation: they widen
 * nothing and refer to nothing (XSA-182: a whitelist, never a blacklist).
 */
#define PTE_FASTPATH \
	(PTE_NX | PTE_AVAIL_HIGH | PTE_AVAIL | PTE_G | PTE_D | PTE_A | PTE_US)

/* Xen's software bit in an L1 entry that the kernel gave without US. */
#define PTE_GUEST_KERNEL (UINT64_C(1) << 52)

/*
 * A 64-bit guest's kernel and user both run in ring 3, so each present entry
 * gets US; where the guest did not ask for it, a software bit remembers that.
 * Such a page is never global, whatever the guest says: its user would have it
 * by way of what its kernel has cached (tags.c). A 32-bit kernel is in ring 1,
 * which the CPU takes for a supervisor.
 */
static inline pte_t pte_adjust(pte_t e, const struct pt_level *l)
{
	e.v |= l->forced;
	if ((e.v & PTE_US) == 0) {
		e.v |= l->kernel;
	}
	if ((e.v & PTE_GUEST_KERNEL) == 0) {
		e.v |= l->global;
	} else {
		e.v &= ~l->global;
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

/* Is the entry the hypervisor's own, in a table of that type? */
static inline bool is_xen_slot(const struct pt_width *w, enum frame_type type,
			       unsigned int index)
{
	return type == w->xen && index - w->xen_first < w->nr_xen_slots;
}

/* What stands there. */
static inline const pte_t *xen_slots_of(const struct mmu *m,
					const struct pt_width *w)
{
	return w->xen == FRAME_L4 ? m->xen_slots : m->xen_l2_slots;
}

/* What the entry at an index refers to. */
static inline enum frame_type pt_child(const struct pt_level *l,
				       unsigned int index)
{
	return index + 1 == l->entries ? l->last : l->child;
}

/* An address that the width has. */
static inline bool pt_vaddr_ok(const struct pt_width *w, vaddr_t va)
{
	return w->top == 4 ? vaddr_canonical(va) : va.v >> 32 == 0;
}

#endif
