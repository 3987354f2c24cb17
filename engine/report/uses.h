/* SPDX-License-Identifier: MIT */
/*
 * What keeps a frame that no table entry and no pin is: roots, descriptor
 * tables, pages that the hypervisor has to do with, what is half done. With
 * the entries that name it, its pin and its place in its owner's reservation
 * these are all references that there are (I6).
 */
#ifndef PW_ENGINE_USES_H
#define PW_ENGINE_USES_H

#include "engine/mmu.h"

enum mmu_use_kind {
	MMU_USE_KERNEL_ROOT, /* of .vcpu */
	MMU_USE_USER_ROOT,
	MMU_USE_GDT, /* page .index of that of .vcpu */
	MMU_USE_LDT,
	MMU_USE_HELD,    /* by mmu_hold() */
	MMU_USE_LENT,    /* the hypervisor's own */
	MMU_USE_FOREIGN, /* by .index entries of another domain's, .domid */
	MMU_USE_PARTIAL, /* its validation has not ended */
	MMU_USE_DYING,   /* it waits to be taken down */
	MMU_USE_KINDS,
};

struct mmu_use {
	enum mmu_use_kind kind;
	uint16_t domid;
	unsigned int vcpu;
	unsigned int index;
	bool writable; /* foreign, lent: so mapped, or to be mapped */
};

/* "kernel root", ...: as reports have it. */
const char *mmu_use_name(enum mmu_use_kind kind);

/*
 * Fills in the first `room`, and returns how many there are. Looks through
 * what the domain's vCPUs and the machine's domains have in fixed numbers, not
 * through tables: some thousand comparisons at most. Other domains are not
 * locked: what they do meanwhile may be missed, as by any report.
 */
unsigned int mmu_uses(const struct mmu_domain *d, mfn_t f, struct mmu_use *ret,
		      unsigned int room);

#endif
