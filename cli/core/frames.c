/* SPDX-License-Identifier: MIT */
/*
 * Which machine frame is which pseudo-physical one is said by the M2P, whose
 * entries a guest may set as it likes: one that points nowhere, or where
 * another frame is already, leaves its frame without a place.
 */
#include "cli/core/frames.h"

#include <stdlib.h>

/* Pseudo-physical memory may have holes, within reason. */
#define SPREAD 4

static bool is_own(const struct why_machine *m, uint64_t mfn)
{
	return m->frames[mfn].owner == m->tag;
}

bool core_frames_find(struct core_frames *f, const struct why_machine *m)
{
	const uint64_t most = m->nr_frames * SPREAD;

	*f = (struct core_frames){
		.machine = m,
		.mfn = calloc(most, sizeof(*f->mfn)),
	};
	/* Frame 0 is firmware's, and so never a domain's. */
	for (uint64_t i = 1; f->mfn != NULL && i < m->nr_frames; i++) {
		const uint64_t pfn = m->m2p[i];

		if (!is_own(m, i)) {
			continue;
		}
		if (pfn >= most || f->mfn[pfn] != 0) {
			/* What is shared with the hypervisor has none. */
			f->unplaced += (m->frames[i].flags & FRAME_SHARED) == 0;
			continue;
		}
		f->mfn[pfn] = (uint32_t)i;
		f->nr++;
		f->nr_pfns = pfn < f->nr_pfns ? f->nr_pfns : pfn + 1;
	}
	return f->mfn != NULL;
}

bool core_frames_pfn(const struct core_frames *f, uint64_t mfn,
		     uint64_t *ret_pfn)
{
	const struct why_machine *m = f->machine;
	uint64_t pfn;

	if (mfn == 0 || mfn >= m->nr_frames || !is_own(m, mfn)) {
		return false;
	}
	pfn = m->m2p[mfn];
	if (pfn >= f->nr_pfns || f->mfn[pfn] != mfn) {
		return false;
	}
	*ret_pfn = pfn;
	return true;
}

pte_t core_frames_translate(const struct core_frames *f, pte_t e)
{
	uint64_t pfn;

	if (!pte_present(e)) {
		return e;
	}
	return core_frames_pfn(f, pte_mfn(e).v, &pfn)
		       ? pte((e.v & ~PTE_FRAME_MASK) | pfn << PAGE_SHIFT)
		       : pte(0);
}

void core_frames_free(struct core_frames *f)
{
	free(f->mfn);
	f->mfn = NULL;
}
