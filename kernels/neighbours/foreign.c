/* SPDX-License-Identifier: MIT */
/*
 * The other's memory by its frames' numbers, without a grant: who was given the
 * right over that domain may map it, nobody else, and nobody the hypervisor's.
 */
#include "kernels/neighbours/neighbours.h"

static volatile uint64_t window[512] __attribute__((aligned(4096)));

static int64_t update(const struct neighbour *n, uint64_t frame, uint64_t flags,
		      domid_t domid)
{
	const uint64_t table = entry_frame(&n->pv, (const void *)window)
			       << PAGE_SHIFT;
	struct mmu_update u = {
		.ptr = table + ((uintptr_t)window >> PAGE_SHIFT & 511) *
				       sizeof(uint64_t),
		.val = frame << PAGE_SHIFT | flags,
	};

	return hypercall(__HYPERVISOR_mmu_update, (uintptr_t)&u, 1, 0, domid,
			 0);
}

static int64_t update_va(uint64_t frame, uint64_t flags, domid_t domid)
{
	return hypercall(__HYPERVISOR_update_va_mapping_otherdomain,
			 (uintptr_t)window, frame << PAGE_SHIFT | flags,
			 UVMF_INVLPG | UVMF_LOCAL, domid, 0);
}

static void ruled(const struct neighbour *n, uint64_t frame)
{
	expect("mapping a frame of the other's",
	       update(n, frame, MAP_RW, n->peer), 0);
	expect("shows what is there", (int64_t)window[3], 0x99);
	window[4] = 0x77;
	expect("mapping it for reading, by its address",
	       update_va(frame, MAP_RO, n->peer), 0);
	expect("shows it, too", (int64_t)window[4], 0x77);
	expect("which cannot be written",
	       probe_write((uintptr_t)window, 1, NULL, NULL), 14);
	expect("one of ours as the other's",
	       update(n, mfn_at(&n->pv, (const void *)window), MAP_RO, n->peer),
	       -XEN_EINVAL);
	expect("one of the hypervisor's", update(n, 0x200, MAP_RO, n->peer),
	       -XEN_EINVAL);
	expect("none", update(n, (UINT64_C(1) << 40) - 1, MAP_RO, n->peer),
	       -XEN_EINVAL);
}

void check_foreign(struct neighbour *n)
{
	const uint64_t mine = mfn_at(&n->pv, (const void *)window);
	const uint64_t theirs = n->left.frame;

	step(n);
	if (n->rules) {
		ruled(n, theirs);
	} else {
		expect("mapping a frame of the other's",
		       update(n, theirs, MAP_RO, n->peer), -XEN_EPERM);
		expect("or by its address", update_va(theirs, MAP_RO, n->peer),
		       -XEN_EPERM);
	}
	expect("of nobody's", update(n, theirs, MAP_RO, NOBODY), -XEN_ESRCH);
	expect("of the hypervisor's", update(n, theirs, MAP_RO, DOMID_XEN),
	       -XEN_EPERM);
	expect("as our own", update(n, theirs, MAP_RW, DOMID_SELF), -XEN_EBUSY);
	expect("our page again", update(n, mine, MAP_RW, DOMID_SELF), 0);
	step(n);
}
