/* SPDX-License-Identifier: MIT */
/*
 * A walk that knows nothing of the engine's. It is the guest's CPU's, but for
 * the hypervisor's slots, which lead nobody anywhere, wherever an L4 stands in
 * the walk.
 */
#include "tests/explore/find.h"

#include "tests/explore/scope.h"

#define NONE 0xff

uint8_t find_last(const struct world *w, const struct mmu_vcpu *v)
{
	unsigned int slot = w->scope->slot[0];
	mfn_t at = v->kernel_root;

	for (unsigned int level = 4; level > 1; level--) {
		const struct frame *fr = frame_of(&w->mmu, at);
		pte_t e = frame_ptes(&w->mmu, at)[slot];

		if (!pte_present(e) || !mfn_valid(&w->mmu, pte_mfn(e)) ||
		    (fr->type == FRAME_L4 && slot >= XEN_L4_FIRST &&
		     slot <= XEN_L4_LAST)) {
			return NONE;
		}
		at = pte_mfn(e);
	}
	return (uint8_t)name_of(w, at.v);
}
